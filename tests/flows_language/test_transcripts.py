"""The clinic's own tests: a talk that passes, and what is told when the bot says something else."""

from __future__ import annotations

from textwrap import dedent
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.flows_transcripts import read_transcripts
from bot.core.flow import Clinic
from bot.desk.reading import reader
from bot.desk.transcripts import Played, coverage, judge, play, run_transcript
from tests.flows_language.small import clinic_with, visit

BOOKING = visit(
    """
    ask_name:
      ask: What is the patient's full name?
      type: person name
      save as: name
      silent:
        - {after: 5 minutes, say: Are you still there?}
        - {after: 10 minutes, end: gave_up}
    find_slots:
      do: calendar.find_slots
      with: {service: "first", day: "2026-03-03"}
      save as: slots
      outcomes: {found: next, none: nothing_free, failed: nothing_free}
    choose_slot:
      ask: These times are free, {name}. Which one suits you?
      options from: slots
      more options:
        none: {label: None of these, go to: nothing_free}
      save as: slot
    hold_slot:
      do: calendar.hold
      with: {service: "first", slot: slot}
      outcomes: {held: next, taken: find_slots, failed: nothing_free}
    confirm:
      ask: Shall I book {slot} for {name}?
      options:
        book: {label: "Yes, book it", also: [sure]}
        leave: {label: Do not book, go to: give_back}
    book:
      do: calendar.book
      with: {service: "first", slot: slot, name: name}
      save as: booking
      outcomes: {booked: tell_booked, taken: find_slots, failed: nothing_free}
    give_back:
      do: calendar.release
      outcomes: {released: nothing_booked, failed: nothing_booked}
    tell_booked:
      say: Your number is {booking.number}.
      end: booked
    nothing_booked:
      say: Nothing is booked.
      end: not_booked
    nothing_free:
      hand over: No time was found
      end: handed_over
    """,
    starts="book",
)

BOOKED = """\
test: Mei Ling books, after somebody else took the first time
flow: visit
given:
  now: 2026-03-02 09:00
  calendar.find_slots:
    - found: [Tue 3 Mar 10:00, Wed 4 Mar 14:30]
    - found: [Wed 4 Mar 14:30]
  calendar.hold: [taken, held: {until: "09:15"}]
  calendar.book: {booked: {number: A17}}
talk:
  - patient: book
  - bot: What is the patient's full name?
  - patient: Mei Ling Tan
  - bot: These times are free, Mei Ling Tan. ...
    options: [Tue 3 Mar 10:00, Wed 4 Mar 14:30, None of these]
  - taps: Tue 3 Mar 10:00
  - bot: ...
    options: [Wed 4 Mar 14:30, None of these]
  - patient: 4 March
  - bot: Shall I book Wed 4 Mar 14:30 for Mei Ling Tan?
    options: ["Yes, book it", Do not book]
  - patient: sure
  - bot: Your number is A17.
expect:
  ended: booked
  saved: {name: Mei Ling Tan, slot: Wed 4 Mar 14:30}
  effects: [calendar.find_slots, calendar.hold, calendar.find_slots, calendar.hold, calendar.book]
  control: bot
  urgent: "no"
"""


@pytest.fixture(scope="module")
def clinic() -> Clinic:
    loaded = clinic_with({"visit.yaml": BOOKING})
    assert loaded.sound, [str(fault) for fault in loaded.faults]
    assert loaded.clinic is not None
    return loaded.clinic


def played(clinic: Clinic, text: str) -> Played:
    [transcript], faults = read_transcripts(dedent(text).encode(), "tests/visit.yaml")
    assert faults == (), [str(fault) for fault in faults]
    return play(clinic, transcript, reader(clinic, ZoneInfo("Asia/Singapore")))


def told(clinic: Clinic, text: str) -> list[tuple[int, str, str]]:
    return [(one.line, one.expected, one.got) for one in played(clinic, text).mismatches]


def test_a_talk_that_goes_as_written_passes(clinic: Clinic) -> None:
    assert told(clinic, BOOKED) == []


def test_other_words_of_the_bot_are_shown_beside_what_was_expected(clinic: Clinic) -> None:
    [transcript], _ = read_transcripts(BOOKED.replace("patient's full name", "name").encode(), "tests/visit.yaml")
    [mismatch] = run_transcript(clinic, transcript, reader(clinic, ZoneInfo("Asia/Singapore")))
    assert str(mismatch).split("\n") == [
        "tests/visit.yaml:12 Mei Ling books, after somebody else took the first time",
        "  expected                                       | got",
        "  What is the name?                              | What is the patient's full name?",
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "expected", "got"),
    [
        ("[Wed 4 Mar 14:30, None of these]", "[None of these]", 17, "...\n[None of these]",
         "These times are free, Mei Ling Tan. Which one suits you?\n[Wed 4 Mar 14:30, None of these]"),
        ("  - bot: Your number is A17.\n", "", 22, "(nothing)", "Your number is A17."),
        ("is A17.\n", "is A17.\n  - bot: Bye!\n", 24, "Bye!", "(nothing)"),
        ("ended: booked", "ended: not_booked", 25, "ended: not_booked", "ended: booked"),
        ("slot: Wed 4 Mar 14:30}", "slot: Tue 3 Mar}", 25, "saved slot: Tue 3 Mar", "saved slot: Wed 4 Mar 14:30"),
        ("control: bot", "control: waiting", 25, "control: waiting", "control: bot"),
        ('urgent: "no"', 'urgent: "yes"', 25, "urgent: True", "urgent: False"),
        ("taps: Tue 3 Mar 10:00", "taps: Tue 3 Mar", 16, "", '(stopped) There is no button "Tue 3 Mar" to tap. '
         'Shown are: "Tue 3 Mar 10:00", "Wed 4 Mar 14:30", "None of these".'),
        ("[taken, held", "[held", 16, "", None),
        ('  calendar.hold: [taken, held: {until: "09:15"}]\n', "", 15, "",
         '(stopped) "given" says 0 time(s) how calendar.hold comes out; it is asked 1.'),
    ],
)  # fmt: skip
def test_every_difference_is_told(
    clinic: Clinic, old: str, new: str, line: int, expected: str, got: str | None
) -> None:
    assert old in BOOKED
    first = told(clinic, BOOKED.replace(old, new))[0]
    if got is not None:
        assert first == (line, expected, got)


def test_effects_are_compared_in_order(clinic: Clinic) -> None:
    [(_, expected, got)] = told(clinic, BOOKED.replace("calendar.hold, calendar.book]", "calendar.book]"))
    assert expected == "effects: calendar.find_slots, calendar.hold, calendar.find_slots, calendar.book"
    assert got.endswith("calendar.hold, calendar.book")


def test_a_patient_who_falls_silent_is_reminded_and_let_go(clinic: Clinic) -> None:
    text = """\
        test: Ravi falls silent
        flow: visit
        talk:
          - patient: book
          - bot: What is the patient's full name?
          - silence: 4 minutes
          - silence: 1 minute
          - bot: Are you still there?
          - silence: 5 minutes
        expect: {ended: gave_up}
        """
    assert told(clinic, text) == []


def test_a_person_asked_for_anywhere_is_called(clinic: Clinic) -> None:
    text = """\
        test: Siti asks for a person
        flow: visit
        given: {phone: "no"}
        talk:
          - patient: book
          - bot: What is the patient's full name?
          - sends: photo
          - bot: "cannot read ..."
          - bot: What is the patient's full name?
          - patient: human
          - bot: Passed on. Mondays
        expect: {control: waiting}
        """
    assert told(clinic, text) == []


def test_staff_take_over_and_give_back_to_the_open_question(clinic: Clinic) -> None:
    text = """\
        test: Siti is looked after by Ana in between
        flow: visit
        talk:
          - patient: book
          - bot: What is the patient's full name?
          - staff: take over
          - patient: one moment please
          - staff: back to the question
          - bot: back again
          - bot: What is the patient's full name?
          - staff: take over
          - staff: done
        expect: {control: closed}
        """
    assert told(clinic, text) == []
    _, faults = read_transcripts(dedent(text).replace("done", "dance").encode(), "tests/visit.yaml")
    assert [fault.code for fault in faults] == ["E04"]


def test_what_is_sent_at_once_taps_what_was_seen_before_any_of_it_was_answered(clinic: Clinic) -> None:
    """The second tap belongs to the question that the first one has answered."""
    text = """\
        test: Mei Ling taps twice
        flow: visit
        given:
          calendar.find_slots: {found: [Tue 3 Mar 10:00, Wed 4 Mar 14:30]}
          calendar.hold: {held: {until: "09:15"}}
        talk:
          - patient: book
          - bot: What is the patient's full name?
          - patient: Mei Ling Tan
          - bot: These times are free, Mei Ling Tan. ...
          - taps: Tue 3 Mar 10:00
          - taps: Tue 3 Mar 10:00
          - bot: Shall I book Tue 3 Mar 10:00 for Mei Ling Tan?
          - bot: "old button ..."
          - bot: Shall I book Tue 3 Mar 10:00 for Mei Ling Tan?
        expect: {effects: [calendar.find_slots, calendar.hold]}
        """
    assert told(clinic, text) == []
    twice = text.replace("- taps: Tue 3 Mar 10:00\n          - bot", "- taps: Do not book\n          - bot")
    assert "There is no button" in told(clinic, twice)[0][2]


def test_a_flow_that_changes_something_is_tested_with_two_messages_at_once(clinic: Clinic) -> None:
    lacking = "in no test the patient sends two things at once."
    assert [fault.message for fault in judge(clinic, [played(clinic, BOOKED)]) if lacking in fault.message] == [lacking]
    hasty = BOOKED.replace("  - patient: sure\n", "  - patient: sure\n  - patient: sure\n")
    assert not any(lacking in fault.message for fault in judge(clinic, [played(clinic, hasty)]))


def test_facts_and_lists_can_be_given(clinic: Clinic) -> None:
    flow = visit(
        "which:\n  ask: Which service at {clinic.name}?\n  options from: services\n  save as: service\n"
        "name:\n  ask: '{service}. Your name?'\n  type: person name\n"
        "bye:\n  say: Bye\n  end: done"
    )
    loaded = clinic_with({"visit.yaml": flow})
    assert loaded.clinic is not None
    text = """\
        test: Mei Ling chooses
        flow: visit
        given:
          facts: {name: Test Clinic}
          services: [Review of a scan, {id: wound, label: Wound check}]
        talk:
          - patient: visit
          - bot: Which service at Test Clinic?
            options: [Review of a scan, Wound check]
          - patient: "2"
          - bot: Wound check. Your name?
        expect: {saved: {service: wound}}
        """
    assert told(loaded.clinic, text) == []


def test_the_first_contact_is_only_said_when_asked_for(clinic: Clinic) -> None:
    text = """\
        test: Mei Ling writes for the first time
        flow: main_menu
        given: {first contact: "yes"}
        talk:
          - patient: good day
          - bot: How can we help?
            options: [Ask our staff]
        """
    assert told(clinic, text) == []


def test_a_stand_in_the_action_never_gives_is_a_mistake() -> None:
    text = BOOKED.replace("[taken, held:", "[token, held:")
    _, faults = read_transcripts(text.encode(), "tests/visit.yaml")
    assert [str(fault) for fault in faults] == [
        'tests/visit.yaml:8: calendar.hold never comes out as "token". Did you mean "taken"?'
    ]


def test_several_tests_stand_in_one_file() -> None:
    transcripts, faults = read_transcripts((BOOKED + "---\n" + BOOKED).encode(), "tests/visit.yaml")
    assert len(transcripts) == 2
    assert faults == ()


def test_coverage_names_every_step_and_way_no_test_walks(clinic: Clinic) -> None:
    found = coverage(clinic, [played(clinic, BOOKED)])
    assert (found.steps_walked, found.steps) == (7, 12)
    never = {str(one) for one in found.never}
    assert "main_menu.yaml:5 choose: never reached" in never
    assert "visit.yaml:31 confirm: never option leave" in never
    assert not any("option book" in line or "typed" in line for line in never)
    assert str(found).endswith(f"walked: 7 of 12 steps, {found.ways_walked} of {found.ways} ways")
