"""A recorded conversation becomes a test that goes the same way, with nothing in it that is the patient's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.adapters.flows_transcripts import read_transcripts
from bot.adapters.flows_transcripts_written import write_transcripts
from bot.core.events import FollowUpFellDue
from bot.desk import reception, replying, saving
from bot.desk.clinic_time import short_label
from bot.desk.masking import GONE, Masking
from bot.desk.replaying import conversations
from bot.desk.saving import Saved, Talk
from bot.desk.transcripts import play
from bot.desk.turns import Arrived, conversation_id, happen, receive, silence
from bot.ports import Desk
from bot.wiring import add_transcript
from tests.fakes import FakeClock
from tests.universe import ANA, MEI_LING, SINGAPORE, SITI, open_desk, shipped_clinic, shipped_reader

MASK = Masking(shipped_clinic())


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Desk]:
    with open_desk(sqlite_url) as made:
        yield made


def writes(desk: Desk, *texts: str, address: str = MEI_LING) -> None:
    for text in texts:
        receive(desk, Arrived(f"SM{desk.chance.token()}", address, "text", text))


def taps(desk: Desk, label: str, address: str = MEI_LING) -> None:
    with desk.book.begin() as ledger:
        state = ledger.read(conversation_id(desk.conversation_key, address))
    assert state is not None
    assert state.open is not None
    id = next(one.id for one in state.open.options if one.label == label)
    button = f"{state.id[:8]}.{state.open.turn}.{id}"
    receive(desk, Arrived(f"SM{desk.chance.token()}", address, "tap", label, button))


def desk_now(desk: Desk) -> int:
    return int(desk.clock.now().timestamp())


def found(desk: Desk) -> tuple[Talk, ...]:
    [(start, entries)] = conversations(desk.book, 0)
    return saving.talks(desk.clinic, start, entries)


def saved(desk: Desk) -> tuple[Saved, str]:
    """The latest talk saved, and its file, which passes."""
    made = saving.save(desk.clinic, desk.read, found(desk)[-1], "Saved")
    text = write_transcripts([made.transcript])
    [read_back], faults = read_transcripts(text.encode(), "tests/saved.yaml")
    assert faults == ()
    assert [str(one) for one in play(shipped_clinic(), read_back, shipped_reader()).mismatches] == []
    return made, text


def says(text: str) -> list[str]:
    """The patient's lines of a file."""
    return re.findall(r"^  - (?:patient|taps): (.*)$", text, re.MULTILINE)


def test_a_booking_is_saved_with_another_name_and_day_and_goes_the_same_way(desk: Desk) -> None:
    writes(desk, "hello", "book", "first consultation", "tomorrow", "10:00", "1", "Grace Lim Hui Min", "yes")
    made, text = saved(desk)
    assert made.otherwise == 0
    assert says(text) == [
        "hello", "book", "first consultation", "Wed 4 Mar", '"10:30"', "For me", "Mei Ling Tan", '"yes"',
    ]  # fmt: skip
    assert (made.transcript.flow, made.transcript.expected.ended) == ("booking", "booked")
    assert made.transcript.given.first_contact


HOSTILE = (
    "my name is Grace Lim and I want to book",
    "GRACE LIM HERE, pls call 9123-4567 or +65 8765 4321",
    "ic S1234567D dob 1/2/1980, nric: T0123456z",
    "grace.lim@example.com and www.grace-lim.sg/me",
    "this is Grace's daughter, Mrs Lim-Wong",
    "我叫林慧敏，电话９１２３４５６７",
    "என் பெயர் கிரேஸ்",
    "call gracelim at nine one two three",
    "Ｇｒａｃｅ Ｌｉｍ",
    "Grace\u200bLim g.r.a.c.e L1m",
    "Blk 123 Jurong West St 45 #06-789",
    "my mother Grace wants an appointment for MRI",
)
AROUND = " .,;:!?\"'()[]*~–—-“”‘’。，！？、"
THEIRS = re.compile(
    r"grace|lim\b|ｇｒａｃｅ|9123|8765|4321|1234567|0123456|1980|example\.com|wong|林|慧敏|９１|கிரேஸ்|l1m|jurong|789",
    re.IGNORECASE,
)


@pytest.mark.parametrize("words", HOSTILE)
def test_no_name_number_or_address_gets_through(desk: Desk, words: str) -> None:
    writes(desk, "hello", words, "book", words, "first consultation", words, "menu", words)
    _, text = saved(desk)
    assert THEIRS.search(text) is None, says(text)


def test_a_name_that_is_an_ordinary_word_is_known_from_the_answer_to_the_question_for_it(desk: Desk) -> None:
    writes(desk, "my pain is bad, can I book", "first consultation", "tomorrow", "10:00", "1", "Pain Book", "yes")
    _, text = saved(desk)
    assert "pain" not in " ".join(says(text)).casefold()


@example(["FAQ_TOPICS"])
@example(["Grace", "FAQ_TOPICS"])
@given(st.lists(st.text(st.characters(categories=["L", "M", "N", "P"]), min_size=1, max_size=12), max_size=8))
def test_only_words_of_the_clinic_stay(words: list[str]) -> None:
    clinics, said = MASK._words, " ".join(words)
    # A whole text of the clinic's files stays as it is, such as a name in them that is no word.
    assume(said.strip(AROUND).casefold() not in MASK._phrases)
    for chunk in MASK(said).split():
        word = chunk.strip(GONE + AROUND).casefold()
        assert not any(letter.isalnum() for letter in word) or word in clinics, chunk


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("I want to book an appointment please!", "I want to book an appointment please!"),
        ("My name is Will, and I want to book", "My name … want to book"),
        ("where is the clinic, Mary?", "where is the clinic, …"),
        ("can I book, Will?", "can I book, …"),
        ("CAN I BOOK", "CAN I BOOK"),
        ("Mdm Tan here", "…"),
        ("12 March", "…"),
        ("坐骨神经痛是什么感觉", "坐骨神经痛是什么感觉"),
        ("?!", "?!"),
        ("", ""),
    ],
)
def test_what_is_left_of_words(words: str, left: str) -> None:
    assert MASK(words) == left


def test_an_appointment_of_the_patient_is_told_as_another(desk: Desk) -> None:
    writes(desk, "book", "first consultation", "tomorrow", "10:00", "1", "Grace Lim", "yes", "my appointments")
    with desk.book.look() as ledger:
        [mine] = ledger.appointments(conversation_id(desk.conversation_key, MEI_LING), desk_now(desk))
    taps(desk, short_label(datetime.fromtimestamp(mine.starts_at, SINGAPORE), "en"))
    taps(desk, "Cancel it")
    taps(desk, "Yes, cancel it")
    made, text = saved(desk)
    assert (made.otherwise, made.transcript.expected.effects[-1:]) == (0, ("calendar.cancel",))  # type: ignore[index]
    assert "Grace" not in text
    assert mine.number not in text


def test_a_red_flag_is_told_in_words_that_are_nobodys(desk: Desk) -> None:
    writes(desk, "hello", "I wet myself at Tampines, no feeling in my legs")
    made, text = saved(desk)
    assert "Tampines" not in text
    assert (made.transcript.expected.control, made.otherwise) == ("waiting", 0)


def test_silence_photos_and_an_address_without_a_number_are_kept(sqlite_url: str) -> None:
    clock = FakeClock()
    with open_desk(sqlite_url, clock=clock) as desk:
        writes(desk, "hello", "book", address=SITI)
        receive(desk, Arrived("SMphoto", SITI, "media"))
        clock.pass_seconds(15 * 60)
        assert silence(desk, conversation_id(desk.conversation_key, SITI))
        _, text = saved(desk)
    assert "  - sends: photo" in text
    assert "  - silence: 15 minutes" in text
    assert '  phone: "no"' in text


def test_a_talk_ends_after_a_pause(sqlite_url: str) -> None:
    clock = FakeClock()
    with open_desk(sqlite_url, clock=clock) as desk:
        writes(desk, "hello", "menu")
        clock.pass_seconds(7 * 3600)
        writes(desk, "book", "human")
        assert [(len(talk.moments), talk.ends) for talk in found(desk)] == [(2, ""), (2, "")]


def test_a_talk_goes_on_when_the_bot_has_it_back_without_what_was_said_to_a_person(desk: Desk) -> None:
    id = conversation_id(desk.conversation_key, MEI_LING)
    writes(desk, "book", "first consultation", "human")
    reception.take_over(desk, id, ANA)
    writes(desk, "thank you Ana")
    replying.send_reply(desk, id, ANA, replying.Reply("Dr Nolan can see you.", "click-0001"))
    reception.hand_back(desk, id, ANA, "continue")
    writes(desk, "tomorrow")
    made, text = saved(desk)
    assert made.otherwise == 0
    assert re.findall(r"^  - (?:patient|staff): (.*)$", text, re.MULTILINE) == [
        "book", "first consultation", "human", "take over", "back to the question", "Wed 4 Mar",
    ]  # fmt: skip
    assert "Nolan can see" not in text


def test_a_talk_that_staff_keep_ends_before_they_took_it(desk: Desk) -> None:
    writes(desk, "book", "human")
    reception.take_over(desk, conversation_id(desk.conversation_key, MEI_LING), ANA)
    writes(desk, "thank you Ana")
    made, text = saved(desk)
    assert made.about == "It ends here because staff had it from then on."
    assert "staff:" not in text


def test_a_talk_that_a_follow_up_ended_says_so_in_its_file(tmp_path: Path, desk: Desk) -> None:
    writes(desk, "hello", "menu")
    due = FollowUpFellDue(7, "check-in", said={"when": "Tuesday"})
    happen(desk, conversation_id(desk.conversation_key, MEI_LING), lambda ledger, state: due)
    writes(desk, "menu")
    first, second = found(desk)
    assert (len(first.moments), len(second.moments), second.ends) == (2, 1, "")
    made = saving.save(desk.clinic, desk.read, first, "Before the check-in")
    add_transcript(tmp_path / "real.yaml", made.transcript, made.about)
    assert (tmp_path / "real.yaml").read_text().startswith("# It ends here because a follow-up was said")
    assert read_transcripts((tmp_path / "real.yaml").read_bytes(), "tests/real.yaml")[1] == ()


def test_files_that_answer_otherwise_are_counted(desk: Desk) -> None:
    """What is saved is what the files say today; where that is not the way it went, whoever saves it is told."""
    writes(desk, "hello", "book", "first consultation")
    talk = found(desk)[-1]
    first, second, third = talk.moments
    quick = replace(second, turn=replace(second.turn, trace=()))
    assert saving.save(desk.clinic, desk.read, replace(talk, moments=(first, quick, third)), "Saved").otherwise == 1


def test_a_talk_held_in_the_terminal_is_kept_word_by_word(desk: Desk) -> None:
    writes(desk, "hello", "book", "first consultation", "12 march")
    made = saving.save_as_it_was(desk.clinic, desk.read, found(desk)[-1], "Mine", SINGAPORE)
    text = write_transcripts([made.transcript])
    assert says(text)[-1] == '"12 march"'
    assert "now: 2026-03-02 09:00" in text
    assert "2026-03-12" in text


def test_a_number_means_the_option_it_meant_also_where_nothing_is_saved_of_it(desk: Desk) -> None:
    writes(desk, "hello", "language", "3")
    made, text = saved(desk)
    assert (says(text), made.otherwise) == (["hello", "language", "Bahasa Melayu"], 0)
