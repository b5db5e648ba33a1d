"""The webhook: what is let in, what is refused, and what is answered when something is away."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from xml.sax.saxutils import escape

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.core import safety_texts
from bot.core.twilio_signature import expected_signature
from bot.desk.turns import conversation_id
from bot.ports import BookAway, Desk
from bot.web import Door, create_webhook
from tests.universe import MEI_LING, SITI, Sayings, open_desk

TOKEN, OLD_TOKEN = "new-token-of-the-clinic", "old-token-of-the-clinic"
ACCOUNT = "AC" + "1" * 32
CLINIC = "whatsapp:+6560000000"
URL = "https://desk.clinic.example"
SID = "SM" + "a" * 32
TEXT = {
    "MessageSid": SID,
    "SmsMessageSid": SID,
    "AccountSid": ACCOUNT,
    "From": MEI_LING,
    "To": CLINIC,
    "Body": "hello",
    "NumMedia": "0",
    "NumSegments": "1",
    "ProfileName": "Mei Ling",
    "WaId": "6591234567",
    "MessageType": "text",
    "SmsStatus": "received",
    "ApiVersion": "2010-04-01",
}


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Desk]:
    with open_desk(sqlite_url) as desk:
        yield desk


def door() -> Door:
    return Door(URL, (TOKEN, OLD_TOKEN), ACCOUNT, CLINIC)


@pytest.fixture
def client(desk: Desk) -> FlaskClient:
    return create_webhook(desk, door(), 8001).test_client()


def post(client: FlaskClient, form: Any, path: str = "/twilio/inbound", **changed: Any) -> TestResponse:
    """Post a form as Twilio does; ``token``, ``url`` and ``headers`` may be made wrong."""
    pairs = list(form.items()) if isinstance(form, dict) else form
    signature = expected_signature(changed.get("token", TOKEN), changed.get("url", URL) + path, pairs)
    from werkzeug.datastructures import MultiDict

    headers = {"X-Twilio-Signature": signature, **changed.get("headers", {})}
    return client.post(path, data=MultiDict(pairs), headers=headers)


def said(desk: Desk, address: str = MEI_LING) -> list[str]:
    return Sayings(desk, conversation_id(desk.conversation_key, address)).lines()


def test_a_signed_message_is_stored_and_answered_with_empty_twiml(desk: Desk, client: FlaskClient) -> None:
    answer = post(client, TEXT)
    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    assert b"<Response/>" in answer.data
    assert said(desk)


@pytest.mark.parametrize("token", [TOKEN, OLD_TOKEN])
def test_every_token_is_accepted_while_one_is_being_rotated(client: FlaskClient, token: str) -> None:
    assert post(client, TEXT, token=token).status_code == 200


@pytest.mark.parametrize("url", [URL, URL + ":443"])
def test_twilio_may_sign_with_or_without_the_default_port(client: FlaskClient, url: str) -> None:
    assert post(client, TEXT, url=url).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": "somebody-else"},
        {"url": "http://desk.clinic.example"},
        {"url": URL + "/"},
        {"url": "https://evil.example"},
        {"headers": {"X-Twilio-Signature": ""}},
        {"headers": {"X-Twilio-Signature": "x" * 8192}},
        {"headers": {"X-Twilio-Signature": "=\u00e9"}},
    ],
)
def test_what_twilio_did_not_sign_is_refused_and_nothing_is_stored(
    desk: Desk, client: FlaskClient, wrong: dict[str, Any]
) -> None:
    assert post(client, TEXT, **wrong).status_code == 403
    assert said(desk) == []


def test_without_a_signature_nothing_gets_in(desk: Desk, client: FlaskClient) -> None:
    assert client.post("/twilio/inbound", data=TEXT).status_code == 403
    assert client.post("/twilio/status", data={"MessageSid": SID, "MessageStatus": "read"}).status_code == 403
    assert said(desk) == []


def test_the_host_header_does_not_decide_what_was_signed(client: FlaskClient) -> None:
    evil = {"Host": "evil.example", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}
    assert post(client, TEXT, headers=evil).status_code == 200


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_only_post_is_taken(client: FlaskClient, method: str) -> None:
    assert getattr(client, method)("/twilio/inbound").status_code in (405, 415)


def test_a_json_body_is_refused_whatever_its_signature_says(client: FlaskClient) -> None:
    signature = expected_signature(TOKEN, URL + "/twilio/inbound", {})
    headers = {"X-Twilio-Signature": signature}
    assert client.post("/twilio/inbound", json={"Body": "hello"}, headers=headers).status_code == 415


def test_a_huge_body_is_refused(client: FlaskClient) -> None:
    assert post(client, {**TEXT, "Body": "x" * 70_000}).status_code == 413


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("MessageSid", "SM1NumMedia0"),
        ("MessageSid", "SM" + "A" * 32),
        ("MessageSid", "SM" + "a" * 31),
        ("MessageSid", "SM" + "a" * 32 + "\n"),
        ("MessageSid", "SM" + "\u0661" * 32),
        ("AccountSid", "AC" + "2" * 32),
        ("To", "whatsapp:+6561111111"),
        ("From", "+6591234567"),
        ("From", "whatsapp:+65"),
        ("From", "whatsapp:\u202e+6591234567"),
        ("From", "whatsapp:us.ABC"),
        ("NumMedia", "-1"),
        ("NumMedia", "1e9"),
        ("NumMedia", "NaN"),
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


@pytest.mark.parametrize("field", ["MessageSid", "AccountSid", "From", "To"])
def test_a_missing_field_is_refused(client: FlaskClient, field: str) -> None:
    assert post(client, {name: value for name, value in TEXT.items() if name != field}).status_code == 400


@pytest.mark.parametrize("field", ["Body", "From", "MessageSid", "ButtonPayload"])
def test_a_known_field_that_comes_twice_is_refused(client: FlaskClient, field: str) -> None:
    pairs = [*TEXT.items(), (field, "one"), (field, "two")]
    assert post(client, pairs).status_code == 400


def test_shifting_the_boundary_between_two_fields_gains_nothing(client: FlaskClient) -> None:
    # The signature of Body=hello is also that of a form where the next name has slipped into the value.
    shifted = [pair for pair in TEXT.items() if pair[0] not in ("MessageSid", "NumMedia")]
    shifted.append(("MessageSid", SID + "NumMedia0"))
    assert post(client, shifted).status_code == 400


def test_parameters_that_twilio_adds_one_day_are_accepted(client: FlaskClient) -> None:
    assert post(client, {**TEXT, "ChannelMetadata": "{}", "NewThing": "1"}).status_code == 200


def test_a_patient_without_a_number_is_a_patient(desk: Desk, client: FlaskClient) -> None:
    assert post(client, {**TEXT, "From": SITI, "ExternalUserId": "SG.1A2B3C4D5E"}).status_code == 200
    assert said(desk, SITI)


def test_a_replayed_request_changes_nothing(desk: Desk, client: FlaskClient) -> None:
    post(client, TEXT)
    before = said(desk)
    assert [post(client, TEXT).status_code for _ in range(5)] == [200] * 5
    assert said(desk) == before


@pytest.mark.parametrize(
    "form",
    [
        {"Body": "", "NumMedia": "1", "MediaUrl0": "https://api.twilio.com/x", "MediaContentType0": "image/jpeg"},
        {"Body": "", "NumMedia": "1", "MediaUrl0": "https://api.twilio.com/x", "MediaContentType0": "audio/ogg"},
        {"Body": "", "NumMedia": "1", "MediaContentType0": "text/vcard", "MessageType": "contacts"},
        {"Body": "", "Latitude": "999", "Longitude": "103.8", "Label": "Clinic", "MessageType": "location"},
        {"Body": "", "MessageType": "reaction"},
        {"Body": "", "MessageType": "order", "NumMedia": "0"},
    ],
)
def test_what_cannot_be_read_is_answered_and_shown_to_staff(
    desk: Desk, client: FlaskClient, form: dict[str, str]
) -> None:
    assert post(client, {**TEXT, **form}).status_code == 200
    assert any("go to A&E now" in words for words in said(desk))
    with desk.book.begin() as ledger:
        assert ledger.needing_a_person()[0].look


@pytest.mark.parametrize(
    "body",
    [
        "a\x00b",
        "\ufeffhello",
        "Z\u0351\u0361a" * 400,
        "\U0001f469\u200d\U0001f469\u200d\U0001f467" * 200,
        "\u2028\u2029\u202e",
        "995",
        "stop please don't stop",
        "x" * 4096,
    ],
)
def test_no_text_brings_the_webhook_down(client: FlaskClient, body: str) -> None:
    assert post(client, {**TEXT, "Body": body}).status_code == 200


def test_a_button_text_with_a_nul_does_not_bring_the_webhook_down(client: FlaskClient) -> None:
    form = {**TEXT, "Body": "", "ButtonText": "Yes\x00", "ButtonPayload": "a\x00b", "MessageType": "interactive"}
    assert post(client, form).status_code == 200


def test_bytes_that_are_no_utf8_do_not_bring_the_webhook_down(client: FlaskClient) -> None:
    answer = client.post(
        "/twilio/inbound",
        data=b"Body=%ff%fe%c0%80&MessageSid=" + SID.encode(),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": "x"},
    )
    assert answer.status_code == 403


def test_a_tap_is_understood_by_its_button_and_a_list_row_by_its_id(desk: Desk, client: FlaskClient) -> None:
    post(client, TEXT)
    conversation = conversation_id(desk.conversation_key, MEI_LING)
    row = f"{conversation[:8]}.1.book"
    sid = "SM" + "b" * 32
    form = {**TEXT, "MessageSid": sid, "Body": "", "ListId": row, "ListTitle": "Book an appointment"}
    assert post(client, {**form, "MessageType": "interactive"}).status_code == 200
    assert "What would you like to come for?" in said(desk)[-1]


class AwayBook:
    """The database is away."""

    def __init__(self, desk: Desk) -> None:
        self.conversation_key = desk.book.conversation_key

    @contextmanager
    def begin(self) -> Iterator[Any]:
        raise BookAway("away")
        yield

    def healthy(self) -> bool:
        return False


@pytest.fixture
def away(desk: Desk) -> Desk:
    return replace(desk, book=AwayBook(desk))  # type: ignore[arg-type]


def test_without_the_database_twilio_is_asked_to_try_again(away: Desk) -> None:
    client = create_webhook(away, door(), 8001).test_client()
    assert post(client, TEXT).status_code == 503
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/live").status_code == 200


def test_without_the_database_a_red_flag_is_answered_at_once_and_kept(away: Desk) -> None:
    client = create_webhook(away, door(), 8001).test_client()
    answer = post(client, {**TEXT, "Body": "I cannot pee and I am numb down there"})
    assert answer.status_code == 200
    assert "A&amp;E" in answer.text
    assert [sid for sid, _ in away.spool.kept()] == [SID]


def test_a_red_flag_that_neither_database_nor_disk_can_keep_is_left_with_twilio(away: Desk) -> None:
    class FullDisk:
        def keep(self, sid: str, message: object) -> None:
            raise OSError("no space left")

    told: list[str] = []
    full = replace(away, spool=FullDisk(), report=lambda event, ids: told.append(event))  # type: ignore[arg-type]
    client = create_webhook(full, door(), 8001).test_client()
    assert post(client, {**TEXT, "Body": "I cannot pee and I am numb down there"}).status_code == 503
    assert "red_flag_not_kept" in told


def test_a_failure_is_a_plain_sentence_and_never_a_stack_trace(desk: Desk) -> None:
    told: list[str] = []

    def broken(text: str, now: object) -> Any:
        raise RuntimeError(text)

    failing = replace(desk, read=broken, report=lambda event, ids: told.append(f"{event} {ids}"))
    answer = post(create_webhook(failing, door(), 8001).test_client(), {**TEXT, "Body": "my secret words"})
    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert "my secret words" not in answer.text + "".join(told)
    assert told[0].startswith("request_failed")


def test_browsers_are_led_to_the_pages(client: FlaskClient) -> None:
    answer = client.get("/phone", headers={"Host": "127.0.0.1:8000"})
    assert answer.headers["Location"] == "http://127.0.0.1:8001/phone"


@pytest.mark.parametrize(("word", "expected"), [("delivered", 204), ("some_new_word", 204), ("DROP TABLE", 400)])
def test_status_words_we_do_not_know_change_nothing(client: FlaskClient, word: str, expected: int) -> None:
    form = {"MessageSid": SID, "MessageStatus": word, "AccountSid": ACCOUNT}
    assert post(client, form, "/twilio/status?m=" + "c" * 32).status_code == expected


@pytest.mark.parametrize("host", ["evil.example:99999", "[::1", "a b", "evil.example:x", "\u00e9.example", ""])
@pytest.mark.parametrize("path", ["/twilio/inbound", "/phone", "/"])
def test_a_strange_host_is_nobodys_fault_of_ours(client: FlaskClient, host: str, path: str) -> None:
    headers = {"Host": host}
    answer = post(client, TEXT, headers=headers) if path.startswith("/twilio") else client.get(path, headers=headers)
    assert answer.status_code < 500


@pytest.mark.parametrize("header", ["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Path", "X-HTTP-Method-Override"])
def test_headers_that_claim_another_address_change_nothing(client: FlaskClient, header: str) -> None:
    assert post(client, TEXT, headers={header: "/twilio/status"}).status_code == 200


def test_a_query_that_was_not_signed_as_it_stands_is_refused(client: FlaskClient) -> None:
    form = {"MessageSid": SID, "MessageStatus": "read"}
    signed = expected_signature(TOKEN, URL + "/twilio/status?m=1&n=2", form)
    headers = {"X-Twilio-Signature": signed}
    assert client.post("/twilio/status?n=2&m=1", data=form, headers=headers).status_code == 403
    encoded = expected_signature(TOKEN, URL + "/twilio/status?m=%c3%a9", form)
    assert client.post("/twilio/status?m=%C3%A9", data=form, headers={"X-Twilio-Signature": encoded}).status_code == 403


def test_a_hundred_thousand_fields_are_refused(client: FlaskClient) -> None:
    form = [*TEXT.items(), *((f"k{n}", "") for n in range(100_000))]
    assert post(client, form).status_code == 413


def test_a_multipart_form_is_not_even_read(client: FlaskClient) -> None:
    answer = client.post("/twilio/inbound", data=TEXT, content_type="multipart/form-data")
    assert answer.status_code == 415


@pytest.mark.parametrize(("media", "status"), [({"NumMedia": "11"}, 400), ({"NumMedia": "0", "MediaUrl0": "x"}, 200)])
def test_counts_of_media_that_do_not_fit_are_no_trouble(
    client: FlaskClient, media: dict[str, str], status: int
) -> None:
    assert post(client, {**TEXT, **media}).status_code == status


def test_the_same_words_under_two_sids_are_two_messages(desk: Desk, client: FlaskClient) -> None:
    post(client, TEXT)
    once = len(said(desk))
    post(client, {**TEXT, "MessageSid": "SM" + "b" * 32})
    assert len(said(desk)) > once


def test_the_same_message_from_sixty_four_sides_at_once_is_answered_once(desk: Desk) -> None:
    app = create_webhook(desk, door(), 8001)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: post(app.test_client(), TEXT).status_code, range(64)))
    # Whoever could not get at the database in time is told to come again; nobody is answered twice.
    assert set(answers) <= {200, 503}
    assert sum("automated assistant" in words for words in said(desk)) == 1


def test_status_callbacks_in_any_order_and_many_times_are_all_accepted(client: FlaskClient) -> None:
    for word in ["read", "delivered", "sent", "failed", "undelivered"] * 3:
        form = {"MessageSid": "SM" + "d" * 32, "MessageStatus": word, "ErrorCode": "63016"}
        assert post(client, form, "/twilio/status").status_code == 204


def test_a_photo_is_written_down_with_its_message_and_a_contact_card_is_not(desk: Desk, client: FlaskClient) -> None:
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
        (row,) = ledger.media_of(conversation_id(desk.conversation_key, MEI_LING), 5)
    assert (row.inbound, row.url, row.status) == ("MM" + "b" * 32, "https://api.twilio.com/x", "pending")


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
    answer = post(create_webhook(away, door(), 8001).test_client(), TEXT, "/twilio/fallback")
    assert answer.status_code == 200
    assert escape(safety_texts.FULL["ta"]) in answer.text
    assert "+65 6000 0000" in answer.text
    assert [sid for sid, _ in away.spool.kept()] == [SID]


def test_the_fallback_believes_nobody_but_twilio(client: FlaskClient) -> None:
    assert post(client, TEXT, "/twilio/fallback", token="another").status_code == 403
