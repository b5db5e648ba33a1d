"""What a patient's phone sends to the clinic's webhook, and what it shows of her conversation."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.simulator_rows import MESSAGES_PER_PATIENT_MAX
from tests.web.simulated import ACCOUNT, CLINIC, MEI_LING, RAVI, World, simulated


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with simulated(tmp_path) as world:
        yield world


def post(world: World, path: str, asked: Any, **headers: str) -> Any:
    """What the page would post, from its own origin."""
    own = {"Origin": "http://localhost", "X-Frontdesk-Phone": "1", **headers}
    return world.app.test_client().post(f"/phone/{path}", json=asked, headers={k: v for k, v in own.items() if v})


def say(world: World, text: str, patient: str = MEI_LING) -> Any:
    return post(world, "send", {"patient": patient, "kind": "text", "text": text})


def news(world: World, after: int = 0) -> Any:
    return world.simulator.events(after, 0)


def asked_with(world: World, shown: dict[str, Any]) -> str:
    """The sid of a clinic message that shows options."""
    words = {"body": "How can we help?", "shown": shown, "approved": False, "error_code": None}
    return str(world.simulator.create(MEI_LING, words, "")["sid"])


# What the webhook gets


def test_a_text_arrives_in_the_form_that_twilio_posts(world: World) -> None:
    answer = say(world, "Hello 👋\nI need *help*")
    (form,) = world.webhook.forms
    sid = form["MessageSid"]
    assert answer.get_json()["sid"] == sid
    assert sid.startswith("SM")
    assert len(sid) == 34
    assert json.loads(form.pop("ChannelMetadata")) == {
        "type": "whatsapp",
        "data": {"context": {"ProfileName": "Mei Ling Tan", "WaId": "6581234501"}},
    }
    assert form == {
        "SmsMessageSid": sid,
        "NumMedia": "0",
        "ProfileName": "Mei Ling Tan",
        "MessageType": "text",
        "SmsSid": sid,
        "WaId": "6581234501",
        "SmsStatus": "received",
        "Body": "Hello 👋\nI need *help*",
        "To": CLINIC,
        "NumSegments": "1",
        "ReferralNumMedia": "0",
        "MessageSid": sid,
        "AccountSid": ACCOUNT,
        "From": MEI_LING,
        "ApiVersion": "2010-04-01",
    }
    assert world.webhook.signatures == [True]


def test_a_patient_without_a_number_writes_under_a_user_id(world: World) -> None:
    address = post(world, "patients", {"name": "Ana", "number": ""}).get_json()["address"]
    say(world, "Hello", address)
    (form,) = world.webhook.forms
    assert form["From"] == form["ExternalUserId"] == address
    assert address.startswith("whatsapp:SG.")
    assert "WaId" not in form


def test_a_tapped_button_arrives_with_its_payload_and_its_question(world: World) -> None:
    sid = asked_with(world, {"kind": "buttons", "options": [{"id": "c1.t2.book", "title": "Book"}]})
    post(world, "send", {"patient": MEI_LING, "kind": "button", "message": sid, "option": "c1.t2.book"})
    (form,) = world.webhook.forms
    assert (form["Body"], form["ButtonText"], form["ButtonPayload"]) == ("Book", "Book", "c1.t2.book")
    assert (form["MessageType"], form["OriginalRepliedMessageSid"]) == ("interactive", sid)
    assert form["OriginalRepliedMessageSender"] == CLINIC


def test_a_chosen_row_arrives_with_its_id_and_title(world: World) -> None:
    rows = [{"id": "nine", "title": "9:00 am", "description": "Dr Nolan"}]
    sid = asked_with(world, {"kind": "list", "button": "See the times", "options": rows})
    post(world, "send", {"patient": MEI_LING, "kind": "list", "message": sid, "option": "nine"})
    (form,) = world.webhook.forms
    assert (form["Body"], form["ListTitle"], form["ListId"]) == ("9:00 am", "9:00 am", "nine")
    assert form["MessageType"] == "interactive"
    assert "ButtonPayload" not in form


@pytest.mark.parametrize(
    "answer",
    [
        {"kind": "button", "option": "no-such"},
        {"kind": "list", "option": "book"},
        {"kind": "button", "option": "book", "patient": RAVI},
        {"kind": "button", "option": "book", "message": "SM" + "0" * 32},
    ],
)
def test_an_option_that_was_never_shown_to_her_cannot_be_tapped(world: World, answer: dict[str, str]) -> None:
    sid = asked_with(world, {"kind": "buttons", "options": [{"id": "book", "title": "Book"}]})
    assert post(world, "send", {"patient": MEI_LING, "message": sid, **answer}).status_code == 404
    assert not world.webhook.forms


@pytest.mark.parametrize(
    ("kind", "media_type", "message_type"),
    [("photo", "image/jpeg", "image"), ("voice", "audio/ogg", "audio"), ("contact", "text/vcard", "contacts")],
)
def test_an_attachment_arrives_as_media(world: World, kind: str, media_type: str, message_type: str) -> None:
    post(world, "send", {"patient": MEI_LING, "kind": kind, "text": "My letter"})
    (form,) = world.webhook.forms
    assert (form["NumMedia"], form["MediaContentType0"], form["MessageType"]) == ("1", media_type, message_type)
    assert form["MessageSid"].startswith("MM")
    assert form["Body"] == "My letter"
    assert form["MediaUrl0"].startswith(f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages/MM")


def test_a_location_arrives_with_its_place(world: World) -> None:
    post(world, "send", {"patient": MEI_LING, "kind": "location"})
    (form,) = world.webhook.forms
    assert (form["NumMedia"], form["MessageType"], form["Body"]) == ("0", "location", "")
    assert {"Latitude", "Longitude", "Label", "Address"} <= form.keys()


# What becomes of a message


def test_a_message_is_received_once_the_webhook_took_it(world: World) -> None:
    assert say(world, "Hello").get_json()["status"] == "received"


def test_a_refused_message_failed_and_is_sent_again_as_the_very_same(world: World) -> None:
    world.webhook.answer = ("", 503)
    message = say(world, "Hello").get_json()
    assert message["status"] == "failed"
    world.webhook.answer = ("<Response/>", 200)
    assert post(world, "retry", {"message": message["sid"]}).get_json()["status"] == "received"
    assert world.webhook.forms[0] == world.webhook.forms[1]
    assert post(world, "retry", {"message": message["sid"]}).status_code == 404
    assert len(news(world)["messages"]) == 1


def test_a_webhook_that_is_not_there_is_a_failed_message_and_no_more(world: World) -> None:
    world.simulator.webhook_url = "http://127.0.0.1:9"
    assert say(world, "Hello").get_json()["status"] == "failed"


def test_words_in_the_webhooks_answer_reach_the_patient(world: World) -> None:
    world.webhook.answer = ("<Response><Message><Body>Call 995 &amp; wait</Body></Message></Response>", 200)
    say(world, "Help")
    messages = news(world)["messages"]
    assert [(message["clinic"], message["body"]) for message in messages] == [
        (False, "Help"),
        (True, "Call 995 & wait"),
    ]


def test_a_message_cut_short_by_the_end_of_the_process_can_be_sent_again(tmp_path: Path) -> None:
    with simulated(tmp_path) as world:
        sid = say(world, "Hello").get_json()["sid"]
        world.simulator._rows.update_message(sid, 0, {"status": "receiving"})
    with simulated(tmp_path) as world:
        assert [message["status"] for message in news(world)["messages"]] == ["failed"]
        assert post(world, "retry", {"message": sid}).get_json()["status"] == "received"


# What the page shows


def test_a_page_that_knows_nothing_gets_everything_and_then_only_the_news(world: World) -> None:
    say(world, "one")
    first = news(world)
    assert first["whole"]
    assert [message["body"] for message in first["messages"]] == ["one"]
    assert [patient["name"] for patient in first["patients"]] == ["Mei Ling Tan", "Ravi", "Siti"]
    say(world, "two")
    then = news(world, first["change"])
    assert not then["whole"]
    assert [message["body"] for message in then["messages"]] == ["two"]


def test_a_page_that_knows_more_than_there_is_starts_again(world: World) -> None:
    assert news(world, 10**6)["whole"]


def test_a_waiting_page_hears_of_a_message_at_once(world: World) -> None:
    after = news(world)["change"]
    heard: list[float] = []

    def wait() -> None:
        world.simulator.events(after, 20)
        heard.append(time.monotonic())

    page = threading.Thread(target=wait)
    page.start()
    said = time.monotonic()
    world.say(MEI_LING, "Hello")
    page.join(5)
    assert heard, "the page slept on"
    assert heard[0] - said < 5


def test_history_is_there_after_a_restart(tmp_path: Path) -> None:
    with simulated(tmp_path) as world:
        say(world, "Hello")
        world.simulator.remove_patient(RAVI)
    with simulated(tmp_path) as world:
        assert [message["body"] for message in news(world)["messages"]] == ["Hello"]
        assert [patient["name"] for patient in news(world)["patients"]] == ["Mei Ling Tan", "Siti"]


def test_the_oldest_messages_make_room(world: World) -> None:
    plain = {"body": "x", "shown": {"kind": "text"}, "status": "received", "callback": "", "form": {}}
    for _ in range(MESSAGES_PER_PATIENT_MAX + 5):
        world.simulator._add("inbound", MEI_LING, plain)
    world.simulator._add("inbound", RAVI, plain)
    count = "select count(*) as n from messages where patient = ?"
    assert world.simulator._rows._one(count, MEI_LING)["n"] == MESSAGES_PER_PATIENT_MAX
    assert world.simulator._rows._one(count, RAVI)["n"] == 1


def test_no_page_sees_forms_or_callbacks(world: World) -> None:
    world.say(MEI_LING, "Hello", status_callback="https://desk.example.org/twilio/status?m=secret")
    assert "m=secret" not in json.dumps(news(world))


# Patients


def test_a_patient_comes_with_a_number_written_any_way(world: World) -> None:
    answer = post(world, "patients", {"name": " Ana ", "number": "+65 (8123) 45-09"})
    assert answer.get_json()["address"] == "whatsapp:+6581234509"
    assert answer.get_json()["name"] == "Ana"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"name": "", "number": ""}, 400),
        ({"name": "Ana", "number": "81234509"}, 400),
        ({"name": "x" * 41, "number": ""}, 400),
        ({"name": ["Ana"], "number": ""}, 400),
        ({"name": "Second Mei Ling", "number": "+6581234501"}, 409),
        ("Ana", 400),
    ],
)
def test_a_patient_who_cannot_be_is_refused(world: World, asked: Any, status: int) -> None:
    assert post(world, "patients", asked).status_code == status


def test_there_is_room_for_twelve_phones(world: World) -> None:
    answers = [post(world, "patients", {"name": f"Patient {n}", "number": ""}).status_code for n in range(10)]
    assert answers == [200] * 9 + [409]


def test_a_removed_phone_takes_its_messages_along(world: World) -> None:
    say(world, "Hello")
    post(world, "patients/remove", {"patient": MEI_LING})
    assert MEI_LING not in {patient["address"] for patient in news(world)["patients"]}
    assert not news(world)["messages"]
    assert say(world, "Hello?").status_code == 404


# Who may post


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://attacker.example"},
        {"Origin": ""},
        {"Origin": "null"},
        {"X-Frontdesk-Phone": ""},
        {"Origin": "http://attacker.example", "Host": "attacker.example"},
    ],
)
@pytest.mark.parametrize("path", ["send", "retry", "seen", "patients", "patients/remove"])
def test_only_the_pages_own_origin_may_post(world: World, path: str, headers: dict[str, str]) -> None:
    assert post(world, path, {"patient": MEI_LING, "kind": "text", "text": "Hi"}, **headers).status_code == 403
    assert not world.webhook.forms


def test_the_page_may_be_opened_by_address_or_by_the_public_name(world: World) -> None:
    for host in ("127.0.0.1:8001", "[::1]:8001", "desk.example.org"):
        headers = {"Host": host, "Origin": f"http://{host}"}
        answer = post(world, "send", {"patient": MEI_LING, "kind": "text", "text": "Hi"}, **headers)
        assert answer.status_code == 200, host


@pytest.mark.parametrize(
    "asked",
    [
        {"patient": MEI_LING, "kind": "text", "text": "  \n"},
        {"patient": MEI_LING, "kind": "text", "text": "x" * 1601},
        {"patient": MEI_LING, "kind": "fax", "text": "Hi"},
        {"patient": MEI_LING, "kind": ["text"], "text": "Hi"},
        {"patient": 7, "kind": "text", "text": "Hi"},
        [],
    ],
)
def test_what_no_phone_would_send_is_refused(world: World, asked: Any) -> None:
    assert post(world, "send", asked).status_code == 400
    assert not world.webhook.forms


def test_the_page_carries_no_script_of_its_own_and_says_so(world: World) -> None:
    answer = world.app.test_client().get("/phone")
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "<script>" not in answer.text
    assert "style=" not in answer.text
    assert "onclick" not in answer.text
    assert "Oxford Spine &amp; Neurosurgery Centre" in answer.text
