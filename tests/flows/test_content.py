"""What the shipped files say to patients: faithful to the article, within the law's limits and within WhatsApp's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.adapters.flows_transcripts import load_transcripts
from bot.core.answers import Offered, fold, negates, options_meant
from bot.core.checks_words import ways_to_say
from bot.core.events import Reading
from bot.core.flow import Ask
from bot.core.safety import LIST_WORDS, faq_answer
from bot.desk.reading import reader
from bot.desk.transcripts import coverage, play
from tests.universe import SHIPPED, SINGAPORE, shipped_clinic

LANGUAGES = ("zh", "ms", "ta")
ANSWER_MAX, LABEL_MAX, BUTTON_MAX, DESCRIPTION_MAX, TEXT_MAX, LINES_MAX = 600, 24, 20, 72, 1024, 9


def read(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506 - it makes nothing but texts


FLOWS = {path.stem: read(path) for path in sorted(SHIPPED.glob("*.yaml")) if "steps" in read(path)}
FAQ = read(SHIPPED / "faq.yaml")
QUESTIONS: Mapping[str, Any] = FAQ["questions"]

HEDGES = {
    "FAQ-01": ("not always", "In many cases", "can become"),
    "FAQ-02": ("can be",),
    "FAQ-03": ("can resemble", "may be"),
    "FAQ-04": ("often",),
    "FAQ-06": ("can be", "often"),
    "FAQ-07": ("typically", "may come"),
    "FAQ-08": ("Not on its own",),
    "FAQ-09": ("Common ones",),
    "FAQ-10": ("one of the most common", "can press", "may then"),
    "FAQ-11": ("can cause",),
    "FAQ-12": ("can build", "may lead"),
    "FAQ-13": ("can narrow", "may spread"),
    "FAQ-14": ("usually", "may be recommended", "In some cases"),
    "FAQ-15": ("Typically", "tends to"),
    "FAQ-16": ("may include", "may help"),
    "FAQ-17": ("may be recommended if", "tends to", "may help"),
    "FAQ-18": ("In some cases", "may be advised"),
    "FAQ-19": ("helps", "likely"),
    "FAQ-20": ("usually", "In many cases", "may be considered"),
    "FAQ-21": ("may help", "mild to moderate"),
    "FAQ-22": ("may help",),
    "FAQ-23": ("may also help",),
    "FAQ-24": ("often", "may help if"),
    "FAQ-25": ("does not directly", "may improve", "selected patients"),
    "FAQ-26": ("selected cases", "may lessen", "may help", "carefully selected"),
    "FAQ-27": ("may be considered",),
    "FAQ-28": ("often considered", "aim to"),
    "FAQ-29": ("often",),
    "FAQ-30": ("may be considered", "may help", "selected cases"),
    "FAQ-31": ("Some episodes", "may settle", "may point"),
    "FAQ-32": ("may help",),
}
"""The words of the article that keep an answer from promising. Each belongs to its answer."""

NEVER = (
    # laudatory, comparing or promising (HCSA Advertisement Regulations 2021, reg 5)
    r"\bbest\b", r"\bleading\b", r"\btop\b", r"\brenowned\b", r"\bno\. ?1\b", r"\bunique\b", r"\bsafest\b",
    r"most effective", r"\bcures?\b", r"\bguarantee", r"100 ?%", r"pain-free", r"\bpermanent", r"\bproven\b",
    r"world-class", r"\baward", r"trusted by", r"success rate", r"patients say", r"before.and.after", r"\bdiscount",
    r"\bpromo", r"\bfor free\b", r"free of charge", "★|⭐", r"better than", r"long-term relief", r"accurate diagnosis",
    r"depth of experience", r"\bexpert", r"state.of.the.art", r"\bpainless",
    # grading, reassuring, advising
    r"not urgent", r"you are fine", r"you will be fine", r"low risk", r"nothing to worry", r"don.t worry",
    r"do not worry", r"\bis normal\b", r"not serious", r"\bharmless\b", r"you should (take|stop|rest|exercise)",
    r"\bget well\b", r"hope you (are|feel)", r"\bpainkiller", r"\bdose\b", r"\bmg\b", r"you (probably )?have (a |an )?"
    r"(slipped|pinched|sciatica|stenosis)", r"you need (an? )?(mri|surgery|operation|injection)",
    # a person, or watched
    r"\bi am (a )?(nurse|doctor|human|person)\b", r"24/7", r"reply (within|in) \d", r"right away",
    r"as soon as possible",
)  # fmt: skip
"""What no text to a patient may say."""

SYMPTOMS = r"\bnumb\b|numbness|weak|tingl|bladder|bowel|urin|\bpee\b|\bpain\b|fever|symptom|hurt"


def texts_of(flow: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every text of a flow in the language it was written in, by path."""
    yield "title", flow["title"]
    for name, step in flow["steps"].items():
        for key in ("ask", "say", "not understood"):
            if key in step:
                yield f"{name}.{key}", step[key]
        for kind in ("options", "more options"):
            for option, row in step.get(kind, {}).items():
                for key in ("label", "description"):
                    if key in row:
                        yield f"{name}.{kind}.{option}.{key}", row[key]
        for number, rule in enumerate(step.get("silent", ()), start=1):
            if "say" in rule:
                yield f"{name}.silent.{number}.say", rule["say"]


def everything_said() -> Iterator[tuple[str, str]]:
    """Every text to a patient in the first language: flows, engine, questions."""
    for flow in FLOWS.values():
        yield from ((f"{flow['flow']}.{path}", text) for path, text in texts_of(flow))
    engine = read(SHIPPED / "_clinic.yaml")
    yield from ((f"texts.{name}", text) for name, text in engine["texts"].items())
    for id, row in QUESTIONS.items():
        yield from ((f"{id}.{key}", row[key]) for key in ("question", "short", "answer"))


# ---- the questions


def test_all_thirty_seven_questions_are_there() -> None:
    assert sorted(QUESTIONS) == [f"FAQ-{number:02}" for number in range(1, 38)]


@pytest.mark.parametrize("id", sorted(HEDGES))
def test_an_answer_keeps_the_words_that_keep_it_from_promising(id: str) -> None:
    assert [hedge for hedge in HEDGES[id] if hedge not in QUESTIONS[id]["answer"]] == []


GUARDS = {
    "may": {
        "en": r"\b(may|can)\b", "zh": "可能", "ms": r"\b(mungkin|boleh)\b", "ta": "லாம்",
    },
    "often": {
        "en": r"\b(often|usually|typically|tends|common|some|not always|many cases)\b",
        "zh": "常|往往|某些|有些|许多|不一定",
        "ms": r"\b(sering|selalunya|biasa|biasanya|lazimnya|cenderung|sesetengah|tidak semestinya|banyak kes)\b",
        "ta": "பல |சில |பொதுவ|வழக்க|எப்போதும்",
    },
    "selected": {"en": r"\bselected\b", "zh": "选择", "ms": r"\b(terpilih|dipilih)\b", "ta": "தேர்ந்தெடு"},
}  # fmt: skip
"""Words that keep an answer from promising, by language: all that are counted for one another."""


@pytest.mark.parametrize("guard", GUARDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translated_answer_is_as_guarded_as_the_one_it_was_made_from(language: str, guard: str) -> None:
    translated, words = translation(language, "faq"), GUARDS[guard]
    lost = []
    for id in HEDGES:
        source, answer = QUESTIONS[id]["answer"], translated[f"questions.{id}.answer"]
        wanted, found = (len(re.findall(words[one], text, re.I)) for one, text in (("en", source), (language, answer)))
        lost += [(id, wanted, found)] if found < wanted else []
    assert lost == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translated_answer_adds_no_number_and_keeps_every_name(language: str) -> None:
    translated = translation(language, "faq")
    for id, row in QUESTIONS.items():
        answer = translated[f"questions.{id}.answer"]
        assert not re.search(r"[\d%$]", answer), id
        names = re.findall(
            r"Dr Colum Nolan|Oxford Spine & Neurosurgery Centre|Addenbrooke's|NNI|Sengkang", row["answer"]
        )
        assert [name for name in names if name not in answer] == [], id
    assert "MB, BCh, BAO, LRCPSI, MRCSI, FRCSI (Neurosurgery)" in translated["questions.FAQ-34.answer"]


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_an_answer_fits_one_message_with_its_safety_line_and_the_question_that_follows(language: str) -> None:
    ask = FLOWS["about_sciatica"]["steps"]["tell"]["ask"]
    follows = ask if language == "en" else translation(language, "about_sciatica")["tell.ask"]
    said = {id: faq_answer(question, language) for id, question in shipped_clinic().questions.items()}
    assert {id: len(text) for id, text in said.items() if len(text) + len(follows) > TEXT_MAX} == {}


def test_no_answer_has_a_number_that_the_article_has_not() -> None:
    # The article has none at all: no doses, durations, percentages, prices.
    counted = r"\d|%|\$|\b(milligram|week|month|year|hour|minute|day)s?\b(?! activities)|per cent"
    assert [id for id, row in QUESTIONS.items() if re.search(counted, row["answer"])] == []


def test_no_answer_names_a_drug() -> None:
    drugs = r"paracetamol|ibuprofen|steroid|gabapentin|pregabalin|opioid|tramadol|codeine|cortisone|lidocaine|nsaid"
    assert [id for id, row in QUESTIONS.items() if re.search(drugs, row["answer"], re.IGNORECASE)] == []


def test_answers_fit_one_message_and_name_their_place_in_the_article() -> None:
    assert all(0 < len(row["answer"]) <= ANSWER_MAX and row["source"] for row in QUESTIONS.values())


def test_topics_and_their_questions_fit_one_list() -> None:
    assert len(FAQ["topics"]) <= 9
    for topic in FAQ["topics"]:
        assert 1 <= sum(row["topic"] == topic for row in QUESTIONS.values()) <= 9


def test_every_question_is_known_in_the_words_of_patients_in_each_language() -> None:
    for row in QUESTIONS.values():
        assert len(row["also"]) >= 6
        assert all(len(row[f"also {language}"]) >= 6 for language in LANGUAGES)


def test_no_two_questions_are_asked_in_the_same_words() -> None:
    asked: dict[str, str] = {}
    for id, row in QUESTIONS.items():
        for words in (*row["also"], *(one for language in LANGUAGES for one in row[f"also {language}"])):
            assert asked.setdefault(words.casefold(), id) == id, words


# ---- what is never said


@pytest.mark.parametrize("banned", NEVER)
def test_no_text_makes_a_claim_or_gives_advice(banned: str) -> None:
    said = [path for path, text in everything_said() if re.search(banned, text, re.IGNORECASE)]
    assert said == []


def test_no_flow_asks_about_symptoms() -> None:
    asked = [
        f"{flow['flow']}.{name}"
        for flow in FLOWS.values()
        for name, step in flow["steps"].items()
        if "ask" in step and re.search(SYMPTOMS, step["ask"], re.IGNORECASE)
    ]
    assert asked == []


def test_no_flow_branches_on_what_a_patient_says_about_her_body() -> None:
    conditions = [
        way["if"] for flow in FLOWS.values() for step in flow["steps"].values() for way in step.get("check", ())
    ]
    assert all(re.match(r"(clinic|contact)\.", condition) for condition in conditions)


def test_no_flow_speaks_the_safety_words() -> None:
    """They are package data: a copy in a flow could be edited."""
    said = [path for path, text in everything_said() if re.search(r"A&E|\b1767\b|\b1771\b", text)]
    assert said == []


def test_the_first_words_say_what_this_is_and_is_not() -> None:
    hello = FLOWS["welcome"]["steps"]["hello"]["say"]
    assert all(words in hello for words in ("automated", "not for emergencies", "not watched all the time", "995"))


PROMISED = {
    "en": ("HUMAN", "SAFETY", "STOP", "START", "MENU", "BOOK", "MY APPOINTMENTS", "LANGUAGE"),
    "zh": ("人工", "安全", "停止", "开始", "菜单", "预约", "我的预约", "语言"),
    "ms": ("STAF", "KESELAMATAN", "BERHENTI", "MULA", "MENU", "TEMU JANJI", "TEMU JANJI SAYA", "BAHASA"),
    "ta": ("ஊழியர்", "பாதுகாப்பு", "நிறுத்து", "தொடங்கு", "மெனு", "முன்பதிவு", "என் முன்பதிவு", "மொழி"),
}
"""The words that texts tell the patient to write, by language."""


@pytest.mark.parametrize("language", PROMISED)
def test_every_word_that_a_text_promises_is_understood(language: str) -> None:
    clinic = shipped_clinic()
    known = clinic.anywhere_words.keys() | clinic.start_words.keys() | LIST_WORDS
    assert [word for word in PROMISED[language] if fold(word) not in known] == []


def test_no_text_promises_another_word() -> None:
    said = " ".join(text for _, text in everything_said())
    shouted = set(re.findall(r"(?:[Ww]rite|or|:) ((?:[A-Z]{3,} ?)+)\b", said))
    assert {word.strip() for word in shouted} - {"MRI"} <= set(PROMISED["en"])


# ---- what fits


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_labels_and_texts_fit_whatsapp_in_every_language(language: str) -> None:
    long = []
    for flow in FLOWS.values():
        translated = translation(language, flow["flow"]) if language != "en" else {}
        for path, source in texts_of(flow):
            text = translated.get(path, source) if language != "en" else source
            if len(text.strip()) > limit(flow, path) or text.strip().count("\n") >= LINES_MAX:
                long.append((flow["flow"], path, len(text)))
    assert long == []


def limit(flow: Mapping[str, Any], path: str) -> int:
    """Characters that WhatsApp shows of a text at this place."""
    if path.endswith(".description"):
        return DESCRIPTION_MAX
    if not path.endswith(".label"):
        return TEXT_MAX
    step = flow["steps"][path.partition(".")[0]]
    return BUTTON_MAX if "options" in step and len(step["options"]) <= 3 else LABEL_MAX


@pytest.mark.parametrize("language", LANGUAGES)
def test_questions_and_topics_are_translated_and_fit_a_list(language: str) -> None:
    translated = translation(language, "faq")
    for id in QUESTIONS:
        assert 0 < len(translated[f"questions.{id}.short"]) <= LABEL_MAX
        assert 0 < len(translated[f"questions.{id}.question"]) <= DESCRIPTION_MAX
    assert all(0 < len(translated[f"topics.{topic}.label"]) <= LABEL_MAX for topic in FAQ["topics"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_a_flow_is_translated_with_its_names(language: str) -> None:
    for flow in FLOWS.values():
        translated = translation(language, flow["flow"])
        for path, source in texts_of(flow):
            assert path in translated, (flow["flow"], path)
            assert set(re.findall(r"{[^}]*}", translated[path])) == set(re.findall(r"{[^}]*}", source)), path


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_is_a_draft_until_somebody_signs_it(language: str) -> None:
    for path in SHIPPED.glob(f"translations/{language}/*.yaml"):
        page = read(path)
        assert page["status"] == "draft" or (page.get("signed by") and page.get("signed on"))


def translation(language: str, name: str) -> Mapping[str, str]:
    texts = read(SHIPPED / "translations" / language / f"{name}.yaml")["texts"]
    return {path: pair["to"] for path, pair in texts.items() if isinstance(pair["to"], str)}


DENIED = {"en": "not {}", "zh": "不要{}", "ms": "jangan {}", "ta": "{} வேண்டாம்"}


@pytest.mark.parametrize("language", DENIED)
def test_a_label_with_a_no_to_it_never_chooses_that_option(language: str) -> None:
    wrong = []
    for flow in shipped_clinic().flows.values():
        for step in flow.steps.values():
            options = (*step.body.options, *step.body.more_options) if isinstance(step.body, Ask) else ()
            offered = [Offered(one.id, ways_to_say(one)) for one in options]
            # "No" itself, and what stands for it, is chosen by a "no".
            meant = [one for one in options if not any(map(negates, ways_to_say(one)))]
            labels = [(one.id, one.label.in_language(language)) for one in meant]
            wrong += [
                label for id, label in labels
                if options_meant(DENIED[language].format(label), Reading(), offered) == (id,)
            ]  # fmt: skip
    assert wrong == []


# ---- what is tested


def test_the_shipped_transcripts_walk_every_step_and_every_way() -> None:
    clinic = shipped_clinic()
    transcripts, _ = load_transcripts(SHIPPED)
    reads = reader(clinic, SINGAPORE)
    walked = coverage(clinic, [play(clinic, transcript, reads) for transcript in transcripts])
    assert walked.never == ()


def test_booking_takes_at_most_nine_lines_a_step_with_every_failure_in_it() -> None:
    lines = (SHIPPED / "booking.yaml").read_text(encoding="utf-8").splitlines()
    assert len(lines) / len(FLOWS["booking"]["steps"]) <= 9
