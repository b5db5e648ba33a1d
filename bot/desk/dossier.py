"""Everything that is kept about a patient, taken out for her in one file.

``data.json`` has every row there is, ``conversations.txt`` the same to be read, and beside them are her files. Where
others are spoken of as well only what was chosen is taken out: their words are theirs.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.core.media import file_name
from bot.desk.erasure import plan
from bot.desk.inbox import thread
from bot.desk.reception import NotPossible
from bot.ports import Desk, MediaLost, MediaRow
from bot.ports.reception import ThreadLine
from bot.ports.sent_files import SentFile
from bot.ports.staff import Audited, AuditSearch

FILES_MAX = 1_000
LOOKS_MAX = 10_000
_WHO = {"patient": "patient", "bot": "assistant", "staff": "reception", "note": "note of the reception"}


def dossier(desk: Desk, staff: str, patient: int, conversations: Sequence[str]) -> bytes:
    """A zip with all that is kept about a patient and in the conversations that are hers alone or were chosen.

    That it was taken out is written down before. Raises NotPossible when there is no such patient.
    """
    found = plan(desk, patient, conversations)
    if found is None:
        raise NotPossible("There is nobody of that id any more.")
    now = int(desk.clock.now().timestamp())
    with desk.book.begin() as ledger:
        subject = f"patient:{patient}" if patient else f"conversation:{found.chosen[0]}"
        ledger.audit(Audited(now, staff, "exported", subject))
        kept = dict(ledger.kept_about(patient, found.chosen))
        files = [row for one in found.chosen for row in ledger.media_of(one, FILES_MAX) if row.status == "kept"]
        sent = [file for one in found.chosen for file in ledger.sent_files_of(one, FILES_MAX)]
        subjects = [f"patient:{patient}", *(f"conversation:{one}" for one in found.chosen)]
        looks = [line for one in subjects for line in ledger.audited(AuditSearch(subject=one), LOOKS_MAX)]
    kept["who_looked"] = [{"at": one.at, "action": one.action, "subject": one.subject} for one in looks]
    kept["left_out"] = [
        {"conversation": place.conversation, "why": "others are spoken of in it"}
        for place in found.places
        if place.conversation not in found.chosen
    ]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", json.dumps(kept, ensure_ascii=False, indent=2))
        archive.writestr("conversations.txt", "\n".join(_read_out(desk, found.chosen)) + "\n")
        for name, content in _files(desk, (*files, *sent)):
            archive.writestr(f"files/{name}", content)
    return out.getvalue()


def _read_out(desk: Desk, conversations: Sequence[str]) -> Iterator[str]:
    for one in conversations:
        yield f"Conversation {one}"
        pages: list[tuple[ThreadLine, ...]] = []
        before: int | None = None
        while not pages or before is not None:
            page = thread(desk, one, before, 500)
            pages.append(page.lines)
            before = page.before
        for line in (line for lines in reversed(pages) for line in lines):
            at = datetime.fromtimestamp(line.at, desk.diary.zone)
            if line.kind != "event":
                yield f"{at:%Y-%m-%d %H:%M}  {_WHO[line.kind]}: {_said(line)}"
        yield ""


def _said(line: ThreadLine) -> str:
    place = line.location.words if line.location else ""
    file = "[file]" if line.file else ""
    return " ".join(filter(None, (file, line.text, place))) or f"[{line.media}]"


def _files(desk: Desk, rows: Sequence[MediaRow | SentFile]) -> Iterator[tuple[str, bytes]]:
    for row in rows:
        try:
            yield file_name(row.id, row.content_type), desk.media_store.read(row.id, row.key)
        except MediaLost as lost:
            desk.report("media_lost", {"media": row.id})
            yield f"{row.id}.txt", str(lost).encode()
