"""The pages' own process: the first page, its headers, and what it answers when something is away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.adapters.staff_locks import StaffLocks
from bot.ports import Desk
from bot.web import create_pages
from tests.universe import open_desk
from tests.web.away import AwayBook
from tests.web.desk_pages import QUICK, SECRET

LOCKS = StaffLocks(SECRET, QUICK)


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Desk]:
    with open_desk(sqlite_url) as desk:
        yield desk


def test_the_first_page_leads_to_the_phones_where_there_are_some(desk: Desk) -> None:
    assert 'href="/phone"' in create_pages(desk, LOCKS, with_phone=True).test_client().get("/").text
    with_twilio = create_pages(desk, LOCKS).test_client()
    assert 'href="/phone"' not in with_twilio.get("/").text
    assert with_twilio.get("/phone").status_code == 404


def test_the_first_page_says_when_the_database_is_away(desk: Desk) -> None:
    away = replace(desk, book=AwayBook(desk))  # type: ignore[arg-type]
    assert "database does not answer" in create_pages(away, LOCKS).test_client().get("/").text


@pytest.mark.parametrize("path", ["/", "/desk", "/nowhere", "/health/live"])
def test_every_page_is_hardened(desk: Desk, path: str) -> None:
    headers = create_pages(desk, LOCKS).test_client().get(path).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
