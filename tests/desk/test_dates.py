"""Days and times in a patient's words. It is Monday 2 March 2026."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.desk.dates import find_dates, find_no_such_day, find_part_of_day, find_times
from bot.desk.named_days import NamedDays

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
        ("Wed 11 Mar", ["2026-03-11"]),
        ("tuesday 11 march", [TUE, "2026-03-11"]),
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


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("next month", "2026-04-01", "2026-04-30"),
        ("下个月", "2026-04-01", "2026-04-30"),
        ("bulan depan", "2026-04-01", "2026-04-30"),
        ("அடுத்த மாதம்", "2026-04-01", "2026-04-30"),
        ("this month", "2026-03-02", "2026-03-31"),
        ("in may", "2026-05-01", "2026-05-31"),
        ("四月", "2026-04-01", "2026-04-30"),
        ("end of the month", "2026-03-21", "2026-03-31"),
        ("hujung bulan", "2026-03-21", "2026-03-31"),
        ("下个月底", "2026-04-21", "2026-04-30"),
        ("early next month", "2026-04-01", "2026-04-10"),
        ("mid april", "2026-04-11", "2026-04-20"),
        ("beginning of the month pls", "2026-03-02", "2026-03-10"),
        ("february", "2027-02-01", "2027-02-28"),
        ("this week", "2026-03-02", "2026-03-08"),
        ("the week after", "2026-03-16", "2026-03-22"),
        ("下下周", "2026-03-16", "2026-03-22"),
        ("2 weeks later", "2026-03-16", "2026-03-22"),
        ("dua minggu lagi", "2026-03-16", "2026-03-22"),
    ],
)
def test_a_week_or_a_month_is_each_of_its_days(words: str, first: str, last: str) -> None:
    days = find_dates(words, MONDAY)
    assert (days[0], days[-1]) == (first, last)
    assert len(days) == (date.fromisoformat(last) - date.fromisoformat(first)).days + 1


def test_at_the_end_of_a_month_its_beginning_is_the_next_ones() -> None:
    assert find_dates("beginning of the month", date(2026, 12, 20))[0] == "2027-01-01"


@pytest.mark.parametrize(
    ("words", "dates"),
    [
        ("下下周三", ["2026-03-18"]),
        ("next next fri", ["2026-03-20"]),
        ("next weekend", ["2026-03-07", "2026-03-08", "2026-03-14", "2026-03-15"]),
        ("mid back pain", []),
        ("I will be late", []),
        ("pain for 2 weeks", []),
        ("it began the week after my operation", []),
        ("Mei Ling May Tan", []),
        ("end of the day", []),
    ],
)
def test_words_about_weeks_and_months_in_sentences(words: str, dates: list[str]) -> None:
    assert list(find_dates(words, MONDAY)) == dates


@pytest.mark.parametrize(
    ("words", "reads"),
    [
        ("31 april", "31 April"),
        ("can I come April 31st?", "31 April"),
        ("30 feb 10am", "30 Feb"),
        ("29 feb", "29 Feb"),
        ("31/4", "31/4"),
        ("31/6/2026", "31/6"),
        ("4月31日", "4月31日"),
        ("31hb april", "31 April"),
        ("29 feb 2028", ""),
        ("30 april", ""),
        ("Block 12/32", ""),
    ],
)
def test_a_day_that_does_not_come_is_no_day_and_no_month(words: str, reads: str) -> None:
    assert find_no_such_day(words, MONDAY) == reads
    assert not reads or find_dates(words, MONDAY) == ()


HOLIDAYS = NamedDays(
    {
        date(2026, 3, 21): "Hari Raya Puasa",
        date(2026, 4, 3): "Good Friday",
        date(2026, 5, 31): "Vesak Day",
        date(2026, 6, 1): "Vesak Day (observed)",
        date(2026, 12, 25): "Christmas Day",
        date(2027, 1, 1): "New Year's Day",
        date(2027, 2, 6): "Chinese New Year",
        date(2027, 2, 7): "Chinese New Year",
        date(2026, 8, 3): "Moving house",
        date(2026, 8, 4): "",
    }
)


@pytest.mark.parametrize(
    ("words", "dates"),
    [
        ("can I come on Good Friday?", ["2026-04-03"]),
        ("good friday or monday", ["2026-04-03", "2026-03-02"]),
        ("Christmas", ["2026-12-25"]),
        ("xmas eve", ["2026-12-24"]),
        ("New Year’s eve", ["2026-12-31"]),
        ("cny", ["2027-02-06"]),
        ("vesak", ["2026-05-31"]),
        ("hari raya", ["2026-03-21"]),
        ("圣诞节", ["2026-12-25"]),
        ("Jumaat Agung", ["2026-04-03"]),
        ("கிறிஸ்துமஸ்", ["2026-12-25"]),
        ("moving house", ["2026-08-03"]),
        ("new year resolution", ["2027-01-01"]),
        ("deepavali", []),
        ("3/4", ["2026-04-03"]),
    ],
)
def test_holidays_are_called_by_their_names(words: str, dates: list[str]) -> None:
    assert list(find_dates(words, MONDAY, HOLIDAYS)) == dates
