"""Alerts on the screen: who is told, what was told, and when letters do not leave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.desk import alerts
from bot.desk.alerts import send_alerts
from bot.desk.turns import Arrived, receive
from bot.ports.alerts import MailAway
from bot.web import create_pages
from tests.fakes import FakeMail
from tests.universe import MEI_LING
from tests.web.desk_pages import ANA, LEE, Front, open_front
from tests.web.diary_scene import words_of

HERE = "/desk/admin/alerts"
RED_FLAG = "I cannot pee and I am numb down there"
FORM = {"addresses": "desk@clinic.example\nlee@clinic.example", "wait_minutes": "10", "silenced_minutes": "60"}


@pytest.fixture
def mail() -> FakeMail:
    return FakeMail()


@pytest.fixture
def front(sqlite_url: str, mail: FakeMail) -> Iterator[Front]:
    with open_front(sqlite_url, mail=lambda: mail) as front:
        yield front


def test_a_lead_says_whom_and_when_and_a_trial_arrives(front: Front, mail: FakeMail) -> None:
    lee = front.at_desk(LEE)
    assert "Nobody is told yet" in lee.gets(HERE).text
    assert lee.posts(HERE, FORM).status_code == 303
    assert lee.posts(f"{HERE}/trial").status_code == 303
    assert "Leaves now" in lee.gets(HERE).text
    send_alerts(front.desk)
    assert [one.to for one in mail.letters] == [("desk@clinic.example", "lee@clinic.example")]
    assert "Sent" in lee.gets(HERE).text
    assert [line.subject for line in front.audit(staff=front.ids[LEE], action="changed")] == ["alerts"]


@pytest.mark.parametrize("wrong", [{"addresses": "nobody"}, {"wait_minutes": "1"}, {"silenced_minutes": "soon"}])
def test_what_cannot_be_is_refused_and_what_was_typed_stays(front: Front, wrong: dict[str, str]) -> None:
    refused = front.at_desk(LEE).posts(HERE, {**FORM, **wrong})
    assert refused.status_code == 422
    assert next(iter(wrong.values())) in refused.text
    assert alerts.alarming(front.desk).addresses == ()


def test_everybody_says_where_she_is_told_herself_and_of_what(front: Front, mail: FakeMail) -> None:
    ana, lee = front.at_desk(ANA), front.at_desk(LEE)
    ana.posts("/desk/account/alerts", {"address": "ana@clinic.example", "wants": "urgent"})
    lee.posts("/desk/account/alerts", {"address": "lee@clinic.example", "wants": "all"})
    assert 'value="ana@clinic.example"' in ana.gets("/desk/account").text
    assert "Ana ana@clinic.example Red flags" in words_of(lee.gets(HERE).text)
    with front.desk.book.begin() as ledger:
        ledger.raise_alert(alerts.Alert("waiting:1", "failed", "mei", 1), front.clock.epoch)
    send_alerts(front.desk)
    receive(front.desk, Arrived("SM" + "1" * 32, MEI_LING, "text", RED_FLAG))
    send_alerts(front.desk)
    told = [set(one.to) for one in mail.letters]
    assert told == [{"lee@clinic.example"}, {"lee@clinic.example", "ana@clinic.example"}]
    ana.posts("/desk/account/alerts", {"address": "", "wants": "urgent"})
    assert front.ids[ANA] not in alerts.addresses(front.desk)


def test_an_address_that_is_none_is_refused_on_the_account_page(front: Front) -> None:
    refused = front.at_desk(ANA).posts("/desk/account/alerts", {"address": "nobody", "wants": "all"})
    assert refused.status_code == 422
    assert "such as desk@clinic.example" in refused.text


def test_who_may_look_after_it_sees_on_every_page_that_letters_do_not_leave(front: Front, mail: FakeMail) -> None:
    lee, ana = front.at_desk(LEE), front.at_desk(ANA)
    lee.posts(HERE, FORM)
    mail.troubles = [MailAway("the mail server answers 451")]
    lee.posts(f"{HERE}/trial")
    assert "Alerts do not leave" not in lee.gets("/desk/inbox").text
    send_alerts(front.desk)
    for page in ("/desk/inbox", "/desk/diary", HERE):
        assert "Alerts do not leave" in lee.gets(page).text
    assert "the mail server answers 451" in lee.gets(HERE).text
    assert "Alerts do not leave" not in ana.gets("/desk/inbox").text
    front.clock.pass_seconds(61)
    send_alerts(front.desk)
    assert "Alerts do not leave" not in lee.gets("/desk/inbox").text


def test_without_a_mail_server_the_page_says_so(front: Front) -> None:
    without = replace(front, app=create_pages(replace(front.desk, mail=None), front.locks))
    lee = without.at_desk(LEE)
    assert "No mail server is set up" in lee.gets(HERE).text
    assert f"{HERE}/trial" not in lee.gets(HERE).text
    lee.posts(f"{HERE}/trial")
    assert "No mail server is set up (see SMTP_URL" in lee.gets(HERE).text
