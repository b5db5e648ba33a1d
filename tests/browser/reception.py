"""A clinic with patients who have written, its desk in real browsers, and a real Redis between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser

from bot.adapters.redis_live import RedisLive
from bot.core.staff import Role
from bot.desk.speaking import send
from tests.browser.test_desk_look import Desk
from tests.desk.test_turns import Patient
from tests.fakes import FakeCarrier, FakeClock
from tests.universe import MEI_LING, RAVI, SITI
from tests.web.desk_pages import ADA, ANA, Front, open_front
from tests.web.simulated import served

BEN, ROS = "Ben", "Ros Reader"
PEOPLE: dict[str, Role] = {ADA: "admin", ANA: "reception", BEN: "reception", ROS: "read_only"}


@dataclass
class Reception:
    """The desk at ``url``. Mei Ling waits for a person, Siti talks with the bot, Ravi wrote nothing yet."""

    front: Front
    url: str
    carrier: FakeCarrier
    mei_ling: Patient
    ravi: Patient
    siti: Patient

    def sends(self, patient: Patient) -> list[str]:
        """What waits for five seconds leaves; everything that reached the carrier."""
        self.front.clock.pass_seconds(6)
        send(self.front.desk, (patient.conversation,), "sender")
        return self.carrier.words

    def page_of(self, patient: Patient, folder: str = "needs") -> str:
        return f"/desk/inbox/{patient.conversation}?folder={folder}"


@contextmanager
def open_reception(database_url: str, redis_url: str, **parts: Any) -> Iterator[Reception]:
    clock = FakeClock()
    carrier = FakeCarrier(clock)
    live = RedisLive(redis_url, clock.monotonic)
    with (
        open_front(database_url, people=PEOPLE, clock=clock, carrier=lambda: carrier, live=live, **parts) as front,
        served(front.app) as url,
    ):
        people = [Patient(front.desk, address) for address in (MEI_LING, RAVI, SITI)]
        reception = Reception(front, url, carrier, *people)
        reception.mei_ling.says("human")
        reception.siti.says("book")
        for one in (reception.mei_ling, reception.siti):
            send(front.desk, (one.conversation,), "sender")
        carrier.posted.clear()
        yield reception


@contextmanager
def sitting_at(reception: Reception, browser: Browser) -> Iterator[Callable[..., Desk]]:
    """Somebody signs in at a browser of her own, by name, size and scheme; afterwards none has complained."""
    desks: list[Desk] = []

    def sit(name: str = ANA, size: str = "wide", scheme: str = "light") -> Desk:
        desk = Desk(browser, reception.url, size, scheme)
        desk.signs_in(name)
        desks.append(desk)
        return desk

    yield sit
    for desk in desks:
        desk.context.close()
        assert desk.wrong == []
