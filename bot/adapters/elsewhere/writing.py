"""Writes a draft as the files of a flow: its steps, what needs a person beside them, and its translations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from bot.adapters.elsewhere.choices import Also
from bot.adapters.elsewhere.steps import Draft, Written
from bot.adapters.flows_page import CHANGED
from bot.core.flow import Text

REMARK_CHARACTERS_MAX = 110


class _OneLine(dict[str, Any]):
    """Keys that are written in braces, in one line."""


class _Dumper(yaml.SafeDumper):
    """Texts as the clinic writes them: plain where they may be, in quotes where other programs would change them."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    if "\n" in text:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if CHANGED.fullmatch(text) else None)


def _list(dumper: yaml.SafeDumper, values: list[Any]) -> yaml.Node:
    return dumper.represent_sequence(
        "tag:yaml.org,2002:seq", values, flow_style=all(isinstance(v, str) for v in values)
    )


def _one_line(dumper: yaml.SafeDumper, values: _OneLine) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", values, flow_style=True)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _list)
_Dumper.add_representer(_OneLine, _one_line)


def dumped(value: Mapping[str, Any]) -> str:
    """Plain data as a flow file has it."""
    return yaml.dump(dict(value), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10**6)


def flow_file(draft: Draft, source: str) -> bytes:
    """The flow's file. Remarks with an exclamation mark need a person."""
    head: dict[str, Any] = {"flow": draft.name, "title": draft.title}
    if draft.starts_with:
        head["starts with"] = draft.starts_with
    parts = [_remark(f'Imported from {source}. "# !" marks what needs a person.', ""), dumped(head), "\nsteps:\n"]
    for name, step in draft.steps.items():
        parts.append(f"\n{''.join(_remarks(draft, name))}{_indented(dumped({name: _plain(step)}), '  ')}")
    if draft.unreached:
        parts.append("\n" + _remark("---- No way leads here: take the marks away where you lead one.", "  "))
        parts += [_indented(dumped({name: _plain(step)}), "  # ") for name, step in draft.unreached.items()]
    return "".join(parts).encode()


def translation_file(draft: Draft, language: str) -> bytes | None:
    """The texts of a flow in another language, or None when none came along."""
    texts = {
        path: {"from": source, "to": there[language]}
        for step in draft.steps
        for path, source, there in _texts(step, draft.steps[step])
        if there.get(language)
    }
    return dumped({"status": "draft", "texts": texts}).encode() if texts else None


def languages_of(draft: Draft) -> set[str]:
    """The languages that anything of a draft is translated to."""
    return {code for step in draft.steps for _, _, there in _texts(step, draft.steps[step]) for code in there}


def _texts(path: str, value: object) -> Iterator[tuple[str, Any, Mapping[str, Any]]]:
    """Each text by its path, with its source and its translations."""
    if isinstance(value, Text):
        yield path, value.source, value.translations
    elif isinstance(value, Also):
        yield path, list(value), {code: list(words) for code, words in value.translations.items()}
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _texts(f"{path}.{key}", part)


def _plain(value: Any) -> Any:
    """A step as plain data: options and conditions in one line each."""
    match value:
        case Text(source=source):
            return source
        case Mapping():
            return {key: _lines(part) if key == "options" else _plain(part) for key, part in value.items()}
        case list():
            return [_OneLine(_plain(one)) if isinstance(one, Mapping) else one for one in value]
        case _:
            return value


def _lines(options: Mapping[str, Written]) -> dict[str, _OneLine]:
    return {id: _OneLine(_plain(option)) for id, option in options.items()}


def _remarks(draft: Draft, step: str) -> Iterator[str]:
    for one in draft.untranslated:
        if one.node == step:
            yield _remark(f"! {one.why} {one.do}", "  ")


def _remark(words: str, indent: str) -> str:
    lines: list[str] = []
    for word in " ".join(words.split()).split(" "):
        if lines and len(lines[-1]) + len(word) < REMARK_CHARACTERS_MAX:
            lines[-1] += f" {word}"
        else:
            lines.append(f"{indent}# {word}")
    return "\n".join(lines) + "\n"


def _indented(text: str, indent: str) -> str:
    return "".join(f"{indent}{line}\n" if line else f"{indent.rstrip()}\n" for line in text.rstrip("\n").split("\n"))
