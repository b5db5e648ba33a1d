"""What both databases keep of the channel: whether it is open, its templates, how far it was looked through."""

from dataclasses import replace

from bot.adapters.sql import SqlBook
from bot.core.effects import Choice
from bot.core.template import Wording
from bot.ports import ChannelTrouble, Result, Words
from tests.sql.clinic import DAY, HOUR, MEI_LING, NOW, claim, conclude, message, save, say, statuses

ENGLISH = Wording("notice", "en", "Hello {{1}}, there is news.", ("name",), ("Mei Ling",))
CHINESE = Wording("notice", "zh", "您好 {{1}}，有消息。", ("name",), ("Mei Ling",), place=1)
NEWS = Words("News.", "notice", template="notice", variables={"name": "Mei Ling"})
TROUBLE = ChannelTrouble(20003, "Twilio refuses our credentials", NOW, NOW + HOUR)


def approve(book: SqlBook, *wordings: Wording) -> None:
    with book.begin() as ledger:
        for number, wording in enumerate(wordings):
            ledger.template_made(wording, f"HX{number}", NOW + number)
            ledger.template_status(f"HX{number}", "approved", "", NOW)


def said_as_template(book: SqlBook) -> str:
    (outgoing,) = claim(book)
    assert outgoing.content is not None
    return outgoing.content.body


def test_outside_the_window_words_leave_as_the_template_of_the_patients_language(book: SqlBook) -> None:
    approve(book, ENGLISH, CHINESE)
    save(book, replace(MEI_LING, language="zh", last_inbound_at=NOW - DAY))
    say(book, NEWS)
    assert said_as_template(book) == "您好 Mei Ling，有消息。"


def test_a_language_without_an_approved_template_takes_the_clinics_first(book: SqlBook) -> None:
    approve(book, CHINESE, ENGLISH)
    save(book, replace(MEI_LING, language="ta", last_inbound_at=NOW - DAY))
    say(book, NEWS)
    assert said_as_template(book) == "Hello Mei Ling, there is news."


def test_the_newest_approved_words_of_a_template_are_taken(book: SqlBook) -> None:
    newer = replace(ENGLISH, body="Dear {{1}}, there is news.")
    approve(book, ENGLISH, newer)
    save(book, replace(MEI_LING, last_inbound_at=NOW - DAY))
    say(book, NEWS)
    assert said_as_template(book) == "Dear Mei Ling, there is news."


def test_what_the_buttons_of_a_template_send_back_is_the_words_own(book: SqlBook) -> None:
    approve(book, replace(ENGLISH, buttons=("Yes", "No")))
    say(book, replace(NEWS, choices=(Choice("7.yes", "Yes"), Choice("7.no", "No"))))
    (outgoing,) = claim(book)
    assert outgoing.content is not None
    assert outgoing.content.variables == {"1": "Mei Ling", "2": "7.yes", "3": "7.no"}


def test_a_template_with_other_buttons_than_the_words_is_a_persons(book: SqlBook) -> None:
    approve(book, ENGLISH)
    say(book, replace(NEWS, choices=(Choice("7.yes", "Yes"),)))
    assert claim(book) == ()
    assert statuses(book) == ["needs_person"]


def test_what_left_as_a_template_is_looked_for_with_the_templates_words(book: SqlBook) -> None:
    approve(book, ENGLISH)
    say(book, NEWS)
    (outgoing,) = claim(book)
    conclude(book, outgoing, "unknown")
    with book.begin() as ledger:
        (unknown,) = ledger.to_settle(NOW + HOUR, 9)
    assert unknown.content == outgoing.content
    assert unknown.as_template


def test_words_that_failed_for_the_window_go_once_more_as_their_template(book: SqlBook) -> None:
    approve(book, ENGLISH)
    save(book, replace(MEI_LING, last_inbound_at=NOW))
    say(book, NEWS)
    (outgoing,) = claim(book)
    assert outgoing.content is None
    with book.begin() as ledger:
        failing = ledger.failing(outgoing.attempt, "MM1", 63016)
        assert failing is not None
        ledger.fail(Result(failing.id, failing.attempt, "queued", again_at=NOW, as_template=True), NOW)
    assert said_as_template(book) == "Hello Mei Ling, there is news."


def test_a_template_of_another_account_counts_for_nothing(book: SqlBook) -> None:
    approve(book, ENGLISH)
    with book.begin() as ledger:
        ledger.template_made(ENGLISH, "HX9", NOW)
        (one,) = ledger.templates()
    assert (one.sid, one.status) == ("HX9", "made")


def test_made_twice_a_template_stays_approved(book: SqlBook) -> None:
    approve(book, ENGLISH)
    with book.begin() as ledger:
        ledger.template_made(ENGLISH, "HX0", NOW)
        assert [one.status for one in ledger.templates()] == ["approved"]


def test_only_safety_text_leaves_while_the_channel_is_out_of_order(book: SqlBook) -> None:
    say(book, "hello", Words("Call 995", "safety"))
    with book.begin() as ledger:
        assert ledger.stop_channel(TROUBLE)
        assert not ledger.stop_channel(replace(TROUBLE, until=NOW + DAY))
        assert ledger.channel() == replace(TROUBLE, until=NOW + DAY)
    (safety,) = claim(book)
    assert (safety.text, safety.probing) == ("Call 995", True)
    conclude(book, safety, "sent", sid="MM1")
    assert claim(book, now=NOW + DAY - 1) == ()
    (hello,) = claim(book, now=NOW + DAY)
    assert hello.probing
    with book.begin() as ledger:
        assert ledger.open_channel()
        assert not ledger.open_channel()
        assert ledger.channel() is None


def test_a_picture_leaves_with_its_words(book: SqlBook) -> None:
    say(book, Words("The way to us", "staff", file="f1"))
    save(book, replace(MEI_LING, control="held", holder="bot"))
    (picture,) = claim(book)
    assert (picture.file, picture.media) == ("f1", ""), "its address is made when it is posted"


def test_the_messages_we_never_got_are_told_apart(book: SqlBook) -> None:
    with book.begin() as ledger:
        ledger.record(message("SM1"), "done")
        assert ledger.unknown(["SM1", "SM2"]) == {"SM2"}


def test_how_far_was_looked_is_kept(book: SqlBook) -> None:
    with book.begin() as ledger:
        assert ledger.looked_until("inbound") == 0
        for at in (NOW, NOW - HOUR):
            ledger.look_until("inbound", at)
            assert ledger.looked_until("inbound") == at


def test_a_stop_that_a_clock_set_ahead_wrote_down_holds_nothing_back_once_it_is_right(book: SqlBook) -> None:
    say(book, "hello")
    with book.begin() as ledger:
        ledger.stop_channel(TROUBLE)
    assert claim(book, now=NOW) == ()
    assert [one.text for one in claim(book, now=NOW - HOUR)] == ["hello"]
