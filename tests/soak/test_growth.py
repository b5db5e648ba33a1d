"""What the soak says of a process: how much it grew after its warm-up, whatever it did in between."""

import os

import pytest

from tests.soak.__main__ import Growth, Look, growth, look

WARMING = [Look(50.0 + number, 10) for number in range(20)]


def test_warming_up_is_no_growth() -> None:
    assert growth([*WARMING, *[Look(70.0, 12)] * 40]) == Growth(70.0, 0.0, 12, 0, False)


def test_a_process_that_takes_more_and_more_is_seen() -> None:
    leaking = [Look(70.0 + number / 10, 12 + number) for number in range(40)]
    grown = growth([*WARMING, *leaking])
    assert grown.growth == pytest.approx(3.5)
    assert grown.more_files == 35
    assert grown.leaves_open


def test_who_leaves_one_file_open_every_ten_looks_is_seen() -> None:
    leaking = [Look(70.0, 12 + number // 10) for number in range(60)]
    assert growth([*WARMING, *leaking]).leaves_open


def test_more_than_pools_hold_is_a_leak_however_it_came() -> None:
    at_once = [*[Look(70.0, 12)] * 25, *[Look(70.0, 25)] * 35]
    assert growth([*WARMING, *at_once]).leaves_open


def test_a_pool_that_opens_one_more_is_no_leak() -> None:
    busy_once = [*[Look(70.0, 12)] * 25, *[Look(70.0, 17)] * 35]
    assert growth([*WARMING, *busy_once]) == Growth(70.0, 0.0, 17, 5, False)


def test_one_look_into_the_middle_of_something_is_not_growth() -> None:
    steady = [Look(70.0, 12)] * 40
    assert growth([*WARMING, *steady[:-1], Look(90.0, 40)]) == Growth(70.0, 0.0, 12, 0, False)


def test_a_process_is_looked_at_and_one_that_is_gone_is_not() -> None:
    ours = look(os.getpid())
    assert ours is not None
    assert ours.memory > 1
    assert ours.files > 2
    assert look(2**22 + 1) is None
