"""What somebody's slip of the hand looks like in a file that cannot be read: its own line, and words about it.

A parser stops where nothing fits any more, which is often lines after the slip, and says what it expected, which means
nothing to who writes for patients. Here the text itself is looked at, from its beginning to where the parser stopped,
for the slips that people make. The surest come first; without any, the parser's own reason is put into words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import yaml

NEAR_LINES = 20
"""How far below a bracket the next key is looked for."""
MERGED = re.compile(r"<{7}|={7}|>{7}|\|{7}")
_VALUE = re.compile(r"""^\s*(?:- )?(?:"[^"]*"|[^\s:"'{\[#][^:]*):\s+(\S.*)$|^\s*- (\S.*)$""")
"""A line with a value behind its key, or an item of a list."""
CURLY = "“”„«»‘’"
_SPECIAL = "*&!%@`?>|"


@dataclass(frozen=True, slots=True)
class Slip:
    """What is wrong, where (from 1), and what to do."""

    line: int
    column: int
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class _Stopped:
    """The file's lines as far as the parser came. ``began`` is the line where it began what it could not finish."""

    lines: list[str]
    began: int
    said: str

    @property
    def values(self) -> Iterator[tuple[int, int, str]]:
        """Line, column and text of each value that stands on the line of its key, without those below "|"."""
        deeper = -1
        for number, line in enumerate(self.lines, 1):
            indent = len(line) - len(line.lstrip())
            if deeper >= 0 and (indent > deeper or not line.strip()):
                continue
            found = _VALUE.match(line)
            value = (found.group(1) or found.group(2)) if found else ""
            deeper = indent if value[:1] in ("|", ">") and len(value) <= 2 else -1
            if value and deeper < 0:
                yield number, line.index(value) + 1, value


_Look: TypeAlias = Callable[[_Stopped], Slip | None]


def slip_in(text: str, error: yaml.MarkedYAMLError) -> Slip | None:
    """The slip that kept a file from being read, or None when it looks like none of those that are known."""
    mark = error.problem_mark or error.context_mark
    lines = text.splitlines()
    last = min(mark.line + 1, len(lines)) if mark else len(lines)
    began = error.context_mark.line + 1 if error.context_mark else last
    stopped = _Stopped(lines[:last], min(began, last), f"{error.context or ''} {error.problem or ''}")
    return next((slip for look in _LOOKS if (slip := look(stopped))), None)


def merge_mark(text: str) -> Slip | None:
    """The marks that two people's edits leave when they are put together and clash."""
    for number, line in enumerate(text.splitlines(), 1):
        if MERGED.match(line):
            return Slip(
                number, 1, "two people changed these lines, and nobody has decided between them yet.",
                'Keep the lines that are right, and delete those that begin with "<<<<<<<", "=======" and ">>>>>>>".',
            )  # fmt: skip
    return None


def odd_space(text: str) -> Slip | None:
    """A space at the beginning of a line that looks like any other and is none, as copied from a web page."""
    for number, line in enumerate(text.splitlines(), 1):
        lead = line[: len(line) - len(line.lstrip())]
        odd = next((at for at, c in enumerate(lead) if c != " " and c != "\t"), None)
        if odd is not None:
            return Slip(
                number, odd + 1, "this line begins with a special space.", "Delete it and type ordinary spaces."
            )
    return None


def _begins_with_bracket(stopped: _Stopped) -> Slip | None:
    """ "{name}, nothing was sent": a bracket at the beginning of a value holds options or a list, and ends it."""
    for line, column, value in stopped.values:
        closed = value.find("}" if value[0] == "{" else "]") if value[0] in "{[" else 0
        behind = value[closed + 1 :].strip()
        if closed > 0 and behind and behind[0] not in "#]}" and ":" not in value[:closed]:
            return Slip(
                line, column, f'a text begins with "{value[0]}" here.', "Put double quotes around the whole text."
            )
    return None


def _open_quote(stopped: _Stopped) -> Slip | None:
    for line, column, value in stopped.values:
        for sign in ('"', "'"):
            if value.startswith(sign) and sign == "'" and value.count(sign) > 2:
                return Slip(
                    line,
                    column,
                    "a text in single quotes has an apostrophe in it.",
                    "Put double quotes around it instead.",
                )
        if value.count('"') % 2 and '\\"' not in value:
            at = column + value.index('"')
            return Slip(line, at, "a quote is opened here and not closed.", 'Write " at the end of the text as well.')
        if value.startswith("'") and value.count("'") == 1:
            return Slip(
                line, column, "a quote is opened here and not closed.", "Write ' at the end of the text as well."
            )
    return None


def _behind_quote(stopped: _Stopped) -> Slip | None:
    """ "on: "2026-12-24" reason: Christmas": a quoted text ends with its quote."""
    line, column, value = max(stopped.values, default=(0, 0, ""))
    quoted = re.match(r'"[^"\\]*"\s*(?=[^\s#])', value)
    if quoted is None or line < len(stopped.lines) - 1:
        return None
    remedy = "Give what follows a line of its own, or put the whole line in { } with a comma between."
    return Slip(line, column + quoted.end(), "there is more behind the closing quote.", remedy)


def _open_bracket(stopped: _Stopped) -> Slip | None:
    for line, column, value in stopped.values:
        for opens, closes in (("{", "}"), ("[", "]")):
            bare = re.sub(r'"[^"]*"', "", value)
            if value[0] in "{[" and bare.count(opens) > bare.count(closes) and _goes_on_as_key(stopped, line):
                return Slip(
                    line,
                    column,
                    f'"{opens}" is opened in this line and not closed.',
                    f'Write "{closes}" where it ends.',
                )
    return None


def _goes_on_as_key(stopped: _Stopped, line: int) -> bool:
    """Whether the next line begins with a key, as it does when nothing was meant to be open."""
    near = stopped.lines[line : line + NEAR_LINES]
    following = next((one for one in near if one.strip()), "x:")
    return bool(re.match(r"\s*[\w ]+:(?:\s|$)", following))


def _curly_quote(stopped: _Stopped) -> Slip | None:
    for line, column, value in stopped.values:
        at = next((at for at, c in enumerate(value) if c in CURLY and (at == 0 or value[at - 1] in " {[:")), None)
        if at is not None:
            return Slip(line, column + at, f"{value[at]} is a quote for print.", 'Type straight quotes: "like these".')
    return None


def _no_colon(stopped: _Stopped) -> Slip | None:
    if "could not find expected ':'" not in stopped.said:
        return None
    line = stopped.lines[stopped.began - 1]
    before = next((one for one in reversed(stopped.lines[: stopped.began - 1]) if one.strip()), "")
    column = len(line) - len(line.lstrip()) + 1
    if before.rstrip().endswith(("|", "|-", ">")):
        remedy = "Begin its lines two spaces further to the right."
        return Slip(stopped.began, column, 'the text below "|" stands no further to the right than its key.', remedy)
    word = line.strip()
    chinese = re.match(r"([^\s：]+)：\s*", word)
    if chinese:
        return Slip(
            stopped.began, column, "there is a Chinese colon here.", f'Write "{chinese.group(1)}: " with the plain one.'
        )
    close = re.match(r"(\w[\w ]*):(\S.*)", word)
    if close:
        remedy = f'Write "{close.group(1)}: {close.group(2)[:20]}".'
        return Slip(stopped.began, column, "a space is missing behind the colon.", remedy)
    remedy = f'Write "{word.partition(" ")[0]}: ...".' if " " in word else f'Write "{word[:40]}:".'
    return Slip(stopped.began, column, "a colon is missing in this line.", remedy)


def _special_sign(stopped: _Stopped) -> Slip | None:
    line, column, value = max(stopped.values, default=(0, 0, ""))
    if line and line >= len(stopped.lines) - 1 and (value[0] in _SPECIAL or value.startswith(("- ", "? "))):
        message = f'a text begins with "{value[0]}" here, which means something else.'
        return Slip(line, column, message, "Put double quotes around the whole text.")
    return None


def _not_lined_up(stopped: _Stopped) -> Slip | None:
    if "did not find expected key" not in stopped.said:
        return None
    number = len(stopped.lines)
    line = stopped.lines[-1]
    here = len(line) - len(line.lstrip())
    open_now: dict[int, int] = {}
    for earlier, one in enumerate(stopped.lines[:-1], 1):
        if one.strip() and not one.lstrip().startswith("#"):
            depth = len(one) - len(one.lstrip())
            open_now = {indent: at for indent, at in open_now.items() if indent < depth} | {depth: earlier}
    others = ", ".join(f"line {at} by {indent}" for indent, at in sorted(open_now.items(), reverse=True))
    if not others or here in open_now:
        return None
    message = (
        f"this line is indented by {here} {'space' if here == 1 else 'spaces'}, and no line it could belong to is."
    )
    return Slip(number, here + 1, message, f"Line it up: {others}. Or the fault is in one of those.")


def _dashed(stopped: _Stopped) -> Slip | None:
    if "did not find expected '-' indicator" not in stopped.said:
        return None
    column = len(stopped.lines[-1]) - len(stopped.lines[-1].lstrip()) + 1
    message = f'line {stopped.began} begins a list with "- ", and this line does not go on with it.'
    remedy = 'Steps and options are no lists: delete the "- ". In a list, begin each line with it.'
    return Slip(len(stopped.lines), column, message, remedy)


_LOOKS: tuple[_Look, ...] = (
    _no_colon, _dashed, _open_quote, _begins_with_bracket, _behind_quote, _open_bracket, _curly_quote, _special_sign,
    _not_lined_up,
)  # fmt: skip
