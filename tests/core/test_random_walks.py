"""Whatever a patient does, in whatever order, she is answered or passed to a person: walks at random over the shipped
flows, with every action coming out at random."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.actions import ACTIONS
from bot.core.conversation import Conversation, from_data, to_data
from bot.core.effects import DoAction, PassToPerson, Say
from bot.core.events import Event, Message, Outcome, Reading, SilenceRanOut, StaffHandedBack, StaffTookOver
from bot.core.flow import Value
from bot.core.turn import Turn, take_turn
from tests.universe import ANA, MEI_LING, NOW, SITI, shipped_clinic

DOINGS = st.sampled_from(
    ["tap"] * 6 + ["number"] * 3 + ["back", "menu", "human", "stop", "start", "nonsense", "photo", "old button"]
    + ["question", "name", "phone", "safety", "red flag", "silence", "take over", "hand back", "book", "word"]
)  # fmt: skip
WORDS = {
    "nonsense": "qwrtz",
    "name": "Mei Ling Tan",
    "word": "my appointments",
    "phone": "+65 9123 4567",
    "question": "what is it",
}


def outcome(action: str, draw: st.DataObject) -> Outcome:
    declared = ACTIONS[action]
    name = draw.draw(st.sampled_from(sorted(declared.gives)), label=action)
    carries = declared.gives[name]
    value: Value = None
    if carries == ("*",):
        many = draw.draw(st.sampled_from([1, 2, 12, 30]))
        value = tuple({"id": f"o{n}", "label": f"Option {n}", "date": f"2026-03-{n % 28 + 1:02d}"} for n in range(many))
    elif carries:
        value = {field: f"some {field}" for field in carries}
    return Outcome(action, name, value, language="zh" if action == "language.set" else None)


def event(doing: str, conversation: Conversation, shown: list[str], draw: st.DataObject, number: int) -> Event | None:
    match doing:
        case "silence":
            return SilenceRanOut() if conversation.silence_due else None
        case "take over":
            return StaffTookOver(ANA)
        case "hand back":
            return StaffHandedBack(ANA, draw.draw(st.sampled_from(["menu", "continue", "silent"])))
        case "photo":
            return Message(f"SM{number}", "media")
        case "red flag":
            return Message(f"SM{number}", text="numb", reading=Reading(red_flags=("saddle",)))
        case "tap" | "old button":
            some = shown[-20:] if doing == "old button" else shown[-3:]
            button = draw.draw(st.sampled_from(some)) if some else ""
            return Message(f"SM{number}", "tap" if button else "text", "something", button)
        case "number":
            return Message(f"SM{number}", text=str(draw.draw(st.integers(0, 11))))
        case "question":
            return Message(f"SM{number}", text="what is it", reading=Reading(faq=(("FAQ-04", 95),)))
        case _:
            text = WORDS.get(doing, doing)
            phone = "+6591234567" if doing == "phone" else None
            return Message(f"SM{number}", text=text, reading=Reading(phone=phone))


def whole_turn(conversation: Conversation, happened: Event, draw: st.DataObject) -> Turn:
    clinic = shipped_clinic()
    turn = take_turn(clinic, conversation, happened, NOW)
    for _ in range(30):
        if turn.asked is None:
            return turn
        turn = turn.then(take_turn(clinic, turn.conversation, outcome(turn.asked.action, draw), NOW))
    raise AssertionError("actions without end")


@settings(max_examples=250)
@given(st.data(), st.lists(DOINGS, min_size=5, max_size=40), st.sampled_from([MEI_LING, SITI]))
def test_no_way_through_the_flows_strands_a_patient(draw: st.DataObject, doings: list[str], address: str) -> None:
    conversation, shown = Conversation("abcdefgh12", address), [""]
    for number, doing in enumerate(doings):
        happened = event(doing, conversation, shown, draw, number)
        if happened is None:
            continue
        before = conversation
        turn = whole_turn(conversation, happened, draw)
        stored = json.dumps(to_data(turn.conversation))
        conversation = from_data(json.loads(stored))
        says = [effect for effect in turn.effects if isinstance(effect, Say)]
        shown += [choice.id for say in says for choice in say.choices]

        if isinstance(happened, Message) and before.control in ("bot", "closed"):
            assert says, f"{doing} was met with silence"
        if isinstance(happened, Message) and happened.reading.red_flags:
            assert says[0].speech == "safety"
        if conversation.control == "held":
            assert all(say.speech in ("safety", "notice", "staff") for say in says)
        if any(isinstance(effect, PassToPerson) for effect in turn.effects):
            assert conversation.control in ("waiting", "held")
            assert all(say.speech != "reply" for say in says)
        if conversation.open is not None and conversation.control == "bot":
            assert conversation.stack or conversation.open.about == "faq"
            assert conversation.stack[-1:] == () or shipped_clinic().flows[conversation.stack[-1].flow]
        for say in says:
            assert say.text.strip()
            assert len(say.choices) <= 10
        assert not any(isinstance(effect, DoAction) and effect.action not in ACTIONS for effect in turn.effects)
        assert from_data(to_data(conversation)) == conversation
