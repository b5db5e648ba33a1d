"""What a name in a text or a condition stands for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.conversation import Conversation
from bot.core.flow import Condition, Value
from bot.core.names import Names, names_in
from tests.universe import MEI_LING, SITI, shipped_clinic

SAVED: dict[str, Value] = {
    "service": {"id": "first", "label": "First consultation", "labels": {"zh": "首次看诊"}},
    "name": "Mei Ling {evil} {{x}}",
    "age": "17",
    "booking": {"number": "K7QF2X-M"},
    "days": ({"id": "a", "label": "Tue"}, {"id": "b", "label": "Wed"}),
    "empty": "",
}


def names(language: str = "en", address: str = MEI_LING) -> Names:
    return Names(shipped_clinic(), Conversation("abcdefgh12", address, language=language), SAVED)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{service} for {name}", "First consultation for Mei Ling {evil} {{x}}"),
        ("Number {booking.number}", "Number K7QF2X-M"),
        ("{{literally}} {service.id}", "{literally} first"),
        ("{nothing}{service.nothing}{age.deeper}", ""),
        ("{days}", "Tue, Wed"),
        ("{contact.phone}", "+6591234567"),
        ("{0.__class__} {name.__class__} {a b c d}", "{0.__class__}"),
    ],
)
def test_texts_name_things_and_nothing_else(template: str, text: str) -> None:
    assert names().render(template) == text


def test_what_a_patient_wrote_is_never_a_template() -> None:
    assert "{evil}" in names().render("{name}")


def test_options_read_in_the_patients_language() -> None:
    assert names("zh").render("{service}") == "首次看诊"
    assert names("ta").render("{service}") == "First consultation"


def test_facts_are_found_with_spaces_or_underscores() -> None:
    assert names().render("{clinic.hours text}") == names().render("{clinic.hours_text}") != ""


def test_a_user_id_is_no_phone_number() -> None:
    assert names(address=SITI).render("{contact.phone}") == ""


@pytest.mark.parametrize(
    ("name", "operator", "value", "holds"),
    [
        ("service", "=", "first", True),
        ("service", "=", "FIRST", True),
        ("service", "is not", "first", False),
        ("age", "<", "18", True),
        ("age", ">=", "18", False),
        ("age", "<", "two", False),
        ("name", "<", "18", False),
        ("empty", "is empty", "", True),
        ("nothing", "is empty", "", True),
        ("nothing", "is set", "", False),
        ("contact.phone", "is set", "", True),
    ],
)
def test_conditions(name: str, operator: str, value: str, holds: bool) -> None:
    assert names().holds(Condition(name, operator, value)) is holds


def test_the_names_of_a_text_are_found_in_order() -> None:
    assert names_in("{a} {{b}} {c.d} {clinic.hours text}") == ("a", "c.d", "clinic.hours text")


def test_an_opted_out_contact_says_so() -> None:
    out = replace(Conversation("abcdefgh12", MEI_LING), opted_out=True)
    assert Names(shipped_clinic(), out).holds(Condition("contact.opted_out", "is set"))
