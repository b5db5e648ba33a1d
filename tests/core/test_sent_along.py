"""A place and a contact card as they are read: bounded, one line each, and nothing but text whatever came in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from bot.core.contact_card import (
    CARDS_MAX,
    NAME_CHARACTERS_MAX,
    NUMBER_CHARACTERS_MAX,
    NUMBERS_MAX,
    ContactCard,
    read_cards,
    written,
)
from bot.core.events import Message, event_from_data, event_to_data
from bot.core.location import ADDRESS_CHARACTERS_MAX, LABEL_CHARACTERS_MAX, Location, read_location
from bot.core.media import file_name, kind_of
from bot.core.one_line import one_line

ORCHARD = Location("1.3048", "103.8318", "Orchard MRT", "437 Orchard Road")


def test_a_place_reads_in_one_line() -> None:
    assert read_location("1.3048", "103.8318", "Orchard MRT", "437 Orchard Road") == ORCHARD
    assert ORCHARD.words == "Orchard MRT, 437 Orchard Road, 1.3048, 103.8318"


@pytest.mark.parametrize(
    ("degrees", "read"),
    [
        ("1.3048", "1.3048"),
        ("-33.90000000000001", "-33.9"),
        ("+90", "90"),
        (" 7 ", "7"),
        ("-0.00000001", "0"),
        ("10", "10"),
    ],
)
def test_coordinates_are_decimal_numbers_to_a_tenth_of_a_metre(degrees: str, read: str) -> None:
    assert read_location(degrees, "103.8318") == Location(read, "103.8318")


@pytest.mark.parametrize(
    "degrees", ["", "nan", "inf", "1e1", "90.1", "-91", "999", "1,3", "٣", "1.3048\n", "<b>", "1" * 400]
)
def test_what_is_nowhere_on_earth_leaves_the_name_alone_or_nothing(degrees: str) -> None:
    assert read_location(degrees, "103.8318", "Orchard MRT") == Location(label="Orchard MRT")
    assert read_location("1.3048", degrees if degrees not in ("90.1", "-91") else "181") is None


def test_a_places_name_and_address_are_cut_and_stay_in_their_line() -> None:
    found = read_location("1", "2", "A\x00\r\nB\u202e\ud800\u2028C" + "x" * 5_000, "y" * 5_000)
    assert found is not None
    assert found.label.startswith("A BCx") or found.label.startswith("A B Cx")
    assert (len(found.label), len(found.address)) == (LABEL_CHARACTERS_MAX, ADDRESS_CHARACTERS_MAX)


def test_what_letters_are_made_of_stays_in_one_line() -> None:
    family, tamil = "👨\u200d👩\u200d👧", "ஸ்ரீ"
    assert one_line(f"{family} {tamil}", 50) == f"{family} {tamil}"


@pytest.mark.parametrize("message", [Message("SM1"), Message("SM1", "location", location=ORCHARD, quotes="SM2")])
def test_a_message_comes_back_from_the_journal_as_it_was(message: Message) -> None:
    assert event_from_data(event_to_data(message)) == message


def test_words_alone_are_written_down_as_they_were_before_there_were_places() -> None:
    assert list(event_to_data(Message("SM1"))) == ["event", "sid", "kind", "text", "button", "reading", "sent_at"]


WHATSAPP = (
    b"BEGIN:VCARD\r\nVERSION:3.0\r\nN:Lim;Wei;;Dr;\r\nFN:Dr Lim Wei\r\nitem1.TEL;waid=6560000000:+65 6000 0000\r\n"
    b"item1.X-ABLabel:Work\r\nTEL;type=CELL:tel:+65-9123-4567\r\nNOTE:allergic\r\nEND:VCARD\r\n"
)


def test_a_card_says_a_name_and_numbers() -> None:
    assert read_cards(WHATSAPP) == (ContactCard("Dr Lim Wei", ("+65 6000 0000", "+65-9123-4567")),)


@pytest.mark.parametrize(
    ("lines", "card"),
    [
        (b"N:Lim;Wei;;Dr;", ContactCard("Dr Wei Lim")),
        (b"ORG:Spine Centre\\, Singapore", ContactCard("Spine Centre, Singapore")),
        (b"FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E9=99=88", ContactCard("陈")),
        (b"FN:Mei \r\n Ling", ContactCard("Mei Ling")),
        (b'TEL;X="a:b;c":995', ContactCard("", ("995",))),
        (b"TEL:call me\nTEL:995\nTEL:995", ContactCard("", ("995",))),
        (b"fn:lower\n tel", ContactCard("lowertel")),
    ],
)
def test_cards_of_every_version_and_program_are_read(lines: bytes, card: ContactCard) -> None:
    assert read_cards(b"BEGIN:VCARD\n" + lines + b"\nEND:VCARD") == (card,)


@pytest.mark.parametrize(
    "content", [b"", b"FN:Nobody", b"BEGIN:VCARD", b"BEGIN:VCARD\nFN:\x00\nTEL:none", b"\xff\xfe\x00"]
)
def test_what_says_nobody_is_no_card(content: bytes) -> None:
    assert read_cards(content) == ()


def test_a_card_of_any_size_is_bounded() -> None:
    name, numbers = b"FN:" + b"x" * 1_900, b"".join(b"TEL:" + b"%d" % n * 100 + b"\n" for n in range(1, 9))
    cards = read_cards((b"BEGIN:VCARD\nPHOTO:" + b"A" * 50_000 + b"\n" + name + b"\n" + numbers) * 15)
    assert len(cards) == CARDS_MAX
    assert len(cards[0].name) == NAME_CHARACTERS_MAX
    assert [len(number) for number in cards[0].numbers] == [NUMBER_CHARACTERS_MAX] * NUMBERS_MAX


@given(some.binary(max_size=400), some.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_whatever_was_read_of_a_card_is_written_and_read_as_the_same(noise: bytes, text: str) -> None:
    said = text.encode("utf-8", "replace")
    read = read_cards(b"BEGIN:VCARD\nFN:" + said + b"\nTEL:1" + said + b"\n" + noise + b"\nEND:VCARD")
    assert read_cards(written(read)) == read
    assert all(
        part.isprintable() or "\u200d" in part or "\u200c" in part
        for card in read
        for part in (card.name, *card.numbers)
    )


def test_a_card_is_known_by_its_first_bytes_and_saved_under_nobodys_name() -> None:
    assert kind_of(b"\xef\xbb\xbfbegin:vcard\n") == "text/vcard"
    assert kind_of(b"hello BEGIN:VCARD") is None
    assert file_name("3f2a81c0d4", "text/vcard") == "contact-3f2a81c0.vcf"
