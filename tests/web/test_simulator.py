"""Twilio's own client against the endpoint that stands in for Twilio."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest.content.v1.content.approval_create import ApprovalCreateList

from tests.web.simulated import ACCOUNT, CLINIC, MEI_LING, MONDAY, PUBLIC_URL, RAVI, TOKEN, World, simulated

DAY = 24 * 3600
QUICK_REPLY = {
    "twilio/quick-reply": {
        "body": "Hello {{1}}, how can we help?",
        "actions": [{"title": "Book", "id": "{{2}}:book"}, {"title": "{{3}}", "id": "{{2}}:ask"}],
    }
}
LIST = {
    "twilio/list-picker": {
        "body": "Which time suits you?",
        "button": "See the times",
        "items": [{"item": "9:00 am", "id": "nine", "description": "Dr Nolan"}, {"item": "Another day", "id": "other"}],
    }
}

UTILITY = ApprovalCreateList.ContentApprovalRequest({"name": "visit", "category": "UTILITY"})


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with simulated(tmp_path) as world:
        world.simulator.send(MEI_LING, "text", "Hi")
        yield world


def content(world: World, types: dict[str, Any], variables: dict[str, str] | None = None) -> str:
    """The sid of a new content template."""
    template = {"friendly_name": "ask", "language": "en", "variables": variables or {}, "types": types}
    answer = world.app.test_client().post("/simulator/v1/Content", json=template, auth=(ACCOUNT, TOKEN))
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["sid"])


def shown(world: World, patient: str = MEI_LING) -> list[dict[str, Any]]:
    """What the patient's phone shows of the clinic, oldest first."""
    messages = world.simulator.events(0, 0)["messages"]
    return [message for message in messages if message["patient"] == patient and message["clinic"]]


def test_a_message_comes_back_in_twilios_shape_and_shows_on_the_phone(world: World) -> None:
    message = world.say(MEI_LING, "Good *morning*")
    assert (message.status, message.direction, message.error_code) == ("queued", "outbound-api", None)
    assert (message.to, message.from_, message.account_sid) == (MEI_LING, CLINIC, ACCOUNT)
    assert message.date_created == datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    assert [words["body"] for words in shown(world)] == ["Good *morning*"]
    assert world.twilio().messages(message.sid).fetch().body == "Good *morning*"


def test_status_callbacks_are_signed_and_come_in_order(world: World) -> None:
    message = world.say(MEI_LING, "Hello", status_callback=f"{PUBLIC_URL}/twilio/status?m=7")
    delivered = world.webhook.wait_for_status("delivered")
    assert [form["MessageStatus"] for form in world.webhook.statuses] == ["sent", "delivered"]
    assert delivered["MessageSid"] == message.sid
    assert delivered["EventType"] == "DELIVERED"
    assert delivered["To"] == MEI_LING
    assert delivered["ChannelToAddress"].endswith("XXXX")
    assert all(world.webhook.signatures)


def test_a_message_is_read_once_the_phone_has_shown_it(world: World) -> None:
    message = world.say(MEI_LING, "Hello", status_callback=f"{PUBLIC_URL}/twilio/status?m=7")
    world.simulator.see(MEI_LING, shown(world)[-1]["id"])
    assert world.webhook.wait_for_status("read")["EventType"] == "READ"
    assert [form["MessageStatus"] for form in world.webhook.statuses] == ["sent", "delivered", "read"]
    assert world.twilio().messages(message.sid).fetch().status == "read"


def test_a_callback_to_anybody_else_leaves_this_machine_never(world: World) -> None:
    world.say(MEI_LING, "Hello", status_callback="https://desk.example.org.attacker.example/twilio/status")
    world.say(MEI_LING, "Hello again", status_callback=f"{PUBLIC_URL}/twilio/status")
    world.webhook.wait_for_status("delivered")
    assert len(world.webhook.statuses) == 2


def test_a_refused_callback_is_made_twice_and_no_more(world: World) -> None:
    world.webhook.answer = ("", 503)
    world.say(MEI_LING, "Hello", status_callback=f"{PUBLIC_URL}/twilio/status")
    world.webhook.wait_for_status("delivered")
    with world.webhook.news:
        assert world.webhook.news.wait_for(lambda: len(world.webhook.statuses) == 4, 10)
    assert [form["MessageStatus"] for form in world.webhook.statuses] == ["sent", "sent", "delivered", "delivered"]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"From": CLINIC, "Body": "Hello"}, 21604),
        ({"To": MEI_LING, "Body": "Hello"}, 21603),
        ({"To": "whatsapp:81234567", "From": CLINIC, "Body": "Hello"}, 21211),
        ({"To": MEI_LING, "From": "whatsapp:+6569999999", "Body": "Hello"}, 63007),
        ({"To": MEI_LING, "From": CLINIC}, 21602),
        ({"To": MEI_LING, "From": CLINIC, "Body": "Hello", "StatusCallback": "desk/status"}, 21609),
        ({"To": MEI_LING, "From": CLINIC, "Body": "x" * 1601}, 21617),
        ({"To": MEI_LING, "From": CLINIC, "ContentSid": "HX" + "0" * 32}, 21655),
    ],
)
def test_what_twilio_would_refuse_is_refused_with_its_code(world: World, form: dict[str, str], code: int) -> None:
    path = f"/simulator/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    answer = world.app.test_client().post(path, data=form, auth=(ACCOUNT, TOKEN))
    refusal = answer.get_json()
    assert (answer.status_code, refusal["code"], refusal["status"]) == (400, code, 400)
    assert refusal["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert refusal["message"]
    assert not shown(world)


def test_the_client_sees_a_refusal_as_twilios_own(world: World) -> None:
    with pytest.raises(TwilioRestException) as refusal:
        world.say(MEI_LING, "x" * 1601)
    assert (refusal.value.status, refusal.value.code) == (400, 21617)


@pytest.mark.parametrize("auth", [None, (ACCOUNT, "wrong"), ("AC" + "2" * 32, TOKEN), ("", "")])
def test_nobody_sends_without_the_accounts_credentials(world: World, auth: tuple[str, str] | None) -> None:
    client = world.app.test_client()
    for path in (f"/simulator/2010-04-01/Accounts/{ACCOUNT}/Messages.json", "/simulator/v1/Content"):
        assert client.get(path, auth=auth).get_json()["code"] == 20003


def test_an_api_key_sends_as_well_as_the_token(world: World) -> None:
    world.simulator.api_keys = {"SK" + "3" * 32: "secret"}
    path = f"/simulator/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert world.app.test_client().get(path, auth=("SK" + "3" * 32, "secret")).status_code == 200
    assert world.app.test_client().get(path, auth=("SK" + "3" * 32, "guess")).status_code == 401


def test_another_account_is_not_found_behind_these_credentials(world: World) -> None:
    path = f"/simulator/2010-04-01/Accounts/AC{'2' * 32}/Messages.json"
    assert world.app.test_client().get(path, auth=(ACCOUNT, TOKEN)).status_code == 401


def test_free_words_a_day_after_the_last_message_fail_later_with_63016(world: World) -> None:
    world.now[0] += DAY - 1
    assert world.say(MEI_LING, "Still here").error_code is None
    world.now[0] += 1
    message = world.say(MEI_LING, "Too late", status_callback=f"{PUBLIC_URL}/twilio/status")
    assert message.status == "queued"
    assert message.error_code is None
    assert world.webhook.wait_for_status("failed")["ErrorCode"] == "63016"
    fetched = world.twilio().messages(message.sid).fetch()
    assert (fetched.status, fetched.error_code) == ("failed", 63016)
    assert "outside the allowed window" in shown(world)[-1]["failure"]


def test_an_approved_template_reaches_a_patient_at_any_time(world: World) -> None:
    world.now[0] += 3 * DAY
    sid = content(world, {"twilio/text": {"body": "Your visit is on {{1}}."}}, {"1": "Monday"})
    approval = world.twilio().content.v1.contents(sid)
    approval.approval_create.create(UTILITY)
    assert approval.approval_fetch().fetch().whatsapp["status"] == "approved"
    world.twilio().messages.create(to=MEI_LING, from_=CLINIC, content_sid=sid, content_variables='{"1": "Friday"}')
    assert (shown(world)[-1]["body"], shown(world)[-1]["failure"]) == ("Your visit is on Friday.", "")


def test_a_list_is_never_approved(world: World) -> None:
    template = world.twilio().content.v1.contents(content(world, LIST))
    assert template.approval_fetch().fetch().whatsapp["status"] == "unsubmitted"
    template.approval_create.create(UTILITY)
    assert template.approval_fetch().fetch().whatsapp["status"] == "rejected"


def test_an_address_without_a_phone_here_is_delivered_as_if_elsewhere(world: World) -> None:
    world.say("whatsapp:+4915112345678", "Hello", status_callback=f"{PUBLIC_URL}/twilio/status")
    world.webhook.wait_for_status("delivered")


def test_buttons_come_filled_with_their_variables(world: World) -> None:
    sid = content(world, QUICK_REPLY, {"3": "Ask"})
    values = json.dumps({"1": "Mei Ling", "2": "c1.t4"})
    message = world.twilio().messages.create(
        to=MEI_LING, from_=CLINIC, content_sid=sid, content_variables=values, body="ignored"
    )
    assert message.body == "Hello Mei Ling, how can we help?"
    options = [{"id": "c1.t4:book", "title": "Book"}, {"id": "c1.t4:ask", "title": "Ask"}]
    assert shown(world)[-1]["shown"] == {"kind": "buttons", "options": options}


def test_a_list_comes_with_its_rows(world: World) -> None:
    world.twilio().messages.create(to=MEI_LING, from_=CLINIC, content_sid=content(world, LIST))
    rows = shown(world)[-1]["shown"]
    assert (rows["kind"], rows["button"]) == ("list", "See the times")
    assert rows["options"][0] == {"id": "nine", "title": "9:00 am", "description": "Dr Nolan"}


@pytest.mark.parametrize("values", ['{"1": ""}', '{"1": null}', "not json", "[]", '{"2": "x"}'])
def test_variables_that_twilio_cannot_fill_in_are_refused(world: World, values: str) -> None:
    sid = content(world, QUICK_REPLY, {"3": "Ask"})
    with pytest.raises(TwilioRestException) as refusal:
        world.twilio().messages.create(to=MEI_LING, from_=CLINIC, content_sid=sid, content_variables=values)
    assert refusal.value.code == 21656


@pytest.mark.parametrize(
    "types",
    [
        {"twilio/quick-reply": {"body": "Hello", "actions": [{"title": "x" * 21, "id": "1"}]}},
        {"twilio/quick-reply": {"body": "Hello", "actions": [{"title": str(n), "id": str(n)} for n in range(4)]}},
        {"twilio/quick-reply": {"body": "x" * 1025, "actions": [{"title": "Yes", "id": "1"}]}},
        {"twilio/list-picker": {"body": "Hello", "button": "See", "items": [{"item": "x" * 25, "id": "1"}]}},
        {
            "twilio/list-picker": {
                "body": "A",
                "button": "B",
                "items": [{"item": f"{n}", "id": f"{n}"} for n in range(11)],
            }
        },
    ],
)
def test_what_breaks_a_limit_of_whatsapp_fails_later(world: World, types: dict[str, Any]) -> None:
    callback = f"{PUBLIC_URL}/twilio/status"
    sid = content(world, types)
    world.twilio().messages.create(to=MEI_LING, from_=CLINIC, content_sid=sid, status_callback=callback)
    assert world.webhook.wait_for_status("failed")["ErrorCode"] == "63013"


def test_templates_are_listed_page_by_page_fetched_and_deleted(world: World) -> None:
    sids = [content(world, LIST) for _ in range(5)]
    contents = world.twilio().content.v1.contents
    assert [template.sid for template in contents.list(page_size=2)] == sids
    assert contents(sids[0]).fetch().types == LIST
    assert contents(sids[0]).delete()
    with pytest.raises(TwilioRestException) as refusal:
        contents(sids[0]).fetch()
    assert (refusal.value.status, refusal.value.code) == (404, 20404)


@pytest.mark.parametrize("types", [{}, {"twilio/quick-reply": {"body": "No buttons"}}, {"twilio/card": {"title": "x"}}])
def test_a_template_that_cannot_be_shown_is_refused(world: World, types: dict[str, Any]) -> None:
    template = {"language": "en", "types": types}
    answer = world.app.test_client().post("/simulator/v1/Content", json=template, auth=(ACCOUNT, TOKEN))
    assert answer.get_json()["code"] == 20001


def test_messages_are_listed_newest_first_across_pages(world: World) -> None:
    for number in range(7):
        world.now[0] += 60
        world.say(MEI_LING, f"number {number}")
    found = world.twilio().messages.list(to=MEI_LING, page_size=3)
    assert [message.body for message in found] == [f"number {number}" for number in reversed(range(7))]


def test_a_list_finds_what_was_sent_since_an_instant(world: World) -> None:
    for minute in range(3):
        world.now[0] = MONDAY + 60 * minute
        world.say(MEI_LING, f"minute {minute}")
    at = datetime.fromtimestamp(MONDAY + 60, UTC)
    messages = world.twilio().messages
    assert [found.body for found in messages.list(to=MEI_LING, date_sent_after=at)] == ["minute 2", "minute 1"]
    assert [found.body for found in messages.list(to=MEI_LING, date_sent_before=at)] == ["minute 1", "minute 0"]
    assert len(messages.list(to=MEI_LING, date_sent=at)) == 3
    assert not messages.list(to=RAVI, date_sent=at)


def test_what_the_clinic_missed_can_be_listed_by_its_own_address(world: World) -> None:
    world.say(MEI_LING, "Hello")
    (missed,) = world.twilio().messages.list(to=CLINIC)
    assert (missed.from_, missed.direction, missed.status, missed.body) == (MEI_LING, "inbound", "received", "Hi")
    assert [found.body for found in world.twilio().messages.list(from_=CLINIC)] == ["Hello"]


def test_redacting_and_deleting_empty_twilio_but_not_the_patients_phone(world: World) -> None:
    message = world.say(MEI_LING, "Your visit is on Friday")
    context = world.twilio().messages(message.sid)
    assert context.update(body="").body == ""
    assert context.delete()
    with pytest.raises(TwilioRestException):
        context.fetch()
    assert [words["body"] for words in shown(world)] == ["Your visit is on Friday"]


def test_the_media_of_a_patients_message_can_be_fetched_with_the_credentials_only(world: World) -> None:
    for kind, media_type in (("photo", "image/jpeg"), ("voice", "audio/ogg"), ("contact", "text/vcard")):
        world.simulator.send(MEI_LING, kind, "")
        path = world.webhook.forms[-1]["MediaUrl0"].replace("https://api.twilio.com", "/simulator")
        answer = world.app.test_client().get(path, auth=(ACCOUNT, TOKEN))
        assert answer.status_code == 200
        assert answer.mimetype == media_type
        assert answer.data
        assert world.app.test_client().get(path).status_code == 401
        answer.close()


CALLBACK = f"{PUBLIC_URL}/twilio/status"


@pytest.mark.parametrize(("kind", "content"), [("image/png", b"a map"), ("application/pdf", b"a letter")])
def test_a_file_of_the_clinic_is_fetched_from_it_and_lies_on_the_phone(world: World, kind: str, content: bytes) -> None:
    world.webhook.files["a1"] = (kind, content)
    sent = world.say(MEI_LING, "Look", media_url=[f"{PUBLIC_URL}/twilio/file?m=a1&k=secret"], status_callback=CALLBACK)
    assert sent.sid.startswith("MM")
    world.webhook.wait_for_status("delivered")
    (message,) = shown(world)
    assert message["shown"] == {"kind": "file", "type": kind, "size": len(content)}
    assert "secret" not in str(world.simulator.events(0, 0))
    answer = world.app.test_client().get(f"/phone/files/{sent.sid}")
    assert (answer.data, answer.mimetype) == (content, kind)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert [one.content_type for one in world.twilio().messages(sent.sid).media.list()] == [kind]


@pytest.mark.parametrize(
    ("kind", "url", "code"),
    [
        ("image/png", f"{PUBLIC_URL}/twilio/file?m=gone", "63019"),
        ("text/html", f"{PUBLIC_URL}/twilio/file?m=a1", "12300"),
        ("image/png", "http://169.254.169.254/latest/meta-data", "63019"),
        ("image/png", "https://desk.example.org.evil.example/twilio/file?m=a1", "63019"),
    ],
)
def test_a_file_that_cannot_be_fetched_fails_later_as_at_twilio(world: World, kind: str, url: str, code: str) -> None:
    world.webhook.files["a1"] = (kind, b"something")
    sent = world.say(MEI_LING, "Look", media_url=[url], status_callback=CALLBACK)
    assert world.webhook.wait_for_status("failed")["ErrorCode"] == code
    assert world.app.test_client().get(f"/phone/files/{sent.sid}").status_code == 404


def test_many_messages_at_once_lose_none(world: World) -> None:
    callback = f"{PUBLIC_URL}/twilio/status"
    senders = [
        threading.Thread(
            target=lambda n=n: [world.say(MEI_LING, f"{n}.{k}", status_callback=callback) for k in range(5)]
        )
        for n in range(6)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert len({message["sid"] for message in shown(world)}) == 30
    with world.webhook.news:
        assert world.webhook.news.wait_for(lambda: len(world.webhook.statuses) == 60, 20)
