"""Templates are made once, submitted once, and looked at until WhatsApp has decided."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.checks_templates import OF_AN_APPOINTMENT, OF_THE_DIARY, USES
from bot.core.flow import MessageTemplate, Text
from bot.desk import templates
from bot.desk.diary_words import TEXTS, words
from bot.desk.telling import told_of
from bot.ports import CarrierAway, CarrierRefused, Desk
from tests.desk.front import Front
from tests.sql.clinic import book_one, booking
from tests.universe import saying

NOTICE = MessageTemplate(
    "notice", Text("Hello from us, {name}, there is news.", {"zh": "您好 {name}，有您的消息。"}), {"name": "Mei Ling"}
)


def desk_with(front: Front, *written: MessageTemplate) -> Desk:
    return saying(front.desk, clinic=replace(front.desk.clinic, templates={one.name: one for one in written}))


def stands(desk: Desk) -> dict[str, str]:
    return {one.language: one.status for one in templates.standings(desk)}


def test_a_template_is_made_in_every_language_and_only_once(front: Front) -> None:
    desk = desk_with(front, NOTICE)
    assert [templates.create(desk) for _ in range(3)] == [2, 0, 0]
    assert stands(desk) == {"en": "made", "zh": "made"}


def test_a_template_that_the_account_has_already_is_taken_as_it_is(front: Front) -> None:
    templates.create(desk_with(front, NOTICE))
    with front.desk.book.begin() as ledger:
        (english, chinese) = ledger.templates()
    assert front.carrier.made == {english.key: english.sid, chinese.key: chinese.sid}


def test_it_is_submitted_once_and_used_when_it_is_approved(front: Front) -> None:
    desk = desk_with(front, NOTICE)
    templates.sync(desk)
    assert stands(desk) == {"en": "received", "zh": "received"}
    assert templates.submit(desk) == 0
    front.carrier.approvals = dict.fromkeys(front.carrier.made.values(), ("approved", ""))
    templates.look(desk)
    assert stands(desk) == {"en": "approved", "zh": "approved"}
    assert templates.lacking(desk) == ()


def test_a_rejected_template_says_why_and_is_not_submitted_again(front: Front) -> None:
    desk = desk_with(front, NOTICE)
    templates.sync(desk)
    front.carrier.approvals = dict.fromkeys(front.carrier.made.values(), ("rejected", "Too promotional"))
    templates.look(desk)
    assert templates.submit(desk) == 0
    assert {one.reason for one in templates.standings(desk)} == {"Too promotional"}
    assert [one.language for one in templates.lacking(desk)] == ["en", "zh"]


def test_other_words_are_another_template_and_the_old_one_serves_until_it_is_approved(front: Front) -> None:
    desk = desk_with(front, NOTICE)
    templates.sync(desk)
    front.carrier.approvals = dict.fromkeys(front.carrier.made.values(), ("approved", ""))
    templates.look(desk)
    reworded = desk_with(front, replace(NOTICE, body=Text("Dear {name}, there is news for you here.")))
    templates.sync(reworded)
    front.later(hours=24)
    front.says("News.", template="notice", variables={"name": "Mei Ling"})
    front.sends()
    content = front.carrier.posted[0].outgoing.content
    assert content is not None
    assert content.body == "Hello from us, Mei Ling, there is news."


def test_a_template_that_was_deleted_at_twilio_is_not_used(front: Front) -> None:
    desk = desk_with(front, replace(NOTICE, body=Text("Hello from us, {name}, there is news.")))
    templates.create(desk)
    front.carrier.troubles = [CarrierRefused(404, 20404)]
    templates.look(desk)
    assert stands(desk) == {"en": "unusable"}


def test_what_was_made_before_twilio_went_away_is_not_made_again(front: Front) -> None:
    desk = desk_with(front, NOTICE)
    made = front.carrier.make_content

    def once(wording: object) -> str:
        if front.carrier.made:
            raise CarrierAway
        return made(wording)  # type: ignore[arg-type]

    front.carrier.make_content = once  # type: ignore[method-assign,assignment]
    with pytest.raises(CarrierAway):
        templates.create(desk)
    front.carrier.make_content = made  # type: ignore[method-assign]
    assert templates.create(desk) == 1


def test_the_check_knows_what_fills_each_template(front: Front) -> None:
    """W63 tells of names that nothing fills: its tables are what is really said of an appointment."""
    about = book_one(front.desk.book, booking(conversation="mei"))  # type: ignore[arg-type]
    assert set(told_of(front.desk.diary, about, "en")) == set(OF_AN_APPOINTMENT)
    with front.desk.book.look() as ledger:
        state = ledger.read("mei")
    assert state is not None
    for what, (_, template) in TEXTS.items():
        said = set(words(front.desk, state, about, what, "a key").variables)
        assert set(OF_THE_DIARY) == said <= set(USES[template].names)
