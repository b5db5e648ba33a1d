"""Many screens at once: asked together, answered together, and never in the way of a webhook."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import pytest

from bot.ports import BookAway
from bot.web.desk.together import Together
from tests.browser.scene import ORDINARY, pages, set_up
from tests.fakes import FakeCarrier, FakeClock
from tests.web.desk_pages import ADA, Front, open_front

SCREENS = 40
PATIENCE_SECONDS = 10


@pytest.fixture
def front(database_url: str) -> Iterator[Front]:
    clock = FakeClock()
    carrier = FakeCarrier(clock)
    with open_front(database_url, clock=clock, carrier=lambda: carrier) as front:
        yield front


def test_forty_who_ask_while_one_is_answered_cost_one_look_more() -> None:
    together, looks = Together(), list[int]()
    looking, go_on = threading.Event(), threading.Event()

    def look() -> int:
        looks.append(len(looks))
        looking.set()
        assert go_on.wait(PATIENCE_SECONDS)
        return looks[-1]

    answers = list[int]()
    first = threading.Thread(target=lambda: answers.append(together.ask("list", look)))
    first.start()
    assert looking.wait(PATIENCE_SECONDS)
    others = [threading.Thread(target=lambda: answers.append(together.ask("list", look))) for _ in range(SCREENS)]
    for one in others:
        one.start()
    # Whoever asks something else waits for nobody.
    assert together.ask("count", lambda: "three") == "three"
    while len(together._next) < 1:
        assert first.is_alive()
    go_on.set()
    for one in (first, *others):
        one.join(PATIENCE_SECONDS)
    assert answers.count(0) == 1
    assert len(answers) == SCREENS + 1
    assert len(looks) < SCREENS / 2
    assert together._under_way == together._next == {}


def test_a_look_that_fails_fails_for_those_who_asked_and_for_nobody_after_them() -> None:
    together = Together()

    def look() -> str:
        raise BookAway("gone")

    with pytest.raises(BookAway):
        together.ask("list", look)
    assert together.ask("list", lambda: "back") == "back"


def test_no_page_waits_for_a_writer_and_no_webhook_for_a_page(front: Front) -> None:
    scene = set_up(front, ORDINARY, front.ids[ADA])
    visitor = front.at_desk(ADA)
    # Each print and each file that is opened is a line of the audit: these do write.
    written_down = re.compile(r"/desk/(sign-in|join)|.*/(print|files/\d+)$")
    shown = [path for path in pages(front, scene) if not written_down.match(path)]
    # That somebody looked is written down once for a while of looking.
    for path in shown:
        visitor.gets(path)
    with front.desk.book.begin() as ledger:
        ledger.count_attempt("SM0")
        late = [path for path in shown if visitor.gets(path).status_code >= 500]
    assert late == [], "show what it shows with desk.book.look()"
