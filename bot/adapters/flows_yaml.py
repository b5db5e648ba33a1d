"""Reads the clinic's files into one frozen :class:`~bot.core.flow.Clinic`, or says everything that is wrong with them.

A directory holds ``_clinic.yaml`` (what holds everywhere), ``clinic.yaml`` (facts), ``faq.yaml`` (questions),
``templates.yaml`` (what WhatsApp approves), one file a flow, and ``translations/<language>/`` with files of the same
names. Whether the flows lead anywhere is judged by
:mod:`bot.core.check`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from bot.adapters.flows_clinic import (
    Engine,
    read_engine,
    read_languages,
    read_questions,
    read_translation,
    tell_wanted,
)
from bot.adapters.flows_facts import Facts, read_facts
from bot.adapters.flows_folder import read_folder, strays
from bot.adapters.flows_nodes import Node, parse
from bot.adapters.flows_page import Page, Translation
from bot.adapters.flows_steps import read_flow
from bot.adapters.flows_templates import TEMPLATES_FILE, read_templates
from bot.core.answers import fold
from bot.core.calendar import Diary
from bot.core.check import check
from bot.core.fault import Fault, did_you_mean, in_reading_order
from bot.core.flow import Clinic, Flow

ENGINE_FILE, FACTS_FILE, FAQ_FILE = "_clinic.yaml", "clinic.yaml", "faq.yaml"
_QUOTED = re.compile(r'"([^"]+)"')


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a directory gave. ``clinic`` and ``diary`` are as whole as the files are: use them when ``sound``."""

    clinic: Clinic | None
    faults: tuple[Fault, ...]
    diary: Diary | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()
    """Files of which nothing is known, because they are no YAML."""

    @property
    def sound(self) -> bool:
        """Whether the files may be used: nothing but warnings."""
        return self.clinic is not None and all(fault.level == "warning" for fault in self.faults)


def load(directory: Path, years: Collection[int] = ()) -> Loaded:
    """Read a directory. Never raises for what the files say; ``faults`` has all that each file alone shows.

    The public holidays of ``years`` are closed days of the diary.
    """
    if not directory.is_dir():
        remedy = "Name the folder that holds your flow files, or set FLOWS_DIR to it."
        return Loaded(None, (Fault("E04", str(directory), 0, message="there is no such folder.", remedy=remedy),))
    loaded = load_files(read_folder(directory), years)
    return replace(loaded, faults=in_reading_order((*loaded.faults, *(_not_read(name) for name in strays(directory)))))


def _not_read(name: str) -> Fault:
    """A file that looks like one of the clinic's and is none, which nobody would notice otherwise."""
    whole = PurePosixPath(name)
    remedy = f'Rename it to "{whole.with_suffix(".yaml").name}".'
    if whole.suffix == ".yaml":
        remedy = "Flows lie in the folder itself, tests in tests/, translations in translations/LANGUAGE/."
    return Fault("W08", name, 0, message="this file is not read.", remedy=remedy, level="warning")


def load_checked(directory: Path, years: Collection[int] = ()) -> Loaded:
    """Read a directory and check that its flows lead somewhere: every fault at once, in reading order."""
    return checked(load(directory, years))


def checked(loaded: Loaded) -> Loaded:
    """The same with the faults of :func:`bot.core.check.check`.

    A file that could not be read whole is not judged further: what is missing from it would be told twice. Where
    nothing of a file could be read, what the others lead to is not judged at all: half of it would seem to be gone.
    """
    if loaded.clinic is None:
        return loaded
    broken = {fault.file for fault in loaded.faults if fault.level == "error"}
    if broken & {ENGINE_FILE, FACTS_FILE} - loaded.files.keys():
        # Everything names what would stand there: the one thing to put right would be lost among it.
        return replace(loaded, faults=tuple(fault for fault in loaded.faults if fault.file not in loaded.files))
    judged = () if any("/" not in name for name in loaded.unread) else check(loaded.clinic)
    found = (fault for fault in judged if fault.file not in broken)
    pointed = (_pointed(fault, loaded.files) for fault in (*loaded.faults, *found))
    return replace(loaded, faults=in_reading_order(pointed))


def _pointed(fault: Fault, files: Mapping[str, bytes]) -> Fault:
    """The fault with its column: where the line has the word it tells of, else where the line begins.

    What is told of a whole file (line 0, or the first) stands in the line that has that word, if there is one.
    """
    if fault.column or fault.file not in files:
        return fault
    lines = files[fault.file].decode(errors="replace").splitlines()
    words = _QUOTED.findall(fault.message)
    number = fault.line
    if number <= 1 and not fault.step:
        number = next((n for word in words for n, line in enumerate(lines, 1) if word in line), number)
    line = lines[number - 1] if 0 < number <= len(lines) else ""
    told = (line.find(word) for word in words)
    start = len(line) - len(line.lstrip())
    return replace(fault, line=number, column=1 + next((at for at in told if at >= 0), start) if number else 0)


def load_files(files: Mapping[str, bytes], years: Collection[int] = ()) -> Loaded:
    """As :func:`load`, for files by their path inside the directory (``translations/zh/booking.yaml``)."""
    shelf = _Shelf({name: data for name, data in sorted(files.items()) if not name.startswith("tests/")}, tuple(years))
    for missing in {ENGINE_FILE, FACTS_FILE} - shelf.files.keys():
        shelf.faults.append(Fault("E04", missing, 0, message="this file is missing.", remedy="Every clinic needs it."))
    clinic, diary = shelf.compile()
    return Loaded(clinic, in_reading_order(shelf.faults), diary, shelf.files, frozenset(shelf.unread))


@dataclass(slots=True)
class _Shelf:
    """The files of one clinic while they are put together."""

    files: Mapping[str, bytes]
    years: tuple[int, ...] = ()
    faults: list[Fault] = field(default_factory=list)
    translations: list[Translation] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)

    def compile(self) -> tuple[Clinic | None, Diary]:
        roots = {name: root for name, data in self.files.items() if (root := self._root(name, data)) is not None}
        self.unread = self.files.keys() - roots.keys()
        if ENGINE_FILE not in roots:
            return None, Facts().diary
        languages = read_languages(self._page(ENGINE_FILE), roots[ENGINE_FILE])
        self._translations(roots, languages)
        engine = read_engine(self._page(ENGINE_FILE), roots[ENGINE_FILE])
        facts = Facts()
        if FACTS_FILE in roots:
            facts = read_facts(self._page(FACTS_FILE), roots[FACTS_FILE], languages, self.years)
        tell_wanted(self._page(ENGINE_FILE), roots[ENGINE_FILE], engine.texts, facts.plain)
        questions, topics = (
            read_questions(self._page(FAQ_FILE), roots[FAQ_FILE], languages) if FAQ_FILE in roots else ({}, ())
        )
        flows = self._flows(roots, engine)
        # Their words name facts: without these every template would seem to be wrong.
        written = roots.get(TEMPLATES_FILE) if FACTS_FILE in roots else None
        templates = read_templates(self._page(TEMPLATES_FILE), written, facts.plain) if written is not None else {}
        self._tell_leftovers()
        clinic = Clinic(
            version=self._version(),
            languages=languages,
            flows=flows,
            anywhere=engine.anywhere,
            texts=engine.texts,
            questions=questions,
            first_contact=engine.first_contact,
            otherwise=engine.otherwise,
            facts=facts.plain,
            lists={**facts.lists, "faq_topics": topics},
            start_words={fold(word): flow.name for flow in flows.values() for word in flow.starts_with},
            templates=templates,
            anywhere_words={fold(word): one for one in engine.anywhere for word in one.words},
            follow_ups=engine.follow_ups,
        )
        return clinic, facts.diary

    def _page(self, name: str) -> Page:
        own = [one for one in self.translations if one.file.rpartition("/")[2] == name]
        return Page(name, self.faults, own)

    def _root(self, name: str, data: bytes) -> Node | None:
        documents, faults = parse(data, name)
        self.faults += faults
        if len(documents) == 1:
            return documents[0]
        if documents:
            self.faults.append(
                Fault(
                    "E01",
                    name,
                    documents[1].line,
                    1,
                    message="a second document starts here.",
                    remedy='Delete the line "---", or make two files.',
                )
            )
        elif not faults:
            self.faults.append(Fault("E04", name, 1, message="this file is empty.", remedy="Delete it."))
        return None

    def _translations(self, roots: Mapping[str, Node], languages: tuple[str, ...]) -> None:
        for name in [name for name in roots if "/" in name]:
            _, language, file = name.split("/", 2)
            page = Page(name, self.faults)
            if language not in languages[1:]:
                page.fault(
                    "W71",
                    roots[name],
                    f'"{language}" is not translated to.',
                    f'Add "{language}" to the languages in {ENGINE_FILE}, or delete this file.',
                )
            elif file not in self.files:
                page.fault(
                    "W71",
                    roots[name],
                    f'there is no file "{file}" to translate.',
                    did_you_mean(file[:-5], (one[:-5] for one in self.files if "/" not in one), "Delete this file."),
                )
            else:
                self.translations.append(read_translation(page, roots[name], language))

    def _flows(self, roots: Mapping[str, Node], engine: Engine) -> dict[str, Flow]:
        flows: dict[str, Flow] = {}
        for name in roots:
            if "/" in name or name in (ENGINE_FILE, FACTS_FILE, FAQ_FILE, TEMPLATES_FILE):
                continue
            flow = read_flow(self._page(name), roots[name], engine.defaults)
            if flow is None:
                continue
            if flow.name in flows:
                # The file of the same name is the one that is meant, and has the translations; the other is a copy.
                kept, copy = sorted((flows[flow.name], flow), key=lambda one: one.file != f"{one.name}.yaml")
                message = f'the flow "{flow.name}" is also in {kept.file}.'
                self.faults.append(
                    Fault("E05", copy.file, 1, 1, "", message, "Rename one of them, or delete the copy.")
                )
                flow = kept
            flows[flow.name] = flow
        return flows

    def _tell_leftovers(self) -> None:
        """Translations of texts that are gone. A misspelt path is one of them."""
        for one in self.translations:
            if one.file.rpartition("/")[2] in self.unread:
                continue
            page = Page(one.file, self.faults)
            for path in one.pairs.keys() - one.used:
                page.fault(
                    "W71",
                    one.pairs[path][0],
                    f'there is no text "{path}" any more.',
                    did_you_mean(path, one.used, "Delete its translation."),
                )

    def _version(self) -> str:
        """Named by its content. How lines end is not content: an editor may change that by itself."""
        digest = hashlib.sha256()
        for name, data in self.files.items():
            content = data.replace(b"\r\n", b"\n")
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()[:12]
