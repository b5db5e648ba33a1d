"""Signing in and out: what proves who somebody is, and how long that holds.

Every answer to a wrong sign-in is the same, after the same work: nobody learns which names exist. A try is counted
before it is looked at, so that many at once get no further than one after the other; the right password takes the
count back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.core.staff import fold_login, wait_seconds
from bot.ports import Desk, Ledger
from bot.ports.staff import Account, Audited, Locks, Session

IDLE_SECONDS_MAX = 2 * 3600
"""Without a touch of hers for this long a receptionist signs in again; a page that refreshes itself is no touch."""
SESSION_SECONDS_MAX = 14 * 3600
"""One long working day."""
CODE_SECONDS_MAX = 600
"""How long the second factor may take once the password was right."""
CODE_TRIES_MAX = 5
SEEN_EVERY_SECONDS = 60
VIEWED_AGAIN_SECONDS = 900
"""Looking at the same conversation again within this is one look: pages refresh themselves."""


class Refused(Exception):
    """The sign-in was refused. ``wait_seconds`` is above 0 when it was not even looked at, and says for how long."""

    def __init__(self, wait_seconds: int = 0) -> None:
        super().__init__(wait_seconds)
        self.wait_seconds = wait_seconds


@dataclass(frozen=True, slots=True)
class Browser:
    """Where somebody signs in from: its lasting token (empty when new) and its network address."""

    token: str
    address: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Fresh secrets for the browser's cookies. With ``waits_for_code`` only the second factor may be typed."""

    token: str
    browser: str
    waits_for_code: bool


def sign_in(desk: Desk, locks: Locks, login: str, password: str, browser: Browser) -> SignedIn:
    """Start a session. Raises Refused, TooBusy or BookAway."""
    login = fold_login(login)
    account, counted = _count_try(desk, locks, login, browser)
    # An account that cannot sign in costs the same work as one that can.
    kept = account.password if account is not None and account.status == "active" else ""
    right = locks.is_password(password, kept)
    fresh = locks.hash_password(password) if right and locks.is_outdated(kept) else kept
    with desk.book.begin() as ledger:
        account = ledger.account(account.id) if account is not None else None
        # Between the two looks she may have been disabled, or her password changed.
        if account is not None and right and account.status == "active" and account.password == kept:
            _forgive(ledger, counted)
            return start_session(desk, ledger, locks, replace(account, password=fresh), browser)
        # Written for names that nobody has as well: it is the same work.
        ledger.audit(Audited(_now(desk), "", "sign_in_refused", f"staff:{account.id}" if account else ""))
    raise Refused


def start_session(desk: Desk, ledger: Ledger, locks: Locks, account: Account, browser: Browser) -> SignedIn:
    """A session for an account whose password was right, or whose link was; with the second factor still due if any."""
    now = _now(desk)
    ledger.end_old_sessions(now - SESSION_SECONDS_MAX, now - IDLE_SECONDS_MAX)
    signed_in = SignedIn(_secret(desk), browser.token or _secret(desk), account.second_factor_on)
    ledger.start_session(Session(locks.digest(signed_in.token), account.id, now, now, account.second_factor_on))
    if account.second_factor_on:
        ledger.save_account(account)
    else:
        _welcome(ledger, locks, account, signed_in, now)
    return signed_in


def type_code(desk: Desk, locks: Locks, token: str, code: str, browser: Browser) -> SignedIn:
    """The second factor, or a recovery code in its place. Raises Refused; after five wrong ones the password is due
    again."""
    now = _now(desk)
    with desk.book.begin() as ledger:
        session, account = _waiting(ledger, locks, token, now)
        counted = _count_code(ledger, locks, account, browser, now)
        step = _code_step(ledger, locks, account, code, now)
        if step is not None:
            ledger.forgive(counted)
            ledger.end_session(session.digest)
            signed_in = SignedIn(_secret(desk), browser.token or _secret(desk), False)
            ledger.start_session(Session(locks.digest(signed_in.token), account.id, now, now))
            _welcome(ledger, locks, replace(account, second_factor_step=step), signed_in, now)
            return signed_in
        ledger.audit(Audited(now, "", "code_refused", f"staff:{account.id}"))
        if ledger.count_try(session.digest) >= CODE_TRIES_MAX:
            ledger.end_session(session.digest)
    raise Refused


def signed_in(desk: Desk, locks: Locks, token: str, touched: bool) -> tuple[Session, Account] | None:
    """Whose session this token is, if it holds. ``touched``: a person did something, not a page by itself."""
    found, now = _holding(desk, locks.digest(token)), _now(desk)
    if found is not None and touched and now - found[0].seen_at >= SEEN_EVERY_SECONDS:
        with desk.book.begin() as ledger:
            ledger.seen(found[0].digest, now)
    return found


def still_signed_in(desk: Desk, session: Session) -> Account | None:
    """Whose session this is by now, or None: it ended, or she was disabled. For whatever stays open for long."""
    found = _holding(desk, session.digest)
    return found[1] if found is not None else None


def _holding(desk: Desk, digest: str) -> tuple[Session, Account] | None:
    now = _now(desk)
    with desk.book.look() as ledger:
        found = ledger.session(digest)
    if found is None:
        return None
    session, account = found
    limit = CODE_SECONDS_MAX if session.waits_for_code else SESSION_SECONDS_MAX
    over = now - session.started_at >= limit or now - session.seen_at >= IDLE_SECONDS_MAX
    return None if over or account.status != "active" else found


def sign_out(desk: Desk, session: Session) -> None:
    """End a session for good: its cookie is worth nothing any more."""
    with desk.book.begin() as ledger:
        ledger.end_session(session.digest)
        ledger.audit(Audited(_now(desk), session.account, "signed_out"))


def viewed(desk: Desk, staff: str, subject: str) -> None:
    """Write down that somebody looked at something (``conversation:3f9a``), once for a while of looking."""
    now = _now(desk)
    with desk.book.look() as ledger:
        known = ledger.audited_since(staff, "viewed", subject, now - VIEWED_AGAIN_SECONDS)
    if not known:
        with desk.book.begin() as ledger:
            ledger.audit(Audited(now, staff, "viewed", subject))


# ---- tries


def _count_try(
    desk: Desk, locks: Locks, login: str, browser: Browser
) -> tuple[Account | None, Sequence[tuple[str, str]]]:
    """Count a try before it is made, and find whose name it is. Raises Refused while there is a wait."""
    with desk.book.begin() as ledger:
        account = ledger.account_by_login(login)
        known = account is not None and ledger.knows_browser(locks.digest(browser.token), account.id)
        keys = _keys(locks, login, browser, known)
        for bucket, key in keys:
            count_try(ledger, bucket, key, _now(desk))
    return account, keys


def count_try(ledger: Ledger, bucket: str, key: str, now: int) -> None:
    """Count a try in a bucket of :data:`bot.core.staff.PATIENCE`. Raises Refused while there is a wait."""
    tries, until = ledger.charge(key, now)
    if until > now:
        # Raised inside the transaction: a try that was not looked at is not counted either.
        raise Refused(until - now)
    ledger.wait_until(key, now + wait_seconds(bucket, tries))


def _keys(locks: Locks, login: str, browser: Browser, known: bool) -> Sequence[tuple[str, str]]:
    """What a try counts under, always in the same order: two at once never wait for each other crosswise."""
    if known:
        return (("device", locks.digest(f"device {login} {browser.token}")),)
    return (
        ("account", locks.digest(f"account {login}")),
        ("address", locks.digest(f"address {browser.address}")),
        ("pair", locks.digest(f"pair {login} {browser.address}")),
    )


def _forgive(ledger: Ledger, counted: Sequence[tuple[str, str]]) -> None:
    """The password was right. Counts that others add to as well lose only this try: whoever has one account could
    otherwise guess at the rest without end."""
    for bucket, key in counted:
        (ledger.forgive if bucket in ("device", "pair") else ledger.refund)(key)


# ---- second factors


def _waiting(ledger: Ledger, locks: Locks, token: str, now: int) -> tuple[Session, Account]:
    """The session whose second factor is due, its account locked. Raises Refused when there is none."""
    found = ledger.session(locks.digest(token))
    if found is None or not found[0].waits_for_code or now - found[0].started_at >= CODE_SECONDS_MAX:
        raise Refused
    account = ledger.account(found[1].id)
    if account is None or account.status != "active":
        raise Refused
    return found[0], account


def _count_code(ledger: Ledger, locks: Locks, account: Account, browser: Browser, now: int) -> str:
    """Count a code before it is looked at; whoever has stolen a password alone must not keep her from her own desk."""
    known = ledger.knows_browser(locks.digest(browser.token), account.id)
    key = locks.digest(f"code {account.id} {browser.token if known else ''}")
    count_try(ledger, "device" if known else "code", key, now)
    return key


def _code_step(ledger: Ledger, locks: Locks, account: Account, code: str, now: int) -> int | None:
    """The step to remember when a code is right: a code is worth nothing once it was used, nor any before it."""
    step = locks.second_factor_step(account.second_factor, code, now)
    if step > account.second_factor_step:
        return step
    if ledger.use_recovery_code(account.id, locks.digest(fold_code(code))):
        ledger.audit(Audited(now, account.id, "recovery_code_used", f"staff:{account.id}"))
        return account.second_factor_step
    return None


def fold_code(code: str) -> str:
    """A recovery code as it is kept: neither case nor dashes matter."""
    return "".join(letter for letter in code.upper() if letter.isalnum())


def _welcome(ledger: Ledger, locks: Locks, account: Account, signed_in: SignedIn, now: int) -> None:
    ledger.save_account(replace(account, signed_in_at=now))
    ledger.know_browser(locks.digest(signed_in.browser), account.id, now)
    ledger.audit(Audited(now, account.id, "signed_in"))


def _secret(desk: Desk) -> str:
    return desk.chance.token() + desk.chance.token()


def _now(desk: Desk) -> int:
    return int(desk.clock.now().timestamp())
