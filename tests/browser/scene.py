"""A clinic in which everything there can be at the desk is there once, said in words of the caller's choice.

With ordinary words it is what pages are looked at with; with hostile ones it is what nobody may make them do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import event

from bot.core.events import MessageKind
from bot.desk import blocking, diary, patients, reception, replying, sent_files, staff, standing_orders
from bot.desk.diary import New, Seen
from bot.desk.replying import Reply
from bot.desk.speaking import send, status
from bot.desk.turns import Arrived, conversation_id, receive
from bot.ports.devices import Device
from bot.ports.reception import Blocking
from bot.ports.reception import Patient as Person
from bot.web.desk.guard import OPEN_ROOMS
from tests.fakes import FakeCarrier
from tests.web.desk_pages import ADA, LEE, Front

ORDINARY = (
    "Good morning, may I come on Tuesday?", "My mother would like to come along", "Is parking possible at the clinic?",
    "I am five minutes late, sorry", "Thank you very much!", "你好，我想预约", "Boleh saya tukar masa?", "வணக்கம்",
    "Could Dr Nolan call me back about the letter from my insurer, please? It says that a form is missing.",
    "My number is going to change next week", "Do you take Medisave?", "See you tomorrow",
)  # fmt: skip
STATES = ("needs", "urgent", "mine", "others", "bot", "later", "done", "failed")
KINDS: tuple[MessageKind, ...] = ("text", "media", "location", "contact")
NO_PAGES = {"static", "live.stream", "inbox.count", "inbox.file"}
"""Asked for by pages themselves."""


@cache
def hostile() -> tuple[str, ...]:
    """Two hundred texts that want a page to do something."""
    kept = yaml.safe_load((Path(__file__).parents[1] / "data" / "hostile.yaml").read_text())
    return tuple(one if isinstance(one, str) else one["again"] * one["times"] for some in kept.values() for one in some)


@dataclass
class Scene:
    """What the addresses of pages may name: ids that exist, by what routes call them, and what stands where."""

    conversations: list[str] = field(default_factory=list)
    patients: list[int] = field(default_factory=list)
    appointments: list[int] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()


def set_up(front: Front, words: Sequence[str], her: str) -> Scene:
    """Fill a clinic; ``her`` is the account at whose desk one will sit."""
    _hurry(front)
    scene = Scene(words=tuple(words))
    for number, text in enumerate(words):
        _conversation(front, scene, number, text, her)
    _diary(front, scene, her)
    _clinic(front, scene, her)
    return scene


def pages(front: Front, scene: Scene) -> list[str]:
    """Every page that the routes name, and each of its states. A page that comes later is among them by itself: what
    it names is given an id that exists, or 1."""
    found = []
    for rule in front.app.url_map.iter_rules():
        room = rule.endpoint.partition(".")[0]
        if "GET" in (rule.methods or ()) and rule.endpoint not in NO_PAGES and room not in OPEN_ROOMS:
            built = rule.build({name: scene.ids.get(name, "1") for name in rule.arguments})
            assert built is not None
            found.append(built[1])
    one, day = scene.conversations[0], "2026-03-03"
    return [
        *found,
        *(
            f"/desk/inbox?folder={folder}"
            for folder in ("mine", "mentions", "others", "bot", "failed", "later", "done")
        ),
        *(f"/desk/inbox/{id}" for id in scene.conversations[1 : len(STATES)]),
        f"/desk/inbox/{one}?earlier=1",
        *(f"/desk/diary?day={day}{how}" for how in ("", "&view=table", "&view=list")),
        "/desk/diary?day=2026-03-08",
        f"/desk/diary/week?day={day}",
        f"/desk/diary/print?day={day}&apart=yes",
        f"/desk/diary/new?practitioner=nolan&day={day}&time=10:00",
        f"/desk/diary/new?patient_id={scene.patients[0]}",
        f"/desk/patients/{scene.patients[0]}/merge?with={scene.patients[1]}",
        "/desk/numbers?from=2020-01-01",
        "/desk/audit?action=viewed",
        "/desk/nowhere",
    ]


def _hurry(front: Front) -> None:
    # Nobody cuts the power while a scene is being set up.
    engine: Any = front.desk.book._engine  # type: ignore[attr-defined]
    if engine.dialect.name == "sqlite":
        engine.dispose()
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))


def _conversation(front: Front, scene: Scene, number: int, text: str, her: str) -> None:
    desk, address = front.desk, f"whatsapp:+659{number:07}"
    id = conversation_id(desk.conversation_key, address)
    state = STATES[number % len(STATES)]
    sids = (f"SM{number:016x}{turn:016x}" for turn in range(9))

    def says(words: str, kind: MessageKind = "text") -> None:
        receive(desk, Arrived(next(sids), address, kind, words))

    says("hello" if state == "bot" else "human")
    says(text, KINDS[number % len(KINDS)])
    scene.conversations.append(id)
    name = " ".join(text.replace("\0", "").split())[:200] or "Mei Ling Tan"
    scene.patients.append(patients.add(desk, id, her, Person(0, name, "", "1958-03-21", text.replace("\0", "")[:2000])))
    replying.add_note(desk, id, her, text.replace("\0", "") or "-")
    if label := " ".join(text.replace("\0", "").split())[:30]:
        replying.put_label(desk, id, her, label)
    _brought_to(front, id, state, text.replace("\0", ""), her)


def _brought_to(front: Front, id: str, state: str, text: str, her: str) -> None:
    desk, lee = front.desk, front.ids[LEE]
    match state:
        case "needs":
            reception.take_over(desk, id, lee)
            reception.release(desk, id, lee, text[:200])
            replying.save_draft(desk, id, her, "reply", text)
        case "urgent":
            reception.mark_urgent(desk, id, her, True)
        case "mine":
            reception.take_over(desk, id, her)
            file = sent_files.choose(desk, id, her, text, b"%PDF-1.7 a letter").id
            replying.send_reply(desk, id, her, Reply(text[:4000], f"click-{id[:8]}", file=file))
            sent_files.choose(desk, id, her, text, b"%PDF-1.7 another one")
        case "others":
            reception.take_over(desk, id, lee)
            replying.add_note(desk, id, lee, f"@{ADA} {text}"[:5000])
        case "later":
            reception.put_off(desk, id, her, front.clock.epoch + 7200)
        case "done":
            reception.take_over(desk, id, her)
            reception.hand_back(desk, id, her, "silent")
        case "failed":
            _fails(front, id)


def _fails(front: Front, id: str) -> None:
    carrier = front.desk.carrier()
    assert isinstance(carrier, FakeCarrier)
    before = len(carrier.posted)
    send(front.desk, (id,), "sender")
    for posted in carrier.posted[before:]:
        status(front.desk, posted.outgoing.attempt, posted.sid, "failed", 63024)


def _diary(front: Front, scene: Scene, her: str) -> None:
    """As many appointments as there are times, from Tuesday on; one came, one is called off, one stretch is blocked."""
    desk = front.desk
    days = diary.days(desk, date(2026, 3, 3), 7)
    times = [(person, slot.start) for day in days for person, slots in day.free.items() for slot in slots]
    for number, (person, start) in enumerate(_apart(times)):
        if number == len(scene.words):
            break
        name = " ".join(scene.words[number].replace("\0", "").split())[:200] or "Ravi"
        conversation = scene.conversations[number] if number % 2 else ""
        service = "first" if person == "nolan" else "follow_up"
        scene.appointments.append(diary.book(desk, her, New(service, person, start, name, "", conversation)).id)
    first, second = scene.appointments[:2]
    diary.mark(desk, her, Seen(first, 1), "arrived")
    diary.cancel(desk, her, Seen(second, 1))
    start = max(start for _, start in times) + 3 * 24 * 3600
    reason = scene.words[2].replace("\0", "")[:100]
    scene.ids["block"] = str(blocking.block(desk, Blocking("nolan", start, start + 3600, reason, her)).block)


def _apart(times: list[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """Times of which none runs into another of the same person, whatever is booked there."""
    last: dict[str, int] = {}
    for person, start in sorted(times, key=lambda one: one[1]):
        if start - last.get(person, 0) >= 3600:
            last[person] = start
            yield person, start


def _clinic(front: Front, scene: Scene, her: str) -> None:
    desk, text = front.desk, scene.words[3].replace("\0", "")
    standing_orders.give_notice(desk, her, text[:300], front.clock.epoch + 3600)
    for number, words in enumerate(scene.words[:20]):
        replying.save_quick_reply(desk, her, f"quick-{number}", words.replace("\0", "") or "-")
    with desk.book.begin() as ledger:
        # What a browser calls itself is put into words of ours; a row may hold anything.
        names = (text[:60], "Chrome on Android")
        for number, name in enumerate(names):
            place = f"https://fcm.googleapis.com/{number}"
            ledger.keep_device(Device(f"d{number}", her, name, "all", place, "k", "s", trouble=text[:200] * number))
    made = staff.invite(desk, front.locks, staff.TERMINAL, "<img src=x onerror=alert(1)>", "newcomer", "reception")
    scene.ids |= {
        "conversation": scene.conversations[0],
        "patient": str(scene.patients[0]),
        "appointment": str(scene.appointments[0]),
        "account": front.ids[ADA],
        "token": made.token,
    }
