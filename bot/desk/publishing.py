"""Publishing what the bot says: for the terminal, for pages, and at the first start.

Who publishes names the revision the edit began from. In one transaction it is compared with what is published, and set:
whoever began from something older is refused with what the other changed, so nobody's edit is lost. Going back is
publishing an older revision, by the same rules. Nothing is published that the checks refuse, that fails the folder's
own tests, or that would leave people behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.difference import Difference, Side, difference
from bot.core.editions import Edition
from bot.core.fault import Fault
from bot.core.structure import structures
from bot.desk import census as counting
from bot.desk.census import Census
from bot.desk.shelf import edition_of
from bot.desk.transcripts import play
from bot.ports import Book, Desk, Draft, Files, Published
from bot.ports.staff import Audited

HISTORY_MAX = 50
STARTS_MAX = 5
AT_START = "start"
"""Who published what was in the folder when Frontdesk first started."""
WORKING_COPY = "working copy"
"""Who publishes what is saved in the folder, in a trial."""


@dataclass(frozen=True, slots=True)
class Order:
    """How something is to be published: ``by`` whom, from which ``base`` the edit began, with a ``note`` for
    colleagues, and whether people are to be moved (``moves``) where they would otherwise finish what they began."""

    by: str
    base: str
    note: str = ""
    moves: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """What publishing would do. ``faults`` has everything that speaks against it, and warnings."""

    faults: tuple[Fault, ...]
    difference: Difference
    census: Census

    @property
    def errors(self) -> tuple[Fault, ...]:
        """What keeps it from being published."""
        return tuple(fault for fault in self.faults if fault.level == "error")


@dataclass(frozen=True, slots=True)
class Done:
    """What was published, and what it means for whoever was in the middle of something."""

    published: Published
    proposal: Proposal


class Unusable(Exception):
    """Flow files cannot be used at all; ``faults`` says why."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(fault for fault in faults if fault.level == "error")
        super().__init__("\n".join(fault.told for fault in self.faults))


class Refused(Exception):
    """It is not published: ``proposal.errors`` says why."""

    def __init__(self, proposal: Proposal) -> None:
        super().__init__("\n".join(fault.told for fault in proposal.errors))
        self.proposal = proposal


class Overtaken(Exception):
    """Somebody published since the edit began: ``newest``. ``difference`` is what they changed."""

    def __init__(self, newest: Published, theirs: Difference) -> None:
        super().__init__(f"edition {newest.number} was published meanwhile")
        self.newest = newest
        self.difference = theirs


class Already(Exception):
    """This is what is published: there is nothing to do."""


class NoSuchRevision(LookupError):
    """No revision, or more than one, is called that."""


def begin(book: Book, folder: Callable[[], Draft], compile: Callable[[Files], Draft], now: datetime) -> Edition:
    """What a process begins with: what is published; or at the very first start what the folder says, which is
    published by that. Raises Unusable.

    What an older version of this program published may not pass the checks of this one. Then the folder, which came
    with this version, is published in its place.
    """
    for _ in range(STARTS_MAX):
        with book.look() as ledger:
            newest = ledger.published()
            files = ledger.revision_files(newest.revision) if newest else None
        kept = compile(files) if files is not None else None
        if newest is not None and kept is not None and kept.sound:
            return edition_of(kept, newest.number, newest.moves)
        own = folder()
        if not own.sound:
            raise Unusable(own.faults)
        note = "what was published cannot be used by this version" if newest else "the first start"
        number, base = (newest.number + 1, newest.revision) if newest else (1, "")
        row = Published(number, own.revision, base, AT_START, int(now.timestamp()), note)
        if _set(book, row, own.files):
            return edition_of(own, number)
    raise Unusable(())


def propose(desk: Desk, draft: Draft, moves: bool = False) -> Proposal:
    """What publishing a draft would do, and everything that speaks against it. Changes nothing."""
    now = desk.shelf.now
    before = Side(_files(desk, now.revision), now.clinic, now.structures)
    changes = difference(before, _side(desk, draft))
    if not draft.sound:
        return Proposal(draft.faults, changes, Census(0, ()))
    coming = edition_of(draft, newest_published(desk).number + 1, moves)
    census = counting.take(desk, coming)
    found = (*counting.left_behind(census, coming), *counting.promised(desk, coming), *_tests(desk, draft, coming))
    return Proposal((*draft.faults, *found), changes, census)


def publish(desk: Desk, draft: Draft, order: Order) -> Done:
    """Publish a draft. Raises Overtaken, Already or Refused; nothing has changed then."""
    newest = newest_published(desk)
    _compare(desk, newest, draft, order)
    proposal = propose(desk, draft, order.moves)
    if proposal.errors:
        raise Refused(proposal)
    stamp = int(desk.clock.now().timestamp())
    row = Published(newest.number + 1, draft.revision, newest.revision, order.by, stamp, order.note, order.moves)
    if not _set(desk.book, row, draft.files):
        raise _overtaken(desk, order)
    desk.shelf.fetch((row.number,))
    return Done(row, proposal)


def roll_back(desk: Desk, revision: str, order: Order) -> Done:
    """Publish an older revision. Raises NoSuchRevision, Overtaken, Already or Refused."""
    draft = desk.shelf.draft(revision)
    if draft is None:
        raise NoSuchRevision(revision)
    return publish(desk, draft, order)


def follow_working_copy(desk: Desk) -> Published | None:
    """Publish what was saved in the folder, where saving is publishing; what was published, if anything was.

    What cannot be published is reported, and what is published stays. The folder's tests are not played: they fail
    while somebody works on them.
    """
    draft = desk.working_copy()
    if draft is None:
        return None
    order = Order(WORKING_COPY, newest_published(desk).revision)
    try:
        return publish(desk, replace(draft, transcripts=()), order).published
    except Already:
        return None
    except Refused as refused:
        first = refused.proposal.errors[0]
        where = {"file": first.file, "line": first.line, "code": first.code}
        desk.report("flows_not_published", {"mistakes": len(refused.proposal.errors), **where})
        return None


def newest_published(desk: Desk) -> Published:
    """What is published now. This process knows it from then on."""
    with desk.book.look() as ledger:
        newest = ledger.published()
    if newest is None:
        return Published(0, desk.shelf.now.revision, "", "", 0)
    desk.shelf.fetch((newest.number,))
    return newest


def history(desk: Desk, limit: int = HISTORY_MAX) -> tuple[Published, ...]:
    """What was published, the newest first."""
    with desk.book.look() as ledger:
        return ledger.publishings(limit)


def revision_called(desk: Desk, beginning: str) -> str:
    """The one revision whose id begins so. Raises NoSuchRevision."""
    with desk.book.look() as ledger:
        found = ledger.revisions_called(beginning)
    if len(found) != 1 or not beginning:
        raise NoSuchRevision(beginning)
    return found[0]


def compare(desk: Desk, before: str, after: str | Draft) -> Difference:
    """What changed from one revision to another, or to a draft. Raises NoSuchRevision."""
    return difference(_side(desk, before), _side(desk, after))


def _side(desk: Desk, what: str | Draft) -> Side:
    draft = what if isinstance(what, Draft) else desk.shelf.draft(what)
    if draft is None:
        raise NoSuchRevision(str(what))
    readable = draft.clinic if draft.sound else None
    return Side(draft.files, readable, structures(readable) if readable else {})


def _files(desk: Desk, revision: str) -> Files:
    with desk.book.look() as ledger:
        return ledger.revision_files(revision) or {}


def _compare(desk: Desk, newest: Published, draft: Draft, order: Order) -> None:
    if newest.revision != order.base:
        raise _overtaken(desk, order)
    if draft.revision == newest.revision and not order.moves:
        raise Already(newest.revision)


def _overtaken(desk: Desk, order: Order) -> Overtaken:
    newest = newest_published(desk)
    base = order.base if desk.shelf.draft(order.base) else newest.base
    return Overtaken(newest, compare(desk, base, newest.revision))


def _set(book: Book, row: Published, files: Files) -> bool:
    """Write a publishing down, and in the audit, unless there is one of its number already."""
    try:
        with book.begin() as ledger:
            if not ledger.publish(row, files):
                raise _TakenError
            ledger.audit(Audited(row.at, row.by, "published", f"flows:{row.revision}", f"edition {row.number}"))
    except _TakenError:
        return False
    return True


class _TakenError(Exception):
    """Undoes the transaction of whoever came second."""


def _tests(desk: Desk, draft: Draft, coming: Edition) -> Iterable[Fault]:
    """E110 for each test of the folder that does not go as written; W102 for each that went otherwise until now."""
    now = desk.shelf.now
    for one in draft.transcripts:
        if play(coming.clinic, one, coming.read).mismatches:
            message = f'the test "{one.name}" does not go as it is written.'
            yield Fault("E110", one.file, one.line, message=message, remedy="Run: python -m bot test")
        elif coming.revision != now.revision and play(now.clinic, one, now.read).mismatches:
            message = f'the test "{one.name}" goes otherwise than what is published now.'
            yield Fault("W102", one.file, one.line, message=message, level="warning")
