"""`make run`: starts everything, keeps it running, and leaves nothing behind.

Each child runs in a session of its own, so that Ctrl-C reaches only us, and so that what a child has forked (gunicorn's
workers, RQ's work horses) is known by its session even when it has left the process group. A child that ends is
started again within a second, for ever; what remains of it is killed first, since it may still hold the port.

A second process, the guard, does nothing but read a pipe on which sessions are reported. When the pipe closes we are
gone, in whatever way, and the guard ends what we left running. It shares our lock on DATA_DIR until it is done.
"""

import contextlib
import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, NoReturn, Self
from urllib.parse import urlsplit

from bot.adapters import redis_server
from bot.settings import Settings, Unsafe, read, with_a_phone
from bot.wiring import look_at_flows

LOOK_SECONDS = 0.1
STOP_SECONDS_MAX = 3.0
BASE_STOP_SECONDS_MAX = 1.5
KILL_SECONDS_MAX = 1.0
# A guard at work holds the lock for as long as stopping may take.
LOCK_SECONDS_MAX = STOP_SECONDS_MAX + KILL_SECONDS_MAX + 2
HEALTH_SECONDS_MAX = 1.0
WEBHOOK_SHAPE = ("--worker-class", "bot.web.prompt_worker.PromptWorker", "--workers", "2", "--threads", "2")
PAGES_SHAPE = ("--worker-class", "bot.web.prompt_worker.RoomyWorker", "--workers", "1", "--threads", "128")
"""One worker: an open stream of events takes a thread, and several workers fill up unevenly."""


@dataclass(frozen=True, slots=True)
class Child:
    """A process to keep running. A `base` (Redis) is stopped after the others, which may still need it."""

    name: str
    argv: tuple[str, ...]
    base: bool = False


@dataclass(frozen=True, slots=True)
class Patience:
    """How long, in seconds, a child that ended is kept from coming back, and how long one that is to end may take."""

    restart: float = 0.8
    stop: float = STOP_SECONDS_MAX
    base_stop: float = BASE_STOP_SECONDS_MAX


PATIENCE = Patience()


class CannotStart(Exception):
    """Something outside is in the way. The message says in a sentence what it is and what to do."""


class Stopped(Exception):
    """Ctrl-C, SIGTERM or a closed terminal ended the wait."""


def run(environ: Mapping[str, str]) -> int:
    """The command: 0 after Ctrl-C or SIGTERM, 1 with the reasons on stderr when it cannot start."""
    environ = with_a_phone(environ)
    try:
        settings = read(environ)
        check_flows(settings.flows_dir)
        with only_one(settings.data_dir):
            check_ports(settings)
            _forget_counts(settings.data_dir)
            _run(settings, _children(settings), environ)
    except (Unsafe, CannotStart, redis_server.NoRedis) as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return 0


def check_flows(directory: Path) -> None:
    """Raises CannotStart with every fault when the flow files cannot be used."""
    _, faults = look_at_flows(directory)
    errors = [fault.told for fault in faults if fault.level == "error"]
    if errors:
        raise CannotStart("\n".join(["The flow files cannot be used:", *errors]))


def _forget_counts(data_dir: Path) -> None:
    """What processes of an earlier run counted is nobody's now; it would only pile up."""
    for file in (data_dir / "metrics").glob("*.db"):
        file.unlink(missing_ok=True)


def _run(settings: Settings, children: tuple[Child, ...], environ: Mapping[str, str]) -> None:
    with Supervisor(environ) as supervisor:
        supervisor.start(child for child in children if child.base)
        supervisor.wait_until(lambda: _redis_answers(settings.redis_socket))
        supervisor.once(Child("migrate", (sys.executable, "-m", "bot", "migrate")))
        supervisor.start(child for child in children if not child.base)
        supervisor.wait_until(lambda: _answers(settings.local_url) and _answers(settings.local_desk_url))
        front_door = "phone" if settings.simulator else "desk"
        print(f"Frontdesk is ready: {settings.public_url}/{front_door}", flush=True)
        # As long as there are no staff it prints the link that makes the first admin. Only a failure to start is fatal.
        with contextlib.suppress(CannotStart):
            supervisor.once(Child("first admin", (sys.executable, "-m", "bot", "staff", "first")))
        supervisor.wait_until(lambda: False)


class Supervisor:
    """Runs children, in `environ`, while the `with` block lasts. Leaving it stops them in under six seconds, or as
    `patience` says.

    What they have forked is stopped too. Signals are taken over, so only the main thread may use it.
    """

    def __init__(self, environ: Mapping[str, str], patience: Patience = PATIENCE) -> None:
        self._environ = dict(environ)
        self._patience = patience
        self._running: dict[Child, subprocess.Popen[bytes]] = {}
        self._due: dict[Child, float] = {}
        self._stopping = False

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        self._guard = _Guard((), self._patience.stop)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> bool:
        """Being stopped is how a run ends, not an error."""
        base = {process.pid for child, process in self._running.items() if child.base}
        end({process.pid for process in self._running.values()} - base, self._patience.stop)
        end(base, self._patience.base_stop)
        for process in self._running.values():
            process.poll()
        self._guard.dismiss()
        return kind is Stopped

    def start(self, children: Iterable[Child]) -> None:
        """From now on these run, and are started again when they end."""
        for child in children:
            self._due[child] = time.monotonic()
        self._tend()

    def once(self, child: Child) -> None:
        """Runs `child` to its end. Raises CannotStart when it fails."""
        process = self._launch(child)
        self.wait_until(lambda: process.poll() is not None)
        self._bury(child)
        if process.returncode != 0:
            raise CannotStart(f"{child.name} failed with exit code {process.returncode}: the reason is above.")

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Tends the children until `condition` holds. Raises Stopped when we are told to end."""
        while not self._stopping:
            self._tend()
            if condition():
                return
            time.sleep(LOOK_SECONDS)
        raise Stopped

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _tend(self) -> None:
        if self._guard.is_dead():
            self._guard = _Guard((process.pid for process in self._running.values()), self._patience.stop)
        for child in [child for child in self._running if child in self._due]:
            if (code := self._running[child].poll()) is not None:
                print(f"{child.name} ended with exit code {code}: starting it again.", file=sys.stderr, flush=True)
                self._bury(child)
        for child, due in self._due.items():
            if child not in self._running and due <= time.monotonic():
                self._due[child] = time.monotonic() + self._patience.restart
                self._launch(child)

    def _launch(self, child: Child) -> subprocess.Popen[bytes]:
        self._running[child] = process = subprocess.Popen(
            child.argv,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            # Reported by the child itself: no moment is left in which we could die and the guard not know of it.
            preexec_fn=self._guard.report,
        )
        return process

    def _bury(self, child: Child) -> None:
        session = self._running.pop(child).pid
        end({session}, 0)
        self._guard.forget(session)


class _Guard:
    """A process that outlives ours just long enough to end what we left."""

    def __init__(self, sessions: Iterable[int], stop_seconds: float) -> None:
        reading, self._pipe = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._pipe)
            _keep_guard(reading, set(sessions), stop_seconds)
        os.close(reading)

    def report(self) -> None:
        """Called by a child in its own process, before it becomes its program."""
        os.write(self._pipe, f"{os.getpid()}\n".encode())

    def forget(self, session: int) -> None:
        # A guard that is gone has nothing to forget: the next one starts from what is running.
        with contextlib.suppress(BrokenPipeError):
            os.write(self._pipe, f"-{session}\n".encode())

    def is_dead(self) -> bool:
        if os.waitpid(self._pid, os.WNOHANG) == (0, 0):
            return False
        os.close(self._pipe)
        return True

    def dismiss(self) -> None:
        os.close(self._pipe)
        os.waitpid(self._pid, 0)


def _keep_guard(reading: int, sessions: set[int], stop_seconds: float) -> NoReturn:
    try:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        with open(reading, encoding="ascii") as reports:
            for report in map(int, reports):
                (sessions.add if report > 0 else sessions.discard)(abs(report))
        end(sessions, stop_seconds)
    finally:
        os._exit(0)


def end(sessions: Set[int], seconds: float) -> None:
    """Asks the leaders of these sessions to end; kills what a leader leaves behind, and all of them after `seconds`."""
    for leader in members(sessions).keys() & sessions:
        _signal(leader, signal.SIGTERM)
    patience = time.monotonic() + seconds
    # What is stuck in the kernel cannot be killed, nor waited for.
    while (left := members(sessions)) and time.monotonic() < patience + KILL_SECONDS_MAX:
        for pid, session in left.items():
            if session not in left or time.monotonic() >= patience:
                _signal(pid, signal.SIGKILL)
        time.sleep(0.02)


def members(sessions: Set[int]) -> dict[int, int]:
    """Every process, zombies left out, that belongs to one of these sessions, and to which."""
    found = {}
    for pid in _alive():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if (session := os.getsid(pid)) in sessions:
                found[pid] = session
    return found


def _alive() -> Iterator[int]:
    """Every process of this machine, zombies left out."""
    if sys.platform != "linux":
        listed = subprocess.run(["ps", "-A", "-o", "pid=,stat="], capture_output=True, text=True, check=True).stdout
        yield from (int(pid) for pid, state in map(str.split, listed.splitlines()) if not state.startswith("Z"))
        return
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            # The name stands in brackets before the state and may hold anything, a bracket too.
            state = Path("/proc", entry, "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
            if state != "Z":
                yield int(entry)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


@contextlib.contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Holds DATA_DIR's lock. Raises CannotStart when a running Frontdesk has it, or nothing can be written there; one
    that was killed is waited for."""
    with _lock_in(data_dir) as lock:
        patience = time.monotonic() + LOCK_SECONDS_MAX
        while not _locked(lock.fileno()):
            lock.seek(0)
            owner = lock.read().strip()
            if owner in map(str, _alive()) or time.monotonic() > patience:
                raise CannotStart(f"Frontdesk runs already on {data_dir} (process {owner}): stop it, or set DATA_DIR.")
            time.sleep(LOOK_SECONDS)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _lock_in(data_dir: Path) -> IO[str]:
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        return open(data_dir / "lock", "a+", encoding="ascii")
    except OSError as error:
        raise CannotStart(f"DATA_DIR cannot be written: {error.strerror} ({error.filename}).") from None


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def check_ports(settings: Settings) -> None:
    """Raises CannotStart, naming every port that we could not listen on and the reason."""
    problems = []
    for name, port in (("PORT", settings.port), ("DESK_PORT", settings.desk_port)):
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        try:
            socket.create_server((settings.host, port), family=family).close()
        except OSError as error:
            # The first 1023 are root's.
            free = port + 8000 if port < 1024 else port + 100 if port <= 65435 else port - 100
            reason = (error.strerror or str(error)).partition(" (")[0]
            problems.append(
                f"Port {port} cannot be used ({reason}): end what holds it, or take another: {name}={free} make run"
            )
    if problems:
        raise CannotStart("\n".join(problems))


def _children(settings: Settings) -> tuple[Child, ...]:
    own_redis: tuple[Child, ...] = ()
    if settings.redis_socket is not None:
        command = redis_server.command(redis_server.find(), settings.data_dir / "redis", settings.redis_socket)
        own_redis = (Child("redis", command, base=True),)
    return (
        *own_redis,
        Child("webhook", _gunicorn(settings, "wsgi:webhook()", settings.port, *WEBHOOK_SHAPE)),
        Child("pages", _gunicorn(settings, "wsgi:pages()", settings.desk_port, *PAGES_SHAPE)),
        Child("senders", (sys.executable, "worker.py", "senders")),
        Child("rq", (sys.executable, "worker.py", "rq")),
    )


def _gunicorn(settings: Settings, application: str, port: int, *how: str) -> tuple[str, ...]:
    control_files = settings.data_dir / "gunicorn"
    control_files.mkdir(parents=True, exist_ok=True, mode=0o700)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return (
        *(sys.executable, "-m", "gunicorn", application, "--bind", f"{host}:{port}", *how),
        # Warnings are about requests that are none, and show a stranger's bytes.
        *("--graceful-timeout", "2", "--log-level", "error"),
        *("--no-control-socket", "--worker-tmp-dir", str(control_files)),
    )


def _redis_answers(path: Path | None) -> bool:
    if path is None:
        return True
    with socket.socket(socket.AF_UNIX) as asking, contextlib.suppress(OSError):
        asking.settimeout(HEALTH_SECONDS_MAX)
        asking.connect(str(path))
        asking.sendall(b"PING\r\n")
        return asking.recv(5) == b"+PONG"
    return False


def _answers(url: str) -> bool:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=HEALTH_SECONDS_MAX)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
