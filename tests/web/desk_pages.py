"""The desk's pages for tests: a clinic with staff, and browsers that sign in as any of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from argon2 import PasswordHasher
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.adapters.clock import SystemChance
from bot.adapters.staff_locks import StaffLocks
from bot.adapters.web_push import WebPush
from bot.core.staff import Role
from bot.desk import staff
from bot.desk.sessions import Browser
from bot.ports import Desk
from bot.ports.staff import Audited, AuditSearch
from bot.web import create_pages
from tests.fakes import FakeClock
from tests.universe import open_desk

SECRET = "a secret key that only these tests know"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""The real digest with hardly any work in it: these tests sign in some hundred times."""
PASSWORD = "four unrelated words"
ADA, ANA, LEE, ROS = "Ada Admin", "Ana", "Lee Lead", "Ros Reader"
STAFF: Mapping[str, Role] = {ADA: "admin", ANA: "reception", LEE: "lead", ROS: "read_only"}
ADDRESS = "https://localhost"


@dataclass
class Front:
    """A clinic's pages, with one account for each role; ``ids`` by name."""

    desk: Desk
    clock: FakeClock
    locks: StaffLocks
    app: Flask
    reports: list[str]
    ids: dict[str, str] = field(default_factory=dict)

    def visitor(self) -> Visitor:
        """Somebody at a browser of her own."""
        return Visitor(self.app.test_client())

    def at_desk(self, name: str = ANA) -> Visitor:
        """Somebody who has just signed in."""
        visitor = self.visitor()
        assert visitor.signs_in(login_of(name)).status_code == 303
        return visitor

    def audit(self, **search: Any) -> list[Audited]:
        """What the audit says, newest first."""
        with self.desk.book.look() as ledger:
            return list(ledger.audited(AuditSearch(**search), 1000))


@dataclass
class Visitor:
    """A browser: it keeps its cookies, and its forms carry their token."""

    client: FlaskClient
    address: str = "198.51.100.7"

    def gets(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, base_url=ADDRESS, headers=headers, environ_base={"REMOTE_ADDR": self.address})

    def posts(self, path: str, form: dict[str, str] | None = None, **headers: str) -> TestResponse:
        return self.client.post(
            path,
            base_url=ADDRESS,
            data={"form_token": self.token(), **(form or {})},
            headers={"Sec-Fetch-Site": "same-origin", **headers},
            environ_base={"REMOTE_ADDR": self.address},
        )

    def token(self) -> str:
        """The form token of a page just opened."""
        path = "/desk/account" if self.is_signed_in() else "/desk/sign-in"
        found = re.search(r'name="form_token" value="(\w+)"', self.gets(path).text)
        assert found
        return found[1]

    def is_signed_in(self) -> bool:
        return self.gets("/desk/account").status_code == 200

    def signs_in(self, login: str, password: str = PASSWORD, wanted: str = "") -> TestResponse:
        return self.posts("/desk/sign-in", {"login": login, "password": password, "next": wanted})


def login_of(name: str) -> str:
    """``Ada Admin`` signs in as ``ada``."""
    return name.split(maxsplit=1)[0].casefold()


@contextmanager
def open_front(
    database_url: str, rooms: Sequence[Blueprint] = (), people: Mapping[str, Role] = STAFF, **parts: Any
) -> Iterator[Front]:
    """The pages on a real database, everybody invited and in."""
    reports: list[str] = []
    clock, templates = parts.pop("clock", None) or FakeClock(), parts.pop("templates", None)
    # The real one: it asks nobody before a browser was added.
    parts.setdefault("push", lambda: WebPush(SECRET.encode(), "mailto:desk@clinic.example"))
    with open_desk(
        database_url,
        clock=clock,
        chance=SystemChance(),
        report=lambda event, ids: reports.append(f"{event} {dict(ids)}"),
        **parts,
    ) as desk:
        locks = StaffLocks(SECRET, QUICK)
        front = Front(desk, clock, locks, create_pages(desk, locks, rooms=rooms, templates=templates), reports)
        for name, role in people.items():
            front.ids[name] = join(front, name, role)
        yield front


def join(front: Front, name: str, role: Role) -> str:
    """Invite somebody who comes in at once; the account's id."""
    made = staff.invite(front.desk, front.locks, staff.TERMINAL, name, login_of(name), role)
    staff.join(front.desk, front.locks, made.token, staff.Joining(PASSWORD), Browser("", "192.0.2.1"))
    return made.account
