"""What patients send, however strange: it is kept once, answered, and shown to staff where nobody can read it.

``case-n`` is the number that a bad input has in the list of them which these tests go through.
"""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from bot.core.conversation import Conversation
from bot.desk.speaking import send
from bot.desk.turns import conversation_id
from bot.ports import Desk, Outgoing
from bot.web import create_webhook
from bot.wiring import _report
from tests.fakes import FakeCarrier, FakeClock
from tests.universe import MEI_LING, NOW, open_desk, shipped_reader
from tests.web.signed import DOOR, RED_FLAG, SID, TEXT, post, said

pytestmark = pytest.mark.usefixtures("nothing_private_is_logged")

OTHER_SID = "SM" + "b" * 32
FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"


def state(desk: Desk) -> Conversation:
    """Mei Ling's conversation as it is written down."""
    with desk.book.begin() as ledger:
        found = ledger.read(conversation_id(desk.conversation_key, MEI_LING))
    assert found is not None
    return found


def statuses(desk: Desk) -> list[str]:
    """How everything said to Mei Ling fared, oldest first."""
    with desk.book.begin() as ledger:
        thread = ledger.thread(conversation_id(desk.conversation_key, MEI_LING), 200)
    return [line.status for line in thread if line.who == "bot"]


# ---- words


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("x" * 1600, id="case-42 Twilio's longest"),
        pytest.param("x" * 4096, id="case-42 WhatsApp's longest"),
        pytest.param("\U0001f6d1" * 4096, id="case-42 WhatsApp's longest, all of it wide"),
        pytest.param("a\x00b", id="case-43 NUL"),
        pytest.param("\x00\x01\x1b[31m\x7f", id="case-43 control characters"),
        pytest.param("\ufffd\ufffe\uffff", id="case-43 what invalid bytes become"),
        pytest.param("\ufeffhello", id="case-43 a byte order mark"),
        pytest.param("Z" + "\u0351\u0361" * 2000, id="case-44 marks without end"),
        pytest.param("Z\u0351\u0361a" * 400, id="case-44 marks everywhere"),
        pytest.param(FAMILY * 800, id="case-44 a crowd of families"),
        pytest.param("hello\u2028\u2029\u202edlrow", id="case-44 lines and directions"),
        pytest.param("<img src=x onerror=alert(1)>", id="a page's markup"),
        pytest.param("{{7*7}} %s {0.__class__} ${x}", id="a template's markup"),
        pytest.param("'; DROP TABLE message; --", id="a database's words"),
    ],
)
def test_whatever_is_written_is_kept_once_and_answered(desk: Desk, client: FlaskClient, body: str) -> None:
    assert post(client, {**TEXT, "Body": body}).status_code == 200
    before = said(desk)
    assert before
    assert post(client, {**TEXT, "Body": body}).status_code == 200
    assert said(desk) == before


def test_words_longer_than_whatsapp_carries_are_refused_before_they_are_read(
    desk: Desk, client: FlaskClient
) -> None:  # case-42
    assert post(client, {**TEXT, "Body": "x" * 65_536}).status_code == 413
    assert said(desk) == []


def test_ten_thousand_marks_on_one_letter_are_refused_before_they_are_read(client: FlaskClient) -> None:  # case-44
    assert post(client, {**TEXT, "Body": "Z" + "\u0351" * 12_000}).status_code == 413


@given(text=st.text(max_size=300))
def test_any_text_at_all_can_be_read(text: str) -> None:  # case-43, case-44
    assert shipped_reader()(text, NOW).red_flags is not None


def test_a_red_flag_under_marks_and_invisible_characters_is_still_seen(
    desk: Desk, client: FlaskClient
) -> None:  # case-43, case-44
    assert (
        post(client, {**TEXT, "Body": "\ufeffI cannot\u200b pee and I\u00a0am numb\x00 down there"}).status_code == 200
    )
    assert state(desk).urgent
    assert any(words.startswith("⚠️") for words in said(desk))


def test_stop_alone_opts_out_and_says_so(desk: Desk, client: FlaskClient) -> None:  # case-45
    post(client, {**TEXT, "Body": "STOP"})
    assert state(desk).opted_out
    assert any("will not" in words or "no more" in words for words in said(desk))


def test_stop_in_a_sentence_opts_nobody_out(desk: Desk, client: FlaskClient) -> None:  # case-45
    post(client, {**TEXT, "Body": "stop please don't stop"})
    assert not state(desk).opted_out
    assert said(desk)


def test_the_ambulances_number_alone_brings_the_safety_line(desk: Desk, client: FlaskClient) -> None:  # case-45
    post(client, {**TEXT, "Body": "995"})
    assert any("995" in words for words in said(desk))


def test_an_opted_out_patient_with_a_red_flag_still_gets_the_safety_text(desk: Desk, client: FlaskClient) -> None:
    post(client, {**TEXT, "Body": "STOP"})
    post(client, {**TEXT, "MessageSid": OTHER_SID, "Body": RED_FLAG})
    assert any(words.startswith("⚠️") for words in said(desk))


# ---- what is no text


@pytest.mark.parametrize(
    "form",
    [
        pytest.param({"Body": ""}, id="case-41 empty"),
        pytest.param({"Body": " \u00a0\n"}, id="case-41 nothing but space"),
        pytest.param({"NumMedia": "1", "MediaContentType0": "image/jpeg"}, id="a photo"),
        pytest.param({"NumMedia": "1", "MediaContentType0": "audio/ogg"}, id="a voice note"),
        pytest.param({"NumMedia": "10", "MediaContentType0": "image/jpeg"}, id="case-46 ten, and no address of one"),
        pytest.param({"Latitude": "999", "Longitude": "-1e999", "MessageType": "location"}, id="case-52 nowhere"),
        pytest.param({"Latitude": "nan", "Longitude": "", "Label": "<b>"}, id="case-52 no place"),
        pytest.param(
            {"NumMedia": "1", "MediaContentType0": "text/vcard", "MessageType": "contacts"}, id="case-52 a contact"
        ),
        pytest.param(
            {"NumMedia": "1", "MediaContentType0": "image/webp", "MessageType": "sticker"}, id="case-52 sticker"
        ),
        pytest.param({"MessageType": "reaction"}, id="case-52 a reaction"),
        pytest.param({"MessageType": "deleted"}, id="case-52 a deleted message"),
        pytest.param({"MessageType": "order", "NumMedia": "0"}, id="an order"),
    ],
)
def test_what_cannot_be_read_is_answered_and_shown_to_staff(
    desk: Desk, client: FlaskClient, form: dict[str, str]
) -> None:
    assert post(client, {**TEXT, "Body": "", **form}).status_code == 200
    assert any("go to A&E now" in words for words in said(desk))
    with desk.book.begin() as ledger:
        assert ledger.needing_a_person()[0].look


def test_an_edited_message_is_read_like_a_new_one(desk: Desk, client: FlaskClient) -> None:  # case-52
    post(client, TEXT)
    edited = {**TEXT, "MessageSid": OTHER_SID, "Body": RED_FLAG, "MessageType": "edited"}
    assert post(client, {**edited, "OriginalRepliedMessageSid": SID}).status_code == 200
    assert state(desk).urgent


def test_a_picture_nobody_counted_hides_no_words(desk: Desk, client: FlaskClient) -> None:  # case-46
    assert post(client, {**TEXT, "Body": RED_FLAG, "NumMedia": "0", "MediaUrl0": "x"}).status_code == 200
    assert state(desk).urgent


def test_words_under_a_picture_are_read_for_red_flags(desk: Desk, client: FlaskClient) -> None:
    form = {**TEXT, "Body": RED_FLAG, "NumMedia": "1", "MediaContentType0": "image/jpeg"}
    assert post(client, form).status_code == 200
    assert state(desk).urgent


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:127.0.0.1]/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://localhost:6379/",
        "https://api.twilio.com@evil.example/",
        "https://api.twilio.com.evil.example/",
        "https://evil.example/#api.twilio.com",
        "https://api.twilio.com\\@evil.example",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "ftp://127.0.0.1/../../x\r\nX: y",
    ],
)
def test_the_webhook_fetches_nothing_whatever_address_a_picture_has(
    desk: Desk, client: FlaskClient, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the webhook opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    form = {**TEXT, "Body": "", "NumMedia": "1", "MediaUrl0": url, "MediaContentType0": "image/svg+xml"}
    assert post(client, form).status_code == 200
    assert said(desk)


# ---- taps


def test_a_button_text_with_a_nul_does_not_bring_the_webhook_down(client: FlaskClient) -> None:  # case-43
    form = {**TEXT, "Body": "", "ButtonText": "Yes\x00", "ButtonPayload": "a\x00b", "MessageType": "interactive"}
    assert post(client, form).status_code == 200


def test_a_tap_is_understood_by_its_button_and_a_list_row_by_its_id(desk: Desk, client: FlaskClient) -> None:
    post(client, TEXT)
    conversation = conversation_id(desk.conversation_key, MEI_LING)
    row = f"{conversation[:8]}.1.book"
    form = {**TEXT, "MessageSid": OTHER_SID, "Body": "", "ListId": row, "ListTitle": "Book an appointment"}
    assert post(client, {**form, "MessageType": "interactive"}).status_code == 200
    assert "What would you like to come for?" in said(desk)[-1]


# ---- once, and in order


def test_a_replayed_request_changes_nothing(desk: Desk, client: FlaskClient) -> None:
    post(client, TEXT)
    before = said(desk)
    assert [post(client, TEXT).status_code for _ in range(5)] == [200] * 5
    assert said(desk) == before


def test_the_same_message_from_sixty_four_sides_at_once_is_answered_once(database_url: str) -> None:  # case-47
    with open_desk(database_url, report=_report) as desk:
        app = create_webhook(desk, DOOR, 8001)
        with ThreadPoolExecutor(64) as pool:
            answers = list(pool.map(lambda _: post(app.test_client(), TEXT).status_code, range(64)))
        # Whoever could not get at the database in time is told to come again; nobody is answered twice.
        assert set(answers) <= {200, 503}
        assert 200 in answers
        assert sum("automated assistant" in words for words in said(desk)) == 1


def test_the_same_words_under_two_sids_are_two_messages(desk: Desk, client: FlaskClient) -> None:  # case-48
    post(client, TEXT)
    once = len(said(desk))
    post(client, {**TEXT, "MessageSid": OTHER_SID})
    assert len(said(desk)) > once


# ---- what became of our own words


@dataclass
class TooFast(FakeCarrier):
    """Twilio's status callback arrives before its answer to the post does."""

    client: FlaskClient | None = None

    def post(self, outgoing: Outgoing, callback_url: str) -> str:
        sid = super().post(outgoing, callback_url)
        assert self.client is not None
        path = f"/twilio/status?{callback_url.partition('?')[2]}"
        for word in ("delivered", "sent"):
            assert post(self.client, {"MessageSid": sid, "MessageStatus": word}, path).status_code == 204
        return sid


def test_a_callback_that_comes_before_the_answer_to_the_post_is_believed(desk: Desk) -> None:  # case-49
    carrier = TooFast(FakeClock())
    fast = replace(desk, carrier=lambda: carrier)
    carrier.client = create_webhook(fast, DOOR, 8001).test_client()
    post(carrier.client, TEXT)
    send(fast, [conversation_id(fast.conversation_key, MEI_LING)], "sender")
    assert set(statuses(fast)) == {"delivered"}
    assert len(carrier.posted) == len(statuses(fast))


def test_statuses_in_any_order_and_a_hundred_times_leave_the_highest(desk: Desk) -> None:  # case-50, case-124
    told: list[str] = []
    carrier = FakeCarrier(FakeClock())
    heard = replace(desk, carrier=lambda: carrier, report=lambda event, ids: told.append(event))
    client = create_webhook(heard, DOOR, 8001).test_client()
    post(client, TEXT)
    send(heard, [conversation_id(heard.conversation_key, MEI_LING)], "sender")
    sid = carrier.posted[0].sid
    for word in ["read", "delivered", "sent", "failed", "undelivered"] * 20:
        form = {"MessageSid": sid, "MessageStatus": word, "ErrorCode": "63016"}
        assert post(client, form, "/twilio/status").status_code == 204
    assert statuses(heard)[0] == "read"
    assert len(carrier.posted) == len(statuses(heard))


@pytest.mark.parametrize("word", ["delivered", "failed", "some_new_word"])
def test_a_status_of_a_message_or_in_a_word_that_we_do_not_know_changes_nothing(
    desk: Desk, client: FlaskClient, word: str
) -> None:  # case-51
    post(client, TEXT)
    before = statuses(desk)
    form: dict[str, Any] = {"MessageSid": OTHER_SID, "MessageStatus": word}
    for path in ("/twilio/status", "/twilio/status?m=" + "c" * 32):
        assert post(client, form, path).status_code == 204
    assert statuses(desk) == before
