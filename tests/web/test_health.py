"""Whoever watches over the front desk is told what is away, what waits and who works, and nothing of any patient."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from bot.adapters.staff_locks import StaffLocks
from bot.desk.turns import Arrived, receive
from bot.ports import BookAway, Desk
from bot.web import create_pages, create_webhook
from bot.web.metrics import metrics_room, time_webhooks
from tests.fakes import FakeClock, FakeLive
from tests.universe import MEI_LING, open_desk
from tests.web.signed import DOOR, TEXT, post

TOKEN = "a-token-for-prometheus"


class BookGone:
    """A database that is away."""

    def begin(self) -> None:
        raise BookAway

    def healthy(self) -> bool:
        return False


LOCKS = StaffLocks("a secret of tests")


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Desk]:
    clock = FakeClock()
    with open_desk(sqlite_url, clock=clock, live=FakeLive(clock)) as desk:
        yield desk


def pages(desk: Desk, token: str | None = None, open_to_all: bool = True) -> FlaskClient:
    return create_pages(desk, LOCKS, rooms=(metrics_room(desk, token, open_to_all),)).test_client()


def ready(desk: Desk) -> tuple[int, dict[str, object]]:
    answer = pages(desk).get("/health/ready")
    assert answer.json is not None
    return answer.status_code, answer.json


def metrics(desk: Desk) -> dict[str, float]:
    text = pages(desk).get("/metrics").text
    return {
        sample.name + "".join(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_desk_at_work_is_ready(desk: Desk) -> None:
    desk.live.beat("senders")
    assert ready(desk) == (200, {"ready": True, "database": True, "redis": True, "reasons": []})


def test_senders_that_fell_silent_are_told_and_are_no_reason_to_turn_patients_away(desk: Desk) -> None:
    desk.live.beat("senders")
    desk.clock.pass_seconds(21)  # type: ignore[attr-defined]
    assert ready(desk)[1]["reasons"] == ["no_senders"]
    assert ready(desk)[0] == 200


def test_redis_away_is_told_and_is_no_reason_either(desk: Desk) -> None:
    desk.live.away = True  # type: ignore[attr-defined]
    assert ready(desk) == (200, {"ready": True, "database": True, "redis": False, "reasons": ["redis_away"]})


def test_without_the_database_nobody_can_be_served(desk: Desk) -> None:
    status, said = ready(replace(desk, book=BookGone()))  # type: ignore[arg-type]
    assert (status, said["ready"], said["reasons"]) == (503, False, ["database_away", "no_senders"])


def test_without_anybody_for_the_jobs_reminders_would_wait_and_that_is_told(desk: Desk) -> None:
    desk.live.beat("senders")
    desk.queue.at_work = 0  # type: ignore[attr-defined]
    assert ready(desk) == (200, {"ready": True, "database": True, "redis": True, "reasons": ["no_jobs"]})
    assert metrics(desk)["frontdesk_jobs"] == 0


def test_prometheus_reads_what_waits_and_who_works(desk: Desk) -> None:
    desk.live.beat("senders")
    receive(desk, Arrived("SM" + "1" * 32, MEI_LING, "text", "I want to book an appointment"))
    desk.clock.pass_seconds(7)  # type: ignore[attr-defined]
    read = metrics(desk)
    assert read["frontdesk_database_up"] == read["frontdesk_redis_up"] == read["frontdesk_senders"] == 1
    assert read["frontdesk_unsent"] > 0
    assert read["frontdesk_unsent_oldest_seconds"] == 7
    assert read["frontdesk_turns_last_hour"] == 1
    assert read["frontdesk_sends_last_hourqueued"] > 0
    assert read["frontdesk_follow_ups_oldest_seconds"] == 0


def test_a_store_that_is_away_is_a_number_and_not_an_error(desk: Desk) -> None:
    desk.live.away = True  # type: ignore[attr-defined]
    read = metrics(replace(desk, book=BookGone()))  # type: ignore[arg-type]
    assert (read["frontdesk_database_up"], read["frontdesk_redis_up"]) == (0, 0)
    assert "frontdesk_unsent" not in read


@pytest.mark.parametrize("given", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}])
def test_metrics_are_for_whoever_shows_the_token(desk: Desk, given: dict[str, str]) -> None:
    client = pages(desk, TOKEN)
    assert client.get("/metrics", headers=given).status_code == 401
    assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_without_a_token_a_clinic_on_the_internet_has_no_metrics(desk: Desk) -> None:
    assert pages(desk, None, open_to_all=False).get("/metrics").status_code == 404


def test_webhooks_are_timed_by_route_and_answer_and_by_nothing_a_caller_chose(desk: Desk) -> None:
    app, registry = create_webhook(desk, DOOR, 8001), CollectorRegistry()
    time_webhooks(app, registry)
    client = app.test_client()
    post(client, TEXT)
    client.post("/twilio/inbound", data=TEXT)
    client.get("/twilio/+6591234567")
    client.get("/health/live")
    counted = {
        (sample.labels["route"], sample.labels["status"]): sample.value
        for family in text_string_to_metric_families(generate_latest(registry).decode())
        for sample in family.samples
        if sample.name.endswith("_count")
    }
    assert counted == {("twilio.inbound", "200"): 1, ("twilio.inbound", "403"): 1}
