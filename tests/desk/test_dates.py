"""Days and times in a patient's words. It is Monday 2 March 2026."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.desk.dates import find_dates, find_part_of_day, find_times

MONDAY = date(2026, 3, 2)
TUE, WED, THU, FRI = "2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06"


@pytest.mark.parametrize(
    ("words", "dates"),
    [
        ("today", ["2026-03-02"]),
        ("tomorrow please", [TUE]),
        ("tmr can?", [TUE]),
        ("the day after tomorrow", [WED]),
        ("on friday", [FRI]),
        ("Fri", [FRI]),
        ("monday", ["2026-03-02"]),
        ("next tuesday", [TUE, "2026-03-10"]),
        ("next monday", ["2026-03-09"]),
        ("12 March", ["2026-03-12"]),
        ("March 12", ["2026-03-12"]),
        ("the 12th of march", ["2026-03-12"]),
        ("3/4", ["2026-04-03"]),
        ("3/4/26", ["2026-04-03"]),
        ("03-04-2026", ["2026-04-03"]),
        ("2026-04-03", ["2026-04-03"]),
        ("1 Feb", ["2027-02-01"]),
        ("Wed 4 Mar", [WED]),
        ("tue or thu", [TUE, THU]),
        ("明天", [TUE]),
        ("后天下午", [WED]),
        ("星期五", [FRI]),
        ("下周二", ["2026-03-10"]),
        ("3月12日", ["2026-03-12"]),
        ("esok", [TUE]),
        ("lusa", [WED]),
        ("hari jumaat", [FRI]),
        ("5 Mac", [THU]),
        ("நாளை", [TUE]),
        ("வெள்ளி", [FRI]),
        ("31/2", []),
        ("may I come", []),
        ("my son", []),
        ("Block 12/3 room 4", ["2026-03-12"]),
        ("10.30am", []),
        ("9123 4567", []),
        ("", []),
    ],
)
def test_days(words: str, dates: list[str]) -> None:
    assert sorted(find_dates(words, MONDAY)) == sorted(dates)


@pytest.mark.parametrize(
    ("words", "times"),
    [
        ("10am", ["10:00"]),
        ("10 am", ["10:00"]),
        ("2pm", ["14:00"]),
        ("2.30pm", ["14:30"]),
        ("10:30", ["10:30"]),
        ("2:30", ["14:30"]),
        ("14:00", ["14:00"]),
        ("12pm", ["12:00"]),
        ("12am", ["00:00"]),
        ("3 o'clock", ["15:00"]),
        ("上午10点", ["10:00"]),
        ("下午2点半", ["14:30"]),
        ("十点", ["10:00"]),
        ("pukul 3", ["15:00"]),
        ("pukul 10 pagi", ["10:00"]),
        ("3 petang", ["15:00"]),
        ("pukul 8 malam", ["20:00"]),
        ("25:00", []),
        ("12/3", []),
        ("call 6123 4567", []),
        ("1", []),
        ("noon", ["12:00"]),
        ("中午", ["12:00"]),
        ("afternoon", []),
        ("before noon", []),
        ("中午12点", ["12:00"]),
    ],
)
def test_times(words: str, times: list[str]) -> None:
    assert list(find_times(words)) == times


@given(st.text(max_size=200))
def test_no_text_upsets_the_reader(text: str) -> None:
    for day in find_dates(text, MONDAY):
        date.fromisoformat(day)
    assert all(len(time) == 5 for time in find_times(text))


@given(st.dates(MONDAY, date(2027, 3, 1)))
def test_a_day_we_write_is_the_day_we_read(day: date) -> None:
    assert find_dates(f"{day.day} {day:%B} {day.year}", MONDAY) == (day.isoformat(),)
    assert find_dates(f"{day.day}/{day.month}/{day.year}", MONDAY) == (day.isoformat(),)


@pytest.mark.parametrize(
    ("words", "dates"),
    [
        ("大后天下午", [THU]),
        ("day aft tmr", [WED]),
        ("in 3 days", [THU]),
        ("3天后", [THU]),
        ("tulat", [THU]),
        ("can I come on the 12th at 10.30?", ["2026-03-12"]),
        ("15hb", ["2026-03-15"]),
        ("the 1st", ["2026-04-01"]),
        ("friday the 13th", ["2026-03-13"]),
        ("friday the 12th", [FRI, "2026-03-12"]),
        ("friday next week", ["2026-03-13"]),
        ("下周末", ["2026-03-14", "2026-03-15"]),
        ("tomorrow or the weekend", [TUE, "2026-03-07", "2026-03-08"]),
        ("my 1st visit", []),
        ("pain for 3 days", []),
    ],
)
def test_days_that_are_counted_or_told_by_the_week(words: str, dates: list[str]) -> None:
    assert list(find_dates(words, MONDAY)) == dates


def test_next_week_is_each_of_its_days() -> None:
    assert find_dates("next week", MONDAY) == tuple(f"2026-03-{day:02}" for day in range(9, 16))


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("next tues after lunch", ("13:00", "18:00")),
        ("thurs morning", ("00:00", "12:00")),
        ("下午", ("12:00", "18:00")),
        ("petang", ("12:00", "18:00")),
        ("after 3pm", ("15:00", "24:00")),
        ("before 11am", ("00:00", "11:00")),
        ("3 in the afternoon", ("12:00", "18:00")),
        ("下午2点半", ()),
        ("good morning", ()),
        ("selamat pagi", ()),
        ("morning or afternoon", ()),
        ("10am", ()),
    ],
)
def test_parts_of_the_day(words: str, part: tuple[str, ...]) -> None:
    assert find_part_of_day(words) == part
