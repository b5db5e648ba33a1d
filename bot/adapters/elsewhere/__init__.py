"""Flows that come from elsewhere, and go there: exports of RapidPro and Twilio Studio, and bundles of our own.

What a file says is translated into files of our language, held against the check together with the files that are
there, and put right where nobody needs to decide. What has no counterpart is told: where, why, and what to do.
Whatever is in a file, nothing of it is ever run, and nothing is written outside of the folder that was named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.adapters.elsewhere import bundle
from bot.adapters.elsewhere.naming import as_name, first_words
from bot.adapters.elsewhere.opened import opened, read
from bot.adapters.elsewhere.rapidpro import is_rapidpro, read_rapidpro
from bot.adapters.elsewhere.repairs import repair
from bot.adapters.elsewhere.shapes import Foreign, Refused, Untranslated
from bot.adapters.elsewhere.steps import Draft, drafted
from bot.adapters.elsewhere.studio import is_studio, read_studio
from bot.adapters.elsewhere.writing import flow_file, languages_of, translation_file
from bot.adapters.flows_folder import add_files
from bot.adapters.flows_yaml import ENGINE_FILE, checked, load, load_checked, load_files
from bot.core.fault import Fault
from bot.core.flow import Clinic

__all__ = ["Arrived", "Refused", "Untranslated", "arrive", "export_flows", "import_flows"]

REPAIR_ROUNDS_MAX = 12


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came of an import. ``files`` were written, by their path in the folder; ``kept`` were there already."""

    source: str
    files: Mapping[str, bytes]
    flows: tuple[str, ...] = ()
    """The names of the flows that came."""
    kept: tuple[str, ...] = ()
    untranslated: tuple[Untranslated, ...] = ()
    faults: tuple[Fault, ...] = ()
    """What the check says of the new files."""


def import_flows(file: Path, folder: Path, base: Path) -> Arrived:
    """Translate a file into flows of ``folder``. Nothing that is there is changed. Raises Refused.

    An empty or new folder gets the files of ``base`` first, so that the flows can be tried; a bundle of ours brings
    its own.
    """
    found = opened(read(file))
    there = _files_in(folder)
    ours = bundle.is_bundle(found)
    house = there or ({} if ours else _files_in(base))
    if not house and not ours:
        raise Refused(f"{base} has no flows to put the imported ones beside. Name a folder that has with FLOWS_DIR.")
    arrived = arrive(found, house)
    try:
        add_files(folder, arrived.files if there else {**house, **arrived.files})
    except OSError as error:
        raise Refused(f"{folder} cannot be written: {error.strerror or error}.") from error
    return arrived


def arrive(found: Mapping[str, Any], house: Mapping[str, bytes]) -> Arrived:
    """What an opened file becomes beside the files of a house. Nothing is written. Raises Refused."""
    if bundle.is_bundle(found):
        return _of_ours(bundle.unpacked(found), house)
    if is_studio(found):
        return _of_others("Twilio Studio", read_studio(found), house)
    if is_rapidpro(found):
        return _of_others("RapidPro", read_rapidpro(found), house)
    raise Refused("The file is neither an export of RapidPro or TextIt, nor a Twilio Studio flow, nor one of ours.")


def export_flows(folder: Path, with_tests: bool = False) -> bytes:
    """The flows of a folder as one file. Raises Refused for what must not leave, or what nobody could use."""
    link = next((path for path in folder.rglob("*") if path.is_symlink()), None)
    if link is not None:
        raise Refused(f"{link} is a link. Only files are exported.")
    loaded = load_checked(folder)
    errors = [fault for fault in loaded.faults if fault.level == "error"]
    if errors or loaded.clinic is None:
        raise Refused(f"The flows have {len(errors)} mistakes: python -m bot check {folder}")
    files = dict(loaded.files)
    if with_tests:
        files |= {f"tests/{path.name}": path.read_bytes() for path in sorted(folder.glob("tests/*.yaml"))}
    return bundle.packed(files)


def _files_in(folder: Path) -> dict[str, bytes]:
    """The flow files of a folder. Raises Refused when it holds something else."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return {}
    if not (folder / ENGINE_FILE).is_file():
        raise Refused(f"{folder} is neither empty nor a folder of flows (it has no {ENGINE_FILE}).")
    return dict(load(folder).files)


# ---- bundles of ours


def _of_ours(files: Mapping[str, bytes], there: Mapping[str, bytes]) -> Arrived:
    if ENGINE_FILE not in files and not there:
        raise Refused(f"It has no {ENGINE_FILE}. Import it beside flows that have one: --to FOLDER.")
    new = {name: content for name, content in files.items() if name not in there}
    kept = tuple(sorted(files.keys() & there.keys()))
    faults = checked(load_files({**files, **there})).faults
    flows = tuple(name.removesuffix(".yaml") for name in new if "/" not in name and not name.startswith("_"))
    return Arrived("Frontdesk", new, flows, kept, (), tuple(fault for fault in faults if fault.file in new))


# ---- flows of others


def _of_others(source: str, flows: list[Foreign], house: Mapping[str, bytes]) -> Arrived:
    clinic = load_files(house).clinic
    if clinic is None:
        raise Refused("The flows that are there cannot be read: python -m bot check")
    stems = {name.removesuffix(".yaml") for name in house}
    own: list[str] = []
    for flow in flows:
        own.append(as_name(flow.title, "imported", {*stems, *clinic.flows, *own}))
    called = dict(reversed([(flow.title, name) for flow, name in zip(flows, own, strict=True)]))
    drafts = [_drafted(flow, name, called, clinic) for flow, name in zip(flows, own, strict=True)]
    _start(drafts)
    if not any(draft.steps for draft in drafts):
        raise Refused("There is nothing in the file that the bot could say or ask.")
    written, faults = _repaired([draft for draft in drafts if draft.steps], house, clinic, source)
    told = tuple(one for draft in drafts for one in draft.untranslated)
    came = tuple(draft.name for draft in drafts if draft.steps)
    return Arrived(source, written, came, (), told, faults)


def _drafted(flow: Foreign, name: str, called: Mapping[str, str], clinic: Clinic) -> Draft:
    draft = drafted(flow, name, called)
    own = clinic.languages[0]
    if flow.language and flow.language != own:
        draft.left("(language)", f'It is written in "{flow.language}", and the flows here in "{own}".', "Translate it.")
    for code in sorted(languages_of(draft) - set(clinic.languages)):
        why = f'Its translation to "{code}" did not come along.'
        draft.left("(language)", why, f'Add "{code}" to the languages of _clinic.yaml, and import it again.')
    return draft


def _start(drafts: list[Draft]) -> None:
    """A flow that nothing starts is started by its title."""
    run = {step["run"] for draft in drafts for step in draft.steps.values() if "run" in step}
    for draft in drafts:
        words = first_words(draft.title, 5).lower()
        if not draft.starts_with and draft.name not in run and words:
            draft.starts_with.append(words)
            why = f'No words of a patient started it; here "{words}" does.'
            draft.left("(start)", why, 'Write better ones under "starts with", or run it from the menu.')


def _repaired(
    drafts: list[Draft], house: Mapping[str, bytes], clinic: Clinic, source: str
) -> tuple[dict[str, bytes], tuple[Fault, ...]]:
    """The files of the drafts, put right until the check finds nothing more that can be."""
    by_file = {f"{draft.name}.yaml": draft for draft in drafts}
    for round in range(REPAIR_ROUNDS_MAX):
        files = _written(drafts, clinic, source)
        faults = tuple(one for one in checked(load_files({**house, **files})).faults if one.file in files)
        wrong = [one for one in faults if one.level == "error" and one.file in by_file]
        if round == REPAIR_ROUNDS_MAX - 1 or not sum(repair(by_file[one.file], one) for one in wrong):
            break
    return files, faults


def _written(drafts: list[Draft], clinic: Clinic, source: str) -> dict[str, bytes]:
    files = {f"{draft.name}.yaml": flow_file(draft, source) for draft in drafts}
    for draft in drafts:
        for language in clinic.languages[1:]:
            content = translation_file(draft, language)
            if content is not None:
                files[f"translations/{language}/{draft.name}.yaml"] = content
    return files
