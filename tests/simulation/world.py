"""One seed: a clinic's whole morning in one process, with patients, receptionists, workers and weather."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from random import Random
from unittest.mock import patch

from bot.core.safety import words_for
from bot.desk import missed, settling, speaking, templates, turns
from bot.desk.follow_ups import send_follow_up
from bot.desk.replaying import conversations, replay
from bot.desk.shelf import ProcessShelf
from bot.desk.tick import TICK_SECONDS, Seen, tick
from bot.ports import BookAway, Desk, LiveAway
from bot.web import create_webhook
from bot.wiring import compile_files
from tests.fakes import FakeClaims, FakeClock, FakeErasedList, FakeLive, FakeMediaSource, FakeMediaStore
from tests.simulation.baton import Doer, Stage
from tests.simulation.faults import ASKING, DISK, POSTING, REDIS, Stormy, StormyBook, Weather
from tests.simulation.people import Patients, attend, fall_through
from tests.simulation.promises import Broken, Promises
from tests.simulation.room import KEY, InTurn, Jobs, Once, Room, SeededChance
from tests.simulation.twilio import DOOR, URL, Twilio
from tests.universe import SINGAPORE, FakeSpool, edition, shipped

STEPS = 180
REMINDERS = (22 * 3600, 3 * 3600)
"""Before an appointment tomorrow: both fall due today, within the 24-hour window of those who write today."""
REMINDED_AT = ((12, 45), (20, 1))
"""When they are due, clinic time; the second would fall into the night and comes earlier."""
QUIET_ROUNDS_MAX = 120
QUIET_SECONDS = 20.0
"""Between two ticks once the weather is calm: more than a first look at Twilio's list, less than a sender's lease."""


@dataclass(frozen=True)
class Ran:
    """What one seed came to: the promise it broke, if any, and everything that happened."""

    seed: int
    broken: str
    trace: tuple[str, ...]
    counts: Counter[str]

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()


class World:
    """The desk, the people round it and the weather over it, all from one seed."""

    def __init__(self, seed: int, room: Room) -> None:
        room.empty()
        self.seed, self.room = seed, room
        self.clock = FakeClock()
        self.stage = Stage(_stream(f"{seed} stage"), self.clock)
        self.chance = _stream(f"{seed} people")
        self.weather = Weather(self.stage, _stream(f"{seed} weather"))
        self.live, self.jobs, self.spool = FakeLive(self.clock), Jobs(), FakeSpool()
        self.promises = Promises(room.reader, lambda: {sid for sid, _ in self.spool.kept()}, self.clock.monotonic)
        self.twilio = Twilio(self.stage, _stream(f"{seed} twilio"), self.promises.posted, self.promises.answered)
        self.desk = self._desk()
        self.webhook = create_webhook(self.desk, DOOR, 8001)
        self.patients = Patients(self.chance, self.twilio)
        self.reminding = False
        """Later in the day, when reminders leave and appointments fall through."""
        self.patients.book_before(self.desk, room)
        for doer in self._doers():
            self.stage.add(doer)

    def _desk(self) -> Desk:
        weather = self.weather
        diary = shipped().diary
        assert diary is not None
        carrier = _Carrier(
            Stormy("twilio", self.twilio, weather, *POSTING), Stormy("twilio", self.twilio, weather, *ASKING)
        )
        book = StormyBook(self.room.book, weather, self.promises.committed)
        shelf = ProcessShelf(book, compile_files, self.clock.monotonic, self._report)
        shelf.open(edition(diary=replace(diary, reminders=REMINDERS), read=self.room.read))
        return Desk(
            shelf=shelf,
            clock=self.clock,
            chance=SeededChance(_stream(f"{self.seed} chance")),
            live=Stormy("redis", self.live, weather, *REDIS),
            book=book,
            queue=Stormy("rq", self.jobs, weather, *REDIS),
            carrier=lambda: carrier,
            spool=Stormy("spool", self.spool, weather, *DISK),
            media_source=FakeMediaSource,
            media_store=FakeMediaStore(),
            claims=FakeClaims(),
            erased_list=FakeErasedList(),
            redraw=lambda content, content_type, bytes_max: content,
            conversation_key=KEY,
            callback_base=URL,
            report=self._report,
        )

    def _report(self, event: str, ids: Mapping[str, object]) -> None:
        self.stage.note(f"report {event} {dict(ids)}")
        self.promises.reported(event, ids)

    # ---- who acts

    def _doers(self) -> Iterator[Doer]:
        deliver = partial(self.twilio.deliver, self.webhook)
        for number in range(3):
            yield Doer(f"web-{number}", deliver, self.twilio.due)
        for number in range(2):
            send = partial(self._send, f"sender-{number}")
            yield Doer(f"sender-{number}", send, lambda: bool(self.live.awake) or self.live.away)
        yield Doer("rq", self._work, lambda: bool(self.jobs.waiting))
        for number in range(1 + (self.chance.random() < 0.2)):
            yield Ticker(self.desk, f"tick-{number}", lambda: QUIET_SECONDS if self.weather.calm else TICK_SECONDS)
        yield Doer("patients", self._write, lambda: not self.weather.calm)
        yield Doer("staff", self._attend, lambda: not self.weather.calm)
        yield Doer("illness", self._fall_ill, self._somebody_may_fall_ill)
        yield Doer("trouble", self._trouble, lambda: not self.weather.calm)

    def _send(self, name: str) -> float:
        speaking.keep_sending(self.desk, name, Once())  # type: ignore[arg-type]
        return 0.0

    def _work(self) -> float:
        """RQ runs a job; one that fails is gone, one may run twice."""
        job, ids = self.jobs.waiting.pop(self.chance.randrange(len(self.jobs.waiting)))
        if not self.weather.calm and self.chance.random() < 0.1:
            self.jobs.waiting.append((job, ids))
        try:
            JOBS[job](self.desk, *ids)
        except (BookAway, LiveAway) as error:
            self.stage.note(f"job {job} failed: {type(error).__name__}")
        return 0.1

    def _write(self) -> float:
        seconds, written = self.patients.write()
        for sid, address, text in written:
            self.stage.note(f"{address} writes {text!r} as {sid}")
            flags = self.room.read(text, self.clock.now()).red_flags
            if flags:
                self.promises.red[sid] = words_for(flags, "en")
        return seconds

    def _attend(self) -> float:
        anybody = turns.conversation_id(KEY, self.chance.choice(self.patients.addresses))
        cancels, seconds = (0.3, 2) if self.reminding else (0.1, 12)
        self.stage.note(f"is told {attend(self.desk, self.chance, anybody, cancels) or 'nothing'}")
        return self.chance.random() * seconds

    def _somebody_may_fall_ill(self) -> bool:
        return self.reminding and not self.weather.calm and bool(self.promises.about_to_be_reminded())

    def _fall_ill(self) -> float:
        """An appointment falls through while its reminder is in the outbox and nobody has claimed it yet."""
        patient = self.chance.choice(self.promises.about_to_be_reminded())
        if self.chance.random() < 0.5:
            with suppress(BookAway):
                fall_through(self.desk, patient)
        return 5.0

    def _trouble(self) -> float:
        """What goes wrong around us, apart from single calls."""
        chance, now = self.chance, self.clock.monotonic()
        self.live.away = self.jobs.away = False
        what = chance.choice(("flush", "redis away", "book away", "twilio away", "lose", "shuffle", "double", "clock"))
        self.stage.note(what)
        if what == "flush":
            self.live.empty()
            self.jobs.waiting.clear()
        elif what == "redis away":
            self.live.away = self.jobs.away = True
        elif what == "book away":
            self.weather.book_back_at = now + chance.random() * 8
        elif what == "twilio away":
            self.twilio.away_until = now + chance.random() * 40
        elif what == "clock":
            self._set_clock(chance.choice((-1, 0, 1)))
        elif what == "lose":
            self.live.awake.clear()
            self.jobs.waiting.clear()
        elif what == "shuffle":
            chance.shuffle(self.live.awake)
            chance.shuffle(self.jobs.waiting)
        else:
            self.live.awake *= 2
            self.jobs.waiting *= 2
        return 2 + chance.random() * 25

    def _set_clock(self, hours: int) -> None:
        """From now on the clock is wrong by so many hours."""
        self.clock.step_to(self.clock.right() + timedelta(hours=hours))

    # ---- the run

    def run(self, steps: int) -> None:
        """A morning with weather, perhaps the rest of the day, and then calm until nothing is on its way."""
        self._act(steps)
        if self.chance.random() < 0.5:
            for hour, minute in REMINDED_AT:
                self.stage.finish()
                self._set_clock(0)
                then = self.clock.now().astimezone(SINGAPORE).replace(hour=hour, minute=minute)
                self.clock.pass_seconds((then - self.clock.now()).total_seconds())
                self.reminding = True
                self._act(steps // 5)
        if self.chance.random() < 0.3:
            self._last_hour_twice(steps // 5)
        self._calm()
        self._settle()
        if self.promises.holding() or self.chance.random() < 0.2:
            self.stage.finish()
            self.clock.pass_seconds(self.desk.diary.hold_minutes * 60)
            self._settle()
        with self.room.book.begin() as ledger:
            persons = [one.conversation for one in ledger.needing_a_person()]
        self.promises.at_the_end(self.clock.epoch, self._awake_now(), persons)
        self._replay()

    def _replay(self) -> None:
        """The journal alone gives every state and every effect again."""
        here = {self.desk.clinic.version: self.desk.clinic}
        for start, entries in conversations(self.room.book, 0):
            came = replay(start, entries, lambda version, _: here.get(version))
            self.promises.replayed(came, len(entries))

    def _last_hour_twice(self, steps: int) -> None:
        """Nothing leaves while the clock is an hour ahead; then it is set right, and what was put off must not wait."""
        self._set_clock(1)
        self.twilio.away_until = self.clock.monotonic() + 3600
        self._act(steps)

    def _act(self, steps: int) -> None:
        for _ in range(steps):
            self.stage.step()

    def _calm(self) -> None:
        self.weather.calm = self.twilio.calm = True
        self._set_clock(0)
        self.live.away = self.jobs.away = False
        self.weather.book_back_at = self.twilio.away_until = 0.0

    def _settle(self) -> None:
        """Go on without faults until everything has been said that should be."""
        for _ in range(QUIET_ROUNDS_MAX):
            until = self.clock.monotonic() + QUIET_SECONDS
            while self.clock.monotonic() < until or self.twilio.due():
                self.stage.step()
            if self.promises.quiet(self._awake_now()) and not self.twilio.letters:
                return
        raise Broken("it never gets quiet")

    def _awake_now(self) -> int:
        """Now, or the last moment of today when follow-ups still leave."""
        last = self.clock.now().astimezone(SINGAPORE).replace(hour=20, minute=25)
        return min(self.clock.epoch, int(last.timestamp()))

    def tell(self) -> Counter[str]:
        return self.promises.counts + Counter(self.weather.met)


def _stream(name: str) -> Random:
    """Chance for one purpose: what one of us draws does not change what another one gets."""
    return Random(name)  # noqa: S311 - repeatable on purpose


class Ticker(Doer):
    """The process that ticks. What it has seen dies with it."""

    def __init__(self, desk: Desk, name: str, seconds: Callable[[], float]) -> None:
        self._desk, self._seconds = desk, seconds
        self._seen = Seen()
        super().__init__(name, self._tick, reborn=self._forget)

    def _tick(self) -> float:
        tick(self._desk, self._seen, turns)
        return self._seconds()

    def _forget(self) -> None:
        self._seen = Seen()


class _Carrier:
    """Posting and asking have troubles of their own."""

    def __init__(self, posting: Stormy, asking: Stormy) -> None:
        self.post, self.listed, self.words_of = posting.post, asking.listed, asking.words_of
        self.inbound = asking.inbound


JOBS: Mapping[str, Callable[..., object]] = {
    "settle": settling.settle,
    "send_follow_up": send_follow_up,
    "take_up_waiting": turns.take_up_waiting,
    "look_for_missed": missed.look_for_missed,
    "look_at_templates": templates.look,
}


def run(seed: int, room: Room, steps: int = STEPS) -> Ran:
    """Run one seed to its end, or to the first promise that is broken."""
    broken = ""
    with patch.object(speaking, "ThreadPoolExecutor", InTurn):
        world = World(seed, room)
        try:
            world.run(steps)
        except Broken as error:
            broken = str(error)
        finally:
            world.stage.end()
    return Ran(seed, broken, (*world.stage.trace, room.digest()), world.tell())
