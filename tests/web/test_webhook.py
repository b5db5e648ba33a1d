"""The webhook's door: what is let in, what is refused, and what is answered when something of ours fails.

``case-n`` is the number that a bad input has in the list of them which these tests go through.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.sax.saxutils import escape

import pytest
from flask.testing import FlaskClient

from bot.core import safety_texts
from bot.core.twilio_signature import expected_signature
from bot.desk.turns import conversation_id
from bot.ports import Desk
from bot.web import create_webhook
from tests.universe import MEI_LING, SITI, saying
from tests.web.away import AwayBook
from tests.web.signed import ACCOUNT, DOOR, OLD_TOKEN, RED_FLAG, SID, TEXT, TOKEN, URL, post, said

pytestmark = pytest.mark.usefixtures("nothing_private_is_logged")


def test_a_signed_message_is_stored_and_answered_with_empty_twiml(desk: Desk, client: FlaskClient) -> None:
    answer = post(client, TEXT)
    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    assert b"<Response/>" in answer.data
    assert said(desk)


# ---- who is let in


@pytest.mark.parametrize("token", [TOKEN, pytest.param(OLD_TOKEN, id="case-9")])
def test_every_token_is_accepted_while_one_is_being_rotated(client: FlaskClient, token: str) -> None:
    assert post(client, TEXT, token=token).status_code == 200


@pytest.mark.parametrize("url", [URL, pytest.param(URL + ":443", id="case-5")])
def test_twilio_may_sign_with_or_without_the_default_port(client: FlaskClient, url: str) -> None:
    assert post(client, TEXT, url=url).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"headers": {"X-Twilio-Signature": ""}}, id="case-2 empty"),
        pytest.param({"url": "http://desk.clinic.example"}, id="case-4 http for https"),
        pytest.param({"url": "https://evil.example"}, id="case-4 another host"),
        pytest.param({"url": URL + ":8443"}, id="case-5 another port"),
        pytest.param({"url": URL + "/"}, id="case-6 a slash too many"),
        pytest.param({"headers": {"X-Twilio-Signature": "=\u00e9"}}, id="case-11 not ASCII"),
        pytest.param({"headers": {"X-Twilio-Signature": "x" * 8192}}, id="case-12 eight kilobytes"),
        pytest.param({"token": "somebody-else"}, id="another token"),
    ],
)
def test_what_twilio_did_not_sign_is_refused_and_nothing_is_stored(
    desk: Desk, client: FlaskClient, wrong: dict[str, Any]
) -> None:
    assert post(client, TEXT, **wrong).status_code == 403
    assert said(desk) == []


def test_without_a_signature_nothing_gets_in(desk: Desk, client: FlaskClient) -> None:  # case-1
    assert client.post("/twilio/inbound", data=TEXT).status_code == 403
    assert client.post("/twilio/status", data={"MessageSid": SID, "MessageStatus": "read"}).status_code == 403
    assert said(desk) == []


def test_a_signed_path_with_a_slash_behind_it_is_another_path(client: FlaskClient) -> None:  # case-6
    assert post(client, TEXT, "/twilio/inbound/").status_code == 404


@pytest.mark.parametrize(
    ("signed", "asked"),
    [
        pytest.param("?m=1&n=2", "?n=2&m=1", id="case-7"),
        pytest.param("?m=%c3%a9", "?m=%C3%A9", id="case-8"),
    ],
)
def test_a_query_that_was_not_signed_as_it_stands_is_refused(client: FlaskClient, signed: str, asked: str) -> None:
    form = {"MessageSid": SID, "MessageStatus": "read"}
    signature = expected_signature(TOKEN, f"{URL}/twilio/status{signed}", form)
    answer = client.post(f"/twilio/status{asked}", data=form, headers={"X-Twilio-Signature": signature})
    assert answer.status_code == 403


@pytest.mark.parametrize("host", ["evil.example:99999", "[::1", "a b", "evil.example:x", "\u00e9.example", ""])
@pytest.mark.parametrize("path", ["/twilio/inbound", "/phone", "/"])
def test_a_strange_host_is_nobodys_fault_of_ours(client: FlaskClient, host: str, path: str) -> None:  # case-14, case-15
    headers = {"Host": host}
    answer = post(client, TEXT, headers=headers) if path.startswith("/twilio") else client.get(path, headers=headers)
    assert answer.status_code < 500


def test_the_host_header_does_not_decide_what_was_signed(client: FlaskClient) -> None:  # case-13, case-17
    evil = {"Host": "evil.example", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}
    assert post(client, TEXT, headers=evil).status_code == 200


@pytest.mark.parametrize("header", ["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Path", "X-HTTP-Method-Override"])
def test_headers_that_claim_another_address_change_nothing(
    desk: Desk, client: FlaskClient, header: str
) -> None:  # case-18
    assert post(client, TEXT, headers={header: "/twilio/status"}).status_code == 200
    assert said(desk)


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "OPTIONS", "TRACE", "DELETE", "PATCH"])  # case-19
def test_only_post_is_taken(desk: Desk, client: FlaskClient, method: str) -> None:
    signature = expected_signature(TOKEN, f"{URL}/twilio/inbound", TEXT)
    for headers in ({}, {"X-Twilio-Signature": signature}):
        answer = client.open("/twilio/inbound", method=method, data=TEXT, headers=headers)
        assert answer.status_code in (200, 403, 405)
        assert (answer.status_code == 200) == (method == "OPTIONS" and bool(headers))
    assert said(desk) == []


# ---- bodies that are no form of Twilio's


def test_a_json_body_is_refused_whatever_its_signature_says(client: FlaskClient) -> None:  # case-20
    signature = expected_signature(TOKEN, URL + "/twilio/inbound", {})
    headers = {"X-Twilio-Signature": signature}
    assert client.post("/twilio/inbound", json={"Body": "hello"}, headers=headers).status_code == 415


def test_a_multipart_form_is_not_even_read(client: FlaskClient) -> None:  # case-21
    parts = b"".join(b'--x\r\nContent-Disposition: form-data; name="k%d"\r\n\r\n\r\n' % n for n in range(100_000))
    answer = client.post("/twilio/inbound", data=parts + b"--x--", content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 415


def test_a_hundred_thousand_fields_are_refused(client: FlaskClient) -> None:  # case-22
    form = [*TEXT.items(), *((f"k{n}", "") for n in range(100_000))]
    assert post(client, form).status_code == 413


@pytest.mark.parametrize("characters", [70_000, pytest.param(10_000_000, id="case-23")])
def test_a_huge_body_is_refused(client: FlaskClient, characters: int) -> None:
    assert post(client, {**TEXT, "Body": "x" * characters}).status_code == 413


def test_bytes_that_are_no_utf8_do_not_bring_the_webhook_down(client: FlaskClient) -> None:  # case-43
    answer = client.post(
        "/twilio/inbound",
        data=b"Body=%ff%fe%c0%80%ed%a0%80&MessageSid=" + SID.encode(),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": "x"},
    )
    assert answer.status_code == 403


# ---- fields that Twilio would not send


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("MessageSid", "SM1NumMedia0", id="case-29"),
        pytest.param("MessageSid", "SM" + "A" * 32, id="case-30 upper case"),
        pytest.param("MessageSid", "SM" + "a" * 31, id="case-30 short"),
        pytest.param("MessageSid", "SM" + "a" * 33, id="case-30 long"),
        pytest.param("MessageSid", "SM" + "a" * 32 + "\n", id="case-30 a line's end"),
        pytest.param("MessageSid", "SM" + "\u0661" * 32, id="case-30 other digits"),
        pytest.param("AccountSid", "AC" + "2" * 32, id="case-35"),
        pytest.param("To", "whatsapp:+6561111111", id="case-36"),
        pytest.param("From", "whatsapp:us.ABC", id="case-37 no country"),
        pytest.param("From", "+6591234567", id="case-38"),
        pytest.param("From", "whatsapp:+65", id="case-39"),
        pytest.param("From", "whatsapp:\u202e+6591234567", id="case-40"),
        pytest.param("NumMedia", "-1", id="case-46 less than none"),
        pytest.param("NumMedia", "1e9", id="case-46 a thousand million"),
        pytest.param("NumMedia", "1000000000", id="case-46 in full"),
        pytest.param("NumMedia", "NaN", id="case-46 no number"),
        pytest.param("NumMedia", "11", id="case-46 eleven"),
    ],
)
def test_a_field_in_a_wrong_shape_is_refused_and_named_without_its_value(
    desk: Desk, client: FlaskClient, field: str, value: str
) -> None:
    answer = post(client, {**TEXT, field: value})
    assert answer.status_code == 400
    assert field in answer.text
    assert value not in answer.text
    assert said(desk) == []


@pytest.mark.parametrize("field", [pytest.param("MessageSid", id="case-28"), "AccountSid", "From", "To"])
def test_a_missing_field_is_refused(client: FlaskClient, field: str) -> None:
    assert post(client, {name: value for name, value in TEXT.items() if name != field}).status_code == 400


@pytest.mark.parametrize(
    "field", [pytest.param("Body", id="case-31"), pytest.param("From", id="case-32"), "MessageSid", "ButtonPayload"]
)
def test_a_known_field_that_comes_twice_is_refused(desk: Desk, client: FlaskClient, field: str) -> None:
    pairs = [*TEXT.items(), (field, "one"), (field, "two")]
    assert post(client, pairs).status_code == 400
    assert said(desk) == []


def test_a_status_that_comes_twice_is_refused(client: FlaskClient) -> None:
    pairs = [("MessageSid", SID), ("MessageStatus", "sent"), ("MessageStatus", "read")]
    assert post(client, pairs, "/twilio/status").status_code == 400


def test_shifting_the_boundary_between_two_fields_gains_nothing(client: FlaskClient) -> None:  # case-29, case-33
    # The signature of Body=hello is also that of a form where the next name has slipped into the value.
    shifted = [pair for pair in TEXT.items() if pair[0] not in ("MessageSid", "NumMedia")]
    shifted.append(("MessageSid", SID + "NumMedia0"))
    assert post(client, shifted).status_code == 400


def test_a_payload_that_slipped_out_of_the_words_taps_nothing(desk: Desk, client: FlaskClient) -> None:  # case-33
    true_form = {**TEXT, "Body": "helloButtonPayloadconfirm"}
    slipped = {**TEXT, "Body": "hello", "ButtonPayload": "confirm"}
    signature = expected_signature(TOKEN, f"{URL}/twilio/inbound", true_form)
    # Nothing in the signature tells the two apart; a button id that was never shown is what is refused.
    assert post(client, slipped, headers={"X-Twilio-Signature": signature}).status_code == 200
    assert not any("booked" in words.lower() for words in said(desk))
    with desk.book.begin() as ledger:
        assert ledger.with_unsent(int(desk.clock.now().timestamp()), 10)


def test_parameters_that_twilio_adds_one_day_are_accepted(client: FlaskClient) -> None:  # case-34
    assert post(client, {**TEXT, "ChannelMetadata": "{}", "NewThing": "1"}).status_code == 200


def test_a_patient_without_a_number_is_a_patient(desk: Desk, client: FlaskClient) -> None:  # case-37
    assert post(client, {**TEXT, "From": SITI, "ExternalUserId": "SG.1A2B3C4D5E"}).status_code == 200
    assert said(desk, SITI)


# ---- when something of ours fails


@pytest.fixture
def away(desk: Desk) -> Desk:
    return replace(desk, book=AwayBook(desk))  # type: ignore[arg-type]


def test_without_the_database_twilio_is_asked_to_try_again(away: Desk) -> None:
    client = create_webhook(away, DOOR, 8001).test_client()
    assert post(client, TEXT).status_code == 503
    assert post(client, {"MessageSid": SID, "MessageStatus": "read"}, "/twilio/status").status_code == 503
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/live").status_code == 200


def test_without_the_database_a_red_flag_is_answered_at_once_and_kept(away: Desk) -> None:
    client = create_webhook(away, DOOR, 8001).test_client()
    answer = post(client, {**TEXT, "Body": RED_FLAG})
    assert answer.status_code == 200
    assert "A&amp;E" in answer.text
    assert [sid for sid, _ in away.spool.kept()] == [SID]


def test_a_red_flag_that_neither_database_nor_disk_can_keep_is_answered_and_told_by_its_sid(away: Desk) -> None:
    class FullDisk:
        def keep(self, sid: str, message: object) -> None:
            raise OSError(28, "No space left on device")

    told: dict[str, object] = {}
    full = replace(away, spool=FullDisk(), report=told.__setitem__)  # type: ignore[arg-type]
    answer = post(create_webhook(full, DOOR, 8001).test_client(), {**TEXT, "Body": RED_FLAG})
    assert answer.status_code == 200
    assert "A&amp;E" in answer.text
    assert told["red_flag_not_kept"] == {"sid": SID, "error": "OSError"}


def test_a_failure_is_a_plain_sentence_and_never_a_stack_trace(desk: Desk) -> None:
    told: list[str] = []

    def broken(text: str, now: object) -> Any:
        raise RuntimeError(text)

    failing = replace(saying(desk, read=broken), report=lambda event, ids: told.append(f"{event} {ids}"))
    answer = post(create_webhook(failing, DOOR, 8001).test_client(), {**TEXT, "Body": "my secret words"})
    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert "my secret words" not in answer.text + "".join(told)
    assert told[0].startswith("request_failed")


def test_browsers_are_led_to_the_pages(client: FlaskClient) -> None:
    answer = client.get("/phone", headers={"Host": "127.0.0.1:8000"})
    assert answer.headers["Location"] == "http://127.0.0.1:8001/phone"


def test_a_status_of_another_shape_is_refused(client: FlaskClient) -> None:  # case-51
    form = {"MessageSid": SID, "MessageStatus": "DROP TABLE", "AccountSid": ACCOUNT}
    assert post(client, form, "/twilio/status?m=" + "c" * 32).status_code == 400
    assert post(client, {**form, "MessageStatus": "read"}, "/twilio/status?m=ours").status_code == 400


def test_photos_and_contact_cards_are_written_down_with_their_message(desk: Desk, client: FlaskClient) -> None:
    photo = {
        **TEXT,
        "MessageSid": "MM" + "b" * 32,
        "NumMedia": "2",
        "MediaUrl0": "https://api.twilio.com/x",
        "MediaContentType0": "image/jpeg",
        "MediaUrl1": "https://api.twilio.com/y",
        "MediaContentType1": "text/vcard",
    }
    assert post(client, photo).status_code == 200
    with desk.book.begin() as ledger:
        rows = ledger.media_of(conversation_id(desk.conversation_key, MEI_LING), 5)
    assert [(row.inbound, row.url, row.status) for row in rows] == [
        ("MM" + "b" * 32, f"https://api.twilio.com/{name}", "pending") for name in "xy"
    ]


@pytest.mark.parametrize("said", [{"NumMedia": "1"}, {"NumMedia": "0", "MediaUrl0": "https://api.twilio.com/x"}])
def test_files_that_are_announced_or_there_without_each_other_break_nothing(
    desk: Desk, client: FlaskClient, said: dict[str, str]
) -> None:
    assert post(client, {**TEXT, **said}).status_code == 200
    with desk.book.begin() as ledger:
        assert ledger.media_of(conversation_id(desk.conversation_key, MEI_LING), 5) == ()


def test_the_fallback_takes_a_message_in_like_any_other(desk: Desk, client: FlaskClient) -> None:
    answer = post(client, TEXT, "/twilio/fallback")
    assert (answer.status_code, b"<Message>" in answer.data) == (200, False)
    once = said(desk)
    # What the first way had taken in already is not answered again.
    assert b"<Message>" not in post(client, TEXT, "/twilio/fallback").data
    assert said(desk) == once


def test_while_the_database_is_away_the_fallback_says_the_emergency_words_and_keeps_the_message(away: Desk) -> None:
    answer = post(create_webhook(away, DOOR, 8001).test_client(), TEXT, "/twilio/fallback")
    assert answer.status_code == 200
    assert escape(safety_texts.FULL["ta"]) in answer.text
    assert "+65 6000 0000" in answer.text
    assert [sid for sid, _ in away.spool.kept()] == [SID]


def test_the_fallback_believes_nobody_but_twilio(client: FlaskClient) -> None:
    assert post(client, TEXT, "/twilio/fallback", token="another").status_code == 403
