"""Patients write to several processes at once while the flows change under them: everybody is answered, nobody gets an
apology, and no answer is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.desk import publishing
from bot.desk.turns import Arrived, receive
from bot.ports import BookAway
from tests.publishing.house import FILES, House, Patient, draft_of, files_with

PATIENTS = 4
ROUNDS = 3
EDITIONS = 4
TRIES = 100
"""Twilio, too, tries again when it is told that the database is busy."""
TALK = ("hi", "visit", "Mei Ling Tan", "Today", "no thanks")


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    house = House(database_url)
    yield house
    house.close()


def insist(act: Callable[[], object]) -> None:
    for _ in range(TRIES):
        try:
            act()
        except BookAway:
            continue
        return
    raise AssertionError("the database never came back")


def test_everybody_is_answered_while_it_is_published_again_and_again(house: House) -> None:
    processes, admin = [house.open(), house.open()], house.open()
    words = ("Which day shall {name} come?", "When shall {name} come?")
    longer = ("  confirm:\n", "  pause:\n    say: One moment.\n  confirm:\n")
    drafts = [draft_of(files_with(FILES, words)), draft_of(files_with(FILES, words, longer))]

    def talks(number: int) -> list[str]:
        patient = Patient(processes[0], f"whatsapp:+659000{number:04d}")
        for at, text in enumerate(TALK * ROUNDS):
            message = Arrived(f"SM{number:08x}{at:024x}", patient.address, text=text)
            insist(lambda message=message, desk=processes[(number + at) % 2]: receive(desk, message))
        with processes[0].book.begin() as ledger:
            return [line.text for line in ledger.thread(patient.id, 1_000) if line.who == "bot"]

    def publishes(number: int) -> None:
        base = publishing.newest_published(admin).revision
        publishing.publish(admin, drafts[number % 2], publishing.Order("ana", base))

    with ThreadPoolExecutor(PATIENTS) as pool:
        threads = [pool.submit(talks, number) for number in range(PATIENTS)]
        for number in range(EDITIONS):
            insist(lambda number=number: publishes(number))
        said = [thread.result() for thread in threads]
    assert len(publishing.history(house.desk)) == 1 + EDITIONS
    for lines in said:
        assert "apology" not in lines
        assert lines.count("Who is coming?") == ROUNDS
        assert lines.count("Mei Ling Tan comes Today. Shall I tell our staff?") == ROUNDS
        assert lines.count("Nothing was told.") == ROUNDS
    assert house.reports == []
