"""Revisions are in the backup: after a restore the bot says what it said then, and everybody goes on."""

from pathlib import Path

from bot.adapters.backup import Place, back_up, restore
from bot.desk import publishing
from tests.publishing.house import FILES, House, Patient, files_with

WORDS = files_with(FILES, ("Which day shall {name} come?", "When shall {name} come?"))
LONGER = files_with(WORDS, ("  confirm:\n", "  pause:\n    say: One moment.\n  confirm:\n"))


def test_a_restored_clinic_says_what_it_said_then_and_finishes_what_was_begun(
    database_url: str, tmp_path: Path
) -> None:
    house = House(database_url)
    mei_ling = Patient(house.desk)
    mei_ling.says("hi", "visit", "Mei Ling Tan")
    house.publish(LONGER)
    mei_ling.says("qwrtz")
    house.close()
    place, file = Place(database_url, tmp_path / "data", "k9" * 32, lambda: None), tmp_path / "monday.tar"
    back_up(place, file, "", house.clock.epoch)
    later = House(database_url, files=LONGER)
    later.publish(WORDS)
    later.close()
    restore(place, file, house.clock.epoch, over_newer=True)
    restored = House(database_url, files=FILES)
    assert [one.number for one in publishing.history(restored.desk)] == [2, 1]
    again = mei_ling.at(restored.desk)
    assert again.state.stack[-1].edition == 1
    assert again.says("Today") == ["Mei Ling Tan comes Today. Shall I tell our staff?"]
    restored.close()
