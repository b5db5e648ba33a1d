"""The only place where real things are put together. Nothing is opened before a function here is called."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bot.adapters import backup, elsewhere, flows_folder
from bot.adapters.claims import FileClaims, boot_id
from bot.adapters.clock import SystemChance, SystemClock
from bot.adapters.erased_list import FileErasedList
from bot.adapters.flows_folder import Stamp, read_folder, stamp_of
from bot.adapters.flows_transcripts import load_transcripts, read_transcripts
from bot.adapters.flows_transcripts_written import rewritten, write_transcripts
from bot.adapters.flows_yaml import Loaded, checked, load_checked, load_files
from bot.adapters.json_lines import JsonLines
from bot.adapters.media_redraw import redrawn
from bot.adapters.media_store import FileMedia
from bot.adapters.redis_live import RedisLive
from bot.adapters.rq_queue import RqQueue
from bot.adapters.spool import FileSpool
from bot.adapters.sql import SqlBook, migrate
from bot.core import safety_texts
from bot.core.fault import Fault, in_reading_order
from bot.core.finding import Finding
from bot.core.transcript import Hears, Transcript
from bot.desk import publishing, templates
from bot.desk.shelf import ProcessShelf
from bot.ports import BookAway, BookRefused, Carrier, Desk, Draft, Files, MediaSource
from bot.ports.devices import Push
from bot.ports.staff import Locks
from bot.settings import Settings, Unsafe, read

if TYPE_CHECKING:
    from bot.adapters.simulator_store import Simulator
    from bot.adapters.smtp_mail import SmtpMail

log = logging.getLogger("frontdesk")

COUNTS_BYTES = 1 << 16
"""How long Prometheus's client makes a process's file."""

BackupRefused = backup.Refused
FlowsRefused = elsewhere.Refused
FlowsArrived = elsewhere.Arrived
base_of, began_from, write_folder = flows_folder.base_of, flows_folder.began_from, flows_folder.write_folder


class BrokenFlows(Exception):
    """The flow files cannot be used. ``faults`` says everything that is wrong with them."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(fault.told for fault in faults))
        self.faults = faults


def look_at_flows(directory: Path, years: tuple[int, ...] = ()) -> tuple[Loaded, tuple[Fault, ...]]:
    """Load a directory of flows and check it: what was read, and every fault at once, errors and warnings.

    The clinic is closed on the public holidays of ``years``.
    """
    loaded = load_checked(directory, years)
    return loaded, loaded.faults


def transcripts(directory: Path) -> tuple[tuple[Transcript, ...], tuple[Fault, ...]]:
    """The conversations written down as tests of a directory of flows, and what is wrong with their files."""
    return load_transcripts(directory)


def import_flows(file: Path, folder: Path, base: Path) -> FlowsArrived:
    """Translate a file of another program, or a bundle of ours, into flows of ``folder``. Raises FlowsRefused."""
    return elsewhere.import_flows(file, folder, base)


def export_flows(folder: Path, with_tests: bool) -> bytes:
    """The flows of a folder as one file for another clinic. Raises FlowsRefused."""
    return elsewhere.export_flows(folder, with_tests)


def written_transcripts(written: Iterable[Transcript], about: str) -> str:
    """Such conversations as a file of tests, which has been read back."""
    text = write_transcripts(written, about)
    read_back, faults = read_transcripts(text.encode(), "tests/written.yaml")
    if faults or len(read_back) != text.count("\ntalk:\n"):
        raise AssertionError(f"a test that was written cannot be read: {faults[:1]}")
    return text


def rewrite_transcripts(file: Path, transcripts: Iterable[Transcript], answers: Mapping[int, Iterable[Hears]]) -> None:
    """Put other lines of the bot into a file of tests, behind the patient's lines that are named. Raises OSError."""
    talk = [spoken for one in transcripts for spoken in one.talk]
    text = rewritten(file.read_text(encoding="utf-8"), talk, answers)
    _, faults = read_transcripts(text.encode(), file.name)
    if faults:
        raise AssertionError(f"a test that was rewritten cannot be read: {faults[:1]}")
    file.write_text(text, encoding="utf-8")


def add_transcript(file: Path, transcript: Transcript, about: str = "") -> None:
    """Write a conversation down as a test, below a remark: as a new file, or at the end of one that is there. Raises
    OSError."""
    before = file.read_text(encoding="utf-8").rstrip("\n") + "\n---\n" if file.exists() else ""
    file.write_text(before + written_transcripts((transcript,), about), encoding="utf-8")


def open_desk(settings: Settings) -> Desk:
    """The desk of one process. Raises BrokenFlows, or BookAway when the database is away."""
    clock = SystemClock()
    book = SqlBook(settings.database_url)
    shelf = ProcessShelf(book, compile_files, clock.monotonic, _report)
    try:
        shelf.open(publishing.begin(book, lambda: _draft(read_folder(settings.flows_dir)), compile_files, clock.now()))
    except publishing.Unusable as unusable:
        raise BrokenFlows(unusable.faults) from None

    @cache
    def carrier() -> Carrier:
        return open_carrier(settings)

    @cache
    def media_source() -> MediaSource:
        return open_media_source(settings)

    conversation_key = book.conversation_key()

    @cache
    def push() -> Push:
        return open_push(settings, conversation_key)

    return Desk(
        shelf=shelf,
        clock=clock,
        chance=SystemChance(),
        live=RedisLive(settings.redis_url, clock.monotonic),
        book=book,
        queue=RqQueue(settings.redis_url),
        carrier=carrier,
        spool=FileSpool(settings.data_dir / "spool"),
        media_source=media_source,
        media_store=FileMedia(settings.data_dir / "media"),
        claims=FileClaims(settings.data_dir / "claims", boot_id()),
        erased_list=FileErasedList(settings.data_dir / "erased"),
        redraw=redrawn,
        mail=(lambda: open_mail(settings)) if settings.smtp_url else None,
        push=push,
        desk_url=settings.desk_url,
        conversation_key=conversation_key,
        callback_base=settings.public_url,
        keep_files_days=settings.keep_files_days,
        keep_words_days=settings.keep_words_days,
        keep_safety_days=settings.keep_safety_days,
        messages_per_second=settings.messages_per_second,
        report=_report,
        note=_note,
        working_copy=_changes_in(settings.flows_dir) if settings.simulator else lambda: None,
    )


def draft_in(directory: Path) -> Draft:
    """The flow files of a folder as they would be published, with its tests. Raises BrokenFlows when there is none."""
    if not directory.is_dir():
        raise BrokenFlows(look_at_flows(directory)[1])
    files = read_folder(directory)
    found, unreadable = load_transcripts(directory)
    return replace(_draft(files, unreadable), transcripts=found)


def compile_files(files: Files) -> Draft:
    """Flow files that were published, for this year and the next."""
    return _draft(files)


def _draft(files: Files, unreadable: tuple[Fault, ...] = ()) -> Draft:
    year = SystemClock().now().year
    loaded = checked(load_files(files, (year, year + 1)))
    return Draft(loaded.files, in_reading_order((*loaded.faults, *unreadable)), loaded.clinic, loaded.diary)


def _changes_in(directory: Path) -> Callable[[], Draft | None]:
    """What is in a folder, whenever something in it has been saved since the last look."""
    seen: list[Stamp] = []

    def look() -> Draft | None:
        stamp = stamp_of(directory)
        if seen == [stamp]:
            return None
        seen[:] = [stamp]
        return _draft(read_folder(directory))

    return look


def open_locks(settings: Settings) -> Locks:
    """What keeps staff's passwords and second factors. Imported here: the webhook needs neither argon2 nor pictures."""
    from bot.adapters.staff_locks import StaffLocks

    return StaffLocks(settings.secret_key)


def open_carrier(settings: Settings) -> Carrier:
    """The Twilio client. Imported here: it costs 100 ms and 20 MiB that a webhook process never needs."""
    from bot.adapters.twilio_carrier import TwilioCarrier

    return TwilioCarrier(
        settings.twilio_account_sid,
        settings.twilio_auth_tokens[0],
        _api_key(settings),
        settings.twilio_from,
        settings.twilio_api_url,
    )


def open_mail(settings: Settings) -> SmtpMail:
    """Letters to staff. Imported here: only the queue's worker writes any. Needs SMTP_URL."""
    from bot.adapters.smtp_mail import SmtpMail

    return SmtpMail(settings.smtp_url or "", settings.alert_from or "")


def open_push(settings: Settings, installation_key: bytes) -> Push:
    """Notices to staff's own devices. Imported here, as letters are."""
    from bot.adapters.web_push import WebPush

    # Push services want to know whom to write to when something is wrong with us, and take no http address for that.
    page = settings.desk_url if settings.desk_url.startswith("https:") else "mailto:frontdesk@localhost"
    contact = f"mailto:{settings.alert_from}" if settings.alert_from else page
    return WebPush(installation_key, contact)


def open_media_source(settings: Settings) -> MediaSource:
    """What patients send, from Twilio. Imported here: a webhook process never fetches."""
    from bot.adapters.media_fetch import TwilioMedia

    credentials = _api_key(settings) or (settings.twilio_account_sid, settings.twilio_auth_tokens[0])
    return TwilioMedia(credentials, settings.twilio_api_url)


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything this installation stands on, one finding after the other. Changes nothing, never raises for
    what it looks at."""
    from bot.adapters import examine_here, examine_twilio

    tokens, api_url = settings.twilio_auth_tokens, settings.twilio_api_url
    account = examine_twilio.Account(settings.twilio_account_sid, tokens, _api_key(settings), api_url)
    clock = SystemClock()
    yield from _look_at_words(settings.flows_dir)
    yield from examine_here.look_at_disk(settings.data_dir)
    now = int(clock.now().timestamp())
    yield from _then(
        examine_here.look_at_database(settings.database_url),
        lambda: _look_into(SqlBook(settings.database_url), settings, now),
    )
    yield from examine_here.look_at_redis(settings.redis_url)
    yield from examine_here.look_at_processes(RedisLive(settings.redis_url, clock.monotonic), settings.redis_url)
    yield from _look_at_mail(settings)
    yield _what_is_kept(settings)
    outside = examine_twilio.look_at_public_url(settings.public_url, account)
    # Without a proxy the webhook's port leads browsers to the pages itself.
    direct = settings.public_url == settings.local_url
    yield from _then(outside, lambda: iter(()) if direct else examine_twilio.look_at_pages(settings.public_url))
    yield from _then(examine_twilio.look_at_account(account), lambda: examine_twilio.look_at_content(account))


def _then(first: Iterator[Finding], second: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """What rests on something is looked at only when that has no fault: one fault is told once."""
    faults = 0
    for finding in first:
        faults += finding.level == "fault"
        yield finding
    if not faults:
        yield from second()


def _look_at_mail(settings: Settings) -> Iterator[Finding]:
    if settings.smtp_url is None:
        yield Finding("ok", "Mail", "not set up: staff are told on the screen, and on devices they added")
        return
    from bot.adapters.smtp_mail import look_at_mail

    yield from look_at_mail(open_mail(settings))


def _what_is_kept(settings: Settings) -> Finding:
    """What the clinic has said of how long it keeps what patients write and send."""
    words, files = settings.keep_words_days, settings.keep_files_days
    kept = [
        f"words {words} days, with safety texts {settings.keep_safety_days}" if words else "words for good",
        f"files {files} days" if files else "files as long as their words",
    ]
    hint = "" if words else " (KEEP_WORDS_DAYS is not set)"
    return Finding("ok", "Kept", f"{', '.join(kept)}{hint}")


def _look_at_words(directory: Path) -> Iterator[Finding]:
    _, faults = look_at_flows(directory)
    errors = sum(fault.level == "error" for fault in faults)
    do = "Run: python -m bot check"
    if errors:
        yield Finding("fault", "Flows", f"{_counted(errors, 'mistake')} to put right.", str(directory), do)
    elif faults:
        what = f"{_counted(len(faults), 'thing')} to look at before patients write."
        yield Finding("warning", "Flows", what, str(directory), do)
    else:
        yield Finding("ok", "Flows", "nothing to put right")
    if safety_texts.SIGNED_BY is None:
        do = "Have the clinic's doctor check and sign them. Until then they are used as they are."
        what = "The words for emergencies are drafts that nobody has signed."
        yield Finding("warning", "Safety", what, "bot/core/safety_texts.py", do)
    else:
        yield Finding("ok", "Safety", f"signed by {safety_texts.SIGNED_BY} on {safety_texts.SIGNED_ON}")


def _look_into(book: SqlBook, settings: Settings, now: int) -> Iterator[Finding]:
    from bot.adapters import examine_here

    yield from _look_at_published(book, settings)
    yield from _look_at_templates(book)
    yield from examine_here.look_at_channel(book, now)
    yield from examine_here.look_at_backlog(book, now)


def _look_at_published(book: SqlBook, settings: Settings) -> Iterator[Finding]:
    """Whether the folder is what the bot says."""
    with book.look() as ledger:
        newest = ledger.published()
    draft = _draft(read_folder(settings.flows_dir))
    if newest is None:
        yield Finding("ok", "Published", "nothing yet: the first start publishes the flows")
    elif draft.revision == newest.revision or settings.simulator:
        yield Finding("ok", "Published", f"edition {newest.number}, revision {newest.revision}")
    else:
        what = f"The files are not what the bot says (edition {newest.number})."
        do = "See what differs: python -m bot flows diff. Publish it: python -m bot flows publish"
        yield Finding("warning", "Published", what, str(settings.flows_dir), do)


def _look_at_templates(book: SqlBook) -> Iterator[Finding]:
    """What was published needs them; before the first start nothing does."""
    from bot.adapters import examine_here

    with book.look() as ledger:
        newest, known = ledger.published(), ledger.templates()
        files = ledger.revision_files(newest.revision) if newest else None
    clinic = compile_files(files).clinic if files is not None else None
    if clinic is not None:
        wanted = templates.wanted(clinic)
        yield from examine_here.look_at_templates(len(wanted), len(templates.not_approved(wanted, known)))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _api_key(settings: Settings) -> tuple[str, str] | None:
    sid, secret = settings.twilio_api_key_sid, settings.twilio_api_key_secret
    return (sid, secret) if sid and secret else None


def open_simulator(settings: Settings, desk: Desk) -> Simulator:
    """The patients' phones and the Twilio-shaped endpoint, for simulator mode only."""
    from bot.adapters.simulator_store import Simulator

    return Simulator(
        path=settings.data_dir / "simulator.sqlite",
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_tokens[0],
        clinic_address=settings.twilio_from,
        webhook_url=settings.local_url,
        public_url=settings.public_url,
        time_zone=str(desk.diary.zone),
        clinic_name=str(desk.clinic.facts.get("short name") or desk.clinic.facts.get("name") or "Clinic"),
    )


def _report(event: str, ids: Mapping[str, object]) -> None:
    log.warning(event, extra={"ids": ids})


def _note(event: str, ids: Mapping[str, object]) -> None:
    log.info(event, extra={"ids": ids})


def log_to_stderr() -> None:
    """Logs of this process: JSON, one object a line, with ids only."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    log.setLevel(logging.INFO)


def share_metrics(settings: Settings, counts: bool = False) -> None:
    """Have this machine's processes count into files of one folder. One that ``counts`` has its file made at once.

    To be called before Prometheus's client is imported: it looks once. It maps a file of holes into memory, and on a
    full disk the kernel ends whoever writes into a hole, patients' messages and all: so the file is filled first. Where
    there is no room for it, the process counts for itself.
    """
    folder = settings.data_dir / "metrics"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if counts:
            _fill(folder / f"histogram_{os.getpid()}.db")
    except OSError as error:
        _report("metrics_not_shared", {"error": type(error).__name__})
        return
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def _fill(file: Path) -> None:
    if file.exists():
        return
    try:
        file.write_bytes(bytes(COUNTS_BYTES))
    except OSError:
        file.unlink()
        raise


@contextmanager
def plainly() -> Iterator[None]:
    """What keeps a process from starting is said in a few words, not as a stack trace, and ends it.

    The exit code is 3: gunicorn's master then knows that its worker cannot start, and ends too.
    """
    try:
        yield
        return
    except (Unsafe, BrokenFlows, BookRefused) as refusal:
        reason = str(refusal)
    except BookAway as away:
        reason = f"The database cannot be used ({away}): look whether it runs, and at DATABASE_URL."
    log.critical("cannot_start", extra={"ids": {"why": reason}})
    sys.exit(3)


def without_database(away: BookAway) -> str:
    """What a command says when it could not use the database, and what to do."""
    if isinstance(away, BookRefused):
        return str(away)
    why = f" ({away})" if str(away) else ""
    ask = "Is Frontdesk set up here, with the same settings? Try: python -m bot doctor"
    return f"The database cannot be used{why}. {ask}"


def migrate_book(settings: Settings) -> None:
    """Bring the database to the shape this version needs. Safe to call from several processes at once."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    migrate(settings.database_url)


def back_up(settings: Settings, file: Path) -> None:
    """Write everything that must not be lost to one file, while Frontdesk runs. Raises BackupRefused."""
    loaded, _ = look_at_flows(settings.flows_dir)
    flows = loaded.clinic.version if loaded.clinic else "cannot be read"
    backup.back_up(_place(settings), file, flows, int(SystemClock().now().timestamp()))


def restore(settings: Settings, file: Path, over_newer: bool) -> None:
    """Put a backup in the place of what is there; nobody else may be at work. Raises BackupRefused or BookAway."""
    backup.restore(_place(settings), file, int(SystemClock().now().timestamp()), over_newer)


def _place(settings: Settings) -> backup.Place:
    def forget_live() -> None:
        if settings.redis_socket is not None:
            # Our own Redis is stopped: what it would come back with are these files.
            shutil.rmtree(settings.data_dir / "redis", ignore_errors=True)
        else:
            RedisLive(settings.redis_url, SystemClock().monotonic).forget_all()

    return backup.Place(settings.database_url, settings.data_dir, settings.secret_key, forget_live)


def open_alone(directory: Path, room: Path) -> Desk:
    """A desk in one process without a server, on a fresh SQLite database in ``room``. Raises BrokenFlows."""
    if not directory.is_dir():
        raise BrokenFlows(look_at_flows(directory)[1])
    settings = read({"DATA_DIR": str(room), "FLOWS_DIR": str(directory), "REDIS_URL": f"unix://{room}/none.sock"})
    migrate_book(settings)
    return open_desk(settings)
