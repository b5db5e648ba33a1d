"""Words that WhatsApp has approved: offered when the window is closed, and to a number that never wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest

from bot.desk import inbox, reception, replying, templates
from bot.desk.replying import Reply
from bot.desk.speaking import send
from bot.desk.turns import conversation_id
from bot.ports import Desk
from tests.desk.test_turns import Patient
from tests.fakes import FakeCarrier, FakeClock
from tests.universe import MEI_LING
from tests.web.desk_pages import ANA, ROS, Front, open_front
from tests.web.diary_scene import at, booked

DAY = 24 * 3600
NEW = {"phone": "+65 8111 2222", "name": "Devi Rao", "language": "en", "template": "answer", "token": "click-0001"}


@pytest.fixture
def carrier() -> FakeCarrier:
    return FakeCarrier(FakeClock())


@pytest.fixture
def front(sqlite_url: str, carrier: FakeCarrier) -> Iterator[Front]:
    with open_front(sqlite_url, clock=carrier.clock, carrier=lambda: carrier) as front:
        yield front


@pytest.fixture
def approved(front: Front, carrier: FakeCarrier) -> None:
    """WhatsApp has approved all that ships."""
    approve(front.desk, carrier)


def approve(desk: Desk, carrier: FakeCarrier) -> None:
    templates.sync(desk)
    carrier.approvals = dict.fromkeys(carrier.made.values(), ("approved", ""))
    templates.look(desk)


@pytest.fixture
def mei_ling(front: Front) -> Patient:
    """She waits for a person, and wrote more than a day ago."""
    mei_ling = Patient(front.desk)
    mei_ling.says("human")
    front.clock.pass_seconds(DAY)
    return mei_ling


def page_of(patient: Patient) -> str:
    return f"/desk/inbox/{patient.conversation}"


def sent(front: Front, carrier: FakeCarrier, conversation: str) -> list[str]:
    front.clock.pass_seconds(6)
    carrier.posted.clear()
    send(front.desk, (conversation,), "sender")
    return carrier.words


def test_without_an_approved_template_the_page_says_what_to_do(front: Front, mei_ling: Patient) -> None:
    text = front.at_desk().gets(page_of(mei_ling)).text
    assert "python -m bot templates sync" in text
    assert 'Until then please call <a class="number" href="tel:+6591234567">+65\xa09123\xa04567</a>.' in text
    assert "Send template" not in text


@pytest.mark.usefixtures("approved")
def test_each_template_reads_as_the_patient_will_read_it_with_its_buttons(
    front: Front, carrier: FakeCarrier, mei_ling: Patient
) -> None:
    ana = front.at_desk()
    text = ana.gets(page_of(mei_ling)).text
    assert "We have an answer to the question that you asked us." in text
    assert ">Show the answer<" in text
    assert 'value="reminder"' not in text, "she has no appointment that it could remind of"
    ana.posts(f"{page_of(mei_ling)}/template", {"template": "answer", "token": "click-0001", "seen": "99"})
    (words,) = sent(front, carrier, mei_ling.conversation)
    assert words.startswith("Hello from Oxford Spine. We have an answer")


@pytest.mark.usefixtures("approved")
def test_a_template_about_an_appointment_is_offered_to_whom_has_one(front: Front, mei_ling: Patient) -> None:
    made = booked(front, start=at(10, day=date(2026, 3, 5)), conversation=mei_ling.conversation)
    text = front.at_desk().gets(page_of(mei_ling)).text
    assert 'value="reminder"' in text
    assert made.number in text
    assert 'value="rebook"' not in text, "she has not been missed"


@pytest.mark.usefixtures("approved")
def test_a_template_speaks_the_language_of_the_patient(front: Front, carrier: FakeCarrier) -> None:
    mei_ling = Patient(front.desk)
    mei_ling.says("你好，我想找前台")
    reception.take_over(front.desk, mei_ling.conversation, front.ids[ANA])
    front.clock.pass_seconds(DAY)
    ana = front.at_desk()
    shown = re.search(r'value="answer".*?template-words" dir="auto">([^<]+)<', ana.gets(page_of(mei_ling)).text, re.S)
    assert shown
    assert re.search("[\u4e00-\u9fff]", shown[1])
    ana.posts(f"{page_of(mei_ling)}/template", {"template": "answer", "token": "click-0001", "seen": "99"})
    assert sent(front, carrier, mei_ling.conversation) == [shown[1]]


@pytest.mark.usefixtures("approved")
def test_a_number_that_never_wrote_is_written_to_once_by_template(front: Front, carrier: FakeCarrier) -> None:
    ana = front.at_desk()
    answer = ana.posts("/desk/inbox/new", NEW)
    id = conversation_id(front.desk.conversation_key, "whatsapp:+6581112222")
    assert answer.location.endswith(f"/desk/inbox/{id}?folder=mine")
    assert len(sent(front, carrier, id)) == 1
    card = inbox.card(front.desk, id)
    assert card is not None
    assert (card.names, card.holder) == (("Devi Rao",), front.ids[ANA])
    again = ana.posts("/desk/inbox/new", {**NEW, "token": "click-0002"})
    assert again.location.endswith(f"/desk/inbox/{id}")
    assert sent(front, carrier, id) == []
    (line,) = front.audit(action="sent")
    assert (line.staff, line.subject, line.note) == (front.ids[ANA], f"conversation:{id}", "wrote first")


@pytest.mark.usefixtures("approved")
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"phone": "81112222"}, "with + and the country code"),
        ({"template": "nothing"}, "Choose a template"),
        ({"template": "reminder"}, "Choose a template"),
        ({"name": "x" * 300}, "A patient has a name"),
    ],
)
def test_what_cannot_be_sent_is_said_and_nothing_typed_is_lost(front: Front, wrong: dict[str, str], words: str) -> None:
    answer = front.at_desk().posts("/desk/inbox/new", {**NEW, **wrong})
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{wrong.get("phone", NEW["phone"])}"' in answer.text
    assert inbox.counts(front.desk, front.ids[ANA])["mine"] == 0


@pytest.mark.usefixtures("approved")
def test_who_wants_no_messages_is_not_written_to_first(front: Front, carrier: FakeCarrier) -> None:
    mei_ling = Patient(front.desk)
    mei_ling.says("STOP")
    front.clock.pass_seconds(2 * DAY)
    sent(front, carrier, mei_ling.conversation)
    reply = Reply("Hello from Oxford Spine.", "click-0001", template="answer")
    with pytest.raises(reception.NotPossible, match="STOP"):
        replying.write_first(front.desk, front.ids[ANA], MEI_LING.removeprefix("whatsapp:"), reply)
    assert sent(front, carrier, mei_ling.conversation) == []


def test_who_may_change_nothing_writes_to_nobody(front: Front) -> None:
    ros = front.at_desk(ROS)
    assert ros.gets("/desk/inbox/new").status_code == 403
    assert "/desk/inbox/new" not in ros.gets("/desk/inbox").text
