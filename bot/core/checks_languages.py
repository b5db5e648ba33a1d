"""Checks on languages: what is translated says the same as the text it was made from, and nobody is left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from bot.core import safety_texts
from bot.core.answers import fold
from bot.core.checks_words import Spot, engine_spots, flow_spots
from bot.core.fault import Fault
from bot.core.flow import Clinic
from bot.core.names import names_in

NAMED_MAX = 3
"""So many untranslated texts are named; the rest is counted."""


def spots(clinic: Clinic) -> Iterator[Spot]:
    """Every text of the clinic."""
    for flow in clinic.flows.values():
        yield from flow_spots(flow)
    yield from engine_spots(clinic)


def untranslated(clinic: Clinic) -> Iterator[Fault]:
    """W70: texts that patients of another language get in the first one.

    A warning, told once for each file and language: nobody is stranded by it, and a changed phone number must not wait
    for three translators.
    """
    first, *others = clinic.languages
    for language in others:
        lacking: dict[str, list[Spot]] = defaultdict(list)
        for spot in spots(clinic):
            if language not in spot.text.translations and not spot.name and _has_words(spot.text.source):
                lacking[spot.file].append(spot)
        for file, found in lacking.items():
            places = dict.fromkeys(f"line {spot.line}" if spot.line else spot.what for spot in found)
            more = ", ..." if len(places) > NAMED_MAX else ""
            yield Fault(
                "W70",
                file,
                0,
                0,
                "",
                f"{_counted(len(found))} not in {language} and shown in {first}: "
                f"{', '.join(list(places)[:NAMED_MAX])}{more}.",
                f"Translate them in translations/{language}/{file}.",
                "warning",
            )


def _counted(texts: int) -> str:
    return "1 text is" if texts == 1 else f"{texts} texts are"


def _has_words(text: str) -> bool:
    for name in names_in(text):
        text = text.replace(f"{{{name}}}", "")
    return any(character.isalpha() for character in text)


def different_names(clinic: Clinic) -> Iterator[Fault]:
    """E72: a translation does not name the same things as the text it was made from."""
    for spot in spots(clinic):
        for language, translated in spot.text.translations.items():
            lost, added = _difference(names_in(spot.text.source), names_in(translated))
            if lost or added:
                said = [f"lacks {{{name}}}" for name in lost] + [f"has {{{name}}} too many" for name in added]
                yield spot.fault(
                    "E72", f"in {language} {' and '.join(said)}.", "Name the same things in every language."
                )


def _difference(source: tuple[str, ...], translated: tuple[str, ...]) -> tuple[list[str], list[str]]:
    return sorted(set(source) - set(translated)), sorted(set(translated) - set(source))


def same_labels(clinic: Clinic) -> Iterator[Fault]:
    """E73: two rows of one list read the same in some language."""
    for name, options in clinic.lists.items():
        for language in clinic.languages:
            seen: dict[str, str] = {}
            for option in options:
                labels = option.get("labels")
                own = labels.get(language) if isinstance(labels, Mapping) else None
                label = str(own or option.get("label", ""))
                first = seen.setdefault(fold(label), str(option.get("id")))
                if first != option.get("id"):
                    yield Fault(
                        "E73",
                        "faq.yaml" if name == "faq_topics" else "clinic.yaml",
                        0,
                        0,
                        "",
                        f'"{label}" stands for both "{first}" and "{option.get("id")}" ({name.replace("_", " ")}) '
                        f"in {language}.",
                        "Give each its own name.",
                    )


def translated_as_written(clinic: Clinic) -> Iterator[Fault]:
    """W75: a translation of several words is the very text it was made from."""
    for spot in spots(clinic):
        for language, translated in spot.text.translations.items():
            if translated.strip() == spot.text.source.strip() and len(_plain(translated).split()) > 1:
                yield spot.fault("W75", f"is the same in {language}.", "Translate it, or delete the translation.")


def _plain(text: str) -> str:
    for name in names_in(text):
        text = text.replace(f"{{{name}}}", "")
    return "".join(character if character.isalpha() else " " for character in text)


def languages_without_safety(clinic: Clinic) -> Iterator[Fault]:
    """E91: a language in which there are no safety texts."""
    for language in clinic.languages:
        if any(language not in text for text in (safety_texts.EMERGENCY, safety_texts.SELF_HARM)):
            yield Fault(
                "E91",
                "_clinic.yaml",
                0,
                message=f'there are no safety texts in "{language}".',
                remedy="Take the language out, or have the safety texts translated and signed.",
            )
