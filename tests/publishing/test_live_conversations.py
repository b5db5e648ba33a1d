"""What publishing means for a patient in the middle of something."""

from collections.abc import Iterator

import pytest

from bot.desk import publishing, reception
from bot.desk.publishing import Order
from bot.desk.replaying import Replayed, conversations, every_edition, replay
from bot.desk.turns import silence, take_up_waiting
from bot.ports import Published
from tests.publishing.house import FILES, House, Patient, draft_of, files_with
from tests.universe import ANA, RAVI

WORDS = files_with(FILES, ("Which day shall {name} come?", "When shall {name} come?"))
LONGER = files_with(
    FILES,
    (
        "  confirm:\n",
        "  ask_phone:\n    ask: Which number shall we call?\n    type: phone\n    save as: phone\n  confirm:\n",
    ),
    ("{name} comes {day}.", "{name} comes {day} ({phone})."),
)
RENAMED = files_with(
    FILES,
    ("  ask_day:\n", "  choose_day:\n    renamed from: ask_day\n"),
    ("Which day shall {name} come?", "Choose a day, {name}."),
    ("  left:\n", "  bye:\n"),
    ("go to: left", "go to: bye"),
)
WITHOUT_VISIT = {name: text for name, text in FILES.items() if name != "visit.yaml"}


@pytest.fixture
def house(sqlite_url: str) -> Iterator[House]:
    house = House(sqlite_url)
    yield house
    house.close()


@pytest.fixture
def mei_ling(house: House) -> Patient:
    """She has named herself, and is asked for a day."""
    mei_ling = Patient(house.desk)
    assert mei_ling.says("hi", "visit", "Mei Ling Tan") == ["Which day shall Mei Ling Tan come?"]
    return mei_ling


def test_a_mended_text_is_read_at_the_next_message(house: House, mei_ling: Patient) -> None:
    house.publish(WORDS)
    assert mei_ling.says("qwrtz")[-1] == "When shall Mei Ling Tan come?"
    assert mei_ling.says("later")[-1] == "Mei Ling Tan comes Later. Shall I tell our staff?"
    assert mei_ling.state.stack[-1].edition == 0


def test_the_answer_to_a_mended_question_counts(house: House, mei_ling: Patient) -> None:
    house.publish(WORDS)
    assert mei_ling.says("Today") == ["Mei Ling Tan comes Today. Shall I tell our staff?"]


def test_a_flow_that_does_something_else_now_is_finished_as_it_was_begun(house: House, mei_ling: Patient) -> None:
    house.publish(LONGER)
    assert mei_ling.says("Today") == ["Mei Ling Tan comes Today. Shall I tell our staff?"]
    assert mei_ling.state.stack[-1].edition == 1
    assert mei_ling.says("no thanks") == ["Nothing was told."]
    mei_ling.says("visit", "Mei Ling Tan")
    assert mei_ling.says("Today") == ["Which number shall we call?"]


def test_a_flow_that_is_gone_is_finished_as_it_was_begun(house: House, mei_ling: Patient) -> None:
    house.publish(WITHOUT_VISIT)
    assert mei_ling.says("Today") == ["Mei Ling Tan comes Today. Shall I tell our staff?"]
    assert mei_ling.says("no thanks") == ["Nothing was told."]
    assert "Somebody" not in str(mei_ling.says("visit"))


def test_what_is_finished_is_still_always_said_with_todays_words_that_work_anywhere(
    house: House, mei_ling: Patient
) -> None:
    later = files_with(LONGER, ("words: [human]", "words: [human, operator]"), file="_clinic.yaml")
    house.publish(later)
    mei_ling.says("operator")
    assert mei_ling.state.control == "waiting"


def test_who_is_moved_goes_on_at_the_step_with_the_new_name(house: House, mei_ling: Patient) -> None:
    house.publish(RENAMED, moves=True)
    assert mei_ling.says("qwrtz")[-1] == "Choose a day, Mei Ling Tan."
    assert (mei_ling.state.stack[-1].step, mei_ling.state.stack[-1].edition) == ("choose_day", 0)
    assert mei_ling.says("Today") == ["Mei Ling Tan comes Today. Shall I tell our staff?"]
    assert mei_ling.says("back") == ["Choose a day, Mei Ling Tan."]


def test_a_new_name_alone_moves_nobody(house: House, mei_ling: Patient) -> None:
    house.publish(RENAMED)
    assert mei_ling.says("qwrtz")[-1] == "Which day shall Mei Ling Tan come?"


def test_nobody_is_moved_to_where_something_was_never_asked(house: House, mei_ling: Patient) -> None:
    mei_ling.says("Today")
    ravi = Patient(house.desk, RAVI)
    ravi.says("hi", "visit", "Ravi Kumar")
    with pytest.raises(publishing.Refused) as refused:
        house.publish(LONGER, moves=True)
    by_step = {fault.step: fault for fault in refused.value.proposal.errors}
    assert {fault.code for fault in by_step.values()} == {"E100"}
    assert by_step.keys() == {"confirm", "ask_day"}
    assert '"phone" was not asked yet' in by_step["confirm"].message
    assert mei_ling.says("no thanks") == ["Nothing was told."]


def test_who_came_to_such_a_step_after_the_census_finishes_what_she_began(house: House, mei_ling: Patient) -> None:
    admin = house.open()
    draft = draft_of(files_with(LONGER, ("  ask_day:\n", "  choose_day:\n    renamed from: ask_day\n")))
    proposal = publishing.propose(admin, draft, moves=True)
    assert proposal.errors == ()
    assert [(one.step, one.to, one.fate) for one in proposal.census.groups] == [("ask_day", "choose_day", "moves")]
    mei_ling.says("Today")
    with admin.book.begin() as ledger:
        ledger.publish(Published(2, draft.revision, "", "ana", 0, moves=True), draft.files)
    assert mei_ling.says("qwrtz")[-1] == "Mei Ling Tan comes Today. Shall I tell our staff?"
    assert mei_ling.says("no thanks") == ["Nothing was told."]


def test_going_back_is_publishing_the_older_revision(house: House, mei_ling: Patient) -> None:
    first = publishing.newest_published(house.desk)
    house.publish(LONGER)
    mei_ling.says("Today")
    admin = house.open()
    newest = publishing.newest_published(admin)
    done = publishing.roll_back(admin, first.revision, Order("ana", newest.revision)).published
    assert (done.number, done.revision, done.base) == (3, first.revision, newest.revision)
    assert mei_ling.says("qwrtz")[-1] == "Mei Ling Tan comes Today. Shall I tell our staff?"
    assert mei_ling.state.stack[-1].edition == 0
    ravi = Patient(house.desk, RAVI)
    ravi.says("hi", "visit", "Ravi Kumar")
    assert ravi.says("Today") == ["Ravi Kumar comes Today. Shall I tell our staff?"]


def test_who_began_in_the_edition_that_was_taken_back_finishes_it(house: House) -> None:
    first = publishing.newest_published(house.desk)
    house.publish(LONGER)
    mei_ling = Patient(house.desk)
    mei_ling.says("hi", "visit", "Mei Ling Tan", "Today")
    admin = house.open()
    publishing.roll_back(admin, first.revision, Order("ana", publishing.newest_published(admin).revision))
    assert mei_ling.says("9123 4567") == ["Mei Ling Tan comes Today (+6591234567). Shall I tell our staff?"]


def test_a_message_that_waited_while_it_was_published_is_answered_in_the_new_words(
    house: House, mei_ling: Patient
) -> None:
    house.desk.live.take(mei_ling.id, "somebody else")
    assert mei_ling.says("qwrtz") == []
    house.publish(WORDS)
    take_up_waiting(house.desk, mei_ling.id)
    with house.desk.book.begin() as ledger:
        assert ledger.thread(mei_ling.id, 1)[0].text == "When shall Mei Ling Tan come?"


def test_a_patient_who_says_nothing_more_is_asked_in_the_new_words(house: House, mei_ling: Patient) -> None:
    changed = files_with(WORDS, ("Are you still there?", "Hello?"), file="_clinic.yaml")
    house.publish(changed)
    house.clock.pass_seconds(15 * 60)
    assert silence(house.desk, mei_ling.id)
    with house.desk.book.begin() as ledger:
        assert ledger.thread(mei_ling.id, 1)[0].text == "Hello?"


def test_the_journal_tells_which_edition_a_turn_went_by(house: House, mei_ling: Patient) -> None:
    house.publish(WORDS)
    mei_ling.says("Today")
    with house.desk.book.begin() as ledger:
        rows = ledger._connection.exec_driver_sql("SELECT trace FROM journal ORDER BY id")  # type: ignore[attr-defined]
        traces = [row[0] for row in rows]
    assert [('"way":"edition 1"' in trace, '"way":"edition 2"' in trace) for trace in traces] == [
        (True, False),
        (False, False),
        (False, False),
        (False, True),
    ]


def test_a_menu_that_changed_is_shown_anew(house: House) -> None:
    mei_ling = Patient(house.desk)
    mei_ling.says("hi")
    changed = files_with(FILES, ("staff: {label: Ask our staff}", "ask: {label: Somebody}"), file="main_menu.yaml")
    house.publish(changed)
    assert "Somebody" in str(mei_ling.says("qwrtz")) or mei_ling.state.open is not None
    assert [one.id for one in mei_ling.state.open.options] == ["ask"]  # type: ignore[union-attr]
    assert mei_ling.state.stack[-1].edition == 0


def test_staff_hand_back_to_a_question_of_an_older_edition(house: House, mei_ling: Patient) -> None:
    reception.take_over(house.desk, mei_ling.id, ANA)
    house.publish(WITHOUT_VISIT)
    other = house.open()
    assert reception.ways_back(other, mei_ling.id).can_continue
    reception.hand_back(other, mei_ling.id, ANA, "continue")
    assert mei_ling.says("Today")[-1] == "Mei Ling Tan comes Today. Shall I tell our staff?"


def test_what_was_talked_while_things_were_published_is_decided_again_to_the_byte(
    house: House, mei_ling: Patient
) -> None:
    house.publish(LONGER)
    mei_ling.says("Today")
    house.publish(WORDS)
    mei_ling.says("qwrtz", "no thanks", "visit", "Mei Ling Tan")
    house.publish(RENAMED, moves=True)
    mei_ling.says("later", "yes")
    [(start, turns)] = conversations(house.desk.book, 0)
    assert replay(start, turns, every_edition(house.desk)) == Replayed(mei_ling.id, same=len(turns))
