"""``python -m tests.sends``: words leave through the real sender and the real client of a Twilio that misbehaves.

Of a twentieth of the posts nobody knows what became, a tenth is slowed down or fails. Only time that would be waited
for is not real: a clock of our own passes it. Fails when words were said twice, got lost, or when more than one in ten
thousand waits for a person.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from bot.adapters.claims import FileClaims, boot_id
from bot.adapters.clock import SystemChance
from bot.adapters.erased_list import FileErasedList
from bot.adapters.media_redraw import redrawn
from bot.adapters.sql import SqlBook, migrate
from bot.adapters.twilio_carrier import TwilioCarrier
from bot.core.conversation import Conversation
from bot.core.effects import Choice
from bot.desk import turns
from bot.desk.apart import apart
from bot.desk.speaking import BATCH_CONVERSATIONS_MAX, send
from bot.desk.tick import Seen, tick
from bot.ports import Desk, Words
from bot.web import Door, create_webhook
from tests.chaos import counts
from tests.chaos.house import free_port
from tests.chaos.twilio import ACCOUNT, CLINIC, TOKEN, Twilio
from tests.fakes import FakeClock, FakeQueue
from tests.universe import desk_on
from tests.web.simulated import served

FAULTS = {"429": 0.07, "500": 0.03, "500 but taken": 0.02, "reset after taking": 0.02, "stall": 0.01}
"""Of a posting that ends with a 500 nobody knows either: a twentieth is taken and looks lost."""
PATIENCE_SECONDS, STALL_SECONDS = 0.3, 0.6
"""How long our client waits for an answer, and how long one takes that comes too late. Both are real."""
SENDERS = 4
ROWS = 4
"""Of one conversation. Every fourth is a question, which leaves by a content template."""
CHOICES = (Choice("1.book", "Book"), Choice("1.ask", "Ask a question"))
FOR_A_PERSON_MAX = 1e-4


def main() -> int:
    parser = argparse.ArgumentParser(description="Words leave while Twilio misbehaves.")
    parser.add_argument("--sends", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--database-url", default="", help="an empty database; default: SQLite")
    options = parser.parse_args()
    began = time.monotonic()
    wrong = run(options.sends, options.seed, options.database_url)
    for what, times in wrong.items():
        print(f"{what}: {times}")
    print(f"{time.monotonic() - began:.0f} s in all; {'FAILED' if any(wrong.values()) else 'passed'}")
    return 1 if any(wrong.values()) else 0


def run(sends: int, seed: int, database_url: str) -> dict[str, int]:
    """Send so many words; what may never happen, and how often it did."""
    with ExitStack() as stack:
        room = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sends-")))
        url = database_url or f"sqlite:///{room / 'clinic.sqlite'}"
        migrate(url)
        clock = FakeClock(datetime.now(UTC))
        twilio = stack.enter_context(Twilio(seed, FAULTS, STALL_SECONDS, lambda: clock.now().timestamp()))
        desk = stack.enter_context(a_desk(url, clock, twilio.url, room))
        book = counts.open_book(url)
        stack.callback(book.dispose)
        print(f"seed {seed}, {book.dialect.name}, {sends} sends", flush=True)
        started = clock.epoch
        fill(desk, sends)
        say_everything(desk, clock, book)
        found = counts.evidence(book, [], twilio.accepted)
        waiting = counts.for_a_person(found)
        print(f"faults of Twilio: {dict(twilio.faults)}; {len(found.attempts)} attempts")
        print(f"rows of the outbox: {dict(Counter(row.status for row in found.outbox))}")
        print(f"{waiting} wait for a person; the clock of the clinic passed {(clock.epoch - started) / 60:.0f} min")
        return {
            **counts.words(found),
            "words that were never queued": sends - len(found.outbox),
            "waiting for a person beyond one in ten thousand": max(0, waiting - int(sends * FOR_A_PERSON_MAX)),
        }


@contextmanager
def a_desk(url: str, clock: FakeClock, twilio_url: str, room: Path) -> Iterator[Desk]:
    """A desk whose words leave for real, with a webhook that hears what became of them."""
    carrier = TwilioCarrier(ACCOUNT, TOKEN, None, CLINIC, twilio_url, PATIENCE_SECONDS)
    queue = FakeQueue()
    # The tick does then at once what it would leave to RQ.
    queue.away = True
    public_url = f"http://127.0.0.1:{free_port()}"
    desk = desk_on(
        url,
        clock=clock,
        chance=SystemChance(),
        queue=queue,
        carrier=lambda: carrier,
        claims=FileClaims(room / "claims", boot_id()),
        erased_list=FileErasedList(room / "erased"),
        redraw=redrawn,
        callback_base=public_url,
    )
    door = Door(public_url, (TOKEN,), ACCOUNT, CLINIC)
    with served(create_webhook(desk, door, 0), int(public_url.rpartition(":")[2])):
        yield desk
    carrier.close()
    assert isinstance(desk.book, SqlBook)
    desk.book.dispose()


def fill(desk: Desk, sends: int) -> None:
    """Everything that is to be said, to patients who have just written."""
    now = int(desk.clock.now().timestamp())
    with desk.book.begin() as ledger:
        for number in range(0, sends, ROWS):
            id, address = f"patient-{number}", f"whatsapp:+65{80_000_000 + number}"
            ledger.create(Conversation(id, address, last_inbound_at=now), now)
            ledger.queue(id, [words(one) for one in range(number, min(number + ROWS, sends))], now)


def words(number: int) -> Words:
    if number % ROWS == ROWS - 1:
        return Words(f"Question {number}?", "reply", choices=CHOICES, hint="Reply with a number.")
    return Words(f"Answer {number}.", "reply")


def say_everything(desk: Desk, clock: FakeClock, book: Engine) -> None:
    """Several senders at once, and the tick, until nothing is on its way. Time passes when nobody is busy."""

    def send_part(part: Sequence[str]) -> None:
        # As in the worker: what a busy database does not let us write down is left to the tick.
        with apart(desk, "sending_failed"):
            send(desk, part, "sender")

    seen = Seen()
    with ThreadPoolExecutor(SENDERS) as pool:
        while counts.unfinished(book):
            ready: Sequence[str] = ()
            with apart(desk, "looking_failed"), desk.book.begin() as ledger:
                ready = ledger.with_unsent(clock.epoch, SENDERS * BATCH_CONVERSATIONS_MAX)
            list(pool.map(send_part, parts(ready)))
            tick(desk, seen, turns)
            if not ready:
                clock.pass_seconds(1)


def parts(ready: Sequence[str]) -> list[Sequence[str]]:
    return [ready[first : first + BATCH_CONVERSATIONS_MAX] for first in range(0, len(ready), BATCH_CONVERSATIONS_MAX)]


if __name__ == "__main__":
    sys.exit(main())
