"""``/live``: an open page hears that something changed, and asks for what it shows. Ids only leave here.

One thread of the process listens to Redis for as long as anybody listens to us, and passes each ring on to every open
stream. A ring may be lost: pages ask again by themselves whenever they connect, and every twenty seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Lock, Thread

from flask import Blueprint, Response

from bot.desk import sessions
from bot.ports import BookAway, Desk, LiveAway
from bot.ports.staff import Session
from bot.web.desk.guard import current_staff, page

BEAT_SECONDS = 15
STREAM_SECONDS_MAX = 600
"""Then the browser connects anew: nothing lives for ever, and a restart of ours waits for nobody."""
RINGS_MAX = 500
"""A stream that nobody reads from is ended, and not filled without end."""

Ring = tuple[str, str]
EVERYTHING: Ring = ("queue", "everything")


class Bells:
    """Passes the rings of Redis on to every open stream of this process."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lock = Lock()
        self._open: set[SimpleQueue[Ring]] = set()
        self._thread: Thread | None = None

    @contextmanager
    def listening(self) -> Iterator[SimpleQueue[Ring]]:
        """Rings as they come, until the block ends."""
        rings: SimpleQueue[Ring] = SimpleQueue()
        with self._lock:
            self._open.add(rings)
            self._start()
        try:
            yield rings
        finally:
            with self._lock:
                self._open.discard(rings)

    def _listen(self) -> None:
        listening = False
        try:
            for kind, id in self._desk.live.heard(self._nobody_listens):
                if not listening:
                    # What rang since a page was made is told as one ring for all.
                    listening = True
                    self._pass_on(EVERYTHING)
                if kind:
                    self._pass_on((kind, id))
        except LiveAway:
            self._desk.report("bells_away", {})
        finally:
            # Redis is away, or somebody came as we were leaving: the next beat of a stream starts anew.
            with self._lock:
                self._thread = None

    def wake(self) -> None:
        """Listen again if the listening has ended; whatever was missed meanwhile is told as one ring for all."""
        with self._lock:
            if self._thread is not None or not self._open:
                return
            self._start()
        self._pass_on(EVERYTHING)

    def _start(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._listen, name="bells", daemon=True)
            self._thread.start()

    def _nobody_listens(self) -> bool:
        with self._lock:
            return not self._open

    def _pass_on(self, ring: Ring) -> None:
        with self._lock:
            for rings in self._open:
                rings.put(ring)


def live_room(desk: Desk) -> Blueprint:
    """``/live``."""
    room = Blueprint("live", __name__)
    bells = Bells(desk)

    @room.get("/live", endpoint="stream")
    @page("inbox.read", quiet=True)
    def stream() -> Response:
        told = _told(desk, bells, current_staff().session)
        return Response(told, mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"})

    return room


def _told(desk: Desk, bells: Bells, session: Session) -> Iterator[str]:
    """What one stream says: rings, and a beat every quarter of a minute while she is signed in."""
    ends_at = desk.clock.monotonic() + STREAM_SECONDS_MAX
    with bells.listening() as rings:
        yield "retry: 2000\n\n" + _event("beat") + _event(*EVERYTHING)
        while desk.clock.monotonic() < ends_at:
            try:
                yield _event(*rings.get(timeout=BEAT_SECONDS))
            except Empty:
                if not _may_stay(desk, session):
                    yield _event("out")
                    return
                bells.wake()
                yield _event("beat")
            if rings.qsize() > RINGS_MAX:
                return


def _may_stay(desk: Desk, session: Session) -> bool:
    """Whether she is still signed in. While nobody can tell she is asked again at the next beat; she hears ids only."""
    try:
        return sessions.still_signed_in(desk, session) is not None
    except BookAway:
        return True


def _event(kind: str, id: str = "") -> str:
    return f"event: {kind}\ndata: {id}\n\n"
