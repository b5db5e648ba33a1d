"""Staff are told on their own devices: each once, beside e-mail or without it, and only while the device wants it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bot.core.alerts import Alarming
from bot.core.staff import Role
from bot.desk import alerts, devices, turns
from bot.desk.alerts import send_alerts
from bot.desk.reception import NotPossible
from bot.desk.tick import Seen, tick
from bot.desk.turns import conversation_id
from bot.ports.alerts import MailAway
from bot.ports.devices import Device, PushAway, PushGone
from bot.ports.staff import Account, AuditSearch
from tests.desk.front import Front
from tests.desk.test_turns import Patient
from tests.fakes import FakeMail, FakePush
from tests.universe import MEI_LING

RED_FLAG = "I cannot pee and I am numb down there"


@dataclass
class House:
    """A desk with a way to devices, and with no mail server. Ana and Lee work here."""

    front: Front
    push: FakePush = field(default_factory=FakePush)

    def __post_init__(self) -> None:
        self.front.desk = replace(self.front.desk, push=lambda: self.push)
        with self.desk.book.begin() as ledger:
            staff: tuple[tuple[str, Role], ...] = (("ana", "reception"), ("lee", "lead"))
            for id, role in staff:
                ledger.add_account(Account(id, id, id.title(), role, "active"))

    @property
    def desk(self) -> Any:
        return self.front.desk

    def adds(self, name: str, staff: str = "ana", **more: Any) -> str:
        endpoint = f"https://push.example/{name}"
        wants = more.get("wants", "urgent")
        devices.add(self.desk, Device("", staff, name, wants, endpoint, "k", "s"))
        return devices.id_of(endpoint)

    def works(self, **passing: float) -> list[tuple[str, str]]:
        """Time passes, the tick looks, the queue sends; which device was told what."""
        before = len(self.push.told)
        self.front.later(**passing)
        tick(self.desk, Seen(), turns)
        send_alerts(self.desk)
        return [(device, notice.title.partition(" (")[0]) for device, notice in self.push.told[before:]]

    def waits(self, id: str = "mei") -> None:
        self.front.becomes(id, control="waiting", waiting_since=self.front.clock.epoch, reason="asked for a person")

    def statuses(self) -> list[str]:
        return [one.status for one in alerts.newest(self.desk)]


@pytest.fixture(params=["sqlite_url", "postgres_url"], ids=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    front = Front(str(request.getfixturevalue(request.param)))
    yield House(front)
    front.desk.book.dispose()  # type: ignore[attr-defined]


def with_mail(house: House) -> FakeMail:
    mail = FakeMail()
    house.front.desk = replace(house.desk, mail=lambda: mail)
    alerts.set_alarming(house.desk, "lee", Alarming(addresses=("desk@clinic.example",)))
    return mail


def test_a_red_flag_is_told_on_a_device_without_any_mail_server_and_in_words_of_nobody(house: House) -> None:
    house.adds("phone")
    Patient(house.desk).says(RED_FLAG)
    assert house.works() == [("phone", "Red flag")]
    ((_, notice),) = house.push.told
    assert notice.path == f"/desk/inbox/{conversation_id(house.desk.conversation_key, MEI_LING)}"
    assert not any(word in notice.title + notice.text for word in ("numb", "pee", "6591234567", "Mei"))
    assert house.statuses() == ["sent"]
    assert house.works(minutes=5) == []


def test_a_device_is_told_only_what_it_wants(house: House) -> None:
    house.adds("phone")
    house.adds("tablet", staff="lee", wants="all")
    house.waits()
    assert house.works(minutes=21) == [("tablet", "A patient waits")]
    Patient(house.desk).says(RED_FLAG)
    assert sorted(house.works()) == [("phone", "Red flag"), ("tablet", "Red flag")]


def test_what_no_device_wants_is_over_and_no_trouble_to_anybody(house: House) -> None:
    house.adds("phone")
    house.waits()
    assert house.works(minutes=21) == []
    assert house.statuses() == ["over"]
    assert alerts.mail_trouble(house.desk) is None


def test_several_things_are_one_notice_that_leads_to_the_inbox(house: House) -> None:
    house.adds("phone", wants="all")
    for id in ("mei", "ravi", "siti"):
        house.waits(id)
    assert house.works(minutes=21) == [("phone", "A patient waits and 2 more")]
    assert house.push.told[-1][1].path == "/desk/inbox"


def test_a_device_that_could_not_be_told_is_told_later_and_the_others_once(house: House) -> None:
    house.adds("phone")
    house.adds("tablet", staff="lee")
    Patient(house.desk).says(RED_FLAG)
    house.push.troubles = [PushAway("push.example answers 503")]
    assert house.works() == [("tablet", "Red flag")]
    (mine,) = devices.of_all(house.desk, "ana")
    assert (mine.trouble, mine.told_at) == ("push.example answers 503", 0)
    assert alerts.mail_trouble(house.desk).why == "1 device not told (push.example answers 503)"  # type: ignore[union-attr]
    assert house.works(minutes=2) == [("phone", "Red flag")]
    (mine,) = devices.of_all(house.desk, "ana")
    assert (mine.trouble, mine.told_at) == ("", house.front.clock.epoch)
    assert (house.statuses(), alerts.mail_trouble(house.desk)) == (["sent"], None)


def test_a_mail_server_that_is_away_keeps_no_device_from_being_told_nor_tells_it_again(house: House) -> None:
    mail = with_mail(house)
    house.adds("phone")
    Patient(house.desk).says(RED_FLAG)
    mail.troubles = [MailAway("the mail server answers 451")] * 2
    assert house.works() == [("phone", "Red flag")]
    assert house.works(minutes=2) == []
    assert house.works(minutes=5) == []
    assert len(mail.letters) == 1
    assert house.statuses() == ["sent"]


def test_a_device_that_is_away_has_no_letter_sent_twice(house: House) -> None:
    mail = with_mail(house)
    house.adds("phone")
    Patient(house.desk).says(RED_FLAG)
    house.push.troubles = [PushAway("push.example answers 500")] * 2
    house.works()
    house.works(minutes=2)
    assert house.works(minutes=5) == [("phone", "Red flag")]
    assert len(mail.letters) == 1


def test_a_device_that_is_gone_is_told_nothing_more_and_holds_nothing_up(house: House) -> None:
    house.adds("phone")
    house.adds("tablet", staff="lee")
    Patient(house.desk).says(RED_FLAG)
    house.push.troubles = [PushGone("push.example does not know this device any more")]
    assert house.works() == [("tablet", "Red flag")]
    assert devices.of_all(house.desk, "ana") == ()
    assert house.statuses() == ["sent"]
    assert [event for event, _ in house.front.reports if event == "device_gone"] == ["device_gone"]


def test_a_red_flag_that_reached_nobody_is_not_called_told(house: House) -> None:
    house.adds("phone")
    Patient(house.desk).says(RED_FLAG)
    house.push.troubles = [PushGone("push.example does not know this device any more")]
    assert house.works() == []
    assert house.statuses() == ["pending"]
    send_later = house.works(minutes=2)
    assert (send_later, house.statuses()) == ([], ["given_up"])
    found = alerts.mail_trouble(house.desk)
    assert found is not None
    assert "let themselves be told no more" in found.why


def test_the_device_of_somebody_who_may_not_come_in_any_more_is_told_nothing(house: House) -> None:
    house.adds("phone")
    house.adds("tablet", staff="lee")
    with house.desk.book.begin() as ledger:
        ledger.save_account(replace(ledger.account("ana"), status="disabled"))
    Patient(house.desk).says(RED_FLAG)
    assert house.works() == [("tablet", "Red flag")]


def test_a_try_that_lasts_too_long_leaves_the_rest_for_the_next(house: House) -> None:
    for name in ("phone", "tablet", "watch"):
        house.adds(name)
    send = house.push.send

    def slow(device: Device, notice: Any) -> None:
        house.front.later(seconds=20)
        send(device, notice)

    house.push.send = slow  # type: ignore[method-assign]
    Patient(house.desk).says(RED_FLAG)
    told = [device for device, _ in house.works()]
    assert len(told) == 2
    assert sorted([*told, *(device for device, _ in house.works(minutes=2))]) == ["phone", "tablet", "watch"]


def test_a_browser_that_is_added_again_is_one_device_and_of_who_added_it_last(house: House) -> None:
    house.adds("phone")
    house.adds("phone", staff="lee", wants="all")
    assert [(one.staff, one.wants) for one in devices.of_all(house.desk)] == [("lee", "all")]


def test_what_is_no_device_is_refused_and_so_are_too_many(house: House) -> None:
    with pytest.raises(NotPossible, match="Reload the page"):
        devices.add(house.desk, Device("", "ana", "x", "all", "https://127.0.0.1/", "k", "s"))
    for number in range(devices.DEVICES_MAX):
        house.adds(f"phone {number}")
    with pytest.raises(NotPossible, match="Remove one"):
        house.adds("one more")
    house.adds("phone 3")


def test_adding_and_removing_is_audited_and_says_nothing_of_where_the_device_is_told(house: House) -> None:
    id = house.adds("phone")
    devices.remove(house.desk, "lee", id)
    with house.desk.book.look() as ledger:
        lines = ledger.audited(AuditSearch(subject="staff:ana"), 10)
    assert [(one.staff, one.note) for one in lines] == [
        ("lee", f"device {id} removed"),
        ("ana", f"device {id} added: urgent"),
    ]


def test_nobody_removes_or_tries_the_device_of_another_as_her_own(house: House) -> None:
    id = house.adds("phone")
    with pytest.raises(NotPossible):
        devices.remove(house.desk, "lee", id, "lee")
    with pytest.raises(NotPossible):
        devices.try_out(house.desk, "lee", id)
    assert len(devices.of_all(house.desk)) == 1


def test_a_trial_says_truly_what_became_of_it(house: House) -> None:
    id = house.adds("phone")
    devices.try_out(house.desk, "ana", id)
    assert [(device, notice.text) for device, notice in house.push.told] == [
        ("phone", "This is a trial: alerts arrive here.")
    ]
    house.push.troubles = [PushAway("push.example answers 503")]
    with pytest.raises(NotPossible, match="answers 503"):
        devices.try_out(house.desk, "ana", id)
    house.push.troubles = [PushGone("gone")]
    with pytest.raises(NotPossible, match="Switch alerts on there again"):
        devices.try_out(house.desk, "ana", id)
    assert devices.of_all(house.desk) == ()


def test_what_was_told_is_remembered_only_as_long_as_others_wait(house: House) -> None:
    house.adds("phone")
    house.adds("tablet")
    Patient(house.desk).says(RED_FLAG)
    house.push.troubles = [PushAway("push.example answers 503")]
    house.works()
    letter = house.push.told[-1][1].id
    with house.desk.book.look() as ledger:
        assert len(ledger.letter_told(letter)) == 1
    house.works(minutes=2)
    with house.desk.book.look() as ledger:
        assert ledger.letter_told(letter) == frozenset()
