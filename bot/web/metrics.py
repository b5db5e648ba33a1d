"""``/metrics`` for Prometheus: counts and seconds, never an id, a word, a name or a number.

What stores know is asked of them at each scrape, so that it is true whatever was restarted since and however many
processes there are. Only how long webhooks take is counted by the processes themselves, in files of DATA_DIR that all
of this machine's share (Prometheus's own multi-process mode).
"""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, g, request
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from bot.ports import Backlog, BookAway, Desk, LiveAway, Pulse
from bot.web.desk import ANYBODY, page

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Prometheus's client looks for this in the environment when it is imported: whoever serves sets it before."""
SECONDS = (0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.2, 0.4, 1.0, 2.0, 4.0)
TEXT = "text/plain; version=0.0.4; charset=utf-8"

_BACKLOGS = {
    "unsent": "words that could leave now",
    "unclear": "words of which nobody knows whether Twilio took them",
    "parked": "messages behind another turn",
    "people": "patients who wait for a person",
    "follow_ups": "follow-ups that are due",
    "media": "files that are to be fetched",
    "alerts": "alerts that staff could not be sent yet",
    "erasures": "erasures that are not finished outside of the database",
}


def metrics_room(desk: Desk, token: str | None, open_to_all: bool) -> Blueprint:
    """``/metrics`` for whoever shows the token (``Authorization: Bearer …``), or in a trial on loopback without one."""
    room = Blueprint("metrics", __name__)

    @room.get("/metrics")
    @page(ANYBODY)
    def metrics() -> Response:
        if token is None and not open_to_all:
            abort(404)
        if token is not None and not _shown(token):
            return Response("A token is needed.\n", 401, {"WWW-Authenticate": "Bearer"}, mimetype="text/plain")
        registry = CollectorRegistry()
        registry.register(FrontDesk(desk))
        shared = os.environ.get(SHARED_FOLDER)
        if shared and Path(shared).is_dir():
            MultiProcessCollector(registry, shared)  # type: ignore[no-untyped-call]
        return Response(generate_latest(registry), mimetype=TEXT)

    return room


def _shown(token: str) -> bool:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return hmac.compare_digest(given.encode(), token.encode())


def time_webhooks(app: Flask, registry: CollectorRegistry | None = None) -> None:
    """Count how long each of Twilio's requests takes, by route and status."""
    durations = Histogram(
        "frontdesk_webhook_seconds",
        "From the first byte of a webhook to its answer.",
        ("route", "status"),
        buckets=SECONDS,
        registry=registry,
    )

    # Looking for the right count costs more than counting.
    duration = cache(durations.labels)

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        # By the route's own name: a path could be anything.
        if request.blueprint == "twilio" and "began" in g:
            took = time.perf_counter() - g.began
            duration(str(request.endpoint), str(response.status_code)).observe(took)
        return response


class FrontDesk(Collector):
    """What the database and Redis say at the moment of a scrape."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def collect(self) -> Iterator[Metric]:
        """Every gauge; those of a store that is away are left out, and its ``up`` says 0."""
        now = int(self._desk.clock.now().timestamp())
        try:
            with self._desk.book.begin() as ledger:
                pulse = ledger.pulse(now)
        except BookAway:
            yield _one("frontdesk_database_up", "Whether the database answers.", 0)
        else:
            yield _one("frontdesk_database_up", "Whether the database answers.", 1)
            yield from _of_pulse(pulse)
        try:
            senders, jobs = self._desk.live.alive().get("senders", 0), self._desk.queue.workers()
        except LiveAway:
            yield _one("frontdesk_redis_up", "Whether Redis answers.", 0)
        else:
            yield _one("frontdesk_redis_up", "Whether Redis answers.", 1)
            yield _one("frontdesk_senders", "Processes that send words and look for what was forgotten.", senders)
            yield _one("frontdesk_jobs", "Processes that do the queue's jobs.", jobs)
        yield _one("frontdesk_spooled", "Messages on disk, waiting for the database.", len(self._desk.spool.kept()))


def _of_pulse(pulse: Pulse) -> Iterator[Metric]:
    for name, what in _BACKLOGS.items():
        backlog: Backlog = getattr(pulse, name)
        yield _one(f"frontdesk_{name}", f"Count of {what}.", backlog.count)
        yield _one(f"frontdesk_{name}_oldest_seconds", f"Age of the oldest of {what}.", backlog.oldest_seconds)
    sends = GaugeMetricFamily("frontdesk_sends_last_hour", "Words of the last hour by outcome.", labels=["outcome"])
    for outcome, count in sorted(pulse.sends.items()):
        sends.add_metric([outcome], count)
    yield sends
    yield _one("frontdesk_window_missed_last_hour", "Words too late for the 24-hour window.", pulse.window_missed)
    yield _one(
        "frontdesk_follow_up_lateness_seconds", "How late the latest follow-up of the hour was.", pulse.lateness_seconds
    )
    yield _one("frontdesk_turns_last_hour", "Turns taken in the last hour.", pulse.turns)


def _one(name: str, sentence: str, value: float) -> Metric:
    return GaugeMetricFamily(name, sentence, value=value)
