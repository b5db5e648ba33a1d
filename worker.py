"""The worker's entrance: ``python worker.py senders`` lets words leave, ``python worker.py rq`` runs queued jobs."""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
import time
from threading import Event, Thread

SENDERS_MAX = 4
FILES_OF_A_SENDER = 20
"""It writes to eight patients at once, each with a connection to Twilio and one to Redis; a claim, a place to wait."""
FILES_OF_THEIR_OWN = 24
"""What the process has open beside its senders: the database, the tick's connections, its output."""
STOP_SECONDS_MAX = 2.5
PAUSE_SECONDS_MIN, PAUSE_SECONDS_MAX = 0.5, 5.0
"""Between two looks for a Redis that is away."""
QUEUE_AWAY = """\
Redis does not answer: is it running, and is REDIS_URL its address and its password? Patients are answered without it, a
little slower; reminders and files wait until it is back. More: python -m bot doctor"""


def senders() -> None:
    """Senders and the tick, until SIGTERM; then what was posted is written down, if it ends in time."""
    from bot import settings, wiring
    from bot.desk import turns
    from bot.desk.speaking import keep_sending
    from bot.desk.tick import keep_ticking

    stop = Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda *_: stop.set())
    wiring.log_to_stderr()
    with wiring.plainly():
        desk = wiring.open_desk(settings.read(os.environ))
    # Opened before there is anything to say: the first reply waits for nothing.
    desk.carrier()
    name = f"{socket.gethostname()}-{os.getpid()}"
    threads = [Thread(target=keep_ticking, args=(desk, turns, stop))]
    threads += [
        Thread(target=keep_sending, args=(desk, f"{name}-{number}", stop)) for number in range(how_many_senders())
    ]
    for thread in threads:
        thread.daemon = True
        thread.start()
    stop.wait()
    until = time.monotonic() + STOP_SECONDS_MAX
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    # A post that Twilio has not answered yet must not keep us: it is settled later, like after any other death.
    os._exit(0)


def how_many_senders() -> int:
    """As many as the process may have files open for: one that can open none loses sight of what it has posted."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return SENDERS_MAX
    return max(1, min(SENDERS_MAX, (files - FILES_OF_THEIR_OWN) // FILES_OF_A_SENDER))


def rq() -> None:
    """The queue's jobs, until SIGTERM. While Redis is away it is said once, and looked for again every few seconds."""
    from bot import settings, wiring
    from bot.adapters.rq_worker import work
    from bot.jobs import JOBS, get_ready
    from bot.ports import LiveAway

    wiring.log_to_stderr()
    with wiring.plainly():
        url, report = settings.read(os.environ).redis_url, get_ready().report
    pause = PAUSE_SECONDS_MIN
    while True:
        began = time.monotonic()
        try:
            return work(url, JOBS, report)
        except LiveAway:
            if time.monotonic() - began > PAUSE_SECONDS_MAX:
                pause = PAUSE_SECONDS_MIN
            if pause == PAUSE_SECONDS_MIN:
                report("queue_away", {})
                sys.stderr.write(f"{QUEUE_AWAY}\n")
        for wanted in (signal.SIGTERM, signal.SIGINT):
            # A worker that is no more would only take note of them.
            signal.signal(wanted, signal.SIG_DFL)
        time.sleep(pause)
        pause = min(2 * pause, PAUSE_SECONDS_MAX)


if __name__ == "__main__":
    if sys.argv[1:] not in (["senders"], ["rq"]):
        sys.exit("usage: python worker.py senders | rq")
    {"senders": senders, "rq": rq}[sys.argv[1]]()
