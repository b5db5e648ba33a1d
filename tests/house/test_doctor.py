"""The doctor says of everything an installation stands on whether it is in order, and if not, where and what to do."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import time
from typing import Any
from xml.etree import ElementTree

import pytest
from flask import Flask, Response, request
from sqlalchemy import create_engine, text

from bot import __main__ as command
from bot.adapters import examine_here
from bot.adapters.examine_here import (
    look_at_backlog,
    look_at_channel,
    look_at_database,
    look_at_disk,
    look_at_processes,
    look_at_redis,
    look_at_templates,
)
from bot.adapters.examine_twilio import Account, look_at_account, look_at_content, look_at_pages, look_at_public_url
from bot.adapters.redis_live import RedisLive
from bot.adapters.spool import FileSpool
from bot.adapters.sql import SqlBook
from bot.core import safety_texts
from bot.core.finding import Finding, addresses
from bot.ports import ChannelTrouble, Desk, Words
from bot.web import Door, create_webhook
from tests.sql.clinic import MEI_LING, MINUTE, NOW, book_one, booking, reminder, say
from tests.universe import open_desk
from tests.web.simulated import served

ACCOUNT = Account("AC" + "1" * 32, ("the-token", "the-next-token"), None)


def levels(findings: Iterator[Finding]) -> list[tuple[str, str]]:
    return [(finding.level, finding.part) for finding in findings]


def told(findings: Iterator[Finding]) -> str:
    """Everything that is not in order; each of it says where and what to do."""
    wrong = [finding for finding in findings if finding.level != "ok"]
    assert all(finding.where and finding.do for finding in wrong)
    return "\n".join(f"{finding.level} {finding.what} {finding.do}" for finding in wrong)


# ---- what it stands on


def test_a_database_of_today_is_in_order(database_url: str) -> None:
    assert levels(look_at_database(database_url)) == [("ok", "Database")]


def test_an_older_database_is_to_be_migrated(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    engine.dispose()
    assert "python -m bot migrate" in told(look_at_database(database_url))


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert "none yet" in told(look_at_database(f"sqlite:///{tmp_path / 'none.sqlite'}"))
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_does_not_answer_is_told_without_its_password() -> None:
    said = told(look_at_database("postgresql+psycopg://ana:w0rd@127.0.0.1:9/clinic"))
    assert said.startswith("fault PostgreSQL cannot be used")
    assert "w0rd" not in said
    assert "Look whether the server runs" in said


def test_a_database_url_with_a_password_as_it_is_spoken_is_told_without_it() -> None:
    said = told(look_at_database("postgresql+psycopg://ana:w0rd@1:w/rd@127.0.0.1:9/clinic"))
    assert said.startswith("fault PostgreSQL")
    assert "DATABASE_URL cannot be read" in said
    assert "w0rd" not in said


def test_a_redis_that_keeps_what_it_has_is_in_order(redis_url: str) -> None:
    assert levels(look_at_redis(redis_url)) == [("ok", "Redis")]


def test_a_redis_that_forgets_or_throws_away_is_told(redis_url: str) -> None:
    import redis

    with redis.Redis.from_url(redis_url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("appendonly", "no")
        try:
            said = told(look_at_redis(redis_url))
        finally:
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("appendonly", "yes")
    assert "allkeys-lru" in said
    assert "appendonly" in said


def test_a_redis_that_is_away_is_told() -> None:
    assert told(look_at_redis("redis://127.0.0.1:9/0")).startswith("fault It does not answer")


def test_a_redis_that_wants_another_password_is_told_so(redis_url: str) -> None:
    import redis

    with redis.Redis.from_url(redis_url) as client:
        client.config_set("requirepass", "w0rd")
        try:
            said = told(look_at_redis(redis_url))
        finally:
            client.config_set("requirepass", "")
    assert said.startswith("fault It wants another password.")
    assert "redis://:PASSWORD@HOST" in said


def test_whoever_works_is_counted_and_whoever_does_not_is_missed(redis_url: str) -> None:
    live = RedisLive(redis_url, lambda: 0.0)
    assert levels(look_at_processes(live, redis_url)) == [("fault", "Senders"), ("fault", "Jobs")]
    live.beat("senders")
    assert levels(look_at_processes(live, redis_url)) == [("ok", "Senders"), ("fault", "Jobs")]
    live.close()


def test_words_that_do_not_leave_are_told(sqlite_url: str) -> None:
    book = SqlBook(sqlite_url)
    with book.begin() as ledger:
        ledger.create(MEI_LING, NOW)
    say(book, Words("hello", "reply"))
    assert levels(look_at_backlog(book, NOW + MINUTE)) == [("ok", "Backlog")]
    assert "the oldest for 5 min" in told(look_at_backlog(book, NOW + 5 * MINUTE))
    book.dispose()


def test_a_reminder_that_is_due_and_not_said_is_told_but_not_one_that_waits_for_a_reason(sqlite_url: str) -> None:
    book = SqlBook(sqlite_url)
    with book.begin() as ledger:
        ledger.create(MEI_LING, NOW)
    book_one(book, booking(follow_ups=(reminder(NOW),)))
    assert "Reminders and other follow-ups are due and not said: 1, the oldest for 5 min." in told(
        look_at_backlog(book, NOW + 5 * MINUTE)
    )
    with book.begin() as ledger:
        ledger.follow_up_waits(1, "a person has the conversation", NOW + MINUTE)
    assert levels(look_at_backlog(book, NOW + 5 * MINUTE)) == [("ok", "Backlog")]
    book.dispose()


def test_a_channel_that_is_out_of_order_is_told_with_since_when(sqlite_url: str) -> None:
    book = SqlBook(sqlite_url)
    assert levels(look_at_channel(book, NOW)) == []
    with book.begin() as ledger:
        ledger.stop_channel(ChannelTrouble(20003, "Twilio refuses our credentials", NOW, NOW + MINUTE))
    said = told(look_at_channel(book, NOW + 5 * MINUTE))
    assert said.startswith("fault Nobody can be written to for 5 min: Twilio refuses our credentials (error 20003).")
    book.dispose()


def test_templates_that_whatsapp_has_not_approved_are_counted() -> None:
    assert levels(look_at_templates(44, 0)) == [("ok", "Templates")]
    assert told(look_at_templates(44, 12)).startswith("warning 12 of 44 are not approved")


def test_a_folder_for_us_alone_with_room_is_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setattr(examine_here, "FREE_BYTES_LOW", 1)
    assert levels(look_at_disk(tmp_path)) == [("ok", "Disk")]


def test_a_full_disk_an_open_folder_and_messages_on_disk_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o755)
    FileSpool(tmp_path / "spool").keep("SM1", {})
    free = shutil.disk_usage(tmp_path).free
    monkeypatch.setattr(examine_here, "FREE_BYTES_LOW", free * 2)
    monkeypatch.setattr(examine_here, "FREE_BYTES_MIN", free * 2)
    said = told(look_at_disk(tmp_path))
    assert "fault Only" in said
    assert f"chmod 700 {tmp_path}" in said
    assert "Messages wait for the database: 1." in said


# ---- the way to Twilio and back


@contextmanager
def webhook(desk: Desk, token: str = ACCOUNT.tokens[0]) -> Iterator[str]:
    """The real webhook on loopback, which believes requests signed with ``token``."""
    outer = Flask("proxy")
    with served(outer) as url:
        inner = create_webhook(desk, Door(url, (token,), ACCOUNT.sid, "whatsapp:+6560000000"), 8001)
        outer.wsgi_app = inner.wsgi_app  # type: ignore[method-assign]
        yield url


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Desk]:
    with open_desk(sqlite_url) as desk:
        yield desk


def rows(desk: Desk) -> dict[str, int]:
    with desk.book.begin() as ledger:
        connection = ledger._connection  # type: ignore[attr-defined]
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        return {table: connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() for table in tables}


def test_a_webhook_that_believes_twilio_alone_is_in_order_and_keeps_nothing_of_it(desk: Desk) -> None:
    before = rows(desk)
    with webhook(desk) as url:
        assert levels(look_at_public_url(url, ACCOUNT)) == [("ok", "Public URL")]
    assert rows(desk) == before


def test_a_webhook_with_another_token_is_told(desk: Desk) -> None:
    with webhook(desk, "another-token") as url:
        assert "signed as Twilio signs is refused" in told(look_at_public_url(url, ACCOUNT))


def test_a_proxy_that_passes_everything_to_the_webhook_is_told(desk: Desk) -> None:
    with webhook(desk) as url:
        said = told(look_at_pages(url))
    assert "/desk answers with HTTP 307." in said
    assert "the pages' port" in said


def test_a_webhook_that_believes_anybody_is_told() -> None:
    careless = Flask("careless")
    careless.add_url_rule("/<path:path>", view_func=lambda path: "", methods=["GET", "POST"])
    with served(careless) as url:
        assert "anybody could speak as a patient" in told(look_at_public_url(url, ACCOUNT))


@pytest.mark.parametrize(
    ("answer", "remedy"),
    [(Response("", 301, {"Location": "https://www.clinic.example"}), "redirects to"), (Response("", 502), "the proxy")],
)
def test_a_proxy_that_does_not_pass_on_is_told(answer: Response, remedy: str) -> None:
    proxy = Flask("proxy")
    proxy.add_url_rule("/<path:path>", view_func=lambda path: answer)
    with served(proxy) as url:
        assert remedy in told(look_at_public_url(url, ACCOUNT))


def test_an_address_that_nobody_answers_at_is_told() -> None:
    assert "does not answer" in told(look_at_public_url("http://127.0.0.1:9", ACCOUNT))


@contextmanager
def twilio() -> Iterator[Account]:
    """Twilio's API, which lets this account in and no other."""
    api = Flask("twilio")

    @api.get("/<path:path>")
    def answer(path: str) -> Response:
        known = request.authorization is not None and request.authorization.password == ACCOUNT.tokens[0]
        return Response("{}", 200 if known else 401)

    with served(api) as url:
        yield Account(ACCOUNT.sid, ACCOUNT.tokens, None, url)


def test_an_account_that_is_let_in_is_in_order() -> None:
    with twilio() as account:
        assert levels(look_at_account(account)) == [("ok", "Twilio"), ("ok", "Clock")]
        assert levels(look_at_content(account)) == [("ok", "Buttons")]


def test_wrong_credentials_are_told_with_the_setting_they_stand_in() -> None:
    with twilio() as account:
        wrong = Account(account.sid, ("another",), None, account.api_url)
        (refused, _) = look_at_account(wrong)
        assert (refused.level, refused.where) == ("fault", "TWILIO_AUTH_TOKEN")
        with_key = Account(account.sid, account.tokens, ("SK1", "wrong"), account.api_url)
        assert next(look_at_account(with_key)).where == "TWILIO_API_KEY_SECRET"


@pytest.mark.parametrize(("ahead", "level", "way"), [(60, "warning", "ahead of"), (-3600, "fault", "behind")])
def test_a_clock_that_is_wrong_is_told(ahead: int, level: str, way: str) -> None:
    with twilio() as account:
        clock = list(look_at_account(account, lambda: time() + ahead))[-1]
        assert (clock.level, clock.part) == (level, "Clock")
        assert way in clock.what


def test_a_twilio_that_is_not_reached_is_told() -> None:
    nowhere = Account(ACCOUNT.sid, ACCOUNT.tokens, None, "http://127.0.0.1:9")
    assert "cannot be reached" in told(look_at_account(nowhere))
    assert "numbered text" in told(look_at_content(nowhere))


# ---- the command


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = command.main(["doctor", *arguments])
    return code, capsys.readouterr().out


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which nothing was ever started, and nobody else listens."""
    for name in ("TWILIO_ACCOUNT_SID", "DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "SIMULATOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("PORT", "9")


def test_wrong_settings_are_all_told_and_nothing_else_is_tried(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, bare: None
) -> None:
    monkeypatch.setenv("PORT", "0")
    monkeypatch.setenv("SIMULATOR", "perhaps")
    code, said = run(capsys)
    assert code == 1
    assert said.count("fault   Settings: ") == 2


def test_a_fresh_machine_is_told_to_start_and_which_addresses_twilio_needs(
    capsys: pytest.CaptureFixture[str], bare: None
) -> None:
    code, said = run(capsys)
    assert code == 1
    assert "make run" in said
    assert "/twilio/inbound#rc=3&rp=all&ct=2000&rt=4000" in said
    # Piped, it is plain: one line for each finding, which begins with its level.
    assert "\x1b" not in said
    findings = said.partition("\n\n")[0].splitlines()
    assert all(re.match(r"(ok|warning|fault) +[A-Z][A-Za-z ]+: ", line) for line in findings)


def test_without_an_account_it_examines_the_trial_that_make_run_starts(
    capsys: pytest.CaptureFixture[str], bare: None
) -> None:
    _, said = run(capsys)
    assert "ok      Settings: complete; a trial without Twilio" in said
    assert "loopback address" not in said
    assert "Once there is an account" in said


@pytest.mark.parametrize(
    ("days", "says"),
    [
        ("", "words for good, files as long as their words (KEEP_WORDS_DAYS is not set)"),
        ("90", "words 90 days, with safety texts 2192, files as long as their words"),
    ],
)
def test_it_says_how_long_words_are_kept(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, bare: None, days: str, says: str
) -> None:
    monkeypatch.setenv("KEEP_WORDS_DAYS", days)
    assert f"Kept: {says}\n" in run(capsys)[1]


def test_for_programs_it_is_one_object(capsys: pytest.CaptureFixture[str], bare: None) -> None:
    code, said = run(capsys, "--json")
    answer: dict[str, Any] = json.loads(said)
    assert code == 1
    assert answer["faults"] == sum(finding["level"] == "fault" for finding in answer["findings"])
    assert set(answer["twilio"]) == {field for field, _ in addresses("")}


def test_the_fallback_says_the_emergency_words_in_every_language_and_needs_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["fallback", str(tmp_path / "elsewhere")]) == 0
    said = [message.text or "" for message in ElementTree.parse(tmp_path / "elsewhere" / "fallback.xml").getroot()]  # noqa: S314
    assert all(len(text) <= 1600 for text in said)
    everything = "\n".join(said)
    assert all(text in everything for text in safety_texts.FULL.values())
    assert "+65 6000 0000" in everything
    assert "TwiML Bin" in (tmp_path / "elsewhere" / "README.txt").read_text()
