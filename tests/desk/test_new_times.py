"""When the doctor is ill: everybody gets the news with new times under it, and one tap takes one of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from bot.adapters.clock import SystemChance
from bot.desk import blocking, diary, inbox, reception, templates
from bot.desk.diary import New
from bot.desk.speaking import send
from bot.desk.turns import receive
from bot.ports import Appointment, Desk
from bot.ports.reception import Blocking
from tests.desk.test_turns import Patient
from tests.fakes import FakeCarrier, FakeClock
from tests.universe import ANA, RAVI, open_desk
from tests.web.diary_scene import at

DAY = 24 * 3600
WEDNESDAY = date(2026, 3, 4)


class Tapper(Patient):
    """Mei Ling, who taps what she is sent."""

    def __init__(self, desk: Desk, carrier: FakeCarrier, address: str) -> None:
        super().__init__(desk, address)
        self.carrier = carrier

    def buttons(self) -> dict[str, str]:
        """The buttons of the last message that reached her, by what they read."""
        send(self.desk, (self.conversation,), "sender")
        last = [one.outgoing for one in self.carrier.posted if one.outgoing.address == self.address][-1]
        return {choice.label: choice.id for choice in last.choices}

    def taps(self, label: str, id: str = "") -> list[str]:
        button, before = id or self.buttons()[label], len(self.reads())
        receive(self.desk, self.message(label, kind="tap", button=button))
        return self.reads()[before:]

    def booked(self) -> list[Appointment]:
        with self.desk.book.begin() as ledger:
            return list(ledger.appointments(self.conversation, int(self.desk.clock.now().timestamp())))


@pytest.fixture
def carrier() -> FakeCarrier:
    return FakeCarrier(FakeClock())


@pytest.fixture
def desk(database_url: str, carrier: FakeCarrier) -> Iterator[Desk]:
    with open_desk(database_url, clock=carrier.clock, carrier=lambda: carrier, chance=SystemChance()) as desk:
        yield desk


@pytest.fixture
def mei_ling(desk: Desk, carrier: FakeCarrier) -> Tapper:
    """She has an appointment on Wednesday at ten, with Dr Nolan."""
    mei_ling = Tapper(desk, carrier, "whatsapp:+6591234567")
    mei_ling.says("hello")
    book(desk, "Mei Ling Tan", mei_ling.conversation)
    return mei_ling


def book(desk: Desk, name: str, conversation: str = "", start: int = 0, practitioner: str = "nolan") -> Appointment:
    new = New("first", practitioner, start or at(10, day=WEDNESDAY), name, conversation=conversation)
    return diary.book(desk, ANA, new)


def falls_ill(desk: Desk) -> None:
    """Dr Nolan is away on Wednesday, and everybody booked is told in one go."""
    ill = Blocking("nolan", at(0, day=WEDNESDAY), at(23, day=WEDNESDAY), "ill", ANA)
    blocking.tell_booked(desk, ANA, blocking.block(desk, ill).booked)


def test_the_news_has_the_next_free_times_as_buttons_and_a_tap_books_one(desk: Desk, mei_ling: Tapper) -> None:
    falls_ill(desk)
    assert mei_ling.booked() == []
    first, *others = mei_ling.buttons()
    assert len(others) == 2
    (answer,) = mei_ling.taps(first)
    assert answer.startswith("Booked for you:")
    (made,) = mei_ling.booked()
    assert (made.patient, made.service, made.practitioner) == ("Mei Ling Tan", "first", "nolan")


def test_a_second_tap_is_no_second_appointment(desk: Desk, mei_ling: Tapper) -> None:
    falls_ill(desk)
    first, second, _ = mei_ling.buttons().items()
    mei_ling.taps(*first)
    (answer,) = mei_ling.taps(*second)
    assert answer.startswith("Nothing was changed. Your appointment still stands:")
    assert len(mei_ling.booked()) == 1


def test_a_time_that_has_gone_meanwhile_is_answered_with_those_that_are_free(desk: Desk, mei_ling: Tapper) -> None:
    falls_ill(desk)
    label, id = next(iter(mei_ling.buttons().items()))
    practitioner, _, start = id.rpartition(".")[2].rpartition("@")
    book(desk, "Ravi Kumar", start=int(start), practitioner=practitioner)
    (answer,) = mei_ling.taps(label, id)
    assert answer.startswith("Sorry, that time has just gone.")
    assert label not in mei_ling.buttons()
    assert mei_ling.taps(next(iter(mei_ling.buttons())))[0].startswith("Booked for you:")


def test_after_a_day_the_news_leaves_as_a_template_whose_button_asks_for_times(
    desk: Desk, carrier: FakeCarrier, mei_ling: Tapper
) -> None:
    templates.sync(desk)
    carrier.approvals = dict.fromkeys(carrier.made.values(), ("approved", ""))
    templates.look(desk)
    book(desk, "Mei Ling Tan", mei_ling.conversation, at(10, day=date(2026, 3, 6)))
    carrier.clock.pass_seconds(DAY)
    falls_ill(desk)
    assert list(mei_ling.buttons()) == ["Show free times"]
    content = carrier.posted[-1].outgoing.content
    assert content is not None
    assert content.body.startswith("Hello from Oxford Spine. We are sorry: your appointment on Wednesday 4 March")


def test_the_button_of_the_template_shows_what_is_free_then(desk: Desk, carrier: FakeCarrier, mei_ling: Tapper) -> None:
    (made,) = mei_ling.booked()
    falls_ill(desk)
    carrier.clock.pass_seconds(2 * DAY)
    (answer,) = mei_ling.taps("Show free times", f"{mei_ling.conversation[:8]}.n{made.id}.more")
    assert answer.startswith("These times are free now.")
    assert len(mei_ling.buttons()) == 3


def test_nobody_books_with_the_button_of_another_patient(desk: Desk, carrier: FakeCarrier, mei_ling: Tapper) -> None:
    (made,) = mei_ling.booked()
    falls_ill(desk)
    ravi = Tapper(desk, carrier, RAVI)
    ravi.says("hello")
    start = at(10, day=date(2026, 3, 5))
    assert ravi.taps("x", f"{ravi.conversation[:8]}.n{made.id}.nolan@{start}") == [
        "That appointment is not booked any more. Write BOOK for a new one, or MY APPOINTMENTS to see what is booked."
    ]
    assert ravi.booked() == []


def test_while_a_person_has_the_conversation_a_tap_is_told_to_that_person(desk: Desk, mei_ling: Tapper) -> None:
    falls_ill(desk)
    label, id = next(iter(mei_ling.buttons().items()))
    reception.take_over(desk, mei_ling.conversation, ANA)
    assert mei_ling.taps(label, id) == []
    assert mei_ling.booked() == []
    assert inbox.thread(desk, mei_ling.conversation).lines[-1].text == label


@pytest.mark.parametrize("id", ["nolan@99999999999", "nobody@1772676000", "lim lim@1", "more@", "@"])
def test_a_button_that_we_never_made_books_nothing(desk: Desk, mei_ling: Tapper, id: str) -> None:
    (made,) = mei_ling.booked()
    falls_ill(desk)
    mei_ling.taps("x", f"{mei_ling.conversation[:8]}.n{made.id}.{id}")
    assert mei_ling.booked() == []
