"""Twilio's content templates: those our questions are shown with, and those WhatsApp has to approve.

What a template is made of never changes afterwards (its name says which words it has), so it is made once and found
again by its name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from threading import Lock
from typing import Any

from twilio.rest import Client

from bot.adapters.twilio_http import code_of, refusal, translated
from bot.adapters.twilio_templates import QUESTION_SHAPES, Shape, approvable
from bot.core.template import Wording
from bot.ports import CarrierRefused, CarrierUnclear

CONTENT_API = "https://content.twilio.com/v1/Content"
AVOID_SECONDS = 600.0
"""After a template was refused, or none could be had, questions go out as numbered text for so long."""


class TwilioContents:
    """The Contents port, for whoever has a client to lend."""

    _client: Callable[[], AbstractContextManager[Client]]

    def contents(self) -> Mapping[str, str]:
        """The templates of the account: sid by name."""
        with self._client() as client:
            return _all_templates(client)

    def make_content(self, wording: Wording) -> str:
        """Make a template; its sid."""
        with self._client() as client:
            return str(_content(client, "POST", CONTENT_API, data=approvable(wording))["sid"])

    def submit_content(self, sid: str, wording: Wording) -> None:
        """Ask WhatsApp to approve a template as UTILITY."""
        with self._client() as client:
            asked: dict[str, object] = {"name": wording.key.replace("-", "_"), "category": "UTILITY"}
            _content(client, "POST", f"{CONTENT_API}/{sid}/ApprovalRequests/whatsapp", data=asked)

    def content_status(self, sid: str) -> tuple[str, str]:
        """What WhatsApp says of a template, and why it refused it."""
        with self._client() as client:
            said = _content(client, "GET", f"{CONTENT_API}/{sid}/ApprovalRequests").get("whatsapp") or {}
        return str(said.get("status") or "unsubmitted"), str(said.get("rejection_reason") or "")

    def make_question_contents(self) -> int:
        """Make what questions with buttons and lists need and the account does not have yet; how many."""
        with self._client() as client:
            there = _all_templates(client)
            missing = [shape for shape in QUESTION_SHAPES if shape.name not in there]
            for shape in missing:
                _content(client, "POST", CONTENT_API, data=shape.content())
        return len(missing)


class QuestionContents:
    """The account's content templates for our shapes, found or made when first needed."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = Lock()
        self._sids: dict[str, str] | None = None
        self._avoided: dict[Shape, float] = {}
        self._away_until = float("-inf")

    def sid(self, client: Client, shape: Shape) -> str | None:
        """The template's sid; None when it must be done without for now. Raises CarrierAway, or CarrierRefused for 429.

        The lock is held while asking: whoever needs the same template meanwhile would only ask again.
        """
        with self._lock:
            if self._monotonic() < max(self._away_until, self._avoided.get(shape, self._away_until)):
                return None
            try:
                if self._sids is None:
                    self._sids = _all_templates(client)
                if shape.name not in self._sids:
                    self._sids[shape.name] = str(_content(client, "POST", CONTENT_API, data=shape.content())["sid"])
                return self._sids[shape.name]
            except (CarrierRefused, CarrierUnclear) as trouble:
                if isinstance(trouble, CarrierRefused) and trouble.status == 429:
                    raise
                # One question in ten minutes may wait for a Content API that does not answer, not every one.
                self._away_until = self._monotonic() + AVOID_SECONDS
                return None

    def avoid(self, shape: Shape) -> None:
        """The template was refused: do without it for a while, then look for it afresh."""
        with self._lock:
            self._avoided[shape] = self._monotonic() + AVOID_SECONDS
            self._sids = None


def _all_templates(client: Client) -> dict[str, str]:
    found: dict[str, str] = {}
    url = f"{CONTENT_API}?PageSize=100"
    while url:
        page = _content(client, "GET", url)
        found |= {row["friendly_name"]: row["sid"] for row in page["contents"] if row.get("friendly_name")}
        url = page["meta"].get("next_page_url") or ""
    return found


def _content(client: Client, method: str, url: str, data: dict[str, object] | None = None) -> dict[str, Any]:
    with translated():
        headers = {"Content-Type": "application/json"} if data else None
        response = client.request(method, url, data=data, headers=headers)
        if response.status_code >= 400:
            raise refusal(response.status_code, code_of(response.text))
        answer = json.loads(response.text)
        if not isinstance(answer, dict):
            raise CarrierUnclear("not the answer of a Content API")
        return answer
