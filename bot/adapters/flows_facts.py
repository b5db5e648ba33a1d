"""Reads ``clinic.yaml``: facts for texts, lists for questions, hours and services for the diary."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, timedelta, tzinfo
from typing import TypeVar
from zoneinfo import ZoneInfo

from bot.adapters.flows_follow_ups import read_notes, read_plan, read_reminders
from bot.adapters.flows_nodes import Entries, Items, Node, Scalar
from bot.adapters.flows_page import Page, data
from bot.adapters.public_holidays import public_holidays
from bot.core.calendar import Diary, Opening, Plan, Practitioner, Service
from bot.core.fault import did_you_mean
from bot.core.flow import Value

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOSED_DAYS_MAX = 370
"""Days in one closed stretch; longer is a mistyped year."""
CLOSED_AS_MAX, CLOSED_AS_CHARACTERS_MAX = 12, 40
KEYS = (
    "name", "short name", "time zone", "country", "language names", "address", "directions", "phone", "email",
    "website", "hours", "hours text", "closed", "appointments", "notice minutes", "horizon days", "slot minutes",
    "hold minutes", "practitioners", "services", "reminders", "follow ups", "say who answers", "closed as",
    "example values", "confirmed",
)  # fmt: skip
_REQUIRED = ("name", "time zone", "country", "phone", "hours", "appointments", "practitioners", "services")
_PERSON_KEYS = ("name", "short name", "title", "hours")
SERVICE_KEYS = (
    "name", "short name", "minutes", "buffer before", "buffer after", "practitioners", "names", "reminders",
    "follow ups", "preparation",
)  # fmt: skip
_IN_ENGLISH = {"en": "English", "zh": "Chinese", "ms": "Malay", "ta": "Tamil", "id": "Indonesian", "hi": "Hindi"}
"""What patients also call a language that is offered by its own name."""
_ID = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_STRETCH = re.compile(r"([01]\d|2[0-3]):([0-5]\d) ?[-–] ?([01]\d|2[0-4]):([0-5]\d)")

T = TypeVar("T")
EMPTY_DIARY = Diary(UTC, {}, {})

Hours = dict[int, tuple[Opening, ...]]
Options = tuple[Mapping[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What ``clinic.yaml`` says: plain data by key, lists of options, and the diary."""

    plain: Mapping[str, Value] = field(default_factory=dict)
    lists: Mapping[str, Options] = field(default_factory=dict)
    diary: Diary = field(default_factory=lambda: EMPTY_DIARY)


def read_facts(page: Page, node: Node, languages: tuple[str, ...], years: Collection[int] = ()) -> Facts:
    """The clinic's facts. Keys of the clinic's own are facts too, unless they look like a mistyped one.

    The public holidays of ``years`` are closed days.
    """
    entries = page.of(Entries, node, "clinic.yaml") or Entries(1, 1)
    _own_keys(page, entries)
    for key in _REQUIRED:
        if key not in entries.values:
            page.fault("E04", entries, f'clinic.yaml has no "{key}".', f'Add "{key}: ...".')
    page.one_of(entries, "appointments", ("book", "request"))
    page.one_of(entries, "say who answers", ("yes", "no"))
    _check_closed_as(page, entries.values.get("closed as"))
    clinic_hours = _hours(page, entries.values.get("hours"))
    people = {person.id: person for person in _people(page, entries.values.get("practitioners"), clinic_hours)}
    plan = read_plan(page, entries.values.get("follow ups"), EMPTY_DIARY.plan)
    offered = _services(page, entries.values.get("services"), people, plan, languages)
    services = {service.id: service for service in offered}
    _tell_idle(page, entries.values.get("practitioners"), offered)
    _tell_examples(page, entries)
    plain = {key: data(value) for key, value in entries.values.items()}
    diary = replace(_diary(page, entries, people, services), plan=plan)
    holidays = _public_holidays(page, entries, years)
    closed = {**holidays, **{day: reason or holidays.get(day, "") for day, reason in diary.closed.items()}}
    return Facts(plain, _lists(plain, people, services, languages), replace(diary, closed=closed, hours=clinic_hours))


def _own_keys(page: Page, entries: Entries) -> None:
    for key, at in entries.keys.items():
        if key not in KEYS and (not key or difflib.get_close_matches(key, KEYS, n=1, cutoff=0.8)):
            page.fault("E03", at, f'clinic.yaml has no key "{key}".', did_you_mean(key, KEYS))


def _check_closed_as(page: Page, node: Node | None) -> None:
    """What staff may close a conversation as: a short list, because it is a menu, with no two words alike."""
    reads: dict[str, str] = {}
    for key, value in page.named(node, '"closed as"', _ID):
        if (scalar := page.of(Scalar, value, f'"{key.text}"')) is None:
            continue
        words = scalar.text.strip()
        like = reads.setdefault(words.casefold(), key.text)
        if not 0 < len(words) <= CLOSED_AS_CHARACTERS_MAX:
            page.fault("E04", value, f'"{key.text}" has to be 1 to {CLOSED_AS_CHARACTERS_MAX} characters long.')
        elif like != key.text:
            page.fault("E05", value, f'"{key.text}" reads like "{like}".', "Word one of them otherwise.")
    if len(reads) > CLOSED_AS_MAX and node is not None:
        page.fault("E04", node, f'"closed as" has {len(reads)} rows.', f"Keep the {CLOSED_AS_MAX} that matter.")


def _tell_examples(page: Page, entries: Entries) -> None:
    named = page.words(entries.values.get("example values"), '"example values"')
    confirmed = page.one_of(entries, "confirmed", ("yes", "no"), "no")
    if named and confirmed != "yes":
        page.fault(
            "W05",
            entries.keys["example values"],
            f"{len(named)} values are examples, not the clinic's own.",
            'Put the real ones in and write "confirmed: yes".',
        )


def _lists(
    plain: Mapping[str, Value],
    people: Mapping[str, Practitioner],
    services: Mapping[str, Service],
    languages: tuple[str, ...],
) -> dict[str, Options]:
    called = plain.get("language names")
    names = called if isinstance(called, Mapping) else {}
    return {
        "services": tuple(
            {"id": one.id, "label": _label(plain, "services", one.id), "name": one.name, "minutes": one.minutes,
             "labels": dict(one.names)}
            for one in services.values()
        ),
        "practitioners": tuple(
            {"id": one, "label": _label(plain, "practitioners", one), **_row(plain, "practitioners", one)}
            for one in people
        ),
        "languages": tuple(
            {"id": one, "label": str(names.get(one) or one), "name": _IN_ENGLISH.get(one, one)} for one in languages
        ),
    }  # fmt: skip


def _row(plain: Mapping[str, Value], kind: str, name: str) -> dict[str, str]:
    """The texts written under one practitioner or service."""
    rows = plain.get(kind)
    row = rows.get(name) if isinstance(rows, Mapping) else None
    return {key: value for key, value in row.items() if isinstance(value, str)} if isinstance(row, Mapping) else {}


def _label(plain: Mapping[str, Value], kind: str, name: str) -> str:
    row = _row(plain, kind, name)
    return row.get("short name") or row.get("name") or name


# ---- people, services, hours


def _people(page: Page, node: Node | None, clinic_hours: Hours) -> list[Practitioner]:
    people = []
    for key, value in page.named(node, '"practitioners"', _ID):
        entries = page.keys(value, f'the practitioner "{key.text}"', _PERSON_KEYS, ("name",))
        own = _hours(page, entries.values["hours"]) if "hours" in entries.values else clinic_hours
        people.append(Practitioner(key.text, page.word(entries, "name"), own))
    return people


def _tell_idle(page: Page, node: Node | None, services: Iterable[Service]) -> None:
    """Tell of people whom nobody can book, as somebody new whom no service names yet."""
    busy = {who for service in services for who in service.practitioners}
    for name, at in node.keys.items() if isinstance(node, Entries) else ():
        if name not in busy:
            what = f'no service names the practitioner "{name}": nobody can be booked with them.'
            page.fault("W09", at, what, 'Add the name to "practitioners" of the services they offer.')


def _services(
    page: Page, node: Node | None, people: Mapping[str, Practitioner], plan: Plan, languages: tuple[str, ...]
) -> list[Service]:
    services = []
    for key, value in page.named(node, '"services"', _ID):
        what = f'the service "{key.text}"'
        entries = page.keys(value, what, SERVICE_KEYS, ("name", "minutes", "practitioners"))
        who = page.words(entries.values.get("practitioners"), '"practitioners"')
        for one in who:
            if one not in people:
                page.fault(
                    "E10",
                    entries.values["practitioners"],
                    f'{what} is offered by "{one}", who is not there.',
                    did_you_mean(one, people, 'Add them under "practitioners".'),
                )
        names = data(entries.values["names"]) if "names" in entries.values else {}
        services.append(Service(
            key.text, page.word(entries, "name"), page.number(entries, "minutes", 5, 480) or 30, who,
            page.number(entries, "buffer before", 0, 240) or 0, page.number(entries, "buffer after", 0, 240) or 0,
            {k: str(v) for k, v in names.items()} if isinstance(names, Mapping) else {},
            read_reminders(page, entries.values.get("reminders")),
            read_plan(page, entries.values["follow ups"], plan) if "follow ups" in entries.values else None,
            read_notes(page, entries.values.get("preparation"), languages),
        ))  # fmt: skip
    return services


def _hours(page: Page, node: Node | None) -> Hours:
    entries = page.keys(node, '"hours"', WEEKDAYS)
    return {
        WEEKDAYS.index(day): openings
        for day, value in entries.values.items()
        if day in WEEKDAYS and (openings := _openings(page, day, value))
    }


def _openings(page: Page, day: str, node: Node) -> tuple[Opening, ...]:
    openings: list[Opening] = []
    for word in page.words(node, f'"{day}"'):
        if word == "closed":
            continue
        match = _STRETCH.fullmatch(word)
        first, last = (_minutes(match, 1), _minutes(match, 3)) if match else (0, 0)
        if not 0 <= first < last <= 24 * 60:
            page.fault("E04", node, f'"{word[:20]}" are no opening hours.', 'Write "09:00-17:30" or "closed".')
        elif openings and first < openings[-1].closes:
            page.fault("E04", node, f'the hours of "{day}" overlap or are out of order.', "Put them in order of time.")
        else:
            openings.append(Opening(first, last))
    return tuple(openings)


def _minutes(match: re.Match[str], group: int) -> int:
    return int(match.group(group)) * 60 + int(match.group(group + 1))


# ---- the diary


def _diary(page: Page, entries: Entries, people: Mapping[str, Practitioner], services: Mapping[str, Service]) -> Diary:
    empty = EMPTY_DIARY
    number = page.number
    return Diary(
        zone=_zone(page, entries),
        practitioners=people,
        services=services,
        closed=_closed(page, entries.values.get("closed")),
        notice_minutes=_or(number(entries, "notice minutes", 0), empty.notice_minutes),
        horizon_days=_or(number(entries, "horizon days", 1, 366), empty.horizon_days),
        slot_minutes=_or(number(entries, "slot minutes", 5, 480), empty.slot_minutes),
        hold_minutes=_or(number(entries, "hold minutes", 1, 120), empty.hold_minutes),
        reminders=_or(read_reminders(page, entries.values.get("reminders")), empty.reminders),
    )


def _or(value: T | None, default: T) -> T:
    return default if value is None else value


def _zone(page: Page, entries: Entries) -> tzinfo:
    name = page.word(entries, "time zone")
    try:
        return ZoneInfo(name) if name else UTC
    except (LookupError, ValueError, OSError):
        page.fault(
            "E04", entries.values["time zone"], f'there is no time zone "{name[:40]}".', 'Write "Asia/Singapore".'
        )
        return UTC


def _public_holidays(page: Page, entries: Entries, years: Collection[int]) -> Mapping[date, str]:
    country = page.word(entries, "country")
    if country and not re.fullmatch("[A-Z]{2}", country):
        page.fault("E04", entries.values["country"], f'"{country[:20]}" is no country code.', 'Write "SG".')
    elif country and years:
        try:
            return public_holidays(country, tuple(years))
        except LookupError:
            page.fault("E04", entries.values["country"], f'nobody knows the holidays of "{country}".', 'Write "SG".')
    return {}


def _closed(page: Page, node: Node | None) -> dict[date, str]:
    items = page.of(Items, node, '"closed"')
    days: dict[date, str] = {}
    for item in items.items if items else ():
        entries = page.keys(item, "a closed day", ("on", "from", "to", "reason"))
        if "on" in entries.values:
            first = last = _day(page, entries, "on")
        else:
            first, last = _day(page, entries, "from"), _day(page, entries, "to")
        if first is None or last is None:
            continue
        if not 0 <= (last - first).days <= CLOSED_DAYS_MAX:
            page.fault("E04", item, f"{first} to {last} is no stretch of days.", "Check the year.")
            continue
        reason = page.word(entries, "reason")
        days |= {first + timedelta(days=ahead): reason for ahead in range((last - first).days + 1)}
    return days


def _day(page: Page, entries: Entries, key: str) -> date | None:
    word = page.word(entries, key)
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", word):
            return date.fromisoformat(word)
    except ValueError:
        pass  # 30 February: told below like any other text that is no day
    page.fault("E04", entries.values.get(key, entries), f'"{key}: {word[:20]}" is no day.', 'Write "2026-12-25".')
    return None
