"""Staff as the book of record keeps them, and what keeps their secrets. Nothing here holds a secret in the clear.

Tokens (of sessions, links, browsers) are kept as digests only: who reads the database cannot use any of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from bot.core.staff import Role

AccountStatus = Literal["invited", "active", "disabled"]
LinkKind = Literal["first", "invitation", "rescue"]


@dataclass(frozen=True, slots=True)
class Account:
    """A member of staff. ``login`` is folded and unique; ``second_factor`` is sealed, empty without one."""

    id: str
    login: str
    name: str
    role: Role
    status: AccountStatus = "invited"
    password: str = ""
    """argon2's own form, which carries its parameters; empty until one is set."""
    second_factor: str = ""
    second_factor_on: bool = False
    """False while it is being set up: it is asked for only once a code has been typed back."""
    second_factor_step: int = 0
    """The last 30-second step a code was used for: no code works twice."""
    shortcuts: bool = True
    """Whether single keys do something (WCAG 2.1.4 wants them to be switched off)."""
    enter_sends: bool = False
    created_at: int = 0
    signed_in_at: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """A one-time way in. ``account`` is empty for the very first one, whose user becomes an admin."""

    digest: str
    kind: LinkKind
    account: str
    expires_at: int
    made_at: int
    made_by: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser. ``waits_for_code`` while the password was right and the second factor is still due."""

    digest: str
    account: str
    started_at: int
    seen_at: int
    waits_for_code: bool = False
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Audited:
    """Who did what to what, when. Ids only: ``staff`` an account's id (empty: nobody signed in), ``action`` a word in
    the past tense (``viewed``), ``subject`` a kind and an id (``conversation:3f9a``), ``note`` a word more."""

    at: int
    staff: str
    action: str
    subject: str = ""
    note: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True)
class AuditSearch:
    """What to look for; empty means any. ``before`` is the id the last page ended with."""

    staff: str = ""
    action: str = ""
    subject: str = ""
    since: int = 0
    until: int = 0
    before: int = 0


class LoginTaken(Exception):
    """Somebody signs in with this name already."""


class StaffPart(Protocol):
    """Staff, their sessions and links, waits after wrong passwords, and the audit."""

    def account(self, id: str) -> Account | None:
        """One account, its row locked until the transaction ends."""

    def account_by_login(self, login: str) -> Account | None:
        """The account with this folded sign-in name."""

    def accounts(self) -> tuple[Account, ...]:
        """Everybody, by name."""

    def add_account(self, account: Account) -> None:
        """Add somebody. Raises :class:`LoginTaken`."""

    def save_account(self, account: Account) -> None:
        """Write an account down as it is now."""

    def active_admins(self) -> tuple[str, ...]:
        """Ids of admins who can sign in, their rows locked: two admins cannot remove each other."""

    def keep_link(self, link: Link) -> None:
        """Keep a one-time link; older ones of the same account stop working."""

    def link(self, digest: str, now: int) -> Link | None:
        """A link that still works."""

    def use_link(self, digest: str, now: int) -> Link | None:
        """Use a link up. Of several who try at once one gets it."""

    def drop_links(self, account: str) -> None:
        """No link of this account works any more."""

    def start_session(self, session: Session) -> None:
        """Keep a session."""

    def session(self, digest: str) -> tuple[Session, Account] | None:
        """A session and whose it is."""

    def sessions(self, account: str) -> tuple[Session, ...]:
        """An account's sessions, newest first."""

    def seen(self, digest: str, now: int) -> None:
        """The session was used."""

    def count_try(self, digest: str) -> int:
        """Count a wrong code; how many there were."""

    def end_session(self, digest: str) -> None:
        """End one session."""

    def end_sessions(self, account: str, but: str = "") -> int:
        """End an account's sessions, except one; how many ended."""

    def end_old_sessions(self, started_before: int, seen_before: int) -> None:
        """Tidy away sessions that have run out."""

    def keep_recovery_codes(self, account: str, digests: tuple[str, ...]) -> None:
        """These are an account's recovery codes from now on, and no others."""

    def use_recovery_code(self, account: str, digest: str) -> bool:
        """Use a recovery code up; False when there is no such code."""

    def recovery_codes_left(self, account: str) -> int:
        """How many recovery codes an account still has."""

    def know_browser(self, digest: str, account: str, now: int) -> None:
        """An account has signed in from this browser."""

    def knows_browser(self, digest: str, account: str) -> bool:
        """Whether an account has signed in from this browser before."""

    def forget_browsers(self, account: str) -> None:
        """An account has signed in from nowhere."""

    def charge(self, key: str, now: int) -> tuple[int, int]:
        """Count a try under a key, its row locked: how many there were in a row, and when the wait ends."""

    def wait_until(self, key: str, until: int) -> None:
        """The next try under a key may be made at this instant."""

    def refund(self, key: str) -> None:
        """The last try was right after all: it does not count."""

    def forgive(self, key: str) -> None:
        """Forget every try under a key."""

    def audit(self, line: Audited) -> None:
        """Write down what was done, in the transaction that does it. Nothing written here can be changed."""

    def audited(self, search: AuditSearch, limit: int) -> tuple[Audited, ...]:
        """Lines of the audit, newest first."""

    def audited_since(self, staff: str, action: str, subject: str, since: int) -> bool:
        """Whether the audit has such a line, at or after an instant."""


class Locks(Protocol):
    """What keeps staff's secrets: the slow digest of passwords, codes of second factors, sealing what must be read
    again. Kept out of the desk because each rests on chance, on a library, or on the installation's own key."""

    def hash_password(self, password: str) -> str:
        """A password in the form that is kept. Takes tens of milliseconds and of mebibytes, on purpose."""

    def is_password(self, password: str, kept: str) -> bool:
        """Whether a password is the one that was kept. As much work when ``kept`` is empty, and then False.

        Raises :class:`TooBusy` when so many are being checked that memory would run short.
        """

    def is_outdated(self, kept: str) -> bool:
        """Whether a password was kept in a weaker form than today's, and should be kept anew."""

    def digest(self, token: str) -> str:
        """The form a long random token is kept in."""

    def form_token(self, secret: str) -> str:
        """What a form carries to prove that it came from a page of ours shown to whoever holds ``secret``."""

    def make_second_factor(self) -> str:
        """A new second factor, sealed."""

    def second_factor_step(self, sealed: str, code: str, now: int) -> int:
        """The 30-second step for which a code is right, one step early or late included; 0 when it is wrong."""

    def second_factor_for_phone(self, sealed: str, login: str, issuer: str) -> tuple[str, str]:
        """A second factor for an authenticator app: its address as an SVG picture, and its key to be typed."""

    def recovery_codes(self, count: int) -> tuple[str, ...]:
        """Fresh one-time codes, to be shown once."""


class TooBusy(Exception):
    """Too many at once. Nothing was done; trying again in a moment helps."""
