"""What each may do, which passwords are refused, and how long a guesser waits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.staff import PATIENCE, PERMISSIONS, fold_login, may, wait_seconds, weakness


def test_reception_works_with_patients_and_looks_after_nobody_else() -> None:
    able = {one for one in PERMISSIONS if may("reception", one)}
    assert able >= {"inbox.read", "inbox.work", "diary.change", "patients.change"}
    assert not able & {"staff.manage", "audit.read", "flows.change", "patients.erase", "patients.export"}


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "eleven char",
        "a" * 30,
        "abcabcabcabcabc",
        "password1234",
        "Ana-reception-1",
        "anapassword123",
        "x" * 100 + "abcde" * 30,
    ],
)
def test_a_password_that_is_guessed_first_is_refused(password: str) -> None:
    assert weakness(password, "ana", "Ana")


@pytest.mark.parametrize(
    "password", ["four unrelated words", "тихий вечер у реки", "correct horse battery", "ana likes 9 green tea pots"]
)
def test_length_counts_and_no_sign_is_demanded(password: str) -> None:
    assert weakness(password, "ana", "Ana") is None


def test_a_sign_in_name_is_the_same_in_any_case() -> None:
    assert fold_login("  ANA ") == fold_login("ana") == "ana"


@given(st.sampled_from(sorted(PATIENCE)), st.integers(0, 10**9))
def test_waits_only_grow_and_always_end(bucket: str, failures: int) -> None:
    wait = wait_seconds(bucket, failures)
    assert 0 <= wait <= wait_seconds(bucket, failures + 1) <= PATIENCE[bucket].wait_seconds_max


def test_a_slip_costs_nothing() -> None:
    assert all(wait_seconds(bucket, 5) == 0 for bucket in PATIENCE)
    assert wait_seconds("pair", 6) == 15
    assert wait_seconds("pair", 8) == 60
