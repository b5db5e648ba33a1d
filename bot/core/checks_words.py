"""Checks on words: answers that can be told apart, names that are known, texts that fit and are translated whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.core import safety_texts
from bot.core.answers import NAME_CHARACTERS_MAX, Offered, fold, options_meant
from bot.core.answers import TEXT_CHARACTERS_MAX as TYPED_CHARACTERS_MAX
from bot.core.checks_graph import ENGINE_FILE, FAQ_FILE
from bot.core.checks_kinds import OF_LISTS, Kinds, kinds_of_names
from bot.core.events import Reading
from bot.core.fault import At, Fault, level_of
from bot.core.flow import Anywhere, Ask, Clinic, Flow, HandOver, Option, Question, Run, Say, Step, Text
from bot.core.follow_up import KINDS
from bot.core.names import clinic_fact, label, names_in
from bot.core.safety import LIST_WORDS
from bot.core.ways import Way, ways_of
from bot.core.wording import QUESTION_CHARACTERS_MAX, TEXT_CHARACTERS_MAX

FACTS_FILE = "clinic.yaml"
BUTTONS_MAX = 3
BUTTON_CHARACTERS_MAX = 20
ROW_CHARACTERS_MAX = 24
DESCRIPTION_CHARACTERS_MAX = 72
ROWS_MAX = 10
VALUE_CHARACTERS = 40
"""What a day, a time or a number takes in a text, with something to spare."""
_LEAVE_IT = "Choose other words: those belong to the safety texts."
OPTIONS_OF = {kind: name for name, kind in OF_LISTS.items()}


@dataclass(frozen=True, slots=True)
class Spot:
    """A text and where it stands. ``most`` is how many characters it may have; a ``name`` is the same everywhere."""

    file: str
    line: int
    step: str
    what: str
    text: Text
    most: int = TEXT_CHARACTERS_MAX
    name: bool = False

    def fault(self, code: str, message: str, remedy: str) -> Fault:
        """A fault of this text."""
        return Fault(code, self.file, self.line, 0, self.step, f"{self.what} {message}", remedy, level_of(code))


# ---- where texts are


def flow_spots(flow: Flow) -> Iterator[Spot]:
    yield Spot(flow.file, 1, "", "the title", flow.title)
    for step in flow.steps.values():
        match step.body:
            case Ask():
                yield from _spots_of_ask(flow, step, step.body)
            case Say(text=text):
                yield Spot(flow.file, step.line, step.name, "the text", text)
            case HandOver(say=say) if say is not None:
                yield Spot(flow.file, step.line, step.name, "the text", say)


def _spots_of_ask(flow: Flow, step: Step, ask: Ask) -> Iterator[Spot]:
    options = (*ask.options, *ask.more_options)
    offers = bool(options or ask.options_from)
    listed = bool(ask.options_from) or len(options) > BUTTONS_MAX
    most = QUESTION_CHARACTERS_MAX if offers else TEXT_CHARACTERS_MAX
    yield Spot(flow.file, step.line, step.name, "the question", ask.text, most)
    if ask.not_understood is not None:
        yield Spot(flow.file, step.line, step.name, '"not understood"', ask.not_understood)
    for option in options:
        words = f'the option "{option.label.source}"'
        size = ROW_CHARACTERS_MAX if listed else BUTTON_CHARACTERS_MAX
        yield Spot(flow.file, option.line, step.name, words, option.label, size)
        if option.description is not None:
            what = f"the description of {words}"
            yield Spot(flow.file, option.line, step.name, what, option.description, DESCRIPTION_CHARACTERS_MAX)
    for rule in ask.silent:
        if rule.say is not None and rule.line:
            yield Spot(flow.file, rule.line, step.name, "the silence text", rule.say)
        elif rule.say is not None:
            yield Spot(ENGINE_FILE, 0, "", "the silence text", rule.say)


def engine_spots(clinic: Clinic) -> Iterator[Spot]:
    sizes = {"list button": BUTTON_CHARACTERS_MAX, "continue yes": BUTTON_CHARACTERS_MAX,
             "continue no": BUTTON_CHARACTERS_MAX, "more": ROW_CHARACTERS_MAX,
             "none of these": ROW_CHARACTERS_MAX}  # fmt: skip
    sizes |= {f"{kind.text} {option}": BUTTON_CHARACTERS_MAX for kind in KINDS.values() for option in kind.options}
    for name, text in clinic.texts.items():
        yield Spot(ENGINE_FILE, 0, "", f'the text "{name}"', text, sizes.get(name, QUESTION_CHARACTERS_MAX))
    for question in clinic.questions.values():
        what = f'the question "{question.id}"'
        yield Spot(FAQ_FILE, question.line, "", what, question.question, QUESTION_CHARACTERS_MAX)
        yield Spot(FAQ_FILE, question.line, "", f'"short" of {what}', question.short, ROW_CHARACTERS_MAX)
        yield Spot(FAQ_FILE, question.line, "", f"the answer of {what}", question.answer, QUESTION_CHARACTERS_MAX)
    for name, options in clinic.lists.items():
        file = FAQ_FILE if name == "faq_topics" else FACTS_FILE
        for option in options:
            labels = option.get("labels")
            translated = {str(key): str(value) for key, value in labels.items()} if isinstance(labels, dict) else {}
            label = Text(str(option.get("label", "")), translated)
            what = f'"{label.source}" ({name.replace("_", " ")})'
            yield Spot(file, 0, "", what, label, ROW_CHARACTERS_MAX, name in ("practitioners", "languages"))


def _spots(clinic: Clinic) -> Iterator[Spot]:
    for flow in clinic.flows.values():
        yield from flow_spots(flow)
    yield from engine_spots(clinic)


# ---- answers


def _asks(clinic: Clinic) -> Iterator[tuple[Flow, Step, Ask]]:
    for flow in clinic.flows.values():
        for step in flow.steps.values():
            if isinstance(step.body, Ask):
                yield flow, step, step.body


def ways_to_say(option: Option) -> tuple[str, ...]:
    """Everything a patient can write to mean an option."""
    return (option.label.source, *option.label.translations.values(), *option.also)


def same_answers(clinic: Clinic) -> Iterator[Fault]:
    """E30: the same words mean two options of one question, or ask two questions of the FAQ, in any language."""
    yield from _asked_twice(clinic)
    for flow, step, ask in _asks(clinic):
        meant: dict[str, Option] = {}
        for option in (*ask.options, *ask.more_options):
            for words in ways_to_say(option):
                first = meant.setdefault(fold(words), option)
                if first is not option:
                    yield At(flow, step, option.line).fault(
                        "E30",
                        f'"{words}" means both "{first.label.source}" and "{option.label.source}".',
                        "Take it away from one of them.",
                    )


def _asked_twice(clinic: Clinic) -> Iterator[Fault]:
    asks: dict[str, Question] = {}
    for question in clinic.questions.values():
        for words in (question.question.source, *(way for ways in question.also.values() for way in ways)):
            first = asks.setdefault(fold(words), question)
            if first is not question:
                message = f'"{words}" asks both "{first.id}" and "{question.id}".'
                yield Fault("E30", FAQ_FILE, question.line, 0, "", message, "Take it away from one of them.")


def shadowed_anywhere(clinic: Clinic) -> Iterator[Fault]:
    """E31: an option takes words that work anywhere, and does something else."""
    for flow, step, way, words in _option_words(clinic):
        if fold(words) in LIST_WORDS:
            yield At(flow, step, way.line).fault("E31", f'"{words}" brings the warning signs anywhere.', _LEAVE_IT)
        found = clinic.anywhere_words.get(fold(words))
        if found is not None and not _does_the_same(clinic, flow, way, found):
            yield At(flow, step, way.line).fault(
                "E31",
                f'"{words}" also means "{found.name}" anywhere.',
                "Word the option differently, or take the word away from it.",
            )


def shadowed_start(clinic: Clinic) -> Iterator[Fault]:
    """E32: an option takes words that start another flow, and does something else."""
    for flow, step, way, words in _option_words(clinic):
        other = clinic.start_words.get(fold(words))
        if other is not None and other not in (flow.name, _run_by(flow, way)):
            yield At(flow, step, way.line).fault(
                "E32",
                f'"{words}" also starts "{other}".',
                "Word the option differently, or take the word away from it.",
            )


def _option_words(clinic: Clinic) -> Iterator[tuple[Flow, Step, Way, str]]:
    for flow, step, _ in _asks(clinic):
        for way in ways_of(step):
            for words in ways_to_say(way.option) if way.option else ():
                yield flow, step, way, words


def _run_by(flow: Flow, way: Way) -> str | None:
    """The flow an option runs, at once or in the step it goes to."""
    step = flow.steps.get(way.target.step or "") if way.target else None
    return step.body.flow if way.run is None and step is not None and isinstance(step.body, Run) else way.run


def _does_the_same(clinic: Clinic, flow: Flow, way: Way, anywhere: Anywhere) -> bool:
    ran = _run_by(flow, way)
    if anywhere.act == "run":
        return ran == anywhere.run
    step = flow.steps.get(way.target.step or "") if way.target else None
    if ran in clinic.flows:
        step = clinic.flows[ran or ""].first
    return anywhere.act == "hand over" and step is not None and isinstance(step.body, HandOver)


def same_start_words(clinic: Clinic) -> Iterator[Fault]:
    """E33: two flows start with the same words, or words that work anywhere keep a flow from starting."""
    for words in clinic.anywhere_words.keys() & LIST_WORDS:
        rule = clinic.anywhere_words[words]
        message = f'"{words}" brings the warning signs and never does "{rule.name}".'
        yield Fault("E33", ENGINE_FILE, rule.line, 0, "", message, _LEAVE_IT)
    seen: dict[str, Flow] = {}
    for flow in clinic.flows.values():
        for words in flow.starts_with:
            if fold(words) in LIST_WORDS:
                yield At(flow).fault(
                    "E33", f'"{words}" brings the warning signs and never starts this flow.', _LEAVE_IT
                )
            first = seen.setdefault(fold(words), flow)
            if first is not flow:
                yield At(flow, None).fault(
                    "E33", f'"{words}" also starts "{first.name}".', "Take it away from one of them."
                )
            found = clinic.anywhere_words.get(fold(words))
            if found is not None and found.run != flow.name:
                yield At(flow, None).fault(
                    "E33",
                    f'"{words}" means "{found.name}" anywhere and never starts this flow.',
                    'Take it away from "starts with".',
                )


def unreachable_answers(clinic: Clinic) -> Iterator[Fault]:
    """E37: a label that is sent back as text, or the number before it, does not lead to its own option."""
    for flow, step, ask in _asks(clinic):
        options = (*ask.options, *ask.more_options)
        offered = [Offered(one.id, ways_to_say(one)) for one in options]
        for position, option in enumerate(options, start=1):
            said = [option.label.in_language(language) for language in clinic.languages]
            said += [] if ask.options_from else [str(position)]
            for words in dict.fromkeys(said):
                if options_meant(words, Reading(), offered) != (option.id,):
                    yield At(flow, step, option.line).fault(
                        "E37",
                        f'"{words}" does not lead to the option "{option.label.source}".',
                        "Word the options so that each stands for itself.",
                    )


# ---- what fits, what is translated


def too_long(clinic: Clinic) -> Iterator[Fault]:
    """E60: a label, description or text is longer than WhatsApp shows, in some language and with the longest values."""
    known = {flow.file: kinds for name, kinds in kinds_of_names(clinic).items() for flow in (clinic.flows[name],)}
    for spot in _spots(clinic):
        for language in clinic.languages:
            kinds = known.get(spot.file, {})
            length = _longest(clinic, spot.text.in_language(language), language, kinds)
            own = language == clinic.languages[0] or language in spot.text.translations
            if own and length > spot.most:
                where = f" in {language}" if len(clinic.languages) > 1 else ""
                yield spot.fault("E60", f"has {length} characters{where}.", f"WhatsApp shows {spot.most}: shorten it.")


def _longest(clinic: Clinic, text: str, language: str, kinds: Kinds) -> int:
    """Characters of a text with the longest value in the place of each name."""
    names = names_in(text)
    written = len(text) - sum(len(name) + 2 for name in names)
    return written + sum(_longest_value(clinic, name, language, kinds) for name in names)


def _longest_value(clinic: Clinic, name: str, language: str, kinds: Kinds) -> int:
    if name.startswith("clinic."):
        return len(str(clinic_fact(clinic.facts, name) or ""))
    return max((_longest_of(clinic, kind, language) for kind in kinds.get(name, ())), default=VALUE_CHARACTERS)


def _longest_of(clinic: Clinic, kind: str, language: str) -> int:
    if kind in OPTIONS_OF:
        return max((len(label(one, language)) for one in clinic.lists.get(OPTIONS_OF[kind], ())), default=0)
    return {"text": TYPED_CHARACTERS_MAX, "person name": NAME_CHARACTERS_MAX}.get(kind, VALUE_CHARACTERS)


def too_many_options(clinic: Clinic) -> Iterator[Fault]:
    """E61: more options than a list shows."""
    for flow, step, ask in _asks(clinic):
        count = len(ask.options) + len(ask.more_options)
        if count > ROWS_MAX:
            yield At(flow, step).fault(
                "E61", f"this question has {count} options.", f"WhatsApp shows {ROWS_MAX}: ask in two steps."
            )


# ---- people and safety


def no_way_to_a_person(clinic: Clinic) -> Iterator[Fault]:
    """E90: nothing a patient can write at any question brings a person."""
    if not any(one.act == "hand over" and one.words for one in clinic.anywhere):
        yield Fault(
            "E90",
            ENGINE_FILE,
            0,
            message="no words bring a person at any question.",
            remedy='Add to "anywhere" a rule with "words" and "hand over".',
        )


def unsigned_safety_texts(clinic: Clinic) -> Iterator[Fault]:
    """W91: the safety texts are drafts."""
    if safety_texts.SIGNED_BY is None:
        yield Fault(
            "W91",
            "safety texts",
            0,
            message="these are drafts nobody has signed.",
            remedy="Have the clinic's doctor check and sign them.",
            level="warning",
        )
