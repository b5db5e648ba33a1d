"""Files that can be read and should not be used: each is told, and whatever got through harms nobody.

``case-n`` is the number that a bad input has in the list of them which these tests go through.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.adapters.flows_yaml import Loaded
from bot.core.calendar import Wanted, free_slots
from bot.core.conversation import Conversation
from bot.core.effects import PassToPerson, Say
from bot.core.events import Message, Reading
from bot.core.flow import Clinic
from bot.core.safety_texts import FULL
from bot.core.turn import take_turn
from tests.flows_language.small import CLINIC, ENGINE, clinic_with, visit
from tests.universe import NOW, Talk


def codes(loaded: Loaded) -> set[str]:
    """What is wrong, but for what the small clinic always has."""
    return {fault.code for fault in loaded.faults} - {"W70", "W91"}


def saying(text: str) -> Loaded:
    """The small clinic with a flow that says something."""
    quoted = text.replace("'", "''")
    return clinic_with({"visit.yaml": visit(f"bye:\n  say: '{quoted}'\n  end: done")})


def translated(language: str, text: str) -> Loaded:
    """The small clinic with a flow that says something to patients of another language."""
    files = {
        "_clinic.yaml": ENGINE.replace("[en, ms]", "[en, ms, zh, ta]"),
        "visit.yaml": visit("bye:\n  say: See you.\n  end: done"),
        f"translations/{language}/visit.yaml": (
            f"status: draft\ntexts:\n  bye.say:\n    from: See you.\n    to: '{text}'\n"
        ),
    }
    return clinic_with(files)


def sound(loaded: Loaded) -> Clinic:
    assert loaded.sound, [str(fault) for fault in loaded.faults if fault.level == "error"]
    assert loaded.clinic is not None
    return loaded.clinic


# ---- where flows lead


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        pytest.param("a:\n  say: A\n  go to: nowhere", "E10", id="case-72 a way to a step that is not there"),
        pytest.param("a:\n  say: A\n  end: x\nb:\n  say: B\n  end: y", "E11", id="case-73 a step no way leads to"),
        pytest.param("a:\n  say: A\nb:\n  say: B\n  go to: a", "E15", id="case-74 a circle without a question"),
    ],
)
def test_a_flow_that_leads_nowhere_is_told(steps: str, code: str) -> None:
    assert code in codes(clinic_with({"visit.yaml": visit(steps)}))


def test_a_clinic_in_which_nobody_can_be_asked_for_is_told() -> None:  # case-75
    deaf = ENGINE.replace("hand over: The patient asked for a person", "do: step back")
    assert "E90" in codes(clinic_with({"_clinic.yaml": deaf}))


@pytest.mark.parametrize(
    ("file", "text"),
    [
        pytest.param("visit.yaml", visit("bye:\n  say: All is well.\n  end: done", "safety"), id="case-75 a flow"),
        pytest.param("_clinic.yaml", ENGINE.replace("words: [human]", "words: [human, safety]"), id="case-75 anywhere"),
        pytest.param(
            "visit.yaml",
            visit("a:\n  ask: Well?\n  options:\n    safe: {label: Safety}\nbye:\n  say: All is well.\n  end: done"),
            id="case-75 an option",
        ),
    ],
)
def test_the_word_for_the_warning_signs_can_be_taken_by_nothing(file: str, text: str) -> None:
    loaded = clinic_with({file: text})
    assert codes(loaded) & {"E31", "E33"}
    assert loaded.clinic is not None
    for opening in ("visit", "safety"):
        talk = Talk(loaded.clinic)
        talk.says(opening)
        assert FULL["en"] in talk.says("safety"), "and even where nobody checked, the safety text comes first"


@pytest.mark.parametrize("name", ["safety.yaml", "safety_texts.yaml", "translations/ms/safety.yaml"])
def test_the_safety_texts_are_not_the_clinics_to_change(name: str) -> None:  # case-76
    flow = visit("bye:\n  say: You can wait.\n  end: done").replace("flow: visit", "flow: safety")
    translated = "status: draft\ntexts:\n  full: {from: x, to: You can wait.}\n"
    loaded = clinic_with({name: translated if "/" in name else flow})
    assert loaded.clinic is not None
    red = Message("SM1", text="numb down there", reading=Reading(red_flags=("cauda_equina",)))
    turn = take_turn(loaded.clinic, Conversation("mei", "whatsapp:+6591234567"), red, NOW)
    said = [effect.text for effect in turn.effects if isinstance(effect, Say)]
    assert said[0] == FULL["en"]
    assert not any("You can wait" in one for one in said)
    assert any(isinstance(effect, PassToPerson) for effect in turn.effects)


# ---- what WhatsApp shows


def options(*labels: str) -> str:
    rows = "".join(f"    o{number}: {{label: {label}}}\n" for number, label in enumerate(labels))
    return visit(f"a:\n  ask: Which?\n  save as: x\n  options:\n{rows}bye:\n  say: 'Bye {{x}}'\n  end: done")


@pytest.mark.parametrize(
    ("labels", "code"),
    [
        pytest.param(["a" * 20, "b" * 20, "c" * 20], "", id="case-77 three buttons of 20"),
        pytest.param(["a" * 21], "E60", id="case-77 a button of 21"),
        pytest.param(["a" * 24, "b" * 24, "c" * 24, "d" * 24], "", id="case-77 four are a list of 24"),
        pytest.param(["a" * 25, "b", "c", "d"], "E60", id="case-77 a row of 25"),
        pytest.param([f"Row {letter * 3}" for letter in "abcdefghij"], "", id="case-77 ten rows"),
        pytest.param([f"Row {letter * 3}" for letter in "abcdefghijk"], "E61", id="case-77 eleven rows"),
    ],
)
def test_more_than_whatsapp_shows_is_told(labels: list[str], code: str) -> None:
    assert codes(clinic_with({"visit.yaml": options(*labels)})) == ({code} if code else set())


@pytest.mark.parametrize(("length", "told"), [(1_600, False), (1_601, True), (4_097, True)])
def test_a_text_longer_than_a_message_is_told(length: int, told: bool) -> None:  # case-78
    assert ("E60" in codes(saying("a" * length))) is told


@pytest.mark.parametrize(("length", "told"), [(1_024, False), (1_025, True)])
def test_a_question_longer_than_its_buttons_allow_is_told(length: int, told: bool) -> None:  # case-78
    flow = options("Yes", "No").replace("ask: Which?", "ask: " + "a" * length)
    assert ("E60" in codes(clinic_with({"visit.yaml": flow}))) is told


@pytest.mark.parametrize("variables", ["{}", "{when: today, number: '7'}"], ids=["case-79 missing", "case-79 extra"])
def test_a_template_whose_variables_do_not_fit_is_told(variables: str) -> None:
    template = f"reminder:\n  body: We look forward to seeing you on {{when}} then.\n  variables: {variables}\n"
    assert "E62" in codes(clinic_with({"templates.yaml": template}))


# ---- expressions that are none


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param("().__class__", id="case-80 a class"),
        pytest.param("name.__class__ = x", id="case-80 an attribute"),
        pytest.param("9**9**9", id="case-80 a power"),
        pytest.param("'a'*10**9", id="case-80 a product"),
        pytest.param("len(name) > 3", id="case-80 a function"),
        pytest.param("__import__(os) = 1", id="case-80 an import"),
        pytest.param("(" * 10_000 + "name" + ")" * 10_000, id="case-80 10,000 brackets"),
        pytest.param("name = x and name = y or name", id="case-80 and, or"),
        pytest.param("a" * 900_000, id="case-80 a megabyte"),
        pytest.param("name " * 150_000, id="case-80 150,000 names"),
        pytest.param("a." * 300_000 + "a = 1", id="case-80 300,000 dots"),
    ],
)
def test_a_condition_is_a_comparison_and_nothing_else(condition: str) -> None:
    quoted = condition.replace("'", "''")
    flow = visit(
        f"a:\n  ask: Who?\n  type: text\n  save as: name\nb:\n  check: [{{if: '{quoted}', go to: c}}]\n  otherwise: c\n"
        "c:\n  say: 'Bye {name}'\n  end: done"
    )
    loaded = clinic_with({"visit.yaml": flow})
    if condition.startswith("name = x and"):
        assert codes(loaded) == set(), "all that follows = is the text that is compared"
    else:
        assert codes(loaded) & {"E04", "E40"}


@pytest.mark.parametrize(
    "written",
    [
        "{{ 7*7 }}",
        "%s %d %(name)s",
        "{0.__class__}",
        "{name}",
        "{clinic.phone}",
        "{{name}}",
        "${jndi:ldap://x}",
        "{{{{",
    ],
)
def test_what_a_patient_wrote_is_said_back_as_it_is(written: str) -> None:  # case-81
    flow = visit(
        "a:\n  ask: What is it about?\n  type: text\n  save as: about\n"
        "b:\n  ask: 'You wrote: {about}. Shall I note it?'\n  options:\n    note: {label: Note it}\n"
        "c:\n  say: 'Noted: {about}'\n  end: done"
    )
    talk = Talk(sound(clinic_with({"visit.yaml": flow})))
    talk.says("visit")
    assert f"You wrote: {written}. Shall I note it?" in talk.says(written)
    assert talk.taps("Note it") == [f"Noted: {written}"]


# ---- what a clinic may not say


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd",
     "tel:+6591234567", "http://clinic.example", "https://xn--clnic-3ve.example", "https://cl\u0456nic.example",
     "https://clinic.example@evil.example", "https://127.0.0.1/x",
     "https://localhost/x", "https://[::1]/x", "https://2130706433/", "https:///evil", "ftp://x.example"],
    ids=lambda link: f"case-82 {link[:12]}",
)  # fmt: skip
def test_a_link_that_is_no_plain_https_address_is_told(link: str) -> None:
    assert "E46" in codes(saying(f"Look at {link} please."))
    assert "E46" in codes(clinic_with({"clinic.yaml": CLINIC + f"website: '{link}'\n"}))


@pytest.mark.parametrize(
    "words",
    ["See https://clinic.example/a?b=c#d.", "See {clinic.website}/map (https://maps.example:8443/x).",
     "Your data: a name.", "Time: 9:00. Tel: see below. File: none."],
)  # fmt: skip
def test_ordinary_links_and_colons_are_nothing_to_tell(words: str) -> None:
    text = visit(f"bye:\n  say: '{words}'\n  end: done")
    loaded = clinic_with({"visit.yaml": text, "clinic.yaml": CLINIC + "website: https://clinic.example\n"})
    assert "E46" not in codes(loaded)


@pytest.mark.parametrize(
    "words",
    ["Your pain is not urgent.", "You will be fine.", "Nothing to worry about.", "This is quite normal.",
     "It is harmless.", "A guaranteed result.", "100% safe.", "Pain-free surgery.", "It cures sciatica.",
     "The most effective treatment.",
     "A world-class centre.", "Our success rate is high.", "Patients say so.", "The No. 1 clinic.",
     "We are better than other clinics.", "You should stop your tablets.", "You have a slipped disc.",
     "You need an MRI.", "I am a nurse.", "★★★★★"],
    ids=lambda words: f"case-83 {words}",
)  # fmt: skip
def test_a_claim_or_comfort_is_an_error(words: str) -> None:
    assert "E94" in codes(saying(words))


@pytest.mark.parametrize(
    ("language", "words", "code"),
    [
        ("zh", "请放心，这是正常的。", "E94"), ("zh", "我们保证治愈。", "E94"), ("zh", "手術無痛。", "E94"),
        ("zh", "您需要手术。", "E94"), ("zh", "我是一名护士。", "E94"), ("zh", "知名专家，优惠价。", "W94"),
        ("ms", "Jangan risau.", "E94"), ("ms", "Ini perkara biasa.", "E94"), ("ms", "Hasil dijamin.", "E94"),
        ("ms", "Anda perlukan pembedahan.", "E94"), ("ms", "Klinik terbaik.", "W94"),
        ("ta", "கவலைப்பட வேண்டாம்.", "E94"), ("ta", "வலியற்ற சிகிச்சை.", "E94"), ("ta", "நான் ஒரு மருத்துவர்.", "E94"),
        ("ta", "முன்னணி மருத்துவமனை.", "W94"),
    ],
    ids=lambda value: f"case-83 {value}",
)  # fmt: skip
def test_claims_are_found_in_translations_by_words_of_their_language(language: str, words: str, code: str) -> None:
    [found] = [fault for fault in translated(language, words).faults if fault.code in ("E94", "W94")]
    assert found.code == code
    assert f'in {language} says "' in found.message


@pytest.mark.parametrize("language", ["zh", "ms", "ta"])
def test_what_is_harmless_in_a_translation_is_no_claim(language: str) -> None:
    harmless = {
        "zh": "此处不是急诊。医生会说明风险。痛不痛都请告诉我们。您最好带上片子。",
        "ms": "Surat jaminan diterima. Sembang ini bukan untuk kecemasan. Pergi ke A&E dengan segera.",
        "ta": "முன்பதிவை உறுதிசெய்ய எழுதுவோம். இது அவசரத்துக்கானது அல்ல.",
    }
    assert not {"E94", "W94"} & set(codes(translated(language, harmless[language])))


@pytest.mark.parametrize("words", ["The leading clinic.", "A discount for you.", "An award.", "Our experts.", "24/7"])
def test_praise_is_a_warning(words: str) -> None:  # case-83
    loaded = saying(words)
    assert "W94" in codes(loaded)
    assert loaded.sound


def test_claims_are_found_in_answers_too() -> None:  # case-83
    faq = "topics: {a: {label: A}}\nquestions:\n  q: {topic: a, question: What?, answer: You will be fine.}\n"
    assert "E94" in codes(clinic_with({"faq.yaml": faq}))


# ---- hours and slots


@pytest.mark.parametrize(
    "hours",
    ["09:00-25:00", "17:00-09:00", "09:00-09:00", "9-17", "24:00-24:00", "00:00-24:01", "[09:00-12:00, 11:00-17:00]",
     "[14:00-17:00, 09:00-12:00]", "-09:00-17:00", "09:00-17:60"],
    ids=lambda hours: f"case-84 {hours}",
)  # fmt: skip
def test_hours_that_are_none_are_told(hours: str) -> None:
    assert "E04" in codes(clinic_with({"clinic.yaml": CLINIC.replace('"09:00-17:00"', hours)}))


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "/etc/localtime", "SGT+8", "\\0", "a" * 5_000])
def test_a_time_zone_that_is_none_is_told(zone: str) -> None:  # case-84
    assert "E04" in codes(clinic_with({"clinic.yaml": CLINIC.replace("Asia/Singapore", zone)}))


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 3), (date(2026, 10, 25), 4)], ids=["spring", "autumn"])
def test_a_zone_with_summer_time_offers_each_moment_once(day: date, hours: int) -> None:  # case-84
    clinic = CLINIC.replace("Asia/Singapore", "Europe/London").replace('mon: "09:00-17:00"', 'sun: "00:00-04:00"')
    diary = clinic_with({"clinic.yaml": clinic + "slot minutes: 30\n"}).diary
    assert diary is not None
    early = datetime.combine(day, datetime.min.time(), UTC) - timedelta(days=3)
    starts = [slot.start for slot in free_slots(diary, Wanted("first"), [day], (), early)[day]]
    assert starts == sorted(set(starts))
    assert len(starts) == hours * 2


@pytest.mark.parametrize("minutes", ["0", "-10", "1000000000", "10.5", "1e1", "ten", "١٠", "9" * 5_000, "''"])
@pytest.mark.parametrize("key", ["slot minutes", "hold minutes", "horizon days", "notice minutes"])
def test_a_length_that_no_slot_has_is_told(key: str, minutes: str) -> None:  # case-85
    loaded = clinic_with({"clinic.yaml": CLINIC + f"{key}: {minutes}\n"})
    if key == "notice minutes" and minutes == "0":
        assert codes(loaded) == set(), "a patient may come at once"
    else:
        assert "E04" in codes(loaded)
