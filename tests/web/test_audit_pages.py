"""The audit as admins read it, and as it leaves in a file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import pytest

from bot.ports.staff import Audited
from bot.web.desk.audit_pages import safe_cell
from tests.web.desk_pages import ADA, ANA, Front, open_front


@pytest.fixture
def front(sqlite_url: str) -> Iterator[Front]:
    with open_front(sqlite_url) as front:
        yield front


def write(front: Front, *lines: Audited) -> None:
    with front.desk.book.begin() as ledger:
        for line in lines:
            ledger.audit(line)


def viewed(front: Front, subject: str, later: int = 0) -> Audited:
    return Audited(front.clock.epoch + later, front.ids[ANA], "viewed", subject)


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "=HYPERLINK(1)",
    "{{ 7*7 }}",
    "\u202egnp.exe",
    "%_\\",
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_whatever_stands_in_a_line_is_shown_as_words(front: Front, hostile: str) -> None:
    write(front, viewed(front, hostile))
    ada = front.at_desk(ADA)
    text = ada.gets("/desk/audit").text
    assert "<script>alert" not in text
    assert "<img src" not in text
    assert ">49<" not in text
    assert ada.gets("/desk/audit").status_code == 200
    found = ada.client.get("/desk/audit", query_string={"subject": hostile}, base_url="https://localhost")
    assert found.text.count("Viewed</td>") == 1


@pytest.mark.parametrize("typed", ["%", "_", "' OR 1=1 --", "x" * 10_000, ".*"])
def test_what_is_looked_for_is_no_pattern_and_no_statement(front: Front, typed: str) -> None:
    write(front, viewed(front, "conversation:1"))
    ada = front.at_desk(ADA)
    found = ada.client.get("/desk/audit", query_string={"subject": typed}, base_url="https://localhost")
    assert found.status_code == 200
    assert "Nothing of that kind" in found.text


@pytest.mark.parametrize("query", ["from=yesterday", "to=9999-12-31", "before=-1", "before=x", "from=0001-01-01"])
def test_what_cannot_be_read_counts_as_not_asked(front: Front, query: str) -> None:
    assert "Signed in" in front.at_desk(ADA).gets(f"/desk/audit?{query}").text


def test_days_are_the_clinics_and_the_last_one_is_meant_too(front: Front) -> None:
    write(
        front,
        viewed(front, "early", -9 * 3600 - 1),
        viewed(front, "monday", 14 * 3600),
        viewed(front, "late", 15 * 3600),
    )
    text = front.at_desk(ADA).gets("/desk/audit?from=2026-03-02&to=2026-03-02&action=viewed").text
    assert "monday" in text
    assert "early" not in text
    assert "late" not in text


def test_older_lines_are_a_page_further(front: Front) -> None:
    write(front, *(viewed(front, f"conversation:{number}") for number in range(130)))
    ada = front.at_desk(ADA)
    first = ada.gets("/desk/audit?action=viewed").text
    assert first.count("Viewed</td>") == 100
    older = re.search(r'href="([^"]*before=[^"]*)">Older', first)
    assert older
    assert ada.gets(older[1].replace("&amp;", "&")).text.count("Viewed</td>") == 30


def rows(front: Front) -> list[list[str]]:
    return list(csv.reader(io.StringIO(front.at_desk(ADA).posts("/desk/audit.csv", {"action": "viewed"}).text)))


def test_a_spreadsheet_runs_nothing_of_what_is_taken_out(front: Front) -> None:
    formulas = ("=HYPERLINK(1)", "@SUM(1)", "-2+3", "+1", "\t=1", "\x00=1", "\n=1", " =1", "＝1", '"a",=1', "plain")
    write(front, *(viewed(front, subject) for subject in formulas))
    subjects = [row[4] for row in rows(front)[1:]]
    assert len(subjects) == len(formulas)
    for cell in subjects:
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝"))
    assert subjects[-1].startswith("'=HYPERLINK")
    assert {safe_cell("plain"), safe_cell("")} == {"plain", ""}


def test_taking_the_audit_out_is_written_down_first(front: Front) -> None:
    rows(front)
    assert front.audit()[0].action == "exported"
    assert front.audit()[0].staff == front.ids[ADA]


def test_a_long_audit_leaves_in_pieces(front: Front) -> None:
    write(front, *(viewed(front, f"conversation:{number}") for number in range(2_100)))
    assert len(rows(front)) == 2_101
