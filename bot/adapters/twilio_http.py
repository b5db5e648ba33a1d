"""Twilio over HTTP: its own client with a time limit and another address in trials, and its errors as ours.

An error says what it means for a message: certainly not taken (refused), never posted (away), or nobody knows
(unclear).
``twilio.rest`` is slow to import: do so only where one posts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from ssl import SSLCertVerificationError
from typing import Any
from urllib.parse import urlsplit

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, SSLError

from bot.ports import CarrierAway, CarrierRefused, CarrierUnclear

TWILIO_API = "https://api.twilio.com"
CONNECT_SECONDS_MAX = 3.0


class Http(TwilioHttpClient):  # type: ignore[misc]  # it has no types of its own
    """Twilio's own transport, with a time limit, another address in trials, and Retry-After heard."""

    def __init__(self, api_url: str, timeout_seconds: float) -> None:
        super().__init__()
        # Handed to requests as it is: the longest wait for a connection, and for an answer.
        self.timeout = (CONNECT_SECONDS_MAX, timeout_seconds)
        self._api_url = "" if api_url == TWILIO_API else api_url.rstrip("/")

    def request(self, method: str, url: str, *args: Any, **options: Any) -> Response:
        response = super().request(method, self._address(url), *args, **options)
        if response.status_code == 429:
            raise CarrierRefused(429, code_of(response.text), _seconds(response.headers.get("Retry-After")))
        return response

    def _address(self, url: str) -> str:
        parts = urlsplit(url)
        if not self._api_url or not (parts.hostname or "").endswith(".twilio.com"):
            return url
        return f"{self._api_url}{parts.path}{'?' + parts.query if parts.query else ''}"


@contextmanager
def translated() -> Iterator[None]:
    """Twilio's and requests' errors become ours. Their own words are dropped: they may name a patient's number."""
    try:
        yield
    except (TwilioRestException, TwilioServiceException) as error:
        raise refusal(int(error.status), error.code) from None
    except requests.ConnectionError as error:
        kind = CarrierAway if _never_left(error) else CarrierUnclear
        raise kind(type(error).__name__) from None
    except (requests.RequestException, TwilioException, ValueError, KeyError) as error:
        raise CarrierUnclear(type(error).__name__) from None


def refusal(status: int, code: int | None) -> CarrierRefused | CarrierUnclear:
    if status >= 500 or status == 408:
        return CarrierUnclear(f"HTTP {status}")
    # The client puts the HTTP status where an answer has no code of Twilio's.
    return CarrierRefused(status, code if code and code >= 10_000 else None)


def _never_left(error: requests.ConnectionError) -> bool:
    """Whether the connection was never made: refused, no route, no such host, no answer in time, or somebody answered
    who is not Twilio. A certificate is looked at before anything is said."""
    cause = error.args[0] if error.args else None
    if not isinstance(cause, MaxRetryError):
        return False
    why = cause.reason
    return isinstance(why, NewConnectionError | ConnectTimeoutError) or (
        isinstance(why, SSLError) and isinstance(why.args[0], SSLCertVerificationError)
    )


def code_of(text: str) -> int | None:
    try:
        return int(json.loads(text)["code"])
    except (ValueError, KeyError, TypeError):
        # A proxy's page instead of Twilio's words.
        return None


def _seconds(retry_after: str | None) -> float | None:
    return float(retry_after) if retry_after and retry_after.isdecimal() else None
