"""Staff in the database: what it keeps, what it refuses, and what two who come at once get."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from bot.adapters.sql import SqlBook
from bot.core.staff import FORGOTTEN_AFTER_SECONDS
from bot.ports import BookAway
from bot.ports.staff import Account, Audited, AuditSearch, Link, LoginTaken, Session
from tests.sql.clinic import DAY, HOUR, NOW

ANA = Account("ana1", "ana", "Ana", "reception", "active", created_at=NOW)
ADA = Account("ada1", "ada", "Ada", "admin", "active", created_at=NOW)


@pytest.fixture
def clinic(database_url: str) -> Iterator[SqlBook]:
    """Ana at reception and Ada, the admin."""
    book = SqlBook(database_url)
    with book.begin() as ledger:
        ledger.add_account(ANA)
        ledger.add_account(ADA)
    yield book
    book.dispose()


def test_an_account_is_kept_as_it_was_saved(clinic: SqlBook) -> None:
    changed = replace(ANA, role="lead", second_factor="sealed", second_factor_on=True, enter_sends=True)
    with clinic.begin() as ledger:
        ledger.save_account(changed)
    with clinic.begin() as ledger:
        assert ledger.account("ana1") == changed
        assert ledger.account_by_login("ana") == changed
        assert ledger.accounts() == (ADA, changed)
        assert ledger.account("nobody") is None


def test_two_people_never_sign_in_with_the_same_name(clinic: SqlBook) -> None:
    with clinic.begin() as ledger:
        with pytest.raises(LoginTaken):
            ledger.add_account(replace(ANA, id="ana2"))
        ledger.add_account(replace(ANA, id="ana3", login="ana.b"))


@pytest.mark.parametrize("wrong", [{"role": "owner"}, {"status": "gone"}])
def test_the_database_refuses_a_role_that_does_not_exist(clinic: SqlBook, wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), clinic.begin() as ledger:
        ledger.save_account(replace(ANA, **wrong))


def at_once(act: Callable[[int], Any], times: int = 8) -> list[Any]:
    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(act, range(times)))


def test_of_several_who_use_a_link_at_once_one_gets_it(clinic: SqlBook) -> None:
    link = Link("digest", "invitation", "ana1", NOW + HOUR, NOW, "ada1")
    with clinic.begin() as ledger:
        ledger.keep_link(link)

    def use(_: int) -> Link | None:
        with clinic.begin() as ledger:
            return ledger.use_link("digest", NOW)

    assert [one for one in at_once(use) if one] == [link]


def test_a_link_ends_by_itself_and_a_newer_one_takes_its_place(clinic: SqlBook) -> None:
    with clinic.begin() as ledger:
        ledger.keep_link(Link("old", "rescue", "ana1", NOW + HOUR, NOW))
        ledger.keep_link(Link("adas", "rescue", "ada1", NOW + HOUR, NOW))
        ledger.keep_link(Link("new", "rescue", "ana1", NOW + HOUR, NOW))
        assert ledger.link("old", NOW) is None
        assert ledger.link("new", NOW + HOUR) is None
        assert ledger.use_link("new", NOW + HOUR) is None
        assert ledger.link("new", NOW) is not None
        ledger.drop_links("ana1")
        assert ledger.link("new", NOW) is None
        assert ledger.link("adas", NOW) is not None


def test_sessions_end_one_by_one_or_all_but_ones_own(clinic: SqlBook) -> None:
    mine, other, adas = (Session(name, who, NOW, NOW) for name, who in (("a", "ana1"), ("b", "ana1"), ("c", "ada1")))
    with clinic.begin() as ledger:
        for session in (mine, other, adas):
            ledger.start_session(session)
        ledger.seen("a", NOW + 60)
        assert ledger.session("a") == (replace(mine, seen_at=NOW + 60), ANA)
        assert ledger.end_sessions("ana1", but="a") == 1
        assert ledger.session("b") is None
        ledger.end_session("c")
        assert ledger.sessions("ada1") == ()
        ledger.end_old_sessions(NOW - DAY, NOW + 61)
        assert ledger.sessions("ana1") == ()


def test_a_recovery_code_works_once(clinic: SqlBook) -> None:
    with clinic.begin() as ledger:
        ledger.keep_recovery_codes("ana1", ("one", "two"))
        assert not ledger.use_recovery_code("ada1", "one")
        assert ledger.use_recovery_code("ana1", "one")
        assert not ledger.use_recovery_code("ana1", "one")
        assert ledger.recovery_codes_left("ana1") == 1
        ledger.keep_recovery_codes("ana1", ())
        assert ledger.recovery_codes_left("ana1") == 0


def test_a_browser_is_known_for_the_account_that_signed_in_there_alone(clinic: SqlBook) -> None:
    with clinic.begin() as ledger:
        ledger.know_browser("desk", "ana1", NOW)
        ledger.know_browser("desk", "ana1", NOW + 1)
        assert ledger.knows_browser("desk", "ana1")
        assert not ledger.knows_browser("desk", "ada1")
        ledger.forget_browsers("ana1")
        assert not ledger.knows_browser("desk", "ana1")


def test_tries_that_are_made_at_once_are_all_counted(clinic: SqlBook) -> None:
    def charge(_: int) -> int:
        with clinic.begin() as ledger:
            return ledger.charge("key", NOW)[0]

    assert sorted(at_once(charge)) == list(range(1, 9))


def test_tries_are_forgotten_after_an_hour_and_tidied_away(clinic: SqlBook) -> None:
    with clinic.begin() as ledger:
        ledger.charge("old", NOW)
        assert ledger.charge("key", NOW) == (1, 0)
        ledger.wait_until("key", NOW + 30)
        assert ledger.charge("key", NOW + 1) == (2, NOW + 30)
        ledger.refund("key")
        assert ledger.charge("key", NOW + 2) == (2, 0)
        later = NOW + 2 + FORGOTTEN_AFTER_SECONDS + 1
        assert ledger.charge("key", later)[0] == 1
        ledger.forgive("key")
        assert ledger.charge("key", later)[0] == 1
        left = ledger._connection.execute(text("SELECT key FROM staff_wait")).scalars().all()
        assert left == ["key"]


def test_two_admins_cannot_remove_each_other(clinic: SqlBook) -> None:
    with clinic.begin() as ledger:
        assert ledger.active_admins() == ("ada1",)
        ledger.save_account(replace(ADA, status="disabled"))
        assert ledger.active_admins() == ()


# ---- the audit

VIEWED = Audited(NOW, "ana1", "viewed", "conversation:3f9a")


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET staff = 'nobody'", "DELETE FROM audit", "DELETE FROM audit WHERE id = 1"]
)
def test_nobody_can_change_or_delete_what_the_audit_says(clinic: SqlBook, statement: str) -> None:
    with clinic.begin() as ledger:
        ledger.audit(VIEWED)
    with pytest.raises(DBAPIError, match="only ever added to"), clinic.begin() as ledger:
        ledger._connection.execute(text(statement))
    with clinic.look() as ledger:
        assert ledger.audited(AuditSearch(), 10) == (replace(VIEWED, id=1),)


def test_the_audit_cannot_be_emptied_in_one_go(postgres_url: str) -> None:
    book = SqlBook(postgres_url)
    with pytest.raises(DBAPIError, match="only ever added to"), book.begin() as ledger:
        ledger._connection.execute(text("TRUNCATE audit"))
    book.dispose()


def test_the_audit_is_searched_by_who_what_whom_and_when(clinic: SqlBook) -> None:
    lines = [
        VIEWED,
        Audited(NOW + 1, "ana1", "sent", "conversation:3f9a", "reply"),
        Audited(NOW + 2, "ada1", "exported", "audit"),
    ]
    with clinic.begin() as ledger:
        for line in lines:
            ledger.audit(line)

    def found(**search: Any) -> list[str]:
        with clinic.look() as ledger:
            return [line.action for line in ledger.audited(AuditSearch(**search), 10)]

    assert found() == ["exported", "sent", "viewed"]
    assert found(staff="ana1") == ["sent", "viewed"]
    assert found(action="exported") == ["exported"]
    assert found(subject="conversation:3f9a", staff="ana1", since=NOW + 1) == ["sent"]
    assert found(until=NOW + 1) == ["viewed"]
    assert found(before=2) == ["viewed"]
    assert found(subject="' OR 1=1 --") == []
    with clinic.look() as ledger:
        assert ledger.audited_since("ana1", "viewed", "conversation:3f9a", NOW)
        assert not ledger.audited_since("ana1", "viewed", "conversation:3f9a", NOW + 1)


def test_what_only_looks_cannot_write(postgres_url: str) -> None:
    book = SqlBook(postgres_url)
    with pytest.raises(BookAway), book.look() as ledger:
        ledger.audit(VIEWED)
    book.dispose()


def test_looking_waits_for_no_writer(sqlite_url: str) -> None:
    book = SqlBook(sqlite_url)
    with book.begin() as ledger:
        ledger.audit(VIEWED)
        with book.look() as other:
            assert other.audited(AuditSearch(), 10) == ()
    book.dispose()


def test_no_statement_of_a_page_reads_a_whole_table(sqlite_url: str) -> None:
    book, plans = SqlBook(sqlite_url), {}
    with book.begin() as ledger:
        ledger.add_account(ANA)

    def explain(_connection: Any, cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans[statement] = [row[-1] for row in rows]

    event.listen(book._engine, "before_cursor_execute", explain)
    with book.begin() as ledger:
        ledger.account_by_login("ana")
        ledger.active_admins()
        ledger.charge("key", NOW)
        ledger.wait_until("key", NOW)
        ledger.refund("key")
        ledger.session("a")
        ledger.seen("a", NOW)
        ledger.count_try("a")
        ledger.sessions("ana1")
        ledger.end_sessions("ana1")
        ledger.link("digest", NOW)
        ledger.use_link("digest", NOW)
        ledger.drop_links("ana1")
        ledger.knows_browser("desk", "ana1")
        ledger.use_recovery_code("ana1", "one")
        ledger.recovery_codes_left("ana1")
        ledger.audited_since("ana1", "viewed", "conversation:3f9a", NOW)
        for search in (AuditSearch(), AuditSearch(staff="a"), AuditSearch(action="b"), AuditSearch(subject="c")):
            ledger.audited(replace(search, before=9), 10)
    book.dispose()
    assert len(plans) > 18
    assert [plan for plan in plans.values() if any(s.startswith("SCAN") and "INDEX" not in s for s in plan)] == []
