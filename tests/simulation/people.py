"""Who is at a clinic this morning: patients who answer what they are asked, others who write what comes to their minds,
and receptionists who take conversations over, reply and hand them back."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from bot.core.calendar import Slot, busy_around
from bot.core.conversation import Conversation
from bot.desk import reception, replying
from bot.desk.follow_ups import drafts
from bot.desk.turns import conversation_id
from bot.ports import BookAway, Booking, Desk
from tests.simulation.room import KEY, Room
from tests.simulation.twilio import Twilio

PATIENTS = (*(f"whatsapp:+659000000{number}" for number in range(4)), "whatsapp:SG.1A2B3C4D5E")
RECEPTIONISTS = ("Ana", "Farah")
OPENINGS = ("book", "I want to book an appointment", "hello", "my appointments", "cancel my appointment", "menu")
BOOKINGS = ("book", "I want to book an appointment", "book")
CHANGES = ("cancel my appointment", "my appointments", "change my appointment")
QUESTIONS = ("How much does a consultation cost?", "Do I need a referral?", "what is a slipped disc", "opening hours?")
RED_FLAGS = (
    "I cannot pee and I am numb between my legs",
    "I wet myself, no feeling",
    "sudden weakness in both legs",
    "my face is drooping and I cannot speak",
)
NONSENSE = ("asdf", "???", "🙂", "the moon is a balloon", "STOP", "START", "a person please", "back", "1", "2", "no")
ANSWERS = {
    "Which day suits you": "tomorrow",
    "full name": "Mei Ling Tan",
    "phone number": "91234567",
    "These times are free": "10:00",
}
PATIENCE = 0.7
FIRST_HOUR = int(datetime(2026, 3, 3, 1, 30, tzinfo=UTC).timestamp())
"""Tomorrow, half past nine."""


class Patients:
    """Two to five people. The purposeful ones answer; about four in ten come with an appointment of tomorrow."""

    def __init__(self, chance: Random, twilio: Twilio) -> None:
        self._chance, self._twilio = chance, twilio
        self.addresses = chance.sample(PATIENTS, chance.choice((2, 2, 3, 5)))
        self._rush = chance.random() < 0.4
        """Everybody wants the first time there is, and does nothing else."""
        self._purposeful = {address for address in self.addresses if self._rush or chance.random() < 0.75}
        self._booked = [address for address in self.addresses if not self._rush and chance.random() < 0.5]
        self._seconds = chance.choice((0.3, 1.5, 5.0))
        """About how long they take between two messages."""
        self._had_heard: dict[str, int] = {}

    def book_before(self, desk: Desk, room: Room) -> None:
        """Write down the appointments that some of them have already."""
        for hour, address in enumerate(self._booked):
            _book(desk, room, address, FIRST_HOUR + hour * 3600)

    def write(self) -> tuple[float, list[tuple[str, str, str]]]:
        """One of them writes, sometimes in several messages: the pause until the next, and (sid, address, text)."""
        address = self._who()
        self._had_heard[address] = len(self._twilio.phones[address])
        written = []
        for _ in range(1 if address in self._purposeful else self._chance.choice((1, 1, 2, 3))):
            if self._chance.random() < PATIENCE and self._waits(address):
                continue
            text, button = self._words(address)
            written.append((self._twilio.write(address, text, button), address, text))
        return self._chance.random() * 2 * self._seconds, written

    def _who(self) -> str:
        """Mostly somebody who is not still waiting for an answer."""
        answered = [one for one in self.addresses if len(self._twilio.phones[one]) > self._had_heard.get(one, -1)]
        return self._chance.choice(answered if answered and self._chance.random() < 0.9 else self.addresses)

    def _waits(self, address: str) -> bool:
        """Whether what she heard last is no question to her, so that more may come."""
        heard = self._twilio.phones[address]
        asked = bool(heard) and (heard[-1].choices or any(question in heard[-1].text for question in ANSWERS))
        return address in self._purposeful and bool(heard) and not asked

    def _words(self, address: str) -> tuple[str, str]:
        chance, heard = self._chance, self._twilio.phones[address]
        asked = heard[-1] if heard else None
        if chance.random() < (0.0 if self._rush else 0.06 if address in self._purposeful else 0.5):
            return chance.choice(chance.choice((OPENINGS, QUESTIONS, RED_FLAGS, RED_FLAGS, NONSENSE))), ""
        if asked is not None and asked.choices:
            choice = asked.choices[0] if self._rush or chance.random() < 0.6 else chance.choice(asked.choices)
            return choice.label, choice.id if self._rush or chance.random() < 0.7 else ""
        answers = [answer for question, answer in ANSWERS.items() if asked is not None and question in asked.text]
        return chance.choice(answers or self._openings(address)), ""

    def _openings(self, address: str) -> tuple[str, ...]:
        if address not in self._purposeful:
            return OPENINGS
        return CHANGES if address in self._booked and self._chance.random() < 0.7 else BOOKINGS


def attend(desk: Desk, chance: Random, conversation: str, cancels: float) -> str:
    """A receptionist looks at the desk and does something, perhaps with a conversation nobody called her to; so often
    she cancels its next appointment. What she may not do, she is told: the kind of refusal, or nothing."""
    by = chance.choice(RECEPTIONISTS)
    try:
        waiting = reception.needing_a_person(desk)
        what = chance.random()
        if what < 0.1:
            reception.take_over(desk, conversation, by)
        elif what < 0.1 + cancels:
            _cancel(desk, conversation)
        elif waiting:
            _see_to(desk, chance, chance.choice(waiting).conversation, by)
    except (reception.Refused, BookAway) as refused:
        return type(refused).__name__
    return ""


def _see_to(desk: Desk, chance: Random, conversation: str, by: str) -> None:
    if chance.random() < 0.5:
        replying.reply(desk, conversation, by, f"This is {by}. We will call you.")
    else:
        reception.hand_back(desk, conversation, by, chance.choice(("menu", "continue", "silent")))


def _cancel(desk: Desk, conversation: str) -> None:
    """The practitioner is ill: somebody's next appointment falls through."""
    now = int(desk.clock.now().timestamp())
    with desk.book.begin() as ledger:
        for one in ledger.appointments(conversation, now)[:1]:
            ledger.cancel(one.id, now)


def _book(desk: Desk, room: Room, address: str, start: int) -> None:
    diary, now = desk.diary, int(desk.clock.now().timestamp())
    id, service = conversation_id(KEY, address), diary.services["first"]
    slot = Slot(service.practitioners[0], start, start + service.minutes * 60)
    busy, follow_ups = busy_around(slot, service), drafts(diary, start, now)
    local = f"{slot.local(diary.zone):%Y-%m-%dT%H:%M}"
    with room.book.begin() as ledger:
        ledger.create(Conversation(id, address, last_inbound_at=now), now)
        ledger.book(
            Booking(str(start), id, "Siti", "", "me", "first", slot, busy, local, str(diary.zone), follow_ups), now
        )
