"""Mornings in bad weather, a few of those that ``make prove`` goes through."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import pytest

from bot.desk import turns
from tests.simulation.room import Room, room
from tests.simulation.world import Ran, run

SEEDS = 15


@pytest.fixture(scope="module")
def place() -> Iterator[Room]:
    with room() as made:
        yield made


def told(ran: Ran) -> str:
    return "\n".join((*ran.trace[-200:], f"make simulate SEED={ran.seed}: {ran.broken}"))


def test_whatever_dies_or_fails_every_promise_is_kept(place: Room) -> None:
    for seed in range(1, SEEDS + 1):
        ran = run(seed, place)
        assert not ran.broken, told(ran)


def test_the_same_seed_is_the_same_morning(place: Room) -> None:
    first, other, again = run(7, place), run(8, place), run(7, place)
    assert len(first.trace) > 100
    assert first.trace == again.trace
    assert first.fingerprint == again.fingerprint != other.fingerprint


def test_a_desk_that_believes_redis_more_than_the_book_is_found_out(place: Room) -> None:
    with patch.object(turns, "_behind", lambda taken, head: taken is None):
        assert any("every turn starts from the last one" in run(seed, place).broken for seed in range(1, 31))
