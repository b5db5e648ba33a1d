"""The outside as a test wants it: kept in memory, and behaving like the real thing.

It is Monday 2 March 2026, 09:00 in Singapore, until a test lets time pass. The tests of an adapter run on its fake too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event, RLock

from bot.core.template import Wording
from bot.core.wording import numbered
from bot.ports import (
    CarrierAway,
    CarrierRefused,
    CarrierUnclear,
    Fetched,
    Listed,
    ListedInbound,
    LiveAway,
    MediaAway,
    MediaLost,
    MediaRefused,
    Outgoing,
    Taken,
)
from bot.ports.alerts import Letter
from bot.ports.devices import Device, Notice
from bot.ports.reception import Doing

MONDAY_MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HOLD_SECONDS = 4
BEAT_SECONDS = 20


class FakeClock:
    """Stands still until :meth:`pass_seconds`."""

    def __init__(self, now: datetime = MONDAY_MORNING) -> None:
        self._now = self._began = now
        self._monotonic = 1_000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def pass_seconds(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def sleep(self, seconds: float) -> None:
        self.pass_seconds(seconds)

    def step_to(self, now: datetime) -> None:
        """The wall clock jumps, as an administrator or a time server makes it; monotonic time does not."""
        self._now = now

    def right(self) -> datetime:
        """What time it would be had nobody set the clock."""
        return self._began + timedelta(seconds=self._monotonic - 1_000.0)

    @property
    def epoch(self) -> int:
        return int(self._now.timestamp())


class FakeChance:
    """Tokens count upwards; numbers are whatever the test set, 0 to begin with."""

    def __init__(self) -> None:
        self.given = 0
        self.number = 0

    def token(self) -> str:
        self.given += 1
        return f"{self.given:032x}"

    def below(self, limit: int) -> int:
        return min(self.number, limit - 1)


@dataclass
class _Hold:
    token: str
    until: float
    more: bool = False


class FakeDoorbell:
    """Rings and presence in memory; ``rung`` is what pages would have heard."""

    def __init__(self) -> None:
        self.rung: list[tuple[str, str]] = []
        self._rang = Event()
        self._looking: dict[str, dict[str, tuple[str, int]]] = {}
        self._shift: dict[str, int] = {}

    def ring(self, kind: str, id: str) -> None:
        self._answers()
        self.rung.append((kind, id))
        self._rang.set()

    def heard(self, stop: Callable[[], bool]) -> Iterator[tuple[str, str]]:
        while not stop():
            if not self.rung:
                self._rang.wait(0.05)
            self._rang.clear()
            yield self.rung.pop(0) if self.rung else ("", "")

    def look(self, conversation: str, staff: str, doing: str, now: int) -> None:
        self._answers()
        self._looking.setdefault(conversation, {})[staff] = (doing, now + 30)

    def look_away(self, conversation: str, staff: str) -> None:
        self._answers()
        self._looking.get(conversation, {}).pop(staff, None)

    def looking(self, conversations: Sequence[str], now: int) -> Mapping[str, Mapping[str, Doing]]:
        self._answers()
        found = {
            one: {staff: doing for staff, (doing, until) in self._looking.get(one, {}).items() if until > now}
            for one in conversations
        }
        return {one: staff for one, staff in found.items() if staff}  # type: ignore[misc]

    def on_shift(self, staff: str, now: int) -> None:
        self._answers()
        self._shift[staff] = now + 90

    def off_shift(self, staff: str) -> None:
        self._answers()
        self._shift.pop(staff, None)

    def watchers(self, now: int) -> frozenset[str]:
        self._answers()
        return frozenset(staff for staff, until in self._shift.items() if until > now)

    def _answers(self) -> None:
        raise NotImplementedError


class FakeLive(FakeDoorbell):
    """Holds, states and the wake list in memory. ``away`` makes every call fail; :meth:`next_awake` never waits."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock
        self._lock = RLock()
        self._holds: dict[str, _Hold] = {}
        self._states: dict[str, tuple[int, int, str]] = {}
        self._beats: dict[str, float] = {}
        self._lanes: dict[str, float] = {}
        self.awake: list[str] = []
        self.scrubbed = 0
        self.away = False

    def take(self, conversation: str, token: str) -> Taken:
        with self._lock:
            self._answers()
            return Taken(self._took(conversation, token), *self._states.get(conversation, ()))

    def note_more(self, conversation: str, token: str) -> Taken:
        with self._lock:
            self._answers()
            if self._took(conversation, token):
                return Taken(True, *self._states.get(conversation, ()))
            self._holds[conversation].more = True
            return Taken(False)

    def give_back(
        self, conversation: str, token: str, seq: int, arrived: int, state: str, wake: bool, goes_on: bool = True
    ) -> bool:
        with self._lock:
            self._answers()
            if seq > self._states.get(conversation, (-1,))[0]:
                self._states[conversation] = (seq, arrived, state)
            if seq >= 0:
                self.rung.append(("conv", conversation))
            if wake:
                self.awake.append(conversation)
            hold = self._holder(conversation)
            if hold is None or hold.token != token:
                return False
            if hold.more and goes_on:
                self._holds[conversation] = self._fresh(token)
            else:
                del self._holds[conversation]
            return hold.more

    def wake(self, conversations: Sequence[str]) -> None:
        with self._lock:
            self._answers()
            self.awake += conversations

    def forget(self, conversation: str) -> None:
        with self._lock:
            self._answers()
            self._states.pop(conversation, None)

    def scrub(self) -> None:
        with self._lock:
            self._answers()
            self.scrubbed += 1

    def pace(self, lane: str, seconds_each: float, burst: int, patience_seconds: float) -> float:
        with self._lock:
            self._answers()
            now = self._clock.monotonic()
            free = max(self._lanes.get(lane, 0.0), now)
            wait = max(0.0, free - (burst - 1) * seconds_each - now)
            if wait <= patience_seconds:
                self._lanes[lane] = free + seconds_each
            return wait

    def next_awake(self, timeout_seconds: float, limit: int) -> tuple[str, ...]:
        with self._lock:
            self._answers()
            taken, self.awake = self.awake[:limit], self.awake[limit:]
            return tuple(dict.fromkeys(taken))

    def beat(self, kind: str) -> None:
        self._answers()
        self._beats[kind] = self._clock.monotonic()

    def alive(self) -> dict[str, int]:
        self._answers()
        return {kind: 1 for kind, at in self._beats.items() if self._clock.monotonic() - at <= BEAT_SECONDS}

    def healthy(self) -> bool:
        return not self.away

    def empty(self) -> None:
        """FLUSHALL."""
        with self._lock:
            self._holds.clear()
            self._states.clear()
            self._beats.clear()
            self._lanes.clear()
            self.awake.clear()

    def _answers(self) -> None:
        if self.away:
            raise LiveAway("the test took Redis away")

    def _holder(self, conversation: str) -> _Hold | None:
        hold = self._holds.get(conversation)
        return hold if hold is not None and self._clock.monotonic() < hold.until else None

    def _took(self, conversation: str, token: str) -> bool:
        if self._holder(conversation) is not None:
            return False
        self._holds[conversation] = self._fresh(token)
        return True

    def _fresh(self, token: str) -> _Hold:
        return _Hold(token, self._clock.monotonic() + HOLD_SECONDS)


@dataclass(frozen=True)
class Posted:
    """One POST that reached the carrier, whether or not the answer came back."""

    sid: str
    outgoing: Outgoing
    callback_url: str


@dataclass
class FakeCarrier:
    """Takes what is posted, and lists it. ``troubles`` are raised one after the other by the next posts.

    A refusal or an unreachable carrier takes nothing. An unclear one takes the message when ``takes_unclear`` is set.
    ``on_list`` is what its list shows, ``keeps`` refuses to delete any of it; ``broken_lists`` are addresses with which
    asking fails unexpectedly. ``from_patients`` is what it lists of patients. ``made`` are its templates, ``approvals``
    what is said of them.
    """

    clock: FakeClock
    posted: list[Posted] = field(default_factory=list)
    troubles: list[Exception] = field(default_factory=list)
    takes_unclear: bool = False
    lists: bool = True
    keeps: bool = False
    on_list: list[Listed] = field(default_factory=list)
    broken_lists: set[str] = field(default_factory=set)
    from_patients: list[ListedInbound] = field(default_factory=list)
    made: dict[str, str] = field(default_factory=dict)
    approvals: dict[str, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lock = RLock()

    def post(self, outgoing: Outgoing, callback_url: str) -> str:
        with self._lock:
            trouble = self.troubles.pop(0) if self.troubles else None
            if trouble is not None and not (isinstance(trouble, CarrierUnclear) and self.takes_unclear):
                raise trouble
            sid = f"SM{len(self.posted) + 1:032x}"
            self.posted.append(Posted(sid, outgoing, callback_url))
            self.on_list.append(Listed(sid, outgoing.address, self.words_of(outgoing), self.clock.epoch, "sent"))
            if trouble is not None:
                raise trouble
            return sid

    def listed(self, to: str, since: int) -> tuple[Listed, ...]:
        if not self.lists:
            raise CarrierAway("the test took Twilio away")
        if to in self.broken_lists:
            raise ZeroDivisionError("a bug of ours")
        return tuple(one for one in self.on_list if one.to == to and one.created_at >= since)

    def inbound(self, since: int, limit: int) -> tuple[ListedInbound, ...]:
        if not self.lists:
            raise CarrierAway("the test took Twilio away")
        found = sorted((one for one in self.from_patients if one.sent_at >= since), key=lambda one: one.sent_at)
        return tuple(found[-limit:])

    def contents(self) -> Mapping[str, str]:
        self._answers()
        return self.made

    def make_content(self, wording: Wording) -> str:
        self._answers()
        self.made[wording.key] = f"HX{len(self.made) + 1:032x}"
        return self.made[wording.key]

    def submit_content(self, sid: str, wording: Wording) -> None:
        self._answers()
        self.approvals[sid] = ("received", "")

    def content_status(self, sid: str) -> tuple[str, str]:
        self._answers()
        return self.approvals.get(sid, ("unsubmitted", ""))

    def make_question_contents(self) -> int:
        return 0

    def _answers(self) -> None:
        if self.troubles:
            raise self.troubles.pop(0)

    def exchanged(self, address: str, limit: int) -> tuple[tuple[str, int], ...]:
        self._answers()
        sent = [(one.sid, one.created_at) for one in self.on_list if one.to == address]
        got = [(one.sid, one.sent_at) for one in self.from_patients if one.address == address]
        return (*sent[:limit], *got[:limit])

    def delete(self, sid: str) -> None:
        self._answers()
        if self.keeps:
            raise CarrierRefused(409, 20009)
        self.on_list = [one for one in self.on_list if one.sid != sid]
        self.from_patients = [one for one in self.from_patients if one.sid != sid]

    def words_of(self, outgoing: Outgoing) -> str:
        if outgoing.content is not None:
            return outgoing.content.body
        if outgoing.choices and len(outgoing.choices) > 10:
            return numbered(outgoing.text, outgoing.choices, outgoing.hint)
        return outgoing.text

    @property
    def words(self) -> list[str]:
        """What patients were sent, in order."""
        return [one.outgoing.text for one in self.posted]


class FakeQueue:
    """Remembers what RQ was asked to run. ``away`` makes it fail."""

    def __init__(self) -> None:
        self.jobs: list[tuple[str, tuple[int | str, ...]]] = []
        self.away = False
        self.at_work = 1

    def workers(self) -> int:
        if self.away:
            raise LiveAway("the test took Redis away")
        return self.at_work

    def enqueue(self, job: str, *ids: int | str) -> None:
        if self.away:
            raise LiveAway("the test took Redis away")
        self.jobs.append((job, ids))


@dataclass
class FakeMediaSource:
    """Files as Twilio has them, by address. ``troubles`` are raised one after the other by the next calls."""

    files: dict[str, Fetched] = field(default_factory=dict)
    troubles: list[MediaAway | MediaRefused] = field(default_factory=list)
    asked: int = 0

    def fetch(self, url: str) -> Fetched:
        self._answers()
        if url not in self.files:
            raise MediaAway("HTTP 404")
        return self.files[url]

    def delete(self, url: str) -> None:
        self._answers()
        self.files.pop(url, None)

    def _answers(self) -> None:
        self.asked += 1
        if self.troubles:
            raise self.troubles.pop(0)


class FakeErasedList:
    """Erasures in memory."""

    def __init__(self) -> None:
        self.digests: dict[str, int] = {}

    def note(self, digest: str, at: int) -> None:
        self.digests[digest] = max(at, self.digests.get(digest, 0))

    def noted(self) -> Mapping[str, int]:
        return dict(self.digests)


@dataclass
class FakeMail:
    """Remembers every letter. ``troubles`` are raised one after the other; ``died`` sends and then tells nobody so."""

    letters: list[Letter] = field(default_factory=list)
    troubles: list[Exception] = field(default_factory=list)

    def send(self, letter: Letter) -> int:
        if self.troubles:
            raise self.troubles.pop(0)
        self.letters.append(letter)
        return 0


@dataclass
class FakePush:
    """Remembers every notice by its device. ``troubles`` are raised one after the other."""

    told: list[tuple[str, Notice]] = field(default_factory=list)
    troubles: list[Exception] = field(default_factory=list)
    public_key: str = "BPublicKey"

    def takes(self, device: Device) -> bool:
        return device.endpoint.startswith("https://push.example/")

    def send(self, device: Device, notice: Notice) -> None:
        if self.troubles:
            raise self.troubles.pop(0)
        self.told.append((device.name, notice))


class FakeMediaStore:
    """Files in memory, each readable with its own key alone."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[bytes, bytes]] = {}

    def keep(self, id: str, key: bytes, content: bytes) -> None:
        self.files[id] = (key, content)

    def read(self, id: str, key: bytes) -> bytes:
        kept = self.files.get(id)
        if kept is None or kept[0] != key:
            raise MediaLost("The file is not there any more.")
        return kept[1]

    def drop(self, id: str) -> None:
        self.files.pop(id, None)


@dataclass
class FakeClaim:
    """A claim in memory."""

    name: str
    begun: set[str] = field(default_factory=set)

    def begins(self, attempt: str) -> None:
        self.begun.add(attempt)


class FakeClaims:
    """Claims in memory. One whose ``with`` block raises is over, as if its process had died."""

    def __init__(self) -> None:
        self._made = 0
        self._over: dict[str, frozenset[str]] = {}

    @contextmanager
    def making(self, claimer: str) -> Iterator[FakeClaim]:
        self._made += 1
        claim = FakeClaim(f"{claimer}.{self._made}")
        try:
            yield claim
        except BaseException:
            self._over[claim.name] = frozenset(claim.begun)
            raise

    def over(self) -> Mapping[str, frozenset[str]]:
        return dict(self._over)

    def forget(self, names: Iterable[str]) -> None:
        for name in names:
            self._over.pop(name, None)
