"""The webhook on a desk of its own, and the watch over what it logs."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from bot.ports import Desk
from bot.web import create_webhook
from bot.wiring import _report
from tests.universe import open_desk
from tests.web.signed import DOOR, posted

TELLING_CHARACTERS_MIN = 4
"""What is shorter is found in any log by chance."""


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Desk]:
    with open_desk(sqlite_url, report=_report) as desk:
        yield desk


@pytest.fixture
def client(desk: Desk) -> FlaskClient:
    return create_webhook(desk, DOOR, 8001).test_client()


@pytest.fixture
def nothing_private_is_logged(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """A stack trace, or anything a patient wrote or is, in what a process logs or prints fails the test."""
    posted.clear()
    caplog.set_level(logging.INFO)
    yield
    lines = map(logging.Formatter().format, caplog.get_records("call"))
    logged = "\n".join([*lines, *capfd.readouterr()])
    assert "Traceback" not in logged
    told = {private.removeprefix("whatsapp:") for private in posted if len(private) >= TELLING_CHARACTERS_MIN}
    assert [private for private in told if private in logged] == []
