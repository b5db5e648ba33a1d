"""Staff are told off the screen: of a red flag at once, of what waits in time, once each, and in words of nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bot.core.alerts import Alarming
from bot.desk import alerts, standing_orders, turns
from bot.desk.alarms import raise_alerts
from bot.desk.alerts import send_alerts
from bot.desk.reception import NotPossible
from bot.desk.tick import Seen, tick
from bot.desk.turns import conversation_id
from bot.ports import ChannelTrouble
from bot.ports.alerts import Alert, MailAway, MailTrouble
from tests.desk.front import Front
from tests.desk.test_turns import Patient
from tests.fakes import FakeMail
from tests.universe import MEI_LING

RED_FLAG = "I cannot pee and I am numb down there"
CLINIC = "desk@clinic.example"
NIGHT_SECONDS = 14 * 3600


@dataclass
class House:
    """A desk with a mail server. The clinic's own address is told everything."""

    front: Front
    mail: FakeMail = field(default_factory=FakeMail)

    def __post_init__(self) -> None:
        self.front.desk = replace(self.front.desk, mail=lambda: self.mail)
        alerts.set_alarming(self.desk, "ada", Alarming(addresses=(CLINIC,)))

    @property
    def desk(self) -> Any:
        return self.front.desk

    def works(self, **passing: float) -> list[str]:
        """Time passes, the tick looks, the queue sends; the subjects of the letters that left."""
        before = len(self.mail.letters)
        self.front.later(**passing)
        tick(self.desk, Seen(), turns)
        send_alerts(self.desk)
        return [one.subject.partition(" (")[0] for one in self.mail.letters[before:]]

    def waits(self, id: str = "mei", **more: Any) -> None:
        now = self.front.clock.epoch
        self.front.becomes(id, control="waiting", waiting_since=now, reason="asked for a person", **more)

    def statuses(self) -> list[str]:
        return [one.status for one in alerts.newest(self.desk)]


@pytest.fixture
def house(front: Front) -> House:
    return House(front)


def test_a_red_flag_is_told_at_once_also_at_night_and_in_words_of_nobody(house: House) -> None:
    house.front.later(seconds=NIGHT_SECONDS)
    Patient(house.desk).says(RED_FLAG)
    assert house.works() == ["Red flag"]
    (letter,) = house.mail.letters
    conversation = conversation_id(house.desk.conversation_key, MEI_LING)
    assert f"https://desk.clinic.example/desk/inbox/{conversation}" in letter.text
    said = letter.subject + letter.text
    assert not any(word in said for word in ("numb", "pee", "6591234567", "Mei"))


def test_a_red_flag_is_told_once_however_much_she_writes(house: House) -> None:
    mei = Patient(house.desk)
    mei.says(RED_FLAG)
    mei.says(RED_FLAG)
    assert house.works() == ["Red flag"]
    assert house.works(minutes=1) == []


def test_the_alert_is_written_in_the_turn_that_heard_the_red_flag(house: House) -> None:
    Patient(house.desk).says(RED_FLAG)
    assert [(one.kind, one.status) for one in alerts.newest(house.desk)] == [("red_flag", "pending")]


def test_who_waits_is_told_of_after_the_minutes_that_the_clinic_chose(house: House) -> None:
    house.waits()
    assert house.works(minutes=19) == []
    assert house.works(minutes=2) == ["A patient waits"]
    assert house.works(minutes=30) == []
    alerts.set_alarming(house.desk, "ada", Alarming(wait_minutes=5, addresses=(CLINIC,)))
    house.waits("ravi")
    assert house.works(minutes=6) == ["A patient waits"]


def test_nobody_is_woken_for_who_waits(house: House) -> None:
    house.front.later(seconds=NIGHT_SECONDS)
    house.waits()
    assert house.works(hours=2) == []
    assert house.works(hours=9) == ["A patient waits"]


def test_what_was_put_off_waits_for_nobody(house: House) -> None:
    house.waits(later_until=house.front.clock.epoch + 7200)
    assert house.works(minutes=30) == []


def test_who_was_taken_before_the_letter_left_is_not_told_of(house: House) -> None:
    house.waits()
    house.front.later(minutes=25)
    raise_alerts(house.desk)
    house.front.becomes(control="held", holder="ana")
    assert house.works() == []
    assert house.statuses() == ["over"]


def test_several_things_are_one_letter(house: House) -> None:
    for id in ("mei", "ravi", "siti"):
        house.waits(id)
    assert house.works(minutes=21) == ["A patient waits and 2 more"]


def test_words_that_could_not_be_delivered_are_told_once_in_opening_hours(house: House) -> None:
    house.front.says("Hello", "How are you?", status="failed")
    assert house.works() == ["A message was not delivered"]
    assert house.works(minutes=10) == []


def test_a_channel_that_is_out_of_order_is_told_at_any_hour_and_once(house: House) -> None:
    house.front.later(seconds=NIGHT_SECONDS)
    now = house.front.clock.epoch
    with house.desk.book.begin() as ledger:
        ledger.stop_channel(ChannelTrouble(20003, "the account is refused", now, now + 3600))
    assert house.works() == ["Nobody can be written to"]
    assert house.works(minutes=5) == []


def test_an_assistant_that_was_forgotten_switched_off_is_told_of(house: House) -> None:
    standing_orders.silence_bot(house.desk, "lee", True)
    assert house.works(minutes=100) == []
    standing_orders.silence_bot(house.desk, "lee", True)
    assert house.works(minutes=21) == ["The assistant is switched off"]
    standing_orders.silence_bot(house.desk, "lee", False)
    assert house.works(minutes=200) == []


def test_a_letter_that_could_not_leave_leaves_later_as_the_same_letter(house: House) -> None:
    Patient(house.desk).says(RED_FLAG)
    house.mail.troubles = [MailAway("the mail server answers 451")] * 2
    assert house.works() == []
    assert alerts.mail_trouble(house.desk) == MailTrouble(1, 0, "the mail server answers 451")
    assert house.works(seconds=30) == []
    assert house.works(seconds=31) == []
    assert house.works(minutes=2) == ["Red flag"]
    assert alerts.mail_trouble(house.desk) is None


def test_a_worker_that_dies_after_sending_sends_the_same_letter_again(house: House) -> None:
    Patient(house.desk).says(RED_FLAG)
    now = house.front.clock.epoch
    with house.desk.book.begin() as ledger:
        (taken,) = ledger.take_alerts("letter-1", 10, now)
    assert house.works(minutes=2) == ["Red flag"]
    assert (house.mail.letters[0].id, taken.mail) == ("letter-1", "letter-1")


def test_two_workers_at_once_send_one_letter(house: House) -> None:
    Patient(house.desk).says(RED_FLAG)
    now = house.front.clock.epoch
    with house.desk.book.begin() as ledger:
        assert len(ledger.take_alerts("one", 10, now)) == 1
    with house.desk.book.begin() as ledger:
        assert ledger.take_alerts("other", 10, now) == ()


def test_what_could_not_leave_for_a_day_is_given_up_and_told_to_the_operator(house: House) -> None:
    Patient(house.desk).says(RED_FLAG)
    house.mail.troubles = [MailAway("the mail server answers 451")] * 999
    for _ in range(26):
        house.works(hours=1)
    assert "given_up" in house.statuses()
    assert any(event == "alert_not_sent" and ids["given_up"] for event, ids in house.front.reports)
    found = alerts.mail_trouble(house.desk)
    assert found is not None
    assert found.given_up


def test_without_an_address_somebody_is_told_that_nobody_is(house: House) -> None:
    alerts.set_alarming(house.desk, "ada", Alarming())
    Patient(house.desk).says(RED_FLAG)
    assert house.works() == []
    assert "no address" in alerts.mail_trouble(house.desk).why  # type: ignore[union-attr]


def test_without_a_mail_server_nothing_is_sent_and_nothing_of_long_ago_is_later(front: Front) -> None:
    Patient(front.desk).says(RED_FLAG)
    tick(front.desk, Seen(), turns)
    assert send_alerts(front.desk) == 0
    house = House(front)
    assert house.works() == []
    assert house.statuses() == ["over"]


def test_what_nobody_tried_to_tell_for_a_day_is_over(house: House) -> None:
    Patient(house.desk).says(RED_FLAG)
    house.front.later(hours=30)
    assert house.works() == ["A patient waits"]
    assert house.statuses() == ["sent", "over"]


@pytest.mark.parametrize(
    "wrong", [Alarming(4), Alarming(20, 99999), Alarming(addresses=("nobody",)), Alarming(addresses=("a@b.c",) * 21)]
)
def test_what_cannot_be_is_refused(house: House, wrong: Alarming) -> None:
    with pytest.raises(NotPossible):
        alerts.set_alarming(house.desk, "ada", wrong)


@pytest.mark.parametrize(
    "address", ["a b@c.d", "a@b\r\nBcc: x@y.z", "<a@b.c>", "a@", "@b.c", "ä@b.c", "a@b", "a" * 300]
)
def test_an_address_is_one_and_carries_no_second_line(house: House, address: str) -> None:
    with pytest.raises(NotPossible):
        alerts.set_address(house.desk, "ana", address, "all")


@pytest.fixture(params=["sqlite_url", "postgres_url"], ids=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest) -> Iterator[House]:
    front = Front(str(request.getfixturevalue(request.param)))
    yield House(front)
    front.desk.book.dispose()  # type: ignore[attr-defined]


def test_an_alert_of_one_key_is_written_once_on_either_database(either: House) -> None:
    now = either.front.clock.epoch
    one = Alert("waiting:mei:1", "waiting", "mei", 1)
    with either.desk.book.begin() as ledger:
        assert ledger.raise_alert(one, now)
        assert not ledger.raise_alert(one, now + 5)
        assert ledger.unseen_failures(5) == ()
        assert [each.key for each in ledger.take_alerts("x", 5, now)] == ["waiting:mei:1"]
        ledger.alerts_wait([1], "away")
        assert ledger.mail_trouble(now) == MailTrouble(1, 0, "away")
        assert not ledger.alerts_due(now)
