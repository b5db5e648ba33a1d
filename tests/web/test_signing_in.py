"""Signing in: who gets in, what a guesser learns, and when it ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pyotp
import pytest
from flask import Blueprint, Response

from bot.adapters.staff_locks import StaffLocks
from bot.desk import sessions, staff
from bot.desk.sessions import Browser
from bot.web import create_pages
from bot.web.desk import current_staff, page
from tests.web.away import AwayBook
from tests.web.desk_pages import ADA, ANA, LEE, PASSWORD, QUICK, ROS, Front, Visitor, open_front

WRONG = "Name or password is not right."
HOUR = 3600


@pytest.fixture
def front(sqlite_url: str) -> Iterator[Front]:
    with open_front(sqlite_url) as front:
        yield front


GUESS = "wrong words altogether"


def words(visitor: Visitor, login: str, password: str = GUESS) -> str:
    """What the page says of a sign-in that is refused."""
    answer = visitor.signs_in(login, password)
    assert answer.status_code == 422
    found = re.search(r'role="alert">.*?<p>\s*(.*?)</p>', answer.text, re.DOTALL)
    assert found
    return found[1].strip()


# ---- what a guesser learns


class CountingLocks(StaffLocks):
    """The real locks, counting how often a password is compared."""

    compared = 0

    def is_password(self, password: str, kept: str) -> bool:
        self.compared += 1
        return super().is_password(password, kept)


def test_every_refusal_is_the_same_after_the_same_work(front: Front) -> None:
    staff.invite(front.desk, front.locks, staff.TERMINAL, "Ben", "ben", "reception")
    staff.disable(front.desk, staff.TERMINAL, front.ids[ROS])
    locks = CountingLocks("another key", QUICK)
    visitor = Visitor(create_pages(front.desk, locks).test_client())
    pages, lines = set(), len(front.audit())
    for count, login in enumerate(("ana", "nobody", "ben", "ros", "a" * 64), 1):
        answer = visitor.signs_in(login, PASSWORD + "!")
        pages.add((answer.status_code, answer.text.replace(f'value="{login}"', "")))
        assert locks.compared == count
        assert len(front.audit()) == lines + count
    assert len(pages) == 1
    assert WRONG in pages.pop()[1]


def test_the_right_password_of_somebody_disabled_or_not_yet_in_is_wrong(front: Front) -> None:
    staff.disable(front.desk, staff.TERMINAL, front.ids[ROS])
    assert words(front.visitor(), "ros", PASSWORD) == WRONG


# ---- waiting


def test_who_guesses_waits_longer_and_longer_also_for_names_that_nobody_has(front: Front) -> None:
    for login in ("ana", "nobody"):
        visitor = front.visitor()
        assert [words(visitor, login) for _ in range(6)] == [WRONG] * 6
        assert "Wait 15 seconds" in words(visitor, login)
        front.clock.pass_seconds(16)
        assert words(visitor, login) == WRONG
        assert "Wait 30 seconds" in words(visitor, login)


def test_while_there_is_a_wait_not_even_the_right_password_is_looked_at(front: Front) -> None:
    visitor = front.visitor()
    for _ in range(6):
        words(visitor, "ana")
    assert "Too many tries" in words(visitor, "ana", PASSWORD)
    front.clock.pass_seconds(16)
    assert visitor.signs_in("ana").status_code == 303


def test_nobody_who_guesses_elsewhere_keeps_a_receptionist_out_of_her_own_desk(front: Front) -> None:
    ana = front.at_desk(ANA)
    ana.posts("/desk/sign-out")
    for number in range(120):
        guesser = Visitor(front.app.test_client(), address=f"203.0.113.{number}")
        guesser.signs_in("ana", "a guess of somebody else")
    assert "Wait" in words(Visitor(front.app.test_client(), "203.0.113.200"), "ana", PASSWORD)
    # She sits behind the same address as one of them, too: her browser is known, and counts by itself.
    assert replace(ana, address="203.0.113.7").signs_in("ana").status_code == 303


def test_a_browser_known_for_one_account_may_not_guess_at_another(front: Front) -> None:
    ana = front.at_desk(ANA)
    ana.posts("/desk/sign-out")
    for _ in range(6):
        words(ana, "ada")
    assert "Wait" in words(ana, "ada")


def test_ones_own_account_does_not_wash_away_what_an_address_has_tried(front: Front) -> None:
    for number in range(60):
        Visitor(front.app.test_client()).signs_in(f"name{number}", "the same guess")
    assert "Wait" in words(front.visitor(), "name99")


def test_the_clinics_own_proxy_says_where_somebody_comes_from(front: Front) -> None:
    near = Visitor(front.app.test_client(), address="127.0.0.1")
    form = {"login": "ana", "password": GUESS}
    for _ in range(6):
        near.posts("/desk/sign-in", form, **{"X-Forwarded-For": "10.9.9.9, 203.0.113.5"})
    assert "Wait" in near.posts("/desk/sign-in", form, **{"X-Forwarded-For": "1.1.1.1, 203.0.113.5"}).text
    assert WRONG in near.posts("/desk/sign-in", form, **{"X-Forwarded-For": "203.0.113.6"}).text
    far = Visitor(front.app.test_client(), address="8.8.8.8")
    for number in range(6):
        far.posts("/desk/sign-in", form, **{"X-Forwarded-For": f"203.0.113.{number}"})
    assert "Wait" in far.posts("/desk/sign-in", form, **{"X-Forwarded-For": "203.0.113.99"}).text


# ---- when a session ends


def test_signing_out_ends_the_session_and_not_only_its_cookie(front: Front) -> None:
    ana = front.at_desk(ANA)
    thief = front.visitor()
    stolen = ana.client.get_cookie("__Host-frontdesk", "localhost")
    assert stolen
    thief.client.set_cookie("__Host-frontdesk", stolen.value)
    assert thief.is_signed_in()
    out = ana.posts("/desk/sign-out")
    assert out.headers["Clear-Site-Data"] == '"cache"'
    assert not ana.is_signed_in()
    assert not thief.is_signed_in()


def test_every_sign_in_has_a_fresh_secret(front: Front) -> None:
    visitor = front.visitor()
    visitor.client.set_cookie("__Host-frontdesk", "f" * 64)
    visitor.signs_in("ana")
    cookie = visitor.client.get_cookie("__Host-frontdesk", "localhost")
    assert cookie is not None
    assert cookie.value != "f" * 64
    with front.desk.book.look() as ledger:
        assert ledger.session(cookie.value) is None


def test_a_session_ends_after_two_idle_hours_and_after_a_long_day(front: Front) -> None:
    ana = front.at_desk(ANA)
    front.clock.pass_seconds(2 * HOUR - 1)
    assert ana.is_signed_in()
    front.clock.pass_seconds(2 * HOUR)
    assert not ana.is_signed_in()
    ana = front.at_desk(ANA)
    for _ in range(13):
        front.clock.pass_seconds(HOUR)
        assert ana.is_signed_in()
    front.clock.pass_seconds(HOUR)
    assert not ana.is_signed_in()


def test_a_page_that_refreshes_itself_keeps_nobody_signed_in(front: Front) -> None:
    ana = front.at_desk(ANA)
    for _ in range(4):
        front.clock.pass_seconds(HOUR / 2 - 1)
        assert ana.gets("/desk/account", **{"X-Quiet": "1"}).status_code == 200
    front.clock.pass_seconds(5)
    assert ana.gets("/desk/account", **{"X-Quiet": "1"}).status_code == 303


def test_a_stream_that_opens_itself_again_keeps_nobody_signed_in(front: Front) -> None:
    ana = front.at_desk(ANA)
    for _ in range(4):
        front.clock.pass_seconds(HOUR / 2 - 1)
        with ana.gets("/live") as stream:
            assert stream.status_code == 200
    front.clock.pass_seconds(5)
    assert ana.gets("/live").status_code == 303


def test_what_stays_open_for_long_can_ask_whether_it_still_may(front: Front) -> None:
    front.at_desk(LEE)
    with front.desk.book.look() as ledger:
        (session, *_) = ledger.sessions(front.ids[LEE])
    account = sessions.still_signed_in(front.desk, session)
    assert account is not None
    assert account.name == LEE
    staff.change_role(front.desk, staff.TERMINAL, front.ids[LEE], "read_only")
    assert sessions.still_signed_in(front.desk, session) is None


@pytest.mark.parametrize("happens", ["disabled", "another role", "rescued", "password changed elsewhere"])
def test_what_changes_an_account_ends_its_sessions(front: Front, happens: str) -> None:
    lee, elsewhere = front.at_desk(LEE), front.at_desk(LEE)
    id, ada = front.ids[LEE], front.at_desk(ADA)
    if happens == "disabled":
        ada.posts(f"/desk/staff/{id}/disable")
    elif happens == "another role":
        ada.posts(f"/desk/staff/{id}/role", {"role": "read_only"})
    elif happens == "rescued":
        made = staff.rescue(front.desk, front.locks, staff.TERMINAL, id)
        assert lee.is_signed_in()
        front.visitor().posts(f"/desk/join/{made.token}", {"password": "five new and other words"})
    else:
        form = {"current": PASSWORD, "new": "five new and other words"}
        assert elsewhere.posts("/desk/account/password", form).status_code == 303
        assert elsewhere.is_signed_in()
    assert not lee.is_signed_in()


def test_a_changed_password_is_the_only_one_that_works(front: Front) -> None:
    ana = front.at_desk(ANA)
    assert ana.posts("/desk/account/password", {"current": "not this", "new": "a brand new one"}).status_code == 422
    assert ana.posts("/desk/account/password", {"current": PASSWORD, "new": "short"}).status_code == 422
    assert ana.posts("/desk/account/password", {"current": PASSWORD, "new": "a brand new one"}).status_code == 303
    assert words(front.visitor(), "ana", PASSWORD) == WRONG
    assert front.visitor().signs_in("ana", "a brand new one").status_code == 303


def test_a_desk_left_open_is_no_place_to_guess_its_password(front: Front) -> None:
    ana = front.at_desk(ANA)
    form = {"current": "a guess", "new": "five new and other words"}
    answers = [ana.posts("/desk/account/password", form).text for _ in range(12)]
    assert "Too many tries" in answers[-1]


# ---- links


def link_on(text: str) -> str:
    found = re.search(r"https://localhost(/desk/join/\w+)", text)
    assert found
    return found[1]


def test_the_first_admin_comes_in_by_a_link_that_works_once(sqlite_url: str) -> None:
    with open_front(sqlite_url, people={}) as front:
        older = staff.first_link(front.desk, front.locks)
        made = staff.first_link(front.desk, front.locks)
        assert older
        assert made
        path = f"/desk/join/{made.token}"
        visitor = front.visitor()
        assert visitor.gets(f"/desk/join/{older.token}").status_code == 404
        for _ in range(2):
            assert visitor.gets(path).status_code == 200
        assert visitor.posts(path, {"name": "", "login": "a b", "password": "short"}).status_code == 422
        form = {"name": "Ada", "login": "Ada", "password": PASSWORD}
        assert visitor.posts(path, form).headers["Location"] == "/desk"
        assert visitor.gets("/desk/staff").status_code == 200
        assert front.visitor().posts(path, form).status_code == 404
        assert staff.first_link(front.desk, front.locks) is None


def test_somebody_invited_sets_her_own_password(front: Front) -> None:
    ada = front.at_desk(ADA)
    answer = ada.posts("/desk/staff/invite", {"name": "Ben Tan", "login": "Ben", "role": "reception"})
    path = link_on(answer.text)
    assert path not in ada.gets("/desk/staff").text
    ben = front.visitor()
    assert "Ben Tan" in ben.gets(path).text
    assert ben.posts(path, {"password": "Ben Tan Ben"}).status_code == 422
    assert ben.posts(path, {"password": PASSWORD}).status_code == 303
    assert ben.is_signed_in()
    assert front.visitor().gets(path).status_code == 404
    assert [line.action for line in front.audit()[:3]] == ["signed_in", "joined", "invited"]


def test_an_invitation_ends_after_three_days(front: Front) -> None:
    made = staff.invite(front.desk, front.locks, staff.TERMINAL, "Ben", "ben", "reception")
    front.clock.pass_seconds(72 * HOUR)
    assert front.visitor().gets(f"/desk/join/{made.token}").status_code == 404


@pytest.mark.parametrize(
    "form", [{"login": "ana"}, {"login": "x"}, {"name": ""}, {"role": "owner"}, {"name": "a\x01b"}]
)
def test_an_invitation_that_cannot_be_is_explained_and_keeps_what_was_typed(front: Front, form: dict[str, str]) -> None:
    typed = {"name": "Ben", "login": "ben", "role": "lead", **form}
    answer = front.at_desk(ADA).posts("/desk/staff/invite", typed)
    assert answer.status_code == 422
    assert 'class="fault"' in answer.text
    assert len(staff.everybody(front.desk)) == 4


def test_the_last_admin_stays(front: Front) -> None:
    ada = front.at_desk(ADA)
    for path, form in (("disable", {}), ("role", {"role": "lead"})):
        answer = ada.posts(f"/desk/staff/{front.ids[ADA]}/{path}", form)
        assert "only admin" in ada.gets(answer.headers["Location"]).text
    assert ada.gets("/desk/staff").status_code == 200


def test_somebody_disabled_comes_back_with_her_old_password(front: Front) -> None:
    ada = front.at_desk(ADA)
    ada.posts(f"/desk/staff/{front.ids[ANA]}/disable")
    assert words(front.visitor(), "ana", PASSWORD) == WRONG
    refused = ada.posts(f"/desk/staff/{front.ids[ANA]}/link").headers["Location"]
    assert "Enable the account first" in ada.gets(refused).text
    ada.posts(f"/desk/staff/{front.ids[ANA]}/enable")
    assert front.at_desk(ANA).is_signed_in()


# ---- second factors


def set_up(front: Front, visitor: Visitor) -> tuple[pyotp.TOTP, list[str]]:
    """Turn a second factor on; the authenticator app, and the recovery codes."""
    answer = visitor.posts("/desk/account/second-factor")
    key = re.search(r'class="mono">([A-Z2-7 ]+)</code>', answer.text)
    assert key
    phone = pyotp.TOTP(key[1].replace(" ", ""))
    assert visitor.posts("/desk/account/second-factor/confirm", {"code": "000000"}).status_code == 422
    shown = visitor.posts("/desk/account/second-factor/confirm", {"code": phone.at(front.clock.epoch)}).text
    return phone, re.findall(r"<li>([0-9A-Z-]{14})</li>", shown)


def types(visitor: Visitor, code: str) -> int:
    return visitor.posts("/desk/sign-in/code", {"code": code}).status_code


def test_with_a_second_factor_the_password_alone_opens_nothing(front: Front) -> None:
    phone, codes = set_up(front, front.at_desk(ANA))
    assert len(codes) == 10
    visitor = front.visitor()
    assert visitor.signs_in("ana").headers["Location"].startswith("/desk/sign-in/code")
    assert not visitor.is_signed_in()
    assert types(visitor, "123456") == 422
    front.clock.pass_seconds(30)
    assert types(visitor, phone.at(front.clock.epoch)) == 303
    assert visitor.is_signed_in()


def test_no_code_works_twice(front: Front) -> None:
    phone, codes = set_up(front, front.at_desk(ANA))
    for code in (phone.at(front.clock.epoch + 30), codes[3].lower().replace("-", " ")):
        front.clock.pass_seconds(30)
        for expected in (303, 422):
            visitor = front.visitor()
            visitor.signs_in("ana")
            assert types(visitor, code) == expected


def test_a_code_of_five_minutes_ago_is_nothing(front: Front) -> None:
    phone, _ = set_up(front, front.at_desk(ANA))
    front.clock.pass_seconds(300)
    visitor = front.visitor()
    visitor.signs_in("ana")
    assert types(visitor, phone.at(front.clock.epoch - 300)) == 422
    assert types(visitor, "１２３４５６") == 422


def test_whoever_has_the_password_alone_gets_few_codes(front: Front) -> None:
    phone, _ = set_up(front, front.at_desk(ANA))
    thief = front.visitor()
    thief.signs_in("ana")
    for _ in range(5):
        assert types(thief, "123456") == 422
    # The password is due again, and the codes still count.
    thief.signs_in("ana")
    assert types(thief, "123456") == 422
    thief.signs_in("ana")
    front.clock.pass_seconds(1)
    assert "Wait" in thief.posts("/desk/sign-in/code", {"code": phone.at(front.clock.epoch)}).text


def test_a_half_open_session_ends_by_itself_and_opens_no_page(front: Front) -> None:
    phone, _ = set_up(front, front.at_desk(ANA))
    visitor = front.visitor()
    visitor.signs_in("ana")
    front.clock.pass_seconds(601)
    assert types(visitor, phone.at(front.clock.epoch)) == 422


def test_a_rescue_takes_the_second_factor_away(front: Front) -> None:
    _, codes = set_up(front, front.at_desk(ANA))
    made = staff.rescue(front.desk, front.locks, staff.TERMINAL, front.ids[ANA])
    visitor = front.visitor()
    assert visitor.posts(f"/desk/join/{made.token}", {"password": "five new and other words"}).status_code == 303
    assert visitor.is_signed_in()
    with front.desk.book.look() as ledger:
        assert ledger.recovery_codes_left(front.ids[ANA]) == 0
    assert codes


def test_switching_the_second_factor_off_needs_the_password(front: Front) -> None:
    ana = front.at_desk(ANA)
    set_up(front, ana)
    assert ana.posts("/desk/account/second-factor/off", {"current": "wrong"}).status_code == 422
    assert ana.posts("/desk/account/second-factor/off", {"current": PASSWORD}).status_code == 303
    assert front.at_desk(ANA).is_signed_in()


def test_another_secret_key_leaves_the_recovery_codes(front: Front) -> None:
    _, codes = set_up(front, front.at_desk(ANA))
    moved = StaffLocks("another secret key", QUICK)
    signed_in = sessions.sign_in(front.desk, moved, "ana", PASSWORD, Browser("", "192.0.2.9"))
    assert sessions.type_code(front.desk, moved, signed_in.token, codes[0], Browser("", "192.0.2.9"))


def test_the_database_alone_signs_nobody_in(front: Front) -> None:
    _, codes = set_up(front, front.at_desk(ANA))
    cookie = front.at_desk(LEE).client.get_cookie("__Host-frontdesk", "localhost")
    with front.desk.book.begin() as ledger:
        account = ledger.account(front.ids[ANA])
        rows = str(ledger.sessions(front.ids[LEE]))
    assert account is not None
    assert cookie is not None
    assert cookie.value not in rows
    assert PASSWORD not in account.password
    assert account.password.startswith("$argon2id$")
    assert len(account.second_factor) > 100
    assert codes[0] not in repr(account)


# ---- the rest


def test_every_view_knows_who_is_at_the_desk(sqlite_url: str) -> None:
    room = Blueprint("who", __name__)

    @room.get("/desk/who")
    @page("inbox.read")
    def who() -> Response:
        return Response(f"{current_staff().name} {current_staff().may('inbox.work')}")

    with open_front(sqlite_url, rooms=(room,)) as front:
        assert front.at_desk(ROS).gets("/desk/who").text == "Ros Reader False"


def test_looking_at_something_is_written_down_once_for_a_while_of_looking(front: Front) -> None:
    for _ in range(3):
        sessions.viewed(front.desk, front.ids[ANA], "conversation:3f9a")
    front.clock.pass_seconds(sessions.VIEWED_AGAIN_SECONDS + 1)
    sessions.viewed(front.desk, front.ids[ANA], "conversation:3f9a")
    assert len(front.audit(action="viewed")) == 2


def test_without_the_database_the_desk_says_so(front: Front) -> None:
    client = create_pages(replace(front.desk, book=AwayBook(front.desk)), front.locks).test_client()  # type: ignore[arg-type]
    client.set_cookie("__Host-frontdesk", "f" * 64)
    answer = client.get("/desk/account")
    assert answer.status_code == 503
    assert "database does not answer" in answer.text
