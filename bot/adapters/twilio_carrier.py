"""Twilio's messages: the one door through which words leave, and the only call site of its client.

Its errors are translated here by what they mean for a message: certainly not taken (refused), never posted (away), or
nobody knows (unclear). A POST is never repeated. ``twilio.rest`` is slow to import: do so only where one posts.
"""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from bot.adapters.twilio_templates import Shape, shape_of
from bot.core.wording import numbered
from bot.ports import CarrierAway, CarrierRefused, CarrierUnclear, Listed, Outgoing

TWILIO_API = "https://api.twilio.com"
CONTENT_API = "https://content.twilio.com/v1/Content"
CONNECT_SECONDS_MAX = 3.0
LISTED_MAX = 100
"""Messages looked at to find one again; a patient is never sent so many in the minutes that this takes."""
AVOID_SECONDS = 600.0
"""After a template was refused, or none could be had, questions go out as numbered text for so long."""

_TEMPLATE_TROUBLE = frozenset({20404, 21655, 21656, 63027, 63028, 92006, 92007})


@dataclass
class TwilioCarrier:
    """The Carrier port on Twilio's REST API; any number of threads may post at once.

    ``api_key`` is (sid, secret) and replaces the token. ``api_url`` stands in for every Twilio host in trials.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    api_key: tuple[str, str] | None = field(repr=False)
    from_: str
    api_url: str = TWILIO_API
    timeout_seconds: float = 10.0
    monotonic: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        # Below that they would write down the numbers we ask Twilio about.
        for chatty in ("twilio.http_client", "urllib3.connectionpool"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
        self._idle: deque[Client] = deque()
        self._templates = _Templates(self.monotonic)

    def post(self, outgoing: Outgoing, callback_url: str) -> str:
        """Post a message; its sid. Raises CarrierRefused, CarrierAway or CarrierUnclear."""
        with self._client() as client:
            shape = shape_of(outgoing)
            template = self._templates.sid(client, shape) if shape else None
            if shape and template:
                filled = json.dumps(shape.variables(outgoing), ensure_ascii=False)
                try:
                    return self._create(client, outgoing, callback_url, content_sid=template, content_variables=filled)
                except CarrierRefused as refused:
                    if refused.code not in _TEMPLATE_TROUBLE and refused.status != 404:
                        raise
                    self._templates.avoid(shape)
            return self._create(client, outgoing, callback_url, body=_plain(outgoing))

    def listed(self, to: str, since: int) -> tuple[Listed, ...]:
        """Messages to an address made since an instant. Raises CarrierAway when Twilio cannot be asked."""
        try:
            with self._client() as client, _translated():
                # Filtered here: Twilio filters by the day of sending, which a message in a queue has not yet.
                rows = client.messages.list(to=to, from_=self.from_, page_size=LISTED_MAX, limit=LISTED_MAX)
        except (CarrierRefused, CarrierUnclear) as error:
            raise CarrierAway("the messages cannot be listed") from error
        found = (
            Listed(row.sid, to, row.body or "", int(row.date_created.timestamp()), str(row.status))
            for row in rows
            if row.sid and row.date_created
        )
        return tuple(one for one in found if one.created_at >= since)

    def words_of(self, outgoing: Outgoing) -> str:
        """What Twilio will show as the body of this row, unless its template was refused."""
        return outgoing.text if shape_of(outgoing) else _plain(outgoing)

    def close(self) -> None:
        """Let go of the connections that are kept alive."""
        while self._idle:
            self._idle.pop().http_client.session.close()

    def _create(self, client: Client, outgoing: Outgoing, callback_url: str, **words: str) -> str:
        with _translated():
            sid: str | None = client.messages.create(
                to=outgoing.address, from_=self.from_, status_callback=callback_url, **words
            ).sid
        if not sid:
            raise CarrierUnclear("answered without a sid")
        return sid

    @contextmanager
    def _client(self) -> Iterator[Client]:
        """A client of one's own for a while, with its connection kept alive for the next."""
        try:
            client = self._idle.pop()
        except IndexError:
            user, password = self.api_key or (self.account_sid, self.auth_token)
            client = Client(user, password, self.account_sid, http_client=_Http(self.api_url, self.timeout_seconds))
        try:
            yield client
        finally:
            self._idle.append(client)


class _Http(TwilioHttpClient):  # type: ignore[misc]  # it has no types of its own
    """Twilio's own transport, with a time limit, another address in trials, and Retry-After heard."""

    def __init__(self, api_url: str, timeout_seconds: float) -> None:
        super().__init__()
        # Handed to requests as it is: the longest wait for a connection, and for an answer.
        self.timeout = (CONNECT_SECONDS_MAX, timeout_seconds)
        self._api_url = "" if api_url == TWILIO_API else api_url.rstrip("/")

    def request(self, method: str, url: str, *args: Any, **options: Any) -> Response:
        response = super().request(method, self._address(url), *args, **options)
        if response.status_code == 429:
            raise CarrierRefused(429, _code(response.text), _seconds(response.headers.get("Retry-After")))
        return response

    def _address(self, url: str) -> str:
        parts = urlsplit(url)
        if not self._api_url or not (parts.hostname or "").endswith(".twilio.com"):
            return url
        return f"{self._api_url}{parts.path}{'?' + parts.query if parts.query else ''}"


class _Templates:
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
    with _translated():
        headers = {"Content-Type": "application/json"} if data else None
        response = client.request(method, url, data=data, headers=headers)
        if response.status_code >= 400:
            raise _verdict(response.status_code, _code(response.text))
        answer = json.loads(response.text)
        if not isinstance(answer, dict):
            raise CarrierUnclear("not the answer of a Content API")
        return answer


def _plain(outgoing: Outgoing) -> str:
    return numbered(outgoing.text, outgoing.choices, outgoing.hint) if outgoing.choices else outgoing.text


@contextmanager
def _translated() -> Iterator[None]:
    """Twilio's and requests' errors become ours. Their own words are dropped: they may name a patient's number."""
    try:
        yield
    except (TwilioRestException, TwilioServiceException) as error:
        raise _verdict(int(error.status), error.code) from None
    except requests.ConnectionError as error:
        kind = CarrierAway if _never_left(error) else CarrierUnclear
        raise kind(type(error).__name__) from None
    except (requests.RequestException, TwilioException, ValueError, KeyError) as error:
        raise CarrierUnclear(type(error).__name__) from None


def _verdict(status: int, code: int | None) -> CarrierRefused | CarrierUnclear:
    if status >= 500 or status == 408:
        return CarrierUnclear(f"HTTP {status}")
    # The client puts the HTTP status where an answer has no code of Twilio's.
    return CarrierRefused(status, code if code and code >= 10_000 else None)


def _never_left(error: requests.ConnectionError) -> bool:
    """Whether the connection was never made: refused, no route, no such host, or no answer in time."""
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError | ConnectTimeoutError)


def _code(text: str) -> int | None:
    try:
        return int(json.loads(text)["code"])
    except (ValueError, KeyError, TypeError):
        # A proxy's page instead of Twilio's words.
        return None


def _seconds(retry_after: str | None) -> float | None:
    return float(retry_after) if retry_after and retry_after.isdecimal() else None
