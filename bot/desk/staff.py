"""Staff and their accounts: the first admin, invitations, roles, rescue, one's own password and second factor.

What is done to an account is written to the audit in the same transaction, and whatever may make an old session wrong
(another password, another role, being disabled) ends every session that it does not come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from bot.core.staff import LOGIN_CHARACTERS_MAX, NAME_CHARACTERS_MAX, ROLES, Role, fold_login, weakness
from bot.desk.sessions import Browser, SignedIn, count_try, fold_code, start_session
from bot.ports import Desk, Ledger
from bot.ports.staff import Account, Audited, Link, LinkKind, Locks, LoginTaken, Session

LINK_SECONDS_MAX: Mapping[LinkKind, int] = {"first": 24 * 3600, "invitation": 72 * 3600, "rescue": 24 * 3600}
RECOVERY_CODES = 10
CHOOSE_ROLE = "Choose what this person may do."
TERMINAL = "terminal"
"""Who did it, when it was done at the machine itself."""


class Invalid(Exception):
    """What was typed cannot be used. ``faults`` has a sentence for each field."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(*faults.values())
        self.faults = dict(faults)


class Impossible(Exception):
    """It cannot be done to this account now; the message says why, in a sentence."""


class LinkOver(Exception):
    """The link was used already, has expired, or never was one."""


@dataclass(frozen=True, slots=True)
class Made:
    """A fresh one-time link: its token is shown now and never again."""

    account: str
    token: str
    kind: LinkKind


# ---- links


def first_link(desk: Desk, locks: Locks) -> Made | None:
    """The link that makes the first admin, as long as there are no staff at all; older ones stop working."""
    with desk.book.begin() as ledger:
        return None if ledger.accounts() else _make_link(desk, ledger, locks, "first", "", TERMINAL)


def invite(desk: Desk, locks: Locks, by: str, name: str, login: str, role: str) -> Made:  # noqa: PLR0913 - a form
    """Add somebody who sets her own password with the link. Raises Invalid."""
    faults = _faults_of_names(name, login)
    if role not in ROLES:
        faults["role"] = CHOOSE_ROLE
    if faults:
        raise Invalid(faults)
    with desk.book.begin() as ledger:
        account = _add(desk, ledger, name, login, role)
        ledger.audit(_done(desk, by, "invited", account.id, role))
        return _make_link(desk, ledger, locks, "invitation", account.id, by)


def rescue(desk: Desk, locks: Locks, by: str, account: str) -> Made:
    """A link with which somebody locked out, or not yet in, sets a new password. Raises Impossible.

    Nothing changes until the link is used.
    """
    with desk.book.begin() as ledger:
        one = _get(ledger, account)
        if one.status == "disabled":
            raise Impossible(f"{one.name} is disabled. Enable the account first.")
        kind: LinkKind = "rescue" if one.status == "active" else "invitation"
        ledger.audit(_done(desk, by, "link_made", account, kind))
        return _make_link(desk, ledger, locks, kind, account, by)


def look_at_link(desk: Desk, locks: Locks, token: str) -> tuple[Link, Account | None]:
    """What a link is for. Raises LinkOver. Looking does not use it up: mail programs and chats look at links."""
    with desk.book.begin() as ledger:
        link = ledger.link(locks.digest(token), _now(desk))
        account = ledger.account(link.account) if link is not None and link.account else None
    if link is None or (account is not None and account.status == "disabled"):
        raise LinkOver
    return link, account


@dataclass(frozen=True, slots=True)
class Joining:
    """What is typed behind a link. Name and sign-in name only count for the first admin."""

    password: str
    name: str = ""
    login: str = ""


def join(desk: Desk, locks: Locks, token: str, typed: Joining, browser: Browser) -> SignedIn:
    """Use a link: her password is set and she is signed in. Raises LinkOver or Invalid.

    A rescue takes the second factor away as well: it is for whoever has lost her phone.
    """
    link, account = look_at_link(desk, locks, token)
    name, login = (account.name, account.login) if account else (typed.name, fold_login(typed.login))
    faults = {} if account else _faults_of_names(name, login)
    if weak := weakness(typed.password, login, name):
        faults["password"] = weak
    if faults:
        raise Invalid(faults)
    hashed = locks.hash_password(typed.password)
    with desk.book.begin() as ledger:
        if ledger.use_link(link.digest, _now(desk)) is None:
            raise LinkOver
        account = _get(ledger, link.account) if link.account else _first_admin(desk, ledger, name, login)
        account = replace(account, status="active", password=hashed)
        account = _without_second_factor(ledger, account)
        ledger.end_sessions(account.id)
        ledger.forget_browsers(account.id)
        ledger.save_account(account)
        ledger.audit(_done(desk, account.id, "rescued" if link.kind == "rescue" else "joined", account.id))
        return start_session(desk, ledger, locks, account, browser)


def _first_admin(desk: Desk, ledger: Ledger, name: str, login: str) -> Account:
    if ledger.accounts():
        raise LinkOver
    return _add(desk, ledger, name, login, "admin")


def _make_link(  # noqa: PLR0913 - a row
    desk: Desk, ledger: Ledger, locks: Locks, kind: LinkKind, account: str, by: str
) -> Made:
    token, now = desk.chance.token(), _now(desk)
    ledger.keep_link(Link(locks.digest(token), kind, account, now + LINK_SECONDS_MAX[kind], now, by))
    return Made(account, token, kind)


# ---- what admins do


def everybody(desk: Desk) -> tuple[Account, ...]:
    """All staff, by name."""
    with desk.book.look() as ledger:
        return ledger.accounts()


def names(desk: Desk) -> Mapping[str, str]:
    """The name of every account by its id, also of those who have left."""
    return {account.id: account.name for account in everybody(desk)}


def change_role(desk: Desk, by: str, account: str, role: str) -> None:
    """Another role; she signs in again. Raises Impossible for the last admin."""
    if role not in ROLES:
        raise Invalid({"role": CHOOSE_ROLE})
    with desk.book.begin() as ledger:
        one = _get(ledger, account)
        if one.role == role:
            return
        _keep_an_admin(ledger, one)
        ledger.save_account(replace(one, role=role))
        ledger.end_sessions(account)
        ledger.audit(_done(desk, by, "role_changed", account, f"{one.role} to {role}"))


def disable(desk: Desk, by: str, account: str) -> None:
    """She can sign in no more, and is signed out now. Raises Impossible for the last admin."""
    with desk.book.begin() as ledger:
        one = _get(ledger, account)
        if one.status == "disabled":
            return
        _keep_an_admin(ledger, one)
        ledger.save_account(replace(one, status="disabled"))
        ledger.end_sessions(account)
        ledger.forget_browsers(account)
        ledger.drop_links(account)
        ledger.audit(_done(desk, by, "disabled", account))


def enable(desk: Desk, by: str, account: str) -> None:
    """She can sign in again, with the password she had; who never had one needs a link."""
    with desk.book.begin() as ledger:
        one = _get(ledger, account)
        if one.status == "disabled":
            ledger.save_account(replace(one, status="active" if one.password else "invited"))
            ledger.audit(_done(desk, by, "enabled", account))


def _keep_an_admin(ledger: Ledger, account: Account) -> None:
    if account.role == "admin" and account.status == "active" and ledger.active_admins() == (account.id,):
        raise Impossible("This is the only admin who can sign in. Make another one first.")


# ---- what everybody does with her own account


@dataclass(frozen=True, slots=True)
class Own:
    """One's own account, as its page shows it."""

    account: Account
    sessions: tuple[Session, ...]
    recovery_codes_left: int


def look_at_own(desk: Desk, session: Session) -> Own:
    """One's account, where one is signed in (newest first), and how many recovery codes are left."""
    with desk.book.look() as ledger:
        # Not _get: that locks the row for whoever is about to change it.
        account = next(one for one in ledger.accounts() if one.id == session.account)
        return Own(account, ledger.sessions(account.id), ledger.recovery_codes_left(account.id))


def change_password(desk: Desk, locks: Locks, session: Session, current: str, new: str) -> None:
    """A new password; every other session ends. Raises Invalid, Refused, TooBusy."""
    with desk.book.begin() as ledger:
        account = _get(ledger, session.account)
    _check_own_password(desk, locks, account, current)
    if weak := weakness(new, account.login, account.name):
        raise Invalid({"new": weak})
    hashed = locks.hash_password(new)
    with desk.book.begin() as ledger:
        ledger.save_account(replace(_get(ledger, account.id), password=hashed))
        ledger.end_sessions(account.id, but=session.digest)
        ledger.forget_browsers(account.id)
        ledger.audit(_done(desk, account.id, "password_changed", account.id))


def begin_second_factor(desk: Desk, locks: Locks, session: Session, issuer: str) -> tuple[str, str]:
    """The picture and the key of a second factor to set up. The same until it is confirmed: a reload changes nothing.

    Raises Impossible when one is on already.
    """
    with desk.book.begin() as ledger:
        account = _get(ledger, session.account)
        if account.second_factor_on:
            raise Impossible("A second factor is on already. Turn it off first.")
        if not account.second_factor:
            account = replace(account, second_factor=locks.make_second_factor(), second_factor_step=0)
            ledger.save_account(account)
    return locks.second_factor_for_phone(account.second_factor, account.login, issuer)


def confirm_second_factor(desk: Desk, locks: Locks, session: Session, code: str) -> tuple[str, ...]:
    """Turn the second factor on with its first code; its recovery codes, to be shown once. Raises Invalid."""
    with desk.book.begin() as ledger:
        account = _get(ledger, session.account)
        step = locks.second_factor_step(account.second_factor, code, _now(desk))
        if account.second_factor_on or not step:
            raise Invalid({"code": "That code is not right. Type the one your phone shows now."})
        codes = locks.recovery_codes(RECOVERY_CODES)
        ledger.keep_recovery_codes(account.id, tuple(locks.digest(fold_code(code)) for code in codes))
        ledger.save_account(replace(account, second_factor_on=True, second_factor_step=step))
        ledger.end_sessions(account.id, but=session.digest)
        ledger.audit(_done(desk, account.id, "second_factor_on", account.id))
    return codes


def turn_second_factor_off(desk: Desk, locks: Locks, session: Session, password: str) -> None:
    """Sign in with the password alone from now on. Raises Invalid, Refused, TooBusy."""
    with desk.book.begin() as ledger:
        account = _get(ledger, session.account)
    _check_own_password(desk, locks, account, password)
    with desk.book.begin() as ledger:
        ledger.save_account(_without_second_factor(ledger, _get(ledger, account.id)))
        ledger.audit(_done(desk, account.id, "second_factor_off", account.id))


def end_other_sessions(desk: Desk, session: Session) -> int:
    """Sign out everywhere else; how many sessions ended."""
    with desk.book.begin() as ledger:
        ended = ledger.end_sessions(session.account, but=session.digest)
        ledger.audit(_done(desk, session.account, "sessions_ended", session.account))
    return ended


def prefer(desk: Desk, session: Session, shortcuts: bool, enter_sends: bool) -> None:
    """Whether single keys do something, and whether Enter sends a reply."""
    with desk.book.begin() as ledger:
        account = _get(ledger, session.account)
        ledger.save_account(replace(account, shortcuts=shortcuts, enter_sends=enter_sends))


def _check_own_password(desk: Desk, locks: Locks, account: Account, password: str) -> None:
    """Whoever finds a desk left open must not guess the password there either."""
    key = locks.digest(f"own {account.id}")
    with desk.book.begin() as ledger:
        count_try(ledger, "device", key, _now(desk))
    if not locks.is_password(password, account.password):
        raise Invalid({"current": "That is not your password."})
    with desk.book.begin() as ledger:
        ledger.forgive(key)


def _without_second_factor(ledger: Ledger, account: Account) -> Account:
    ledger.keep_recovery_codes(account.id, ())
    return replace(account, second_factor="", second_factor_on=False, second_factor_step=0)


# ---- shared


def _faults_of_names(name: str, login: str) -> dict[str, str]:
    faults = {}
    if not name.strip() or len(name) > NAME_CHARACTERS_MAX or not name.isprintable():
        faults["name"] = f"Write the name colleagues know, up to {NAME_CHARACTERS_MAX} characters."
    folded = fold_login(login)
    if len(folded) < 2 or len(login.strip()) > LOGIN_CHARACTERS_MAX or not folded.isprintable() or " " in folded:
        faults["login"] = "Use 2 to 64 characters without spaces, such as ana or ana@clinic.example."
    return faults


def _add(desk: Desk, ledger: Ledger, name: str, login: str, role: str) -> Account:
    account = Account(desk.chance.token(), fold_login(login), name.strip(), cast(Role, role), created_at=_now(desk))
    try:
        ledger.add_account(account)
    except LoginTaken as taken:
        raise Invalid({"login": "Somebody signs in with this name already."}) from taken
    return account


def _get(ledger: Ledger, id: str) -> Account:
    account = ledger.account(id)
    if account is None:
        raise Impossible("There is no such account.")
    return account


def _done(desk: Desk, by: str, action: str, account: str, note: str = "") -> Audited:
    return Audited(_now(desk), by, action, f"staff:{account}", note)


def _now(desk: Desk) -> int:
    return int(desk.clock.now().timestamp())
