"""Checks that the clinic's files lead every patient somewhere: to an answer, an appointment or a person.

Each check is one function over the compiled :class:`~bot.core.flow.Clinic`. This table is all of them; what a file
alone shows (strict YAML, unknown keys) is found while it is read, and listed below it. E keeps files from being
published, W warns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from bot.core import checks_actions as actions
from bot.core import checks_claims as claims
from bot.core import checks_graph as graph
from bot.core import checks_kinds as kinds
from bot.core import checks_languages as languages
from bot.core import checks_names as names
from bot.core import checks_promises as promises
from bot.core import checks_templates as templates
from bot.core import checks_time as time
from bot.core import checks_words as words
from bot.core.engine_texts import ENGINE_TEXTS
from bot.core.fault import Fault, in_reading_order
from bot.core.flow import Clinic

__all__ = ["CHECKS", "ENGINE_TEXTS", "FOUND_WHILE_READING", "Fault", "check"]

CHECKS: Mapping[str, Callable[[Clinic], Iterable[Fault]]] = MappingProxyType(
    {
        # where flows lead
        "E10": graph.missing_targets,
        "E11": graph.unreachable_steps,
        "E12": graph.off_the_end,
        "E13": graph.silent_ends,
        "E14": graph.traps,
        "E15": graph.loops,
        "E16": graph.flows_without_end,
        "W19": graph.same_way_twice,
        "W20": graph.long_paths,
        # answers
        "E30": words.same_answers,
        "E31": words.shadowed_anywhere,
        "E32": words.shadowed_start,
        "E33": words.same_start_words,
        "E35": kinds.answered_before,
        "E37": words.unreachable_answers,
        "E38": promises.broken_promises,
        "W39": promises.unused_answers,
        # names
        "E40": names.unknown_names,
        "E41": names.names_not_set,
        "E42": kinds.wrong_kinds,
        "E43": promises.empty_values,
        "W44": names.unused_names,
        "E45": promises.values_that_get_out,
        "E46": claims.deceptive_links,
        # actions
        "E48": names.forgotten_inputs,
        "E50": actions.unknown_actions,
        "E51": actions.unhandled_outcomes,
        "E52": actions.impossible_outcomes,
        "E53": actions.untold_failures,
        "E54": actions.left_open,
        "E55": actions.opened_twice,
        "E56": actions.unconfirmed,
        "E57": actions.repeated_writes,
        # what WhatsApp shows
        "E60": words.too_long,
        "E61": words.too_many_options,
        "W63": templates.unfillable,
        "W64": promises.messages_in_a_row,
        # languages
        "W70": languages.untranslated,
        "E72": languages.different_names,
        "E73": languages.same_labels,
        "W75": languages.translated_as_written,
        # time
        "E81": time.late_reminders,
        "E82": time.reminders_too_late_for_a_hold,
        "W83": time.default_silence_while_something_is_held,
        # people and safety
        "E90": words.no_way_to_a_person,
        "E91": languages.languages_without_safety,
        "E93": time.hand_over_without_hours,
        "E94": claims.claims,
        "W94": claims.praise,
        "W95": claims.unknown_languages,
        "W91": words.unsigned_safety_texts,
    }
)

FOUND_WHILE_READING: Mapping[str, str] = MappingProxyType(
    {
        "E01": "not strict YAML: a slip of the hand (a colon, a quote, a bracket, indentation), a tab, a tag, an "
        "anchor, what two people's edits left behind, too large, too deep, not UTF-8",
        "E02": "a key that is there twice",
        "E03": "an unknown key",
        "E04": "something required is missing, empty or of the wrong shape",
        "E05": "a name with other characters than a-z, 0-9 and _, a reserved one, or one used twice",
        "W05": "example values that the clinic has not confirmed",
        "W06": "a secret, or a phone number outside clinic.yaml",
        "W07": "a value that other YAML programs change (10:30, yes, +65...), or a text that a remark cuts off",
        "W08": "a file that looks like a flow, a test or a translation, and is not read",
        "W09": "a practitioner whom no service names, so that nobody can be booked with them",
        "E17": '"check" without "otherwise"',
        "E18": '"at most" without "after that", or the other way round',
        "W71": "a translation of an older text, or of a text that is gone",
        "E62": "a template that WhatsApp would refuse, in some language",
        "E80": "silence rules that are not in order of time",
    }
)


def check(clinic: Clinic) -> tuple[Fault, ...]:
    """Everything that is wrong with what the files say together, in reading order."""
    return in_reading_order(fault for find in CHECKS.values() for fault in find(clinic))
