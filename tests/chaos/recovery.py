"""How long the clinic is away after each kind of death: from the kill until a patient notices nothing any more."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from itertools import count

from redis import Redis
from sqlalchemy import Engine

from bot.adapters.rq_queue import RqQueue
from tests.chaos.counts import has_said_all, question
from tests.chaos.house import House, is_whole, wait_until
from tests.chaos.patients import Crowd, Message
from tests.chaos.twilio import Twilio

GOALS = {"web worker": 2, "web master": 5, "sender": 10, "in flight": 15, "rq": 10, "tick": 10, "redis": 5}
"""Seconds. Of a message in flight nobody knows for the first ten."""
GIVE_UP_SECONDS = 60.0
HOLD_MILLISECONDS = 4_000
BOOKING_DEPTH = 4
"""So many answers into a booking Redis is emptied, once for each."""


class Recovery:
    """Kills everything of a kind and sees when a patient is served again. Her messages are in `messages`."""

    def __init__(self, one: House, twilio: Twilio, crowd: Crowd, book: Engine) -> None:
        self._house, self._twilio, self._crowd, self._book = one, twilio, crowd, book
        self._numbers = count(99_000_000)
        self.messages: list[Message] = []

    def times(self) -> Iterator[tuple[str, float]]:
        """The seconds after each kind of death."""
        deaths: dict[str, Callable[[], None]] = {
            "web worker": self._taken_after("web worker", random.Random(0)),  # noqa: S311 - either will do
            "web master": self._taken_after("web master", None),
            "sender": self._answered_after("sender"),
            "in flight": self._goes_on_after_a_post,
            "redis": self._answered_after("redis"),
            "rq": self._job_done,
            "tick": self._parked_message_answered,
        }
        for role, seen in deaths.items():
            wait_until(lambda: is_whole(self._house), GIVE_UP_SECONDS, "the house is not whole again")
            began = time.monotonic()
            seen()
            yield role, time.monotonic() - began

    def kept_questions(self) -> tuple[int, int]:
        """Redis is emptied in the middle of bookings: how often, and how often the patient lost her place."""
        lost = 0
        for depth in range(1, BOOKING_DEPTH + 1):
            address = self._somebody()
            self._write(address, "hello")
            for word in ("book", "1", "1", "1")[:depth]:
                self._write(address, word)
            _, turns, place = question(self._book, address)
            self._house.flush()
            self._write(address, "What is sciatica?")
            _, later, still = question(self._book, address)
            lost += (later, still) != (turns + 1, place) or not place
        return BOOKING_DEPTH, lost

    def _somebody(self) -> str:
        address = f"whatsapp:+65{next(self._numbers)}"
        self._twilio.gentle.add(address)
        return address

    def _write(self, address: str, body: str) -> None:
        message = Message(address, body)
        self.messages.append(message)
        if not self._crowd.deliver(message):
            raise TimeoutError("a message is not taken")

    def _taken_after(self, role: str, one_of_them: random.Random | None) -> Callable[[], None]:
        def seen() -> None:
            killed = set(self._house.kill(role, one_of_them))
            wait_until(
                lambda: is_whole(self._house) and not killed & set(self._house.processes()[role]),
                GIVE_UP_SECONDS,
                f"no new {role}",
            )
            self._write(self._somebody(), "hello")

        return seen

    def _answered_after(self, role: str) -> Callable[[], None]:
        def seen() -> None:
            self._house.kill(role)
            self._answered(self._somebody(), "hello")
            wait_until(lambda: is_whole(self._house), GIVE_UP_SECONDS, f"no new {role}")

        return seen

    def _goes_on_after_a_post(self) -> None:
        """The senders die while Twilio has taken a message and has not answered; what is said next must follow it."""
        address = self._somebody()
        self._twilio.unanswered.add(address)
        self._answered(address, "hello")
        self._house.kill("sender")
        self._twilio.unanswered.discard(address)
        self._answered(address, "What is sciatica?")
        wait_until(lambda: is_whole(self._house), GIVE_UP_SECONDS, "no new sender")

    def _answered(self, address: str, body: str) -> None:
        before = len(self._twilio.taken_for(address))
        self._write(address, body)
        wait_until(lambda: len(self._twilio.taken_for(address)) > before, GIVE_UP_SECONDS, "no answer")

    def _job_done(self) -> None:
        killed = set(self._house.kill("rq"))
        # Redis still hands a job to whoever is only just dead; that one is found by the tick.
        wait_until(lambda: not killed & set(self._house.processes()["rq"]), GIVE_UP_SECONDS, "it does not die")
        with Redis.from_url(self._house.redis_url) as redis:
            others = set(redis.keys("rq:job:*"))
            RqQueue(self._house.redis_url).enqueue("settle")
            ours = set(redis.keys("rq:job:*")) - others
            wait_until(lambda: not ours & set(redis.keys("rq:job:*")), GIVE_UP_SECONDS, "the job is not done")

    def _parked_message_answered(self) -> None:
        """A web process died while it held a conversation in which a message was parked, and the ticks died too."""
        address = self._somebody()
        self._answered(address, "hello")
        conversation, _, _ = question(self._book, address)
        # A row that is just being posted would hold the next one up for its lease of 30 s: that is not the tick's.
        wait_until(lambda: has_said_all(self._book, conversation), GIVE_UP_SECONDS, "hello is not written down")
        self._house.kill("sender")
        with Redis.from_url(self._house.redis_url) as redis:
            redis.set(f"frontdesk:{{{conversation}}}:hold", "dead", px=HOLD_MILLISECONDS)
        self._answered(address, "What is sciatica?")
