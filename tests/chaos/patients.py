"""Many patients write at once, as Twilio delivers it: some messages twice, some at the same moment, all until taken."""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.chaos.twilio import ACCOUNT, CLINIC, post_form

MESSAGES = 10
"""Of one patient."""
AT_ONCE = 16
TWICE, REORDERED = 0.2, 0.1
"""Parts of all deliveries, and of all messages."""
RED_FLAGGED = 0.03
"""Of the patients end with a red flag, after which a person has the conversation."""
TRIED_AGAIN_AFTER_SECONDS = (0.2, 0.5, 1, 2, 4, 4)
"""Twilio tries five times and gives up after 15 s."""
SECOND_TIME_SECONDS_MAX = 1.5
LATE_SECONDS_MAX, LATE_PART_MAX = 60.0, 0.6
"""A machine too slow for the pace gets so much longer, or that part of the time; what is not written then never is."""

QUESTIONS = (
    *("What is sciatica?", "What triggers sciatica?", "Is sciatica a diagnosis?", "What is a pinched nerve?"),
    *("Which spinal problems can cause sciatica?", "How does a slipped disc cause sciatica?", "menu", "thank you"),
)
BOOKING = ("book", "1", "{}", "{}", "1", "Mei Ling Tan", "1")
"""Service, day, time, for whom, name, confirmed; the day and the time differ."""
RED_FLAG = "I cannot control my bladder"


@dataclass
class Message:
    """One message on its way: when it was first posted, and when it was acknowledged (0: never)."""

    address: str
    body: str
    sid: str = field(default_factory=lambda: f"SM{secrets.token_hex(16)}")
    posted_at: float = 0.0
    acknowledged_at: float = 0.0
    posts: int = 0


def patient(number: int, chance: random.Random) -> list[Message]:
    """Everything one patient writes, in order."""
    address = f"whatsapp:+65{80_000_000 + number}"
    words = [chance.choice(QUESTIONS) for _ in range(MESSAGES)]
    if chance.random() < 0.3:
        words = [word.format(chance.randint(1, 5)) for word in BOOKING] + words[len(BOOKING) :]
    if chance.random() < RED_FLAGGED:
        words[-1] = RED_FLAG
    return [Message(address, word) for word in words]


class Crowd:
    """Posts `deliveries` to a webhook within about `seconds`; what became of each message is in `messages`."""

    def __init__(self, url: str, deliveries: int, seconds: float, seed: int) -> None:
        self._url = f"{url}/twilio/inbound"
        self._chance = random.Random(seed)  # noqa: S311 - people, repeatable
        self._pause = seconds / deliveries
        self._next_at = time.monotonic()
        self._until = self._next_at + seconds + max(LATE_SECONDS_MAX, LATE_PART_MAX * seconds)
        self._lock = threading.Lock()
        self._others = ThreadPoolExecutor(2 * AT_ONCE)
        messages = round(deliveries * (1 - TWICE))
        patients = [patient(number, self._chance) for number in range(messages // MESSAGES)]
        self.messages = [message for written in patients for message in written]
        self._written_twice = set(self._chance.sample(range(len(self.messages)), deliveries - messages))
        self._chances = [random.Random(self._chance.random()) for _ in patients]  # noqa: S311 - people, repeatable
        self._patients = patients
        self.wrong_answers: list[int] = []

    @property
    def deliveries(self) -> int:
        return len(self.messages) + len(self._written_twice)

    def write(self) -> None:
        """Post everything, and wait until it is taken or given up."""
        twice = {self.messages[number].sid for number in self._written_twice}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            done = [
                pool.submit(self._write, written, twice, chance)
                for written, chance in zip(self._patients, self._chances, strict=True)
            ]
            try:
                for one in done:
                    one.result()
            finally:
                # Told to end: nobody begins to write any more.
                self._until = 0.0
        self._others.shutdown()

    def _write(self, messages: Sequence[Message], twice: set[str], chance: random.Random) -> None:
        left = list(messages)
        while left and time.monotonic() < self._until:
            together = [left.pop(0)]
            if left and chance.random() < REORDERED:
                # The later one sets out first, and they race.
                together.insert(0, left.pop(0))
            for message in together:
                if message.sid in twice:
                    self._others.submit(self._later, message, chance.random() * SECOND_TIME_SECONDS_MAX)
            self._pace()
            racing = [self._others.submit(self.deliver, message) for message in together[:-1]]
            self.deliver(together[-1])
            for other in racing:
                other.result()

    def _later(self, message: Message, seconds: float) -> None:
        time.sleep(seconds)
        self._pace()
        self.deliver(message)

    def _pace(self) -> None:
        with self._lock:
            at = self._next_at = max(self._next_at + self._pause, time.monotonic() - 1)
        time.sleep(max(0.0, at - time.monotonic()))

    def deliver(self, message: Message) -> bool:
        """Post a message until it is acknowledged; whether it was."""
        form = {
            "MessageSid": message.sid,
            "AccountSid": ACCOUNT,
            "From": message.address,
            "To": CLINIC,
            "Body": message.body,
            "NumMedia": "0",
        }
        for pause in (0.0, *TRIED_AGAIN_AFTER_SECONDS):
            time.sleep(pause)
            message.posts += 1
            message.posted_at = message.posted_at or time.monotonic()
            status = post_form(self._url, form)
            if status == 200:
                message.acknowledged_at = message.acknowledged_at or time.monotonic()
                return True
            if status not in (0, 503):
                self.wrong_answers.append(status)
        return False
