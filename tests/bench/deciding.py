"""What the flows cost: deciding a turn, checking files, deciding a journal again, and the lines a step takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from unittest.mock import patch

from bot.adapters.flows_transcripts import load_transcripts
from bot.core.check import check
from bot.core.conversation import Conversation
from bot.core.events import Event, event_to_data
from bot.core.flow import Clinic, Flow
from bot.core.grounds import grounds_data, written
from bot.core.turn import Turn, take_turn
from bot.desk import rehearsing
from bot.desk.replaying import as_read_back, replay
from bot.desk.transcripts import play
from bot.ports import JournalEntry
from tests.universe import NOW, SHIPPED, Talk, shipped_clinic, shipped_reader

DECISION_MS_GOAL, CHECK_SECONDS_GOAL, LINES_A_STEP_GOAL = 2.0, 0.5, 9.0
STEPS = 1_000


def measure(runs: int) -> None:
    """Print the figures."""
    took = sorted(_decisions(runs))
    cuts = quantiles(took, n=100)
    print(
        f"a decision: p50 {cuts[49]:.2f} ms, p99 {cuts[98]:.2f} ms (goal {DECISION_MS_GOAL:.0f}), "
        f"worst {took[-1]:.2f} ms ({len(took)} in the clinic's own tests)"
    )
    clinic = _with_steps(shipped_clinic(), STEPS)
    best = min(_seconds_to_check(clinic) for _ in range(runs))
    print(f"{_steps(clinic)} steps checked in {best:.2f} s (goal {CHECK_SECONDS_GOAL})")
    rows = _booking(runs * 20)
    began = perf_counter()
    same = sum(replay(start, entries, {shipped_clinic().version: shipped_clinic()}.get).same for start, entries in rows)
    print(f"{same} turns decided again from their journal in {perf_counter() - began:.2f} s")
    text = Path(SHIPPED, "booking.yaml").read_text(encoding="utf-8")
    lines = len(text.splitlines()) / len(shipped_clinic().flows["booking"].steps)
    print(f"booking: {lines:.1f} lines a step, every failure way included (goal {LINES_A_STEP_GOAL:.0f})")


def _decisions(runs: int) -> Iterator[float]:
    """Milliseconds of every decision in the clinic's own tests: the best of some, for others use the machine too."""
    took: list[float] = []

    def timed(clinic: Clinic, conversation: Conversation, event: Event, now: datetime) -> Turn:
        best, turn = float("inf"), None
        for _ in range(runs):
            began = perf_counter()
            turn = take_turn(clinic, conversation, event, now)
            best = min(best, perf_counter() - began)
        took.append(best * 1000)
        assert turn is not None
        return turn

    with patch.object(rehearsing, "take_turn", timed):
        for transcript in load_transcripts(SHIPPED)[0]:
            play(shipped_clinic(), transcript, shipped_reader())
    yield from took


def _with_steps(clinic: Clinic, steps: int) -> Clinic:
    """The shipped flows, so often beside themselves that there are so many steps."""
    flows: dict[str, Flow] = dict(clinic.flows)
    while sum(len(flow.steps) for flow in flows.values()) < steps:
        number = len(flows)
        more = (replace(flow, name=f"{name}_{number}", starts_with=()) for name, flow in clinic.flows.items())
        flows |= {flow.name: flow for flow in more}
    return replace(clinic, flows=flows)


def _steps(clinic: Clinic) -> int:
    return sum(len(flow.steps) for flow in clinic.flows.values())


def _seconds_to_check(clinic: Clinic) -> float:
    began = perf_counter()
    check(clinic)
    return perf_counter() - began


def _booking(conversations: int) -> list[tuple[Conversation, list[JournalEntry]]]:
    """Journals of patients who ask for this and that."""
    return [_journal(f"patient{number}") for number in range(conversations)]


def _journal(id: str) -> tuple[Conversation, list[JournalEntry]]:
    start = state = Conversation(id, "whatsapp:+6591234567")
    entries = []
    for said in ("hello", "What is sciatica?", "menu", "4", "back", "my pain is worse", "Fees", "thank you", "human"):
        event = Talk(shipped_clinic())._message(said)
        turn = take_turn(shipped_clinic(), state, event, NOW)
        if turn.asked is not None:
            continue
        kept = written(turn.conversation)
        grounds = grounds_data(state, turn, kept, "")
        entries.append(JournalEntry(len(entries) + 1, int(NOW.timestamp()), event_to_data(event), (), grounds))
        state = as_read_back(kept)
    return start, entries
