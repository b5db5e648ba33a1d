"""A colleague named in a note finds the conversation in a place of her own, and is told off the screen if she wants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bot.core.alerts import Alarming
from bot.core.staff import Role
from bot.desk import alerts, erasure, inbox, mentions, replying, turns
from bot.desk.alerts import send_alerts
from bot.desk.tick import Seen, tick
from bot.ports.alerts import Alert
from bot.ports.devices import Device
from bot.ports.mentions import Mention
from bot.ports.staff import Account
from tests.desk.front import Front
from tests.fakes import FakeLive, FakeMail, FakePush

CLINIC = "desk@clinic.example"
PEOPLE: tuple[tuple[str, str, Role], ...] = (
    ("ana", "Ana", "reception"), ("ben", "Ben Tan", "reception"), ("lee", "Lee", "lead"),
)  # fmt: skip
NIGHT_SECONDS = 14 * 3600


@dataclass
class House:
    """Ana, Ben and Lee work here; letters and devices are looked into."""

    front: Front

    def __post_init__(self) -> None:
        self.mail, self.push = FakeMail(), FakePush()
        self.front.desk = replace(self.front.desk, mail=lambda: self.mail, push=lambda: self.push)
        with self.desk.book.begin() as ledger:
            for id, name, role in PEOPLE:
                ledger.add_account(Account(id, id, name, role, "active"))
        alerts.set_alarming(self.desk, "lee", Alarming(addresses=(CLINIC,)))

    @property
    def desk(self) -> Any:
        return self.front.desk

    def notes(self, text: str, by: str = "ana", of: str = "mei") -> int:
        return replying.add_note(self.desk, of, by, text)

    def waiting_for(self, staff: str) -> list[str]:
        """What stands in her folder, which counts as many as it lists."""
        found = [card.id for card in inbox.folder(self.desk, staff, "mentions").cards]
        assert inbox.counts(self.desk, staff)["mentions"] == len(found)
        return found

    def opens(self, staff: str, conversation: str = "mei") -> None:
        mentions.seen(self.desk, staff, conversation, inbox.thread(self.desk, conversation).newest)

    def works(self, **passing: float) -> list[tuple[tuple[str, ...], str]]:
        """Time passes, the tick looks, the queue sends; to whom letters left, and about what."""
        before = len(self.mail.letters)
        self.front.later(**passing)
        tick(self.desk, Seen(), turns)
        send_alerts(self.desk)
        return [(one.to, one.subject.partition(" (")[0]) for one in self.mail.letters[before:]]


@pytest.fixture(params=["sqlite_url", "postgres_url"], ids=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    front = Front(str(request.getfixturevalue(request.param)))
    yield House(front)
    front.desk.book.dispose()  # type: ignore[attr-defined]


def test_it_waits_for_whoever_is_named_until_she_has_opened_it(house: House) -> None:
    line = house.notes("@Ben Tan, can you call her?")
    assert (house.waiting_for("ben"), house.waiting_for("ana"), house.waiting_for("lee")) == (["mei"], [], [])
    assert mentions.named_in(house.desk, "mei", inbox.thread(house.desk, "mei").lines) == {
        line: (Mention(line, "ben"),)
    }
    house.opens("lee")
    assert house.waiting_for("ben") == ["mei"]
    house.opens("ben")
    assert house.waiting_for("ben") == []
    ((seen,),) = mentions.named_in(house.desk, "mei", inbox.thread(house.desk, "mei").lines).values()
    assert seen.seen_at == house.front.clock.epoch


def test_a_note_after_she_has_opened_it_waits_for_her_again(house: House) -> None:
    shown = house.notes("@Lee look")
    house.notes("@Lee again")
    mentions.seen(house.desk, "lee", "mei", shown)
    assert house.waiting_for("lee") == ["mei"]


def test_who_answers_with_a_note_has_seen_it(house: House) -> None:
    house.notes("@Ben Tan, can you call her?")
    house.notes("Done, @Ana", by="ben")
    assert (house.waiting_for("ben"), house.waiting_for("ana")) == ([], ["mei"])


def test_the_newest_note_stands_first_and_a_page_goes_on_where_the_last_one_ended(house: House) -> None:
    for id in ("siti", "mei", "ravi"):
        house.notes(f"@Lee, {id}", of=id)
        house.front.later(seconds=60)
    house.notes("@Lee, mei again")
    page = inbox.folder(house.desk, "lee", "mentions", rows_max=2)
    assert [(card.id, card.last, card.last_by) for card in page.cards] == [
        ("mei", "@Lee, mei again", "ana"), ("ravi", "@Lee, ravi", "ana"),
    ]  # fmt: skip
    rest = inbox.folder(house.desk, "lee", "mentions", page.after, rows_max=2)
    assert ([card.id for card in rest.cards], rest.after) == (["siti"], None)


def test_nobody_is_told_of_her_own_note_and_who_left_of_none(house: House) -> None:
    with house.desk.book.begin() as ledger:
        ledger.save_account(Account("lee", "lee", "Lee", "lead", "disabled"))
    house.notes("@Ana @Lee")
    assert mentions.can_be_named(house.desk, "ana") == {"ben": "Ben Tan"}
    assert (house.waiting_for("ana"), house.waiting_for("lee")) == ([], [])


def test_a_note_that_names_somebody_is_said_to_no_patient(house: House) -> None:
    house.notes("@Ben Tan wheelchair")
    assert (house.front.statuses(), house.front.unsent()) == ([], ())


def test_pages_that_are_open_hear_that_she_has_seen_it(house: House) -> None:
    house.notes("@Lee")
    assert isinstance(house.desk.live, FakeLive)
    house.desk.live.rung.clear()
    house.opens("lee")
    house.opens("lee")
    assert house.desk.live.rung == [("conv", "mei")]


def test_she_alone_is_told_off_the_screen_and_only_if_she_wants_everything(house: House) -> None:
    for id, wants in (("ana", "all"), ("ben", "all"), ("lee", "urgent")):
        alerts.set_address(house.desk, id, f"{id}@clinic.example", wants)  # type: ignore[arg-type]
        with house.desk.book.begin() as ledger:
            ledger.keep_device(Device(f"d-{id}", id, f"of {id}", wants, "https://push.example/", "k", "s"))  # type: ignore[arg-type]
    house.notes("@Ben Tan @Lee sciatica")
    house.notes("@Ben Tan and bring the scan")
    assert house.works() == [(("ben@clinic.example",), "You are named in a note and 1 more")]
    assert house.works(minutes=5) == []
    ((device, notice),) = house.push.told
    assert (device, notice.path) == ("of ben", "/desk/inbox")
    (letter,) = house.mail.letters
    assert "https://desk.clinic.example/desk/inbox/mei" in letter.text
    assert not any(word in letter.subject + letter.text for word in ("sciatica", "Ana", "Ben", "scan"))
    assert alerts.mail_trouble(house.desk) is None


def test_a_letter_to_one_is_no_letter_to_all(house: House) -> None:
    alerts.set_address(house.desk, "ben", "ben@clinic.example", "all")
    now = house.front.clock.epoch
    with house.desk.book.begin() as ledger:
        ledger.raise_alert(Alert("red_flag:1", "red_flag", "ravi", now), now)
    house.notes("@Ben Tan")
    assert house.works() == [
        ((CLINIC, "ben@clinic.example"), "Red flag"), (("ben@clinic.example",), "You are named in a note"),
    ]  # fmt: skip


def test_what_she_has_seen_before_the_letter_left_is_not_told(house: House) -> None:
    alerts.set_address(house.desk, "ben", "ben@clinic.example", "all")
    house.notes("@Ben Tan")
    house.opens("ben")
    assert house.works() == []
    assert [one.status for one in alerts.newest(house.desk)] == ["over"]


def test_nobody_is_woken_for_a_note(house: House) -> None:
    alerts.set_address(house.desk, "ben", "ben@clinic.example", "all")
    house.front.later(seconds=NIGHT_SECONDS)
    house.notes("@Ben Tan tomorrow, please")
    assert house.works(hours=2) == []
    assert house.works(hours=8) == [(("ben@clinic.example",), "You are named in a note")]


def test_what_was_erased_waits_for_nobody(house: House) -> None:
    house.notes("@Ben Tan wheelchair")
    erasure.erase(house.desk, "lee", 0, ("mei",), "ERASE")
    erasure.go_on(house.desk)
    assert house.waiting_for("ben") == []
