"""Files that staff send: chosen for a draft, cleaned, kept encrypted, fetched by Twilio, shown in the thread.

A file is taken up when it is chosen, so that what is wrong with it is told before anybody presses *Send*. It is then
her draft's, survives a reload, and leaves with her words by the same rules (:mod:`bot.desk.replying`). The address that
Twilio fetches it from opens with a proof made of the attempt's id and the installation's key: nothing has to be
remembered for it, and it closes as soon as the patient has the file, or after twelve hours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.core.media import kind_of
from bot.core.sent_file import (
    BROKEN,
    BYTES_MAX,
    EMPTY,
    NOT_TAKEN,
    OPEN_SECONDS,
    OPEN_WHILE,
    PHOTO_TOO_LARGE,
    TOO_LARGE,
    UPLOAD_BYTES_MAX,
    is_photo,
    name_for,
    opens,
    proof_of,
)
from bot.desk.media import Shown
from bot.desk.reception import NotPossible
from bot.ports import Desk, Ledger, MediaLost, MediaRefused
from bot.ports.sent_files import SentFile

GONE = "The file is not kept any more."
NOT_KEPT = "The file cannot be kept here now. Whoever looks after this system has been told."
NOT_HERE = "The file is not here any more. Choose it again, please."


@dataclass(frozen=True, slots=True)
class Chosen:
    """A file as staff see it: its name, its size in bytes, and whether it is shown as a picture. One that is forgotten
    says so in ``why_not``."""

    id: str
    name: str = ""
    size: int = 0
    photo: bool = False
    why_not: str = ""


def choose(desk: Desk, conversation: str, staff: str, called: str, content: bytes) -> Chosen:
    """Take up a file for her draft of a reply, in place of the one it had. ``called`` is its name at her desk. Raises
    NotPossible, in words for her."""
    kind = _taken(content)
    if is_photo(kind):
        content = _redrawn(desk, content, kind)
    chance, now = desk.chance, _stamp(desk)
    id, key = chance.token(), bytes.fromhex(chance.token() + chance.token())
    file = SentFile(id, conversation, staff, name_for(id, called, kind), kind, len(content), key, now)
    _keep(desk, id, key, content)
    try:
        with desk.book.begin() as ledger:
            if ledger.head(conversation) is None:
                raise NotPossible("There is no such conversation.")
            ledger.keep_sent_file(file)
            before = ledger.put_into_draft(conversation, staff, id, now)
            dropped = bool(before) and ledger.drop_unsent_file(conversation, before)
    except NotPossible:
        desk.media_store.drop(id)
        raise
    if dropped:
        desk.media_store.drop(before)
    return _seen(file)


def _keep(desk: Desk, id: str, key: bytes, content: bytes) -> None:
    # Before its row is there. Should that never come, nobody has the key, and what lies here is noise.
    try:
        desk.media_store.keep(id, key, content)
    except OSError as error:
        desk.report("sent_file_not_kept", {"error": type(error).__name__})
        raise NotPossible(NOT_KEPT) from None


def take_away(desk: Desk, conversation: str, staff: str, id: str) -> None:
    """Her draft has this file no more. Unless words went, or are on their way, with it, it is forgotten."""
    with desk.book.begin() as ledger:
        # A reply locks the conversation first as well: either the file is on its way, or it is taken away.
        if ledger.head(conversation) is None or ledger.draft_file(conversation, staff) != id:
            return
        ledger.put_into_draft(conversation, staff, "", _stamp(desk))
        dropped = ledger.drop_unsent_file(conversation, id)
    if dropped:
        desk.media_store.drop(id)


def chosen(desk: Desk, conversation: str, staff: str) -> Chosen | None:
    """The file her draft of a reply has."""
    with desk.book.look() as ledger:
        id = ledger.draft_file(conversation, staff)
        file = ledger.sent_file(id) if id else None
    return _seen(file) if file is not None else None


def files_of(desk: Desk, ids: Sequence[str]) -> Mapping[str, Chosen]:
    """The files that left with words, by their ids; each is there, whether it is kept or not."""
    with desk.book.look() as ledger:
        kept = {file.id: _seen(file) for file in ledger.sent_files(ids)}
    return {id: kept.get(id, Chosen(id, why_not=GONE)) for id in ids}


def may_be_sent(ledger: Ledger, conversation: str, id: str) -> SentFile:
    """A file that was chosen for this conversation. Raises NotPossible."""
    file = ledger.sent_file(id)
    if file is None or file.conversation != conversation:
        raise NotPossible(NOT_HERE)
    return file


def shown(desk: Desk, id: str) -> Shown | None:
    """A file of staff for a browser, for whoever the caller has made sure may see it; None when it is none. Raises
    MediaLost."""
    with desk.book.look() as ledger:
        file = ledger.sent_file(id)
    return _opened(desk, file) if file is not None else None


# ---- Twilio's side


def address_of(desk: Desk, attempt: str) -> str:
    """Where Twilio fetches the file of an attempt from. It says nothing of anybody."""
    return f"{desk.callback_base}/twilio/file?m={attempt}&k={proof_of(desk.conversation_key, attempt)}"


def fetched(desk: Desk, attempt: str, proof: str) -> Shown | None:
    """The file of an attempt, for whoever has its address; None when that does not open (any more)."""
    if not opens(desk.conversation_key, attempt, proof):
        return None
    with desk.book.look() as ledger:
        posting = ledger.posting_of(attempt)
    if posting is None or posting.status not in OPEN_WHILE:
        return None
    if not 0 <= _stamp(desk) - posting.started_at < OPEN_SECONDS:
        return None
    try:
        return replace(_opened(desk, posting.file), inline=False)
    except MediaLost:
        desk.report("sent_file_lost", {"file": posting.file.id})
        return None


def _taken(content: bytes) -> str:
    if not content:
        raise NotPossible(EMPTY)
    kind = kind_of(content)
    if kind is None or kind not in BYTES_MAX:
        raise NotPossible(NOT_TAKEN)
    if len(content) > UPLOAD_BYTES_MAX:
        raise NotPossible(TOO_LARGE)
    return kind


def _redrawn(desk: Desk, content: bytes, kind: str) -> bytes:
    try:
        drawn = desk.redraw(content, kind, BYTES_MAX[kind])
    except MediaRefused:
        raise NotPossible(BROKEN) from None
    if len(drawn) > BYTES_MAX[kind]:
        raise NotPossible(PHOTO_TOO_LARGE)
    return drawn


def _opened(desk: Desk, file: SentFile) -> Shown:
    content = desk.media_store.read(file.id, file.key)
    return Shown(content, file.content_type, file.name, is_photo(file.content_type), file.conversation)


def _seen(file: SentFile) -> Chosen:
    return Chosen(file.id, file.name, file.size, is_photo(file.content_type))


def _stamp(desk: Desk) -> int:
    return int(desk.clock.now().timestamp())
