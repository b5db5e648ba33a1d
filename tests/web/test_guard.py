"""Nobody gets past a page that she may not see, and nothing is changed by a page of somebody else."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Blueprint

from bot.core.staff import PERMISSIONS, ROLES, may
from bot.web import create_pages
from bot.web.desk import ANYBODY, Undeclared, page
from bot.web.desk.guard import local_path, permission_of
from tests.web.desk_pages import ADA, ADDRESS, ANA, LEE, STAFF, Front, Visitor, open_front

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture
def front(sqlite_url: str) -> Iterator[Front]:
    with open_front(sqlite_url) as front:
        yield front


def routes(front: Front) -> list[tuple[str, str, str]]:
    """Every route that is not shown to all: its method, a path with made-up ids, and what it needs."""
    found = []
    for rule in front.app.url_map.iter_rules():
        needed = permission_of(front.app, rule.endpoint)
        assert needed is not None
        path = rule.build(dict.fromkeys(rule.arguments, "nobody"))
        assert path is not None
        if needed != ANYBODY:
            found += [(method, path[1], needed) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}]
    return found


def asks(visitor: Visitor, method: str, path: str) -> int:
    return (visitor.gets(path) if method == "GET" else visitor.posts(path)).status_code


def test_every_route_is_closed_to_whoever_is_not_signed_in(front: Front) -> None:
    visitor = front.visitor()
    assert len(routes(front)) > 15
    for method, path, _ in routes(front):
        assert asks(visitor, method, path) == (303 if method == "GET" else 401), path


@pytest.mark.parametrize("name", STAFF)
def test_every_route_is_open_to_those_roles_alone_that_may(front: Front, name: str) -> None:
    for method, path, needed in routes(front):
        # One who signs out, or ends her sessions, must be let in again for the next route.
        status = asks(front.at_desk(name), method, path)
        assert (status != 403) == may(STAFF[name], needed), (method, path, status)
        assert status < 500, (method, path)


def test_a_route_that_does_not_say_who_may_come_in_is_refused_at_start(front: Front) -> None:
    room = Blueprint("open_door", __name__)
    room.add_url_rule("/desk/open", "show", lambda: "patients")
    with pytest.raises(Undeclared, match=r"open_door\.show"):
        create_pages(front.desk, front.locks, rooms=(room,))


def test_a_route_that_comes_later_without_saying_so_is_refused_when_asked(front: Front) -> None:
    room = Blueprint("open_door", __name__)
    room.add_url_rule("/desk/open", "show", lambda: "patients")
    front.app.register_blueprint(room)
    assert front.at_desk(ADA).gets("/desk/open").status_code == 500


def test_a_permission_that_does_not_exist_cannot_be_asked_for() -> None:
    with pytest.raises(KeyError):
        page("inbox.everything")


def test_every_role_may_do_something_and_every_permission_is_somebodys() -> None:
    assert all(any(may(role, one) for one in PERMISSIONS) for role in ROLES)
    assert all(may("admin", one) for one in PERMISSIONS)
    assert not any(may("read_only", one) for one in PERMISSIONS if one.endswith((".work", ".change", ".manage")))


def test_nothing_is_changed_by_getting_a_page(front: Front) -> None:
    changing = [path for method, path, _ in routes(front) if method in UNSAFE]
    reading = [path for method, path, _ in routes(front) if method == "GET"]
    visitor = front.at_desk(ADA)
    before = len(front.audit())
    for path in reading:
        visitor.gets(path)
    assert len(front.audit()) == before
    for path in set(changing) - set(reading):
        assert visitor.gets(path).status_code in (404, 405), path


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "", "Origin": "null"},
    ],
)
def test_a_form_of_another_site_changes_nothing(front: Front, headers: dict[str, str]) -> None:
    visitor = front.at_desk(ADA)
    for method, path, _ in routes(front):
        if method in UNSAFE:
            refused = visitor.posts(path, {"role": "admin"}, **headers)
            assert refused.status_code == 403, path
    assert visitor.is_signed_in()


@pytest.mark.parametrize("token", ["", "0" * 64, "ä", None])
def test_a_form_without_its_token_changes_nothing(front: Front, token: str | None) -> None:
    visitor = front.at_desk(ADA)
    form = {} if token is None else {"form_token": token}
    refused = visitor.client.post("/desk/sign-out", data=form, base_url=ADDRESS)
    assert refused.status_code == 403
    assert "Nothing was changed" in refused.text
    assert visitor.is_signed_in()


def test_a_form_opened_by_one_person_is_not_sent_by_the_next(front: Front) -> None:
    visitor = front.at_desk(ANA)
    anas = visitor.token()
    visitor.posts("/desk/sign-out")
    visitor.signs_in("lee")
    assert visitor.posts("/desk/account/sessions", {"form_token": anas}).status_code == 403
    assert visitor.posts("/desk/account/sessions").status_code == 303


def test_a_form_that_outlived_its_session_can_be_sent_after_signing_in_again(front: Front) -> None:
    visitor = front.at_desk(ANA)
    opened = visitor.token()
    front.clock.pass_seconds(3 * 3600)
    over = visitor.posts("/desk/account/preferences", {"form_token": opened})
    assert over.status_code == 401
    assert "Nothing was sent" in over.text
    visitor.signs_in("ana")
    assert visitor.posts("/desk/account/preferences", {"form_token": opened}).status_code == 303


def test_htmx_carries_the_token_in_a_header(front: Front) -> None:
    visitor = front.at_desk(ANA)
    answer = visitor.posts("/desk/account/sessions", {"form_token": ""}, **{"X-Form-Token": visitor.token()})
    assert answer.status_code == 303


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "https://evil.example/desk",
        "/\\evil.example",
        "\\\\evil",
        "/desk\n//evil",
        "javascript:alert(1)",
        "/phone",
        "/desk\\..\\x",
        "",
    ],
)
def test_signing_in_never_leads_to_another_site(front: Front, wanted: str) -> None:
    assert front.visitor().signs_in("ana", wanted=wanted).headers["Location"] == "/desk"


def test_signing_in_leads_back_to_where_one_wanted_to_go(front: Front) -> None:
    visitor = front.visitor()
    sent_away = visitor.gets("/desk/audit?staff=x&action=viewed").headers["Location"]
    assert sent_away == "/desk/sign-in?next=/desk/audit%3Fstaff%3Dx%26action%3Dviewed"
    assert local_path("/desk/audit?staff=x") == "/desk/audit?staff=x"
    assert visitor.signs_in("ada", wanted="/desk/audit?staff=x").headers["Location"] == "/desk/audit?staff=x"


@pytest.mark.parametrize("path", ["/desk", "/desk/sign-in", "/desk/account", "/desk/nowhere", "/desk/staff"])
def test_every_page_is_hardened(front: Front, path: str) -> None:
    headers = front.at_desk(LEE).gets(path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_what_never_changes_is_asked_for_once(front: Front) -> None:
    visitor = front.visitor()
    style = re.search(r'href="(/static/desk/desk\.css\?v=\w+)"', visitor.gets("/desk/sign-in").text)
    assert style
    for path, kept in ((style[1], True), ("/static/desk/desk.css", False)):
        with visitor.gets(path) as answer:
            assert ("immutable" in answer.headers["Cache-Control"]) == kept


def test_cookies_belong_to_this_host_and_to_no_script(front: Front) -> None:
    visitor = front.visitor()
    cookies = visitor.gets("/desk/sign-in").headers.getlist("Set-Cookie")
    cookies += visitor.signs_in("ana").headers.getlist("Set-Cookie")
    cookies += visitor.posts("/desk/account/sessions").headers.getlist("Set-Cookie")
    assert len({one.partition("=")[0] for one in cookies}) == 4
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        for attribute in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
            assert f"; {attribute}" in cookie
        assert "Domain" not in cookie


def test_an_error_is_words_and_never_a_trace(front: Front) -> None:
    room = Blueprint("broken", __name__)

    @room.get("/desk/broken")
    @page("account")
    def broken() -> str:
        raise ValueError("Mei Ling Tan, +65 8000 0001")

    front.app.register_blueprint(room)
    answer = front.at_desk(ANA).gets("/desk/broken")
    assert answer.status_code == 500
    assert "reported" in answer.text
    assert "Mei Ling" not in answer.text + str(front.reports)
    assert "ValueError" in front.reports[-1]
    assert "Traceback" not in answer.text


def test_a_page_that_is_not_there_is_no_reason_to_sign_in_again(front: Front) -> None:
    missing = front.at_desk(ANA).gets("/desk/nowhere")
    assert missing.status_code == 404
    assert "To the desk" in missing.text
    assert "Sign in" in front.visitor().gets("/desk/nowhere").text


def test_an_error_in_a_part_of_a_page_replaces_nothing_on_it(front: Front) -> None:
    answer = front.at_desk(ANA).gets("/desk/staff", **{"HX-Request": "true", "HX-Request-Type": "partial"})
    assert answer.status_code == 403
    assert answer.headers["HX-Retarget"] == "#notices"
    assert answer.text.lstrip().startswith('<div class="notice')
    gone = front.visitor().gets("/desk/staff", **{"HX-Request": "true", "HX-Request-Type": "partial"})
    assert gone.status_code == 401
    assert "signed out" in gone.text


def test_a_part_of_a_page_is_the_same_as_in_the_whole(front: Front) -> None:
    visitor = front.at_desk(ADA)
    part = visitor.gets("/desk/audit", **{"HX-Request": "true", "HX-Request-Type": "partial"}).text
    assert part.strip().startswith('<section class="card"')
    assert "<html" not in part
    assert "Signed in" in part
