"""Files that patients send: fetched after the turn, kept encrypted, shown to staff, forgotten in time.

A row for each file is written in the message's own transaction; whatever happens to the file, the message is there and
staff see what became of it. The job here may run twice or die anywhere: taking a row up counts the try and puts off the
next before anything is fetched, so a file that takes the worker down is given up in the end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.core.contact_card import VCARD, ContactCard, read_cards
from bot.core.media import TRIES_MAX, file_name
from bot.desk.apart import apart
from bot.ports import Attachment, Desk, Fetched, Ledger, MediaAway, MediaLost, MediaRefused, MediaRow

FORGET_ROWS_MAX = 500
NEVER = 2**53
DAY_SECONDS = 24 * 3600
NOT_REACHED = "it could not be fetched from Twilio"


@dataclass(frozen=True, slots=True)
class Shown:
    """A file for a browser: its bytes, what they are, a name that says nothing of a patient.

    ``inline`` files may be shown within a page; others are only to be saved. ``conversation`` is where it came in.
    """

    content: bytes
    content_type: str
    name: str
    inline: bool
    conversation: str


FileKind = Literal["photo", "voice", "document", "contact"]
PLAYED = frozenset({"audio/ogg", "audio/mpeg", "audio/aac", "audio/mp4"})
"""Sounds that browsers play; others are only to be saved."""


@dataclass(frozen=True, slots=True)
class File:
    """A file in a thread: what it is, its size in bytes, and, if there is nothing to show, why not. A contact card is
    shown by what it says."""

    id: str
    kind: FileKind
    size: int = 0
    why_not: str = ""
    cards: tuple[ContactCard, ...] = ()


def attach(desk: Desk, ledger: Ledger, conversation: str, inbound: str, attachments: Sequence[Attachment]) -> None:
    """Write down a message's files in its own transaction."""
    if attachments:
        chance = desk.chance
        fresh = [(chance.token(), bytes.fromhex(chance.token() + chance.token()), one) for one in attachments]
        ledger.attach(conversation, inbound, fresh, _stamp(desk))


def tend_media(desk: Desk, id: str) -> None:
    """Do what is due for a file: fetch and keep it, or have Twilio forget it. Raises BookAway."""
    now = _stamp(desk)
    with desk.book.begin() as ledger:
        row = ledger.take_media(id, now)
    if row is None:
        return
    if row.status == "pending":
        _fetch(desk, row)
        return
    try:
        desk.media_source().delete(row.url)
    except MediaAway:
        if row.tries < TRIES_MAX:
            return
        desk.report("media_left_at_twilio", {"media": id})
    with desk.book.begin() as ledger:
        ledger.media_deleted(id)


def _fetch(desk: Desk, row: MediaRow) -> None:
    if row.tries > TRIES_MAX:
        _give_up(desk, row, "failed", NOT_REACHED)
        return
    try:
        file = desk.media_source().fetch(row.url)
    except MediaRefused as refused:
        _give_up(desk, row, "refused", str(refused))
    except MediaAway as away:
        if row.tries == TRIES_MAX:
            _give_up(desk, row, "failed", NOT_REACHED)
        else:
            desk.report("media_away", {"media": row.id, "tries": row.tries, "why": str(away)})
    else:
        _keep(desk, row, file)


def _keep(desk: Desk, row: MediaRow, file: Fetched) -> None:
    desk.media_store.keep(row.id, row.key, file.content)
    with desk.book.begin() as ledger:
        kept = ledger.media_kept(row.id, file.content_type, len(file.content), _stamp(desk))
    if not kept:
        # Forgotten while it was on its way.
        desk.media_store.drop(row.id)
    _ring(desk, row)


def _give_up(desk: Desk, row: MediaRow, status: str, note: str) -> None:
    with desk.book.begin() as ledger:
        ledger.media_not_kept(row.id, "refused" if status == "refused" else "failed", note, _stamp(desk))
    desk.report(f"media_{status}", {"media": row.id, "conversation": row.conversation, "tries": row.tries})
    _ring(desk, row)


def _ring(desk: Desk, row: MediaRow) -> None:
    with apart(desk, "bell_failed", conversation=row.conversation):
        desk.live.ring("conv", row.conversation)


def show_media(desk: Desk, id: str) -> Shown:
    """A file that is kept, for whoever the caller has made sure may see it.

    Raises MediaLost, whose message says to staff why there is none.
    """
    with desk.book.begin() as ledger:
        row = ledger.media(id)
    if row is None or row.status != "kept":
        raise MediaLost(why_not(row))
    content = desk.media_store.read(row.id, row.key)
    inline = row.content_type.startswith("image/") or row.content_type in PLAYED
    return Shown(content, row.content_type, file_name(row.id, row.content_type), inline, row.conversation)


def files_with(desk: Desk, inbounds: Sequence[str]) -> Mapping[str, tuple[File, ...]]:
    """What came with these messages, by their sids."""
    with desk.book.look() as ledger:
        rows = ledger.media_with(inbounds)
    found: defaultdict[str, tuple[File, ...]] = defaultdict(tuple)
    for row in rows:
        found[row.inbound] += (_file(desk, row),)
    return found


def _file(desk: Desk, row: MediaRow) -> File:
    if row.status != "kept":
        return File(row.id, "document", why_not=why_not(row))
    if row.content_type == VCARD:
        return _contact(desk, row)
    kind: FileKind = "photo" if row.content_type.startswith("image/") else "document"
    return File(row.id, "voice" if row.content_type in PLAYED else kind, row.size)


def _contact(desk: Desk, row: MediaRow) -> File:
    try:
        return File(row.id, "contact", row.size, cards=read_cards(desk.media_store.read(row.id, row.key)))
    except MediaLost as lost:
        desk.report("media_lost", {"media": row.id})
        return File(row.id, "contact", why_not=str(lost))


def why_not(row: MediaRow | None) -> str:
    """Why a file is not shown, in words for staff."""
    if row is None:
        return "There is no such file."
    if row.status == "pending":
        return "The file is being fetched from Twilio."
    if row.status == "forgotten":
        return "The file was deleted after the clinic's time for keeping files."
    return f"The file is not kept: {row.note}."


def forget_media(desk: Desk, conversation: str = "", before: int = NEVER) -> int:
    """Forget files received before an instant, of one conversation or of all; how many.

    Their keys go in one transaction, so that no copy of a file, in a backup either, can be read with this database any
    more; then the files themselves, then Twilio's copies.
    """
    count = 0
    while True:
        with desk.book.begin() as ledger:
            ids = ledger.forget_media(conversation, before, FORGET_ROWS_MAX, _stamp(desk))
        for id in ids:
            desk.media_store.drop(id)
        count += len(ids)
        if len(ids) < FORGET_ROWS_MAX:
            return count


def forget_old_files(desk: Desk) -> int:
    """Forget files that are older than the clinic keeps them; how many."""
    days = desk.keep_files_days
    return forget_media(desk, before=_stamp(desk) - days * DAY_SECONDS) if days else 0


def _stamp(desk: Desk) -> int:
    return int(desk.clock.now().timestamp())
