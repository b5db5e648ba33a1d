"""What may never happen to a reminder is counted when it does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.ports import Words
from tests.chaos.twilio import Accepted
from tests.reminders.clinic import (
    AFTER_A_CRASH,
    BACK_AT_WORK_SECONDS,
    BY_A_WRONG_CLOCK,
    IN_ORDER,
    SENT_AGAIN,
    Reminders,
    noon_flows,
)

NOTHING = {
    "doubled": 0,
    "never sent": 0,
    "sent for a cancelled or an old time": 0,
    "about another appointment": 0,
    "unfinished": 0,
}


@pytest.fixture
def reminders(sqlite_url: str, tmp_path: Path) -> Iterator[Reminders]:
    """Two appointments whose reminders a sender has claimed, once each."""
    made = Reminders(sqlite_url, 2, 1.0, noon_flows(tmp_path / "flows"))
    for number, one in enumerate(made.made, start=1):
        with made.book.begin() as ledger:
            words = Words(f"Tomorrow {one.number}", "follow-up", key=f"follow-up:{number}")
            ledger.queue(one.conversation, [words], one.starts_at)
            ledger.follow_up_done(number, "queued", "", one.starts_at)
            conversation = one.conversation
            ledger._connection.exec_driver_sql(
                f"INSERT INTO send_attempt (id, outbox_id) SELECT 'a{number}', id FROM outbox"
                f" WHERE conversation = '{conversation}'"
            )
            ledger._connection.exec_driver_sql("UPDATE outbox SET status = 'sent'")
    yield made
    made.close()


def taken(*attempts: str, number: str = "", at: float = 0.0) -> list[Accepted]:
    """What Twilio took, by attempt."""
    return [
        Accepted(f"SM{place}", "", number or f"R00000{int(attempt[1]) - 1}", attempt, 0.0, at)
        for place, attempt in enumerate(attempts)
    ]


def test_what_went_well_is_counted_as_nothing(reminders: Reminders) -> None:
    assert reminders.count(taken("a1", "a2")) == NOTHING


def test_a_reminder_taken_twice_one_never_taken_and_one_of_another_are_counted(reminders: Reminders) -> None:
    assert reminders.count(taken("a1", "a1")) == {**NOTHING, "doubled": 1, "never sent": 1}
    assert reminders.count(taken("a1", "a2", number="R9")) == {**NOTHING, "about another appointment": 2}


def test_a_reminder_of_what_was_cancelled_counts_unless_it_was_claimed_before(reminders: Reminders) -> None:
    first, second = reminders.made
    reminders._change(first, cancel=True)
    assert reminders.count(taken("a1", "a2")) == NOTHING
    reminders.claimed_before[first.id] = set()
    assert reminders.count(taken("a1", "a2")) == {**NOTHING, "sent for a cancelled or an old time": 1}
    reminders._change(second, cancel=False)
    assert reminders.count(taken("a2"))["never sent"] == 1


def test_how_late_a_reminder_was_is_told_by_what_it_met(reminders: Reminders) -> None:
    due, _ = (row.due_at for row in reminders._ask("SELECT due_at FROM follow_up ORDER BY id"))
    left = taken("a1", at=due + 7)

    def met(*crashes: float) -> list[str]:
        return [kind for kind, late in reminders.lateness(left, crashes).items() if late == [7]]

    assert met(due + 8, due - BACK_AT_WORK_SECONDS) == [IN_ORDER]
    assert met(due + 3) == met(due - 1) == [AFTER_A_CRASH]
    reminders._write(lambda ledger: ledger._connection.exec_driver_sql("UPDATE send_attempt SET looks = 2"))
    assert met(due + 3) == [SENT_AGAIN]
    reminders.steps = [(due + 1, -1), (due + 2, 0)]
    assert met(due + 3) == [BY_A_WRONG_CLOCK]
