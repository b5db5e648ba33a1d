"""Whether a claim is over, and what was begun under it: the same of the files and of their fake."""

import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bot.adapters.claims import FileClaims
from bot.ports import Claims
from tests.fakes import FakeClaims

MAKE_ONE = """
import sys
from pathlib import Path
from bot.adapters.claims import FileClaims
with FileClaims(Path(sys.argv[1]), "monday").making("other") as claim:
    claim.begins("a1")
    print(claim.name, flush=True)
    sys.stdin.read()
"""


class Killed(BaseException):
    """As SIGKILL does, it ends everything where it is."""


@pytest.fixture(params=["files", "fake"])
def claims(request: pytest.FixtureRequest, tmp_path: Path) -> Claims:
    made: dict[str, Callable[[], Claims]] = {"files": lambda: FileClaims(tmp_path / "claims", "monday")}
    return made.get(request.param, FakeClaims)()


@pytest.fixture
def another_process(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A process that has begun attempt a1 under a claim, and the claim's name."""
    command = [sys.executable, "-c", MAKE_ONE, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process
        process.kill()


def dies(claims: Claims, *begun: str) -> str:
    """Somebody makes a claim, begins some attempts and is killed; the claim's name."""
    with suppress(Killed), claims.making("sender") as claim:
        for attempt in begun:
            claim.begins(attempt)
        raise Killed
    return claim.name


def test_what_is_being_worked_on_is_not_over(claims: Claims) -> None:
    with claims.making("sender") as claim:
        claim.begins("a1")
        assert claims.over() == {}


def test_what_is_done_leaves_nothing(claims: Claims) -> None:
    with claims.making("sender") as claim:
        claim.begins("a1")
    assert claims.over() == {}


def test_a_claim_whose_maker_died_says_what_was_begun(claims: Claims) -> None:
    busy, idle = dies(claims, "a1", "a2"), dies(claims)
    assert claims.over() == {busy: frozenset({"a1", "a2"}), idle: frozenset()}


def test_what_is_forgotten_is_known_no_more_and_the_rest_is(claims: Claims) -> None:
    one, other = dies(claims, "a1"), dies(claims, "a2")
    claims.forget([one, "one that nobody made"])
    assert list(claims.over()) == [other]


def test_a_killed_process_lets_go_of_its_claim(
    tmp_path: Path, another_process: tuple[str, subprocess.Popen[str]]
) -> None:
    name, process = another_process
    claims = FileClaims(tmp_path, "monday")
    assert claims.over() == {}
    process.kill()
    process.wait()
    assert claims.over() == {name: frozenset({"a1"})}


def test_nothing_is_known_of_a_claim_from_before_the_machine_was_started(tmp_path: Path) -> None:
    before = dies(FileClaims(tmp_path, "sunday"), "a1")
    claims = FileClaims(tmp_path, "monday")
    assert claims.over() == {}
    claims.forget(())
    assert not (tmp_path / before).exists()


def test_without_a_name_for_the_machines_start_nothing_is_known(tmp_path: Path) -> None:
    claims = FileClaims(tmp_path, "")
    dies(claims, "a1")
    assert claims.over() == {}


def test_where_no_file_can_be_made_claims_are_made_without(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    claims = FileClaims(tmp_path / "file" / "claims", "monday")
    dies(claims, "a1")
    assert claims.over() == {}


def test_a_file_that_does_not_take_what_is_begun_goes(tmp_path: Path) -> None:
    claims = FileClaims(tmp_path, "monday")
    with suppress(Killed), claims.making("sender") as claim:
        # No file grows beyond what its process may write: as on a full disk, the write is refused.
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
        try:
            claim.begins("a1")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        raise Killed
    assert claims.over() == {}
