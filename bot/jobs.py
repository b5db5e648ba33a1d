"""What RQ may call, by name and with ids only. One may run twice, late or never: the tick finds it."""

from __future__ import annotations

import os
import re
from functools import cache

from bot.desk import alerts, erasure, follow_ups, forgetting, media, missed, settling, templates, turns
from bot.desk.clinic_time import day_label
from bot.ports import Desk
from bot.settings import read
from bot.wiring import open_desk

_CONVERSATION = re.compile(r"[a-z2-7]{1,20}", re.ASCII)


class NoId(Exception):
    """An argument that is none of our ids. It is not looked up, nor shown: it may be anything."""


@cache
def _opened() -> Desk:
    return open_desk(read(os.environ))


def desk() -> Desk:
    """The desk of this process, opened once; what was published since is known to each job."""
    opened = _opened()
    opened.shelf.look()
    return opened


def get_ready() -> Desk:
    """The desk, with all loaded that jobs read words, write days and ask Twilio with: the first job waits for nothing,
    and the process stays as large as it begins."""
    opened = desk()
    now = opened.clock.now()
    opened.read("hello", now)
    day_label(now.date(), opened.clinic.languages[0])
    opened.carrier()
    return opened


def settle() -> None:
    """Find out what became of attempts of which nobody knows."""
    settling.settle(desk())


def send_follow_up(id: int) -> None:
    """Put a follow-up that is due into the outbox."""
    if type(id) is not int or not 0 < id < 2**63:
        raise NoId
    follow_ups.send_follow_up(desk(), id)


def take_up_waiting(conversation: str) -> None:
    """Take up the parked messages of a conversation."""
    if type(conversation) is not str or not _CONVERSATION.fullmatch(conversation):
        raise NoId
    turns.take_up_waiting(desk(), conversation)


def tend_media(id: str) -> None:
    """Fetch a file that a patient sent, or have Twilio forget it."""
    media.tend_media(desk(), id)


def look_for_missed() -> None:
    """Take up messages that Twilio has and never brought."""
    missed.look_for_missed(desk())


def look_at_templates() -> None:
    """Ask which templates WhatsApp approves of."""
    templates.look(desk())


def forget_old_files() -> None:
    """Forget patients' files that the clinic does not keep any longer."""
    media.forget_old_files(desk())


def forget_old_words() -> None:
    """Forget words that the clinic does not keep any longer."""
    forgetting.forget_old_words(desk())


def send_alerts() -> None:
    """Tell staff off the screen what is due."""
    alerts.send_alerts(desk())


def go_on_erasing() -> None:
    """Do what erasures still have to do."""
    erasure.go_on(desk())


_JOBS = (
    settle,
    send_follow_up,
    take_up_waiting,
    tend_media,
    look_for_missed,
    look_at_templates,
    send_alerts,
    go_on_erasing,
    forget_old_files,
    forget_old_words,
)
JOBS = frozenset(f"{job.__module__}.{job.__name__}" for job in _JOBS)
"""The only names a worker calls; anything else in the queue is refused unread."""
