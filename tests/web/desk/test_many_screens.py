"""Many screens at once: asked together, answered together, and never in the way of a webhook."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from markupsafe import Markup

from bot.ports import BookAway
from bot.web.desk.inbox_board import Board
from bot.web.desk.inbox_pages import FOLDERS
from bot.web.desk.together import Together
from tests.browser.scene import ORDINARY, pages, set_up
from tests.desk.test_turns import Patient
from tests.fakes import FakeCarrier, FakeClock
from tests.universe import RAVI
from tests.web.desk_pages import ADA, ANA, LEE, Front, open_front

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


def test_rows_drawn_once_for_all_still_show_each_what_is_hers(front: Front) -> None:
    mei_ling, ravi = Patient(front.desk), Patient(front.desk, RAVI)
    for one in (mei_ling, ravi):
        one.says("human")
    ana, lee = front.at_desk(ANA), front.at_desk(LEE)
    ana.posts(f"/desk/inbox/{mei_ling.conversation}/look", {"doing": "reading"})
    ana.posts(f"/desk/inbox/{ravi.conversation}/take")
    opened = f"/desk/inbox?open={mei_ling.conversation}"
    assert 'data-row aria-current="true"' in ana.gets(opened).text
    assert "Ana is looking" not in ana.gets(opened).text
    assert "Ana is looking" in lee.gets("/desk/inbox").text
    assert 'data-row aria-current="true"' not in lee.gets("/desk/inbox").text
    mine = [visitor.gets("/desk/inbox?folder=mine").text.count("data-row") for visitor in (ana, lee)]
    others = [visitor.gets("/desk/inbox?folder=others").text.count("data-row") for visitor in (ana, lee)]
    assert (mine, others) == ([1, 0], [0, 1])


def test_a_folder_that_is_each_ones_own_is_looked_up_for_each(front: Front) -> None:
    asked: list[Any] = []
    shown = Board(front.desk)
    shown._together.ask = lambda question, look: asked.append(question) or look()  # type: ignore[method-assign]
    for folder in FOLDERS.values():
        for name in (ANA, LEE):
            shown.page(folder.name, front.ids[name], None, lambda people: lambda *_: Markup())
    shared = {question[0] for question in asked if asked.count(question) > 1}
    assert shared == {"needs us", "with the bot", "failed", "later", "done"}


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
