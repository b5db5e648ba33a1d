"""The actions that flows may ask for are the ones that can be done."""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.actions import ACTIONS, ENGINES_OWN, PARTS
from bot.core.effects import DoAction
from bot.desk import actions
from bot.ports import Appointment
from tests.desk.front import Front


def test_every_declared_action_can_be_carried_out_and_no_other() -> None:
    assert ACTIONS.keys() | ENGINES_OWN.keys() == actions.CARRIED_OUT


def test_what_may_be_named_of_an_option_is_what_the_desk_gives(front: Front, appointment: Appointment) -> None:
    def found(action: str, **inputs: str) -> Mapping[str, object]:
        with front.desk.book.begin() as ledger:
            conversation = ledger.read("mei")
            assert conversation is not None
            outcome = actions.carry_out(front.desk, ledger, conversation, DoAction(action, inputs), front.clock.now())
        assert isinstance(outcome.value, tuple)
        option = outcome.value[0]
        assert isinstance(option, Mapping)
        return option

    service, day = next(iter(front.desk.diary.services)), "2026-03-03"
    topic = str(front.desk.clinic.lists["faq_topics"][0]["id"])
    assert found("calendar.find_days", service=service).keys() == PARTS["day"]
    assert found("calendar.find_slots", service=service, day=day).keys() == PARTS["slot"]
    assert found("appointments.list").keys() == PARTS["appointment"]
    assert found("faq.questions", topic=topic).keys() == PARTS["question"]
