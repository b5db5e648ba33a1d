"""The ports of a desk with weather: at every call the process may die before or after it, the call may fail before or
after it was done, or take long. Between calls others may act; inside a transaction nobody else does, as SQLite has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from types import TracebackType
from typing import Any, TypeVar

from bot.ports import Book, BookAway, CarrierAway, CarrierRefused, CarrierUnclear, LiveAway
from tests.simulation.baton import Crash, Stage

T = TypeVar("T")
Trouble = Callable[[], Exception]

HANDS_OVER = 0.35
"""How often the baton changes hands at a port call."""
SLOW_SECONDS = (0.2, 0.6, 2.0, 3.5, 5.0, 12.0, 45.0)
"""Beyond a turn's deadline, a hold's lease (4 s), a sender's patience (10 s) and its lease (30 s)."""
RATES = (0.0, 0.003, 0.01, 0.03, 0.08)
"""How many calls in one are struck: some mornings are fair, some are awful."""
POSTING_SECONDS_MAX = 12.0
"""The client of a carrier waits no longer for an answer."""
POSTING_SHARE = 3.0
"""Posting is what cannot be repeated blindly: it has that much more weather than other calls."""
CALLS_IN_A_TURN = 12
"""A turn calls its transaction about so often; each call has that much less weather."""


class Weather:
    """How bad it is in this run, and what happens at each call."""

    def __init__(self, stage: Stage, chance: Random) -> None:
        self.stage, self.chance = stage, chance
        self.calm = False
        self.crashes, self.troubles, self.slowness = (chance.choice(RATES) for _ in range(3))
        self.book_back_at = self.twilio_back_at = 0.0
        self.met: dict[str, int] = {}

    def call(self, name: str, do: Callable[[], T], troubles: Mapping[str, Trouble], slowest: float = 60.0) -> T:
        """Call the outside: the baton may change hands before, and weather strikes before or after."""
        self._alive()
        if self.chance.random() < HANDS_OVER:
            self.stage.pass_baton()
        what = self._what(POSTING_SHARE if name == "twilio.post" else 1.0)
        early = self.chance.random() < 0.5
        self.stage.note(f"{name} {what} {early}" if what else name)
        if what and early:
            self._strike(what, name, troubles["before"], slowest)
        result = do()
        if what and not early:
            self._strike(what, name, troubles["after"], slowest)
        return result

    def inside(self, name: str, do: Callable[[], T]) -> T:
        """A call on an open transaction: nobody else can act, time alone may pass."""
        self._alive()
        what = self._what(1 / CALLS_IN_A_TURN)
        if what:
            self.stage.note(f"{name} {what}")
        if what == "slow":
            self.stage.clock.pass_seconds(self.chance.choice(SLOW_SECONDS[:5]))
        elif what:
            self._strike(what, name, BookAway, 0)
        return do()

    def strikes_commit(self) -> tuple[str, bool]:
        """What happens to a commit, and whether before it was written."""
        return self._what(1.0), self.chance.random() < 0.5

    def die(self) -> None:
        self.stage.die()

    def _alive(self) -> None:
        if self.stage.mourned:
            raise Crash

    def _what(self, share: float) -> str:
        if self.calm:
            return ""
        drawn = self.chance.random() / share
        for what, rate in (("crash", self.crashes), ("trouble", self.troubles), ("slow", self.slowness)):
            if drawn < rate:
                self.met[what] = self.met.get(what, 0) + 1
                return what
            drawn -= rate
        return ""

    def _strike(self, what: str, name: str, trouble: Trouble, slowest: float) -> None:
        if what == "crash":
            self.stage.die()
        if what == "trouble":
            raise trouble()
        self.stage.pass_baton(min(self.chance.choice(SLOW_SECONDS), slowest))


class StormyBook:
    """The book of record, in this weather. ``committed`` is called after every commit, before anybody else acts."""

    def __init__(self, book: Book, weather: Weather, committed: Callable[[], None]) -> None:
        self._book, self._weather, self._committed = book, weather, committed

    def begin(self) -> Any:
        return _Begun(self._book, self._weather, self._committed)

    def look(self) -> Any:
        return self.begin()

    def conversation_key(self) -> bytes:
        return self._book.conversation_key()

    def healthy(self) -> bool:
        return self._book.healthy()


class _Begun:
    """One transaction; a crash or time-out strikes its beginning, any call, or its commit on either side."""

    def __init__(self, book: Book, weather: Weather, committed: Callable[[], None]) -> None:
        self._weather, self._committed = weather, committed
        self._transaction = book.begin()

    def __enter__(self) -> StormyLedger:
        weather = self._weather
        weather.call("book.begin", lambda: None, {"before": BookAway, "after": BookAway})
        if weather.stage.clock.monotonic() < weather.book_back_at:
            raise BookAway("the database is away")
        return StormyLedger(self._transaction.__enter__(), weather)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is not None:
            return bool(self._transaction.__exit__(kind, error, trace))
        what, early = self._weather.strikes_commit()
        self._weather.stage.note(f"commit {what} {early}" if what in ("crash", "trouble") else "commit")
        struck = {"crash": Crash(), "trouble": BookAway("nobody knows whether it was written")}.get(what)
        if struck is not None and early:
            self._undo(struck)
        else:
            self._transaction.__exit__(None, None, None)
            self._committed()
        if what == "crash":
            self._weather.die()
        if struck is not None:
            raise struck
        if what == "slow":
            self._weather.stage.pass_baton(self._weather.chance.choice(SLOW_SECONDS))
        return False

    def _undo(self, struck: BaseException) -> None:
        try:
            self._transaction.__exit__(type(struck), struck, None)
        except BaseException as error:
            if error is not struck:
                raise


class StormyLedger:
    """An open transaction, in this weather."""

    def __init__(self, ledger: Any, weather: Weather) -> None:
        self._ledger, self._weather = ledger, weather

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._ledger, name)
        if name == "savepoint":
            return method
        return lambda *given: self._weather.inside(name, lambda: method(*given))


class Stormy:
    """A port each of whose calls may fail with one of ``troubles``, before it was done or after."""

    def __init__(self, name: str, port: Any, weather: Weather, before: Sequence[Trouble], after: Sequence[Trouble]):
        self._name, self._port, self._weather = name, port, weather
        self._before, self._after = before, after
        self._slowest = POSTING_SECONDS_MAX if name == "twilio" else 60.0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        if name in ("words_of", "healthy"):
            return method
        weather = self._weather
        troubles = {"before": self._one_of(self._before), "after": self._one_of(self._after)}
        return lambda *given: weather.call(
            f"{self._name}.{name}", lambda: method(*given), troubles, slowest=self._slowest
        )

    def _one_of(self, troubles: Sequence[Trouble]) -> Trouble:
        def make() -> Exception:
            return self._weather.chance.choice(troubles)()

        return make


REDIS = ((lambda: LiveAway("away"),), (lambda: LiveAway("no answer"),))
DISK = ((lambda: OSError("the disk is full"),), (lambda: OSError("the disk is slow"),))
POSTING = (
    (
        lambda: CarrierAway("refused"),
        lambda: CarrierRefused(429, 20429, 3),
        lambda: CarrierRefused(429, None),
        lambda: CarrierRefused(401, 20003),
        lambda: CarrierUnclear("HTTP 500, not taken"),
        lambda: CarrierUnclear("reset, not taken"),
    ),
    (lambda: CarrierUnclear("reset, taken"), lambda: CarrierUnclear("time-out, taken")),
)
ASKING = ((lambda: CarrierAway("cannot be listed"),), (lambda: CarrierAway("no answer"),))
