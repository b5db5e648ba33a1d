"""Staff: accounts, sessions, links that work once, waits after wrong passwords; and the audit."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.exc import IntegrityError

from bot.adapters.sql.part import Part
from bot.adapters.sql.schema import (
    audit,
    staff_account,
    staff_browser,
    staff_link,
    staff_recovery_code,
    staff_session,
    staff_wait,
    word,
)
from bot.core.staff import FORGOTTEN_AFTER_SECONDS
from bot.ports.staff import Account, Audited, AuditSearch, Link, LoginTaken, Session

WAITS_TIDIED_MAX = 100
"""Forgotten waits deleted with each new one: more than come in, so that guessing fills no disk."""

_ACCOUNT = [staff_account.c[field.name] for field in fields(Account)]
_SESSION = [staff_session.c[field.name] for field in fields(Session)]
_LINK = [staff_link.c[field.name] for field in fields(Link)]
_AUDITED = [audit.c[field.name] for field in fields(Audited)]

_BY_ID = select(*_ACCOUNT).where(staff_account.c.id == bindparam("account")).with_for_update()
_BY_LOGIN = select(*_ACCOUNT).where(staff_account.c.login == bindparam("typed"))
_EVERYBODY = select(*_ACCOUNT).order_by(staff_account.c.name, staff_account.c.id)
_SAVE = update(staff_account).where(staff_account.c.id == bindparam("account"))
_ADMINS = (
    select(staff_account.c.id)
    .where(staff_account.c.role == word("admin"), staff_account.c.status == word("active"))
    .order_by(staff_account.c.id)
    .with_for_update()
)

_LINKS_OF = delete(staff_link).where(staff_link.c.account == bindparam("of"))
_WORKS = (staff_link.c.digest == bindparam("typed"), staff_link.c.expires_at > bindparam("now"))
_FIND_LINK = select(*_LINK).where(*_WORKS)
_USE_LINK = delete(staff_link).where(*_WORKS).returning(*_LINK)

_THIS_SESSION = staff_session.c.digest == bindparam("token")
_FIND_SESSION = (
    select(*_SESSION, *(column.label(f"account_{column.name}") for column in _ACCOUNT))
    .join(staff_account, staff_account.c.id == staff_session.c.account)
    .where(_THIS_SESSION)
)
_SESSIONS_OF = (
    select(*_SESSION).where(staff_session.c.account == bindparam("of")).order_by(staff_session.c.started_at.desc())
)
_SEEN = update(staff_session).where(_THIS_SESSION).values(seen_at=bindparam("now"))
_TRY = update(staff_session).where(_THIS_SESSION).values(tries=staff_session.c.tries + 1)
_TRIED = _TRY.returning(staff_session.c.tries)
_END = delete(staff_session).where(_THIS_SESSION)
_END_ALL = delete(staff_session).where(
    staff_session.c.account == bindparam("of"), staff_session.c.digest != bindparam("but")
)
_END_OLD = delete(staff_session).where(
    (staff_session.c.started_at < bindparam("started_before")) | (staff_session.c.seen_at < bindparam("seen_before"))
)

_CODES_OF = delete(staff_recovery_code).where(staff_recovery_code.c.account == bindparam("of"))
_USE_CODE = _CODES_OF.where(staff_recovery_code.c.digest == bindparam("typed")).returning(staff_recovery_code.c.digest)
_CODES_LEFT = (
    select(func.count()).select_from(staff_recovery_code).where(staff_recovery_code.c.account == bindparam("of"))
)

_KNOW = insert_or(staff_browser).on_conflict_do_nothing(index_elements=["account", "digest"])
_KNOWS = select(staff_browser.c.digest).where(
    staff_browser.c.account == bindparam("of"), staff_browser.c.digest == bindparam("token")
)
_FORGET_BROWSERS = delete(staff_browser).where(staff_browser.c.account == bindparam("of"))

_TRIES = staff_wait.c.tries
_NEW_TRY = insert_or(staff_wait)
_FORGOTTEN = staff_wait.c.last_at < _NEW_TRY.excluded.last_at - FORGOTTEN_AFTER_SECONDS
_CHARGE = _NEW_TRY.on_conflict_do_update(
    index_elements=["key"],
    set_={"tries": case((_FORGOTTEN, 1), else_=_TRIES + 1), "last_at": _NEW_TRY.excluded.last_at},
).returning(_TRIES, staff_wait.c.until)
_THIS_WAIT = staff_wait.c.key == bindparam("of")
_WAIT = update(staff_wait).where(_THIS_WAIT).values(until=bindparam("end"))
_REFUND = update(staff_wait).where(_THIS_WAIT, _TRIES > 0).values(tries=_TRIES - 1, until=0)
_FORGIVE = delete(staff_wait).where(_THIS_WAIT)
_OLD_WAITS = select(staff_wait.c.key).where(staff_wait.c.last_at < bindparam("forgotten_before"))
_TIDY_WAITS = delete(staff_wait).where(
    staff_wait.c.key.in_(_OLD_WAITS.order_by(staff_wait.c.last_at).limit(WAITS_TIDIED_MAX))
)

_AUDIT = insert(audit)
_SINCE = (
    select(audit.c.id)
    .where(
        audit.c.staff == bindparam("who"),
        audit.c.action == bindparam("did"),
        audit.c.subject == bindparam("what"),
        audit.c.at >= bindparam("since"),
    )
    .limit(1)
)


class Staff(Part):
    """The staff's part of :class:`bot.ports.Ledger`."""

    def account(self, id: str) -> Account | None:
        row = self._connection.execute(_BY_ID, {"account": id}).first()
        return None if row is None else Account(*row)

    def account_by_login(self, login: str) -> Account | None:
        row = self._connection.execute(_BY_LOGIN, {"typed": login}).first()
        return None if row is None else Account(*row)

    def accounts(self) -> tuple[Account, ...]:
        return tuple(Account(*row) for row in self._connection.execute(_EVERYBODY))

    def add_account(self, account: Account) -> None:
        try:
            with self.savepoint():
                self._connection.execute(insert(staff_account), asdict(account))
        except IntegrityError as error:
            raise LoginTaken(account.id) from error

    def save_account(self, account: Account) -> None:
        values = {name: value for name, value in asdict(account).items() if name != "id"}
        self._connection.execute(_SAVE.values(values), {"account": account.id})

    def active_admins(self) -> tuple[str, ...]:
        return tuple(self._connection.scalars(_ADMINS))

    # ---- links

    def keep_link(self, link: Link) -> None:
        self.drop_links(link.account)
        self._connection.execute(insert(staff_link), asdict(link))

    def link(self, digest: str, now: int) -> Link | None:
        row = self._connection.execute(_FIND_LINK, {"typed": digest, "now": now}).first()
        return None if row is None else Link(*row)

    def use_link(self, digest: str, now: int) -> Link | None:
        row = self._connection.execute(_USE_LINK, {"typed": digest, "now": now}).first()
        return None if row is None else Link(*row)

    def drop_links(self, account: str) -> None:
        self._connection.execute(_LINKS_OF, {"of": account})

    # ---- sessions

    def start_session(self, session: Session) -> None:
        self._connection.execute(insert(staff_session), asdict(session))

    def session(self, digest: str) -> tuple[Session, Account] | None:
        row = self._connection.execute(_FIND_SESSION, {"token": digest}).first()
        if row is None:
            return None
        return Session(*row[: len(_SESSION)]), Account(*row[len(_SESSION) :])

    def sessions(self, account: str) -> tuple[Session, ...]:
        return tuple(Session(*row) for row in self._connection.execute(_SESSIONS_OF, {"of": account}))

    def seen(self, digest: str, now: int) -> None:
        self._connection.execute(_SEEN, {"token": digest, "now": now})

    def count_try(self, digest: str) -> int:
        return int(self._connection.scalar(_TRIED, {"token": digest}) or 0)

    def end_session(self, digest: str) -> None:
        self._connection.execute(_END, {"token": digest})

    def end_sessions(self, account: str, but: str = "") -> int:
        return self._connection.execute(_END_ALL, {"of": account, "but": but}).rowcount

    def end_old_sessions(self, started_before: int, seen_before: int) -> None:
        self._connection.execute(_END_OLD, {"started_before": started_before, "seen_before": seen_before})

    # ---- second factors and browsers

    def keep_recovery_codes(self, account: str, digests: tuple[str, ...]) -> None:
        self._connection.execute(_CODES_OF, {"of": account})
        if digests:
            rows = [{"account": account, "digest": digest} for digest in digests]
            self._connection.execute(insert(staff_recovery_code), rows)

    def use_recovery_code(self, account: str, digest: str) -> bool:
        return self._connection.scalar(_USE_CODE, {"of": account, "typed": digest}) is not None

    def recovery_codes_left(self, account: str) -> int:
        return int(self._connection.scalar(_CODES_LEFT, {"of": account}) or 0)

    def know_browser(self, digest: str, account: str, now: int) -> None:
        self._connection.execute(_KNOW, {"account": account, "digest": digest, "known_at": now})

    def knows_browser(self, digest: str, account: str) -> bool:
        return self._connection.scalar(_KNOWS, {"of": account, "token": digest}) is not None

    def forget_browsers(self, account: str) -> None:
        self._connection.execute(_FORGET_BROWSERS, {"of": account})

    # ---- waits

    def charge(self, key: str, now: int) -> tuple[int, int]:
        row = {"key": key, "tries": 1, "last_at": now, "until": 0}
        tries, until = self._connection.execute(_CHARGE, row).one()
        if tries == 1:
            self._connection.execute(_TIDY_WAITS, {"forgotten_before": now - FORGOTTEN_AFTER_SECONDS})
        return int(tries), int(until)

    def wait_until(self, key: str, until: int) -> None:
        self._connection.execute(_WAIT, {"of": key, "end": until})

    def refund(self, key: str) -> None:
        self._connection.execute(_REFUND, {"of": key})

    def forgive(self, key: str) -> None:
        self._connection.execute(_FORGIVE, {"of": key})

    # ---- the audit

    def audit(self, line: Audited) -> None:
        self._connection.execute(_AUDIT, {name: value for name, value in asdict(line).items() if name != "id"})

    def audited(self, search: AuditSearch, limit: int) -> tuple[Audited, ...]:
        newest = select(*_AUDITED).where(*_wanted(search)).order_by(audit.c.id.desc()).limit(limit)
        return tuple(Audited(*row) for row in self._connection.execute(newest))

    def audited_since(self, staff: str, action: str, subject: str, since: int) -> bool:
        where: dict[str, Any] = {"who": staff, "did": action, "what": subject, "since": since}
        return self._connection.scalar(_SINCE, where) is not None


def _wanted(search: AuditSearch) -> list[ColumnElement[bool]]:
    wanted = [
        audit.c[name] == value
        for name, value in (("staff", search.staff), ("action", search.action), ("subject", search.subject))
        if value
    ]
    if search.since:
        wanted.append(audit.c.at >= search.since)
    if search.until:
        wanted.append(audit.c.at < search.until)
    if search.before:
        wanted.append(audit.c.id < search.before)
    return wanted
