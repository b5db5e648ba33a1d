"""What staff write to a patient, and to each other: replies that can be taken back, drafts, notes, quick replies.

A reply is refused, and kept as her draft, when it is not hers to say, and when something was said that she has not
seen. One click is one message, however often it arrives.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from bot.core.conversation import Conversation
from bot.core.events import Event, StaffDid, StaffReplied, StaffTookOver
from bot.core.names import Names
from bot.core.sent_file import is_photo
from bot.core.window import window_open
from bot.desk.apart import apart
from bot.desk.mentions import tell_named
from bot.desk.reception import NotPossible, NotYours, Refused, called, must_claim, take_over
from bot.desk.sent_files import may_be_sent
from bot.desk.turns import conversation_id, happen
from bot.ports import Desk, Ledger
from bot.ports.reception import DraftMode, QuickReply, ThreadLine
from bot.ports.staff import Audited

UNDO_SECONDS = 5
TEXT_CHARACTERS_MAX = 4096
NOTE_CHARACTERS_MAX = 10_000
_TOKEN = re.compile(r"[A-Za-z0-9_-]{8,64}")
_SHORTCUT = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
_LABEL_CHARACTERS_MAX = 40


class Stale(Refused):
    """Something was said that she has not seen; ``newer`` is what. Nothing was sent, her words are her draft."""

    def __init__(self, newer: tuple[ThreadLine, ...]) -> None:
        super().__init__(f"{len(newer)} newer messages")
        self.newer = newer


class SaidOtherwise(NotPossible):
    """What this click said first has been sent. What she has changed since was not, and is her draft: another click may
    say it."""


class WindowClosed(NotPossible):
    """The patient wrote more than 24 hours ago: only an approved template may be sent. Her words are her draft."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a receptionist wants to say. ``last_seen`` is the last line her page showed (None: not asked). ``token``
    comes with the page and is the same for the same click; what was taken back is said again with a new one. ``file``
    is the id of the one that goes with it (:mod:`bot.desk.sent_files`); there may be no words then. ``template``
    names an approved template with ``variables``; ``text`` and ``buttons`` are then what it reads like."""

    text: str
    token: str
    last_seen: int | None = None
    template: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    buttons: tuple[str, ...] = ()
    undo_seconds: int = UNDO_SECONDS
    file: str = ""


@dataclass(frozen=True, slots=True)
class Queued:
    """Words on their way. Until ``undo_until`` (epoch seconds) they can be taken back; ``again`` says that this very
    click was here before, and changed nothing."""

    rows: tuple[int, ...]
    undo_until: int
    again: bool = False


def send_reply(desk: Desk, conversation: str, staff: str, reply: Reply) -> Queued:
    """Write to the patient, taking a conversation that nobody has.

    Raises NotYours, Stale, SaidOtherwise, WindowClosed or NotPossible; whatever is raised, her words are kept as her
    draft.
    """
    _check(reply)
    token = _bound(conversation, staff, reply.token)
    now = _stamp(desk)
    try:
        return _said(desk, conversation, staff, reply, token)
    except Refused:
        with desk.book.begin() as ledger:
            if ledger.read(conversation) is not None:
                ledger.save_draft(conversation, staff, "reply", reply.text, now)
        raise


def _said(desk: Desk, conversation: str, staff: str, reply: Reply, token: str) -> Queued:
    again, found = False, False

    def claimed(ledger: Ledger, state: Conversation) -> Event | None:
        nonlocal again, found
        found, again = True, _was_said(ledger, token, reply)
        if again:
            return None
        claims = must_claim(state, staff)
        _may_be_said(desk, ledger, state, staff, reply)
        return StaffTookOver(staff, called=called(desk, ledger, staff)) if claims else None

    def said(ledger: Ledger, state: Conversation) -> Event | None:
        nonlocal again
        again = again or bool(ledger.staff_rows(token))
        if again:
            return None
        if must_claim(state, staff):
            raise NotYours("Somebody has just put this conversation back into the queue.")
        _may_be_said(desk, ledger, state, staff, reply)
        ledger.save_draft(conversation, staff, "reply", "", _stamp(desk))
        captioned = bool(reply.file) and _leaves(desk, ledger, conversation, staff, reply.file)
        # The clock may have been set while we waited for the conversation: the time to undo begins now.
        due_at = _stamp(desk) + reply.undo_seconds
        name, variables = called(desk, ledger, staff), dict(reply.variables)
        words = StaffReplied(staff, reply.text, token, due_at, reply.template, variables, reply.buttons, name)
        return replace(words, file=reply.file, captioned=captioned)

    happen(desk, conversation, claimed)
    if not found:
        raise NotYours("There is no such conversation.")
    happen(desk, conversation, said)
    with desk.book.begin() as ledger:
        rows = ledger.staff_rows(token)
    # A click that was here before can still be taken back for as long as its words wait.
    until = min((due_at for _, status, due_at in rows if status == "queued"), default=0)
    return Queued(tuple(id for id, _, _ in rows), until, again)


def _was_said(ledger: Ledger, token: str, reply: Reply) -> bool:
    """Whether this click was here before: its answer was lost on the way, or it is a double one."""
    before = ledger.staff_words(token)
    if before is None:
        return False
    words, file = before
    # A template may read otherwise by now, and is the same message. Long words left in parts, cut at blanks or not.
    changed = "".join(words.split()) != "".join(reply.text.split()) or file != reply.file
    if changed and not reply.template:
        raise SaidOtherwise(
            "What you wrote first has been sent: it is in the thread. What you have changed since has not."
        )
    return True


def _may_be_said(desk: Desk, ledger: Ledger, state: Conversation, staff: str, reply: Reply) -> None:
    if not state.address.startswith("whatsapp:"):
        raise NotPossible("This patient has no WhatsApp. Please call.")
    if reply.last_seen is not None:
        newer = ledger.messages_after(state.id, reply.last_seen, staff)
        if newer:
            raise Stale(newer)
    if reply.file:
        may_be_sent(ledger, state.id, reply.file)
    if not reply.template and not window_open(state.last_inbound_at, _stamp(desk) + reply.undo_seconds):
        raise WindowClosed("The patient wrote more than 24 hours ago: WhatsApp allows only a template now.")


def _leaves(desk: Desk, ledger: Ledger, conversation: str, staff: str, file: str) -> bool:
    """A file leaves her draft with its words; whether phones show these under it. One chosen since stays there."""
    now = _stamp(desk)
    if ledger.draft_file(conversation, staff) == file:
        ledger.put_into_draft(conversation, staff, "", now)
    ledger.audit(Audited(now, staff, "sent", f"conversation:{conversation}", f"a file, {file}"))
    return is_photo(may_be_sent(ledger, conversation, file).content_type)


def undo(desk: Desk, conversation: str, staff: str, token: str) -> str | None:
    """Take back what this click said, if it has not left: the words, which are her draft again with their file. None:
    it has left."""
    now = _stamp(desk)
    with desk.book.begin() as ledger:
        # A claim locks the conversation first as well: either it leaves, or it is taken back.
        if ledger.head(conversation) is None:
            return None
        taken = ledger.take_back(_bound(conversation, staff, token), staff, now)
        if taken is None:
            return None
        ledger.save_draft(conversation, staff, "reply", taken.text, now)
        if taken.file and not ledger.draft_file(conversation, staff):
            ledger.put_into_draft(conversation, staff, taken.file, now)
    _ring(desk, conversation)
    return taken.text


def reply(desk: Desk, conversation: str, by: str, text: str) -> None:
    """Write to the patient at once, with nothing to take back: for a terminal, where nothing is shown meanwhile."""
    send_reply(desk, conversation, by, Reply(text, desk.chance.token(), undo_seconds=0))


def conversation_with(desk: Desk, phone: str) -> str:
    """The conversation that a number has or would have. ``phone`` is E.164; raises NotPossible for anything else."""
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", phone):
        raise NotPossible("Write the number with + and the country code, for example +65 9123 4567.")
    return conversation_id(desk.conversation_key, f"whatsapp:{phone}")


def write_first(desk: Desk, staff: str, phone: str, reply: Reply, language: str = "") -> str:
    """Write to a number that never wrote to us, by template; the conversation, which is hers then. ``phone`` is E.164,
    ``language`` what its words are in from now on.

    A number we talk with already is answered in its own conversation, by the rules of :func:`send_reply`; one that
    wants no messages is not written to. Raises NotPossible.
    """
    id = conversation_with(desk, phone)
    if not reply.template:
        raise WindowClosed("A first message must be a template.")
    _check(reply)
    now = _stamp(desk)
    first = Conversation(id, f"whatsapp:{phone}", language or desk.clinic.languages[0], control="closed", greeted=False)
    with desk.book.begin() as ledger:
        head = ledger.create(first, now)
        known = ledger.read(id)
        if known is not None and known.opted_out:
            raise NotPossible("This number wants no messages from us: whoever it belongs to wrote STOP. Please call.")
        if known is not None and not known.address:
            # Erased since: whoever is written to now is somebody new.
            ledger.save(replace(known, address=first.address, unreachable=""), head.seq, head.arrived, now)
        ledger.audit(Audited(now, staff, "sent", f"conversation:{id}", "wrote first"))
    take_over(desk, id, staff)
    send_reply(desk, id, staff, reply)
    return id


# ---- drafts, notes, labels


def save_draft(  # noqa: PLR0913 - who was writing what, where, and in which click
    desk: Desk, conversation: str, staff: str, mode: DraftMode, text: str, token: str = ""
) -> None:
    """Keep what she has begun to write; an empty text drops it. With the ``token`` of the click that is to say it, what
    comes after that click has spoken is not kept: it would be there to be said again."""
    with desk.book.begin() as ledger:
        if mode == "reply" and token and ledger.staff_rows(_bound(conversation, staff, token)):
            return
        ledger.save_draft(conversation, staff, mode, text[:NOTE_CHARACTERS_MAX], _stamp(desk))


def drafts(desk: Desk, conversation: str, staff: str) -> Mapping[str, str]:
    """What she has begun to write, by mode (``reply``, ``note``)."""
    with desk.book.look() as ledger:
        return ledger.drafts(conversation, staff)


def add_note(desk: Desk, conversation: str, staff: str, text: str) -> int:
    """Tell colleagues something about a conversation; its line in the thread. It never leaves the house. Who is named
    in it (``@Ana``) is told."""
    if not text.strip() or len(text) > NOTE_CHARACTERS_MAX:
        raise NotPossible(f"A note has 1 to {NOTE_CHARACTERS_MAX} characters.")
    now = _stamp(desk)
    with desk.book.begin() as ledger:
        if ledger.head(conversation) is None:
            raise NotYours("There is no such conversation.")
        line = ledger.add_note(conversation, staff, text.strip(), now)
        tell_named(desk, ledger, conversation, ThreadLine(line, now, "note", text.strip(), staff))
        ledger.save_draft(conversation, staff, "note", "", now)
    _ring(desk, conversation)
    return line


def put_label(desk: Desk, conversation: str, staff: str, name: str) -> None:
    """Label a conversation. Labels are short words in lower case."""
    name = " ".join(name.split()).casefold()
    if not 0 < len(name) <= _LABEL_CHARACTERS_MAX:
        raise NotPossible(f"A label has 1 to {_LABEL_CHARACTERS_MAX} characters.")
    now = _stamp(desk)
    _did(desk, conversation, staff, "label_put", name, lambda ledger: ledger.put_label(conversation, name, staff, now))


def drop_label(desk: Desk, conversation: str, staff: str, name: str) -> None:
    """Take a label off."""
    _did(desk, conversation, staff, "label_dropped", name, lambda ledger: ledger.drop_label(conversation, name))


def _did(  # noqa: PLR0913 - who did what to what
    desk: Desk, conversation: str, staff: str, what: str, detail: str, act: Callable[[Ledger], bool]
) -> None:
    def done(ledger: Ledger, state: Conversation) -> Event | None:
        return StaffDid(staff, what, detail) if act(ledger) else None

    happen(desk, conversation, done)


# ---- quick replies


def quick_replies(desk: Desk) -> tuple[QuickReply, ...]:
    """All quick replies, by shortcut."""
    with desk.book.look() as ledger:
        return ledger.quick_replies()


def save_quick_reply(desk: Desk, staff: str, shortcut: str, text: str) -> None:
    """Keep words under a shortcut; an empty text drops it. Raises NotPossible."""
    if not _SHORTCUT.fullmatch(shortcut):
        raise NotPossible("A shortcut is a short word: letters a to z, digits and hyphens.")
    if len(text) > TEXT_CHARACTERS_MAX:
        raise NotPossible(f"A message has at most {TEXT_CHARACTERS_MAX} characters.")
    with desk.book.begin() as ledger:
        ledger.save_quick_reply(shortcut, text, staff, _stamp(desk))


def filled(desk: Desk, conversation: str, shortcut: str, staff_name: str) -> str:
    """A quick reply with its names filled in, for the caret: ``{patient}``, ``{staff}``, ``{clinic.…}``. Raises
    NotPossible when there is no such shortcut."""
    with desk.book.begin() as ledger:
        found = next((one for one in ledger.quick_replies() if one.shortcut == shortcut), None)
        filing = ledger.filing(conversation)
        if found is None or filing is None:
            raise NotPossible("There is no such quick reply.")
        ledger.used_quick_reply(shortcut)
    known = {"patient": filing.names[0] if filing.names else "", "staff": staff_name}
    text = found.text if known["patient"] else found.text.replace(" {patient}", "")
    return Names(desk.clinic, filing.conversation, known).render(text)


def _check(reply: Reply) -> None:
    if not (reply.text.strip() or reply.file) or len(reply.text) > TEXT_CHARACTERS_MAX:
        raise NotPossible(f"A message has 1 to {TEXT_CHARACTERS_MAX} characters.")
    if not _TOKEN.fullmatch(reply.token):
        raise NotPossible("This page is too old. Reload it, please.")


def _bound(conversation: str, staff: str, token: str) -> str:
    """The token of a click, which belongs to its conversation and to her."""
    return f"{conversation}:{staff}:{token}"


def _ring(desk: Desk, conversation: str) -> None:
    with apart(desk, "bell_failed", conversation=conversation):
        desk.live.ring("conv", conversation)


def _stamp(desk: Desk) -> int:
    return int(desk.clock.now().timestamp())
