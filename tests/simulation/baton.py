"""Several processes in one, deterministically: each doer has a thread of its own, and only who holds the baton runs.

A seeded scheduler gives the baton to one doer after the other; the doer gives it back when its act is done, or in the
middle of it where it calls the outside. So the same seed makes the same interleaving, thread by thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from threading import Lock, Thread

from tests.fakes import FakeClock


class Crash(BaseException):
    """The process died here. No Exception: nothing in the product may catch it, as nothing catches SIGKILL."""


class Doer:
    """Something that acts again and again: a web worker, a sender, a receptionist.

    ``act`` is one whole act and says how many seconds pass before the next; ``busy`` says whether there is anything to
    do; ``reborn`` runs when a crash ended an act: what its process remembered is gone.
    """

    def __init__(
        self,
        name: str,
        act: Callable[[], float],
        busy: Callable[[], bool] = lambda: True,
        reborn: Callable[[], None] = lambda: None,
    ) -> None:
        self.name, self.act, self.busy, self.reborn = name, act, busy, reborn
        self.wakes_at = 0.0
        self.in_the_middle = False
        self.dead = False
        self.failure: BaseException | None = None
        self.baton = Lock()
        self.baton.acquire()
        self.thread: Thread | None = None


class Stage:
    """Where doers act, one at a time. Everything that happens is written into ``trace``."""

    def __init__(self, chance: Random, clock: FakeClock) -> None:
        self.chance, self.clock = chance, clock
        self.doers: list[Doer] = []
        self.trace: list[str] = []
        self.running: Doer | None = None
        self._back = Lock()
        self._back.acquire()
        self._over = False

    def note(self, what: str) -> None:
        """Write down what happened, when and to whom."""
        who = self.running.name if self.running else "-"
        self.trace.append(f"{self.clock.monotonic() - 1000:.3f} {who} {what}")

    def add(self, doer: Doer) -> None:
        doer.thread = Thread(target=self._live, args=(doer,), daemon=True)
        doer.thread.start()
        self.doers.append(doer)

    def step(self) -> None:
        """Let somebody who is awake and has something to do go on. Time passes when all of them sleep."""
        self._one_of([doer for doer in self.doers if doer.in_the_middle or doer.busy()])

    def finish(self) -> None:
        """Let everybody come to the end of what they are doing, and begin nothing."""
        while busy := [doer for doer in self.doers if doer.in_the_middle]:
            self._one_of(busy)

    def _one_of(self, busy: Sequence[Doer]) -> None:
        now = self.clock.monotonic()
        awake = [doer for doer in busy if doer.wakes_at <= now]
        if not awake:
            awake = [min(busy, key=lambda doer: doer.wakes_at)]
            self.clock.pass_seconds(awake[0].wakes_at - now)
        self._run(self.chance.choice(awake))

    def pass_baton(self, seconds: float = 0.0) -> None:
        """Called by a doer in the middle of its act: others may run now, and it goes on when its turn comes again,
        not before ``seconds`` have passed."""
        doer = self.running
        assert doer is not None
        doer.wakes_at = self.clock.monotonic() + seconds
        self._back.release()
        doer.baton.acquire()
        if doer.dead:
            raise Crash

    def die(self) -> None:
        """The running doer's process ends here and now."""
        assert self.running is not None
        self.running.dead = True
        raise Crash

    @property
    def mourned(self) -> bool:
        """Whether the running doer is dead: whatever still unwinds in its thread must touch nothing."""
        return self.running is not None and self.running.dead

    def end(self) -> None:
        """Everybody leaves; no thread stays behind."""
        self._over = True
        for doer in self.doers:
            doer.dead = True
            self._run(doer)
            assert doer.thread is not None
            doer.thread.join()

    def _run(self, doer: Doer) -> None:
        self.running, doer.in_the_middle = doer, True
        doer.baton.release()
        self._back.acquire()
        self.running = None
        if doer.failure is not None and not self._over:
            raise doer.failure

    def _live(self, doer: Doer) -> None:
        while True:
            doer.baton.acquire()
            if not self._over:
                self._act(doer)
            doer.in_the_middle = False
            over = self._over
            self._back.release()
            if over:
                return

    def _act(self, doer: Doer) -> None:
        try:
            doer.wakes_at = self.clock.monotonic() + doer.act()
        except Crash:
            if not self._over:
                self.note("died")
                doer.dead = False
                doer.wakes_at = self.clock.monotonic() + 1
                doer.reborn()
        except BaseException as error:  # noqa: BLE001 - the scheduler's thread is the one that must hear of it
            doer.failure = error
