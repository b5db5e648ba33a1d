"""The flows change while people are in the middle of them: everybody gets an answer."""

from __future__ import annotations

from dataclasses import replace

from bot.core.conversation import Conversation
from bot.desk.turns import Arrived, conversation_id, receive
from tests.universe import Sayings, Talk, desk_on, shipped_clinic

PEOPLE = 1_000


def test_a_thousand_people_at_a_step_that_is_gone_all_reach_a_person(sqlite_url: str) -> None:  # case-86
    clinic = shipped_clinic()
    talk = Talk(clinic)
    talk.says("menu")
    place = talk.conversation.stack[-1]
    flow = clinic.flows[place.flow]
    steps = {f"{name}_of_today": step for name, step in flow.steps.items()}
    edited = replace(clinic, flows={**clinic.flows, flow.name: replace(flow, steps=steps)}, version="of today")
    desk = desk_on(sqlite_url, clinic=edited, report=lambda event, ids: None)
    now = int(desk.clock.now().timestamp())
    with desk.book.begin() as ledger:
        for number in range(PEOPLE):
            address = f"whatsapp:+6590{number:06}"
            id = conversation_id(desk.conversation_key, address)
            ledger.create(Conversation(id, address), now)
            ledger.save(replace(talk.conversation, id=id, address=address), 1, 1, now)
    for number in range(PEOPLE):
        receive(desk, Arrived(f"SM{number:032x}", f"whatsapp:+6590{number:06}", text="1"))
    with desk.book.begin() as ledger:
        waiting = ledger.needing_a_person()
    assert len(waiting) == PEOPLE
    apology = clinic.texts["apology"].source
    assert all(Sayings(desk, one.conversation).lines()[-1:] == [apology] for one in waiting[:: PEOPLE // 20])
