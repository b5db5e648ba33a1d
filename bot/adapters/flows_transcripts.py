"""Reads the clinic's own tests: ``tests/*.yaml``, one transcript a document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import get_args

from bot.adapters.flows_nodes import Entries, Items, Node, Scalar, parse
from bot.adapters.flows_page import Page, data
from bot.core.actions import ACTIONS
from bot.core.conversation import Control
from bot.core.events import MessageKind
from bot.core.fault import Fault, did_you_mean, in_reading_order
from bot.core.flow import Value
from bot.core.transcript import Expected, Given, Hears, Sends, Spoken, Staff, StaffDoes, StandIn, Transcript, Waits

_KEYS = ("test", "flow", "given", "talk", "expect")
EXPECT_KEYS = ("ended", "saved", "effects", "control", "urgent")
GIVEN_KEYS = ("now", "facts", "language", "phone", "first contact")
_LISTS = ("services", "practitioners", "languages", "faq_topics")
LINES = ("patient", "taps", "sends", "silence", "staff", "bot")
_SENT: Mapping[str, MessageKind] = {
    "photo": "media", "voice": "media", "file": "media", "location": "location", "contact": "contact",
}  # fmt: skip
_CONTROLS = get_args(Control)
STAFF_DOES = get_args(StaffDoes)


def load_transcripts(directory: Path) -> tuple[tuple[Transcript, ...], tuple[Fault, ...]]:
    """Every test of a directory of flows, and what is wrong with their files. Never raises for what they say."""
    transcripts: list[Transcript] = []
    faults: list[Fault] = []
    for path in sorted(directory.glob("tests/*.yaml")):
        found, wrong = read_transcripts(path.read_bytes(), f"tests/{path.name}")
        transcripts += found
        faults += wrong
    return tuple(transcripts), in_reading_order(faults)


def read_transcripts(content: bytes, file: str) -> tuple[tuple[Transcript, ...], tuple[Fault, ...]]:
    """The tests of one file."""
    documents, faults = parse(content, file)
    page = Page(file, faults)
    return tuple(_transcript(page, document) for document in documents), in_reading_order(faults)


def _transcript(page: Page, node: Node) -> Transcript:
    entries = page.keys(node, "a test", _KEYS, ("test", "flow", "talk"))
    talk = page.of(Items, entries.values.get("talk"), '"talk"')
    lines = (_line(page, item) for item in (talk.items if talk else ()))
    return Transcript(
        name=page.word(entries, "test"),
        file=page.file,
        line=node.line,
        flow=page.word(entries, "flow"),
        talk=tuple(line for line in lines if line is not None),
        given=_given(page, entries.values.get("given")),
        expected=_expected(page, entries.values.get("expect")),
    )


def _line(page: Page, node: Node) -> Spoken | None:
    entries = page.keys(node, "a line of the talk", (*LINES, "options"))
    kinds = [kind for kind in LINES if kind in entries.values]
    if len(kinds) != 1:
        page.fault("E04", node, "a line of the talk has exactly one speaker.", f"Write one of: {', '.join(LINES)}.")
        return None
    kind, line = kinds[0], node.line
    if kind == "silence":
        return Waits(line, page.seconds(entries.values[kind], '"silence"'))
    if kind == "staff":
        does = page.one_of(entries, kind, STAFF_DOES)
        return next((Staff(line, one) for one in STAFF_DOES if one == does), None)
    if kind == "sends":
        return Sends(line, kind=_SENT.get(page.one_of(entries, kind, _SENT), "unknown"))
    # A patient may send anything, also what would be suspicious in a text of the clinic.
    scalar = page.of(Scalar, entries.values[kind], f'"{kind}"')
    text = scalar.text.strip() if scalar else ""
    if kind == "bot":
        options = page.of(Items, entries.values.get("options"), '"options"')
        return Hears(line, text, tuple(str(data(one)) for one in options.items) if options else None)
    return Sends(line, text, "tap" if kind == "taps" else "text")


def _given(page: Page, node: Node | None) -> Given:
    entries = page.keys(node, '"given"', (*GIVEN_KEYS, *_LISTS, *ACTIONS))
    facts = data(entries.values["facts"]) if "facts" in entries.values else {}
    in_turn, always = {}, {}
    for action in ACTIONS.keys() & entries.values.keys():
        outcomes = entries.values[action]
        if isinstance(outcomes, Items):
            in_turn[action] = tuple(_stand_in(page, action, item) for item in outcomes.items)
        else:
            always[action] = _stand_in(page, action, outcomes)
    return Given(
        now=_now(page, entries),
        facts={key.replace("_", " "): value for key, value in facts.items()} if isinstance(facts, Mapping) else {},
        lists={name: _options(entries.values[name]) for name in _LISTS if name in entries.values},
        language=page.word(entries, "language"),
        phone=page.one_of(entries, "phone", ("yes", "no"), "yes") == "yes",
        first_contact=page.one_of(entries, "first contact", ("yes", "no"), "no") == "yes",
        in_turn=in_turn,
        always=always,
    )


def _now(page: Page, entries: Entries) -> str:
    word = page.word(entries, "now") or Given().now
    try:
        datetime.fromisoformat(word)
    except ValueError:
        page.fault("E04", entries.values["now"], f'"now: {word[:20]}" is no moment.', 'Write "2026-03-02 09:00".')
        return Given().now
    return word


def _stand_in(page: Page, action: str, node: Node) -> StandIn:
    """``taken``, or ``found: [...]``, or ``booked: {number: A17}``."""
    name: str = ""
    value: Value = None
    if isinstance(node, Scalar):
        name = node.text.strip()
    elif isinstance(node, Entries) and len(node.values) == 1:
        (name, given), *_ = node.values.items()
        value = _options(given) if isinstance(given, Items) else data(given)
    if name not in ACTIONS[action].gives:
        known = ACTIONS[action].gives
        remedy = did_you_mean(name, known, f"Its outcomes are: {', '.join(known)}.")
        page.fault("E52", node, f'{action} never comes out as "{name}".', remedy)
    return StandIn(name, value)


def _options(node: Node) -> tuple[Mapping[str, Value], ...]:
    """Options as a test writes them: labels alone, or maps with more fields."""
    found: list[Mapping[str, Value]] = []
    for item in node.items if isinstance(node, Items) else ():
        value = data(item)
        fields: dict[str, Value] = dict(value) if isinstance(value, Mapping) else {"label": str(value)}
        name = fields.get("label", "")
        found.append({"id": name, "label": name, **fields})
    return tuple(found)


def _expected(page: Page, node: Node | None) -> Expected:
    entries = page.keys(node, '"expect"', EXPECT_KEYS)
    saved = page.of(Entries, entries.values.get("saved"), '"saved"')
    control = page.one_of(entries, "control", _CONTROLS)
    urgent = page.one_of(entries, "urgent", ("yes", "no"))
    effects = entries.values.get("effects")
    return Expected(
        ended=page.word(entries, "ended") or None,
        saved={key: str(data(value)) for key, value in saved.values.items()} if saved else {},
        effects=page.words(effects, '"effects"') if effects is not None else None,
        control=next((one for one in _CONTROLS if one == control), None),
        urgent=urgent == "yes" if urgent else None,
        line=entries.line,
    )
