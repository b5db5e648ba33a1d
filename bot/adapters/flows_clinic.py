"""Reads ``_clinic.yaml`` (what holds in every flow) and ``faq.yaml`` (the questions the bot answers)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import get_args

from bot.adapters.flows_nodes import Entries, Node, Scalar
from bot.adapters.flows_page import Page, Translation
from bot.adapters.flows_steps import Defaults, read_silence
from bot.core.engine_texts import ENGINE_TEXTS, MAY_MISS, ONLY_WITH
from bot.core.flow import Anywhere, AnywhereAct, AnywhereThen, Entry, Question, Text, Value

_KEYS = ("languages", "start", "defaults", "anywhere", "texts")
_FOLLOW_UP_ANSWERS = ("book", "move", "cancel")
_START_KEYS = ("first contact", "otherwise")
_DEFAULT_KEYS = ("tries", "not understood", "after last try", "silent")
_ACTS: Mapping[str, AnywhereAct] = {"do": "step back", "run": "run", "answers": "answers", "hand over": "hand over"}
_THEN = get_args(AnywhereThen)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
QUESTION_KEYS = ("topic", "question", "short", "also", "answer", "source", "then run")
_QUESTION_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
FROM_DEFAULTS = "not understood"
"""The one engine text that stands under ``defaults``, where an admin looks for it."""


@dataclass(frozen=True, slots=True)
class Engine:
    """What ``_clinic.yaml`` says."""

    defaults: Defaults = field(default_factory=Defaults)
    anywhere: tuple[Anywhere, ...] = ()
    texts: Mapping[str, Text] = field(default_factory=dict)
    first_contact: str = ""
    otherwise: str = ""
    follow_ups: Mapping[str, Entry] = field(default_factory=dict)


def read_languages(page: Page, node: Node) -> tuple[str, ...]:
    """The clinic's languages; the first is the one the flows are written in."""
    entries = node.values if isinstance(node, Entries) else {}
    found = page.words(entries.get("languages"), '"languages"')
    for one in found:
        if not _LANGUAGE.fullmatch(one):
            page.fault("E05", entries["languages"], f'"{one}" is no language code.', 'Write "en", "zh", "ms" ...')
    return tuple(dict.fromkeys(found)) or ("en",)


def read_engine(page: Page, node: Node) -> Engine:
    """What holds in every flow."""
    entries = page.keys(node, "_clinic.yaml", (*_KEYS, "follow ups"), _KEYS)
    start = page.keys(entries.values.get("start"), '"start"', _START_KEYS, _START_KEYS)
    defaults = _defaults(page, entries.values.get("defaults"))
    return Engine(
        defaults=defaults,
        anywhere=_anywhere(page, entries.values.get("anywhere")),
        texts=_texts(page, entries.values.get("texts"), defaults),
        first_contact=page.word(start, "first contact"),
        otherwise=page.word(start, "otherwise"),
        follow_ups=_follow_ups(page, entries.values.get("follow ups")),
    )


def _follow_ups(page: Page, node: Node | None) -> dict[str, Entry]:
    """Where answers to follow-ups lead: ``FLOW``, or ``FLOW.STEP`` for the appointment it is about."""
    entries = page.keys(node, '"follow ups"', _FOLLOW_UP_ANSWERS)
    found = {}
    for answer in entries.values.keys() & set(_FOLLOW_UP_ANSWERS):
        flow, _, step = page.word(entries, answer).partition(".")
        found[answer] = Entry(flow.strip(), step.strip(), entries.keys[answer].line)
    return found


def _defaults(page: Page, node: Node | None) -> Defaults:
    entries = page.keys(node, '"defaults"', _DEFAULT_KEYS, _DEFAULT_KEYS)
    page.one_of(entries, "after last try", ("hand over",))
    return Defaults(
        tries=page.number(entries, "tries", most=10) or 3,
        not_understood=page.text(entries.values.get(FROM_DEFAULTS), "defaults.not understood", '"not understood"'),
        # Line 0: a rule of every question has no line in the flow it ends up in.
        silent=tuple(
            replace(rule, line=0) for rule in read_silence(page, entries.values.get("silent"), "defaults.silent")
        ),
    )


def _texts(page: Page, node: Node | None, defaults: Defaults) -> dict[str, Text]:
    known = [name for name in ENGINE_TEXTS if name != FROM_DEFAULTS]
    left_out = MAY_MISS | ONLY_WITH.keys()
    entries = page.keys(node, '"texts"', known, [name for name in known if name not in left_out])
    texts = {name: page.text(value, f"texts.{name}", f'"{name}"') for name, value in entries.values.items()}
    texts[FROM_DEFAULTS] = defaults.not_understood
    # A missing text is an error already; its own name stands in, so that the rest can be checked.
    return {name: texts.get(name) or Text(name) for name in ENGINE_TEXTS if name in texts or name not in left_out}


def tell_wanted(page: Page, at: Node, texts: Mapping[str, Text], facts: Mapping[str, Value]) -> None:
    """Tell the texts that are not there although the clinic wants what they are for."""
    for name, key in ONLY_WITH.items():
        if facts.get(key) == "yes" and name not in texts:
            wants = f'"texts" has no "{name}", and "{key}" in clinic.yaml is yes.'
            page.fault("E04", at, wants, f'Add "{name}: ...".')


def _anywhere(page: Page, node: Node | None) -> tuple[Anywhere, ...]:
    found = []
    for key, value in page.named(node, '"anywhere"'):
        entries = page.keys(value, f'"{key.text}"', ("words", "then", *_ACTS))
        acts = [act for act in _ACTS if act in entries.values]
        if len(acts) != 1:
            page.fault("E04", key, f'"{key.text}" needs exactly one of: {", ".join(_ACTS)}.')
            continue
        word = page.word(entries, acts[0])
        if acts[0] == "do":
            page.one_of(entries, "do", ("step back",))
        words = page.in_all_languages(entries.values.get("words"), f"anywhere.{key.text}.words", '"words"')
        if not words and acts[0] != "answers":
            page.fault("E04", key, f'"{key.text}" has no "words".', "Add the words that bring it.")
        then = page.one_of(entries, "then", _THEN, "return")
        found.append(
            Anywhere(
                name=key.text,
                act=_ACTS[acts[0]],
                words=words,
                run=word if acts[0] == "run" else None,
                reason=word if acts[0] == "hand over" else "",
                then=next(one for one in _THEN if one == then),
                line=key.line,
            )
        )
    return tuple(found)


# ---- questions


def read_questions(
    page: Page, node: Node, languages: tuple[str, ...]
) -> tuple[dict[str, Question], tuple[Mapping[str, Value], ...]]:
    """The questions by id, and the topics as options."""
    entries = page.keys(node, "faq.yaml", ("topics", "questions"), ("topics", "questions"))
    topics = dict(_topic(page, key, value) for key, value in page.named(entries.values.get("topics"), '"topics"'))
    allowed = (*QUESTION_KEYS, *(f"also {one}" for one in languages[1:]))
    questions = {}
    for key, value in page.named(entries.values.get("questions"), '"questions"', _QUESTION_ID):
        row = page.keys(value, f'the question "{key.text}"', allowed, ("topic", "question", "answer"))
        question = _question(page, key, row, languages)
        if question.topic not in topics and "topic" in row.values:
            page.one_of(row, "topic", topics)
        questions[key.text] = question
    return questions, tuple(topics.values())


def _topic(page: Page, key: Scalar, node: Node) -> tuple[str, Mapping[str, Value]]:
    entries = page.keys(node, f'the topic "{key.text}"', ("label",), ("label",))
    label = page.text(entries.values.get("label"), f"topics.{key.text}.label", '"label"') or Text(key.text)
    return key.text, {"id": key.text, "label": label.source, "labels": dict(label.translations)}


def _question(page: Page, key: Scalar, row: Entries, languages: tuple[str, ...]) -> Question:
    path = f"questions.{key.text}"

    def text(name: str) -> Text | None:
        return page.text(row.values.get(name), f"{path}.{name}", f'"{name}"')

    question = text("question") or Text(key.text)
    also = {one: page.words(row.values.get(f"also {one}"), f'"also {one}"') for one in languages[1:]}
    return Question(
        id=key.text,
        topic=page.word(row, "topic"),
        question=question,
        short=text("short") or question,
        answer=text("answer") or Text(""),
        also={languages[0]: page.words(row.values.get("also"), '"also"'), **also},
        source=page.word(row, "source"),
        run=page.word(row, "then run") or None,
        line=key.line,
    )


def read_translation(page: Page, node: Node, language: str) -> Translation:
    """A file of translated texts."""
    entries = page.keys(node, "a translation", ("status", "signed by", "signed on", "texts"), ("status", "texts"))
    if page.one_of(entries, "status", ("draft", "signed")) == "signed":
        for key in ("signed by", "signed on"):
            if not page.word(entries, key):
                page.fault("E04", entries, f'a signed translation has no "{key}".', f'Add "{key}: ...".')
    translation = Translation(language, page.file)
    texts = page.of(Entries, entries.values.get("texts"), '"texts"')
    for path, value in texts.values.items() if texts else ():
        pair = page.keys(value, f'"{path}"', ("from", "to"), ("from", "to"))
        if "from" in pair.values and "to" in pair.values:
            translation.pairs[path] = (pair.values["from"], pair.values["to"])
    return translation
