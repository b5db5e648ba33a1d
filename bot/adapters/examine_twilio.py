"""Looks at the way to Twilio and back: our address as the internet sees it, the account, its clock. It changes nothing:
the signed request it makes is a status callback for a word that means nothing, about a message that never was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from time import time
from urllib.parse import urlsplit

import requests

from bot.core.finding import Finding
from bot.core.media import TWILIO_API
from bot.core.twilio_signature import expected_signature

SECONDS_MAX = 8
CLOCK_SECONDS_WARNING = 30
CLOCK_SECONDS_FAULT = 300
CONTENT_API = "https://content.twilio.com"
NO_MESSAGE = {"MessageSid": "SM" + "0" * 32, "MessageStatus": "examined"}
HEADERS = {"User-Agent": "frontdesk-doctor"}


@dataclass(frozen=True, slots=True)
class Account:
    """What is needed to ask Twilio. ``api_key`` is (sid, secret) and sends in the token's place."""

    sid: str
    tokens: tuple[str, ...] = field(repr=False)
    api_key: tuple[str, str] | None = field(repr=False)
    api_url: str = TWILIO_API


def look_at_public_url(public_url: str, account: Account) -> Iterator[Finding]:
    """Whether our webhook is reached from outside, believes Twilio and nobody else."""
    status, trouble = _ask("GET", f"{public_url}/health/live")
    if status != 200:
        yield Finding("fault", "Public URL", f"{public_url} {trouble}.", "PUBLIC_URL", _reach(status))
        return
    path = f"{public_url}/twilio/status"
    signature = expected_signature(account.tokens[0], path, NO_MESSAGE)
    believed, trouble = _ask("POST", path, data=NO_MESSAGE, headers={"X-Twilio-Signature": signature})
    if believed == 403:
        do = (
            "The webhook runs with another PUBLIC_URL or token than this command, or the proxy changes addresses or "
            "bodies: give both the same settings, and pass /twilio/ on as it comes."
        )
        yield Finding("fault", "Signature", "A request signed as Twilio signs is refused.", "PUBLIC_URL", do)
    elif believed not in (200, 204):
        do = "Have the proxy pass /twilio/ on to the webhook's port, as it comes."
        yield Finding("fault", "Webhook", f"{path} {trouble}.", "PORT", do)
        return
    else:
        yield Finding("ok", "Public URL", f"{public_url} is reached, and Twilio's signature is believed")
    for name in ("inbound", "status"):
        forged, trouble = _ask("POST", f"{public_url}/twilio/{name}", data=NO_MESSAGE, headers=_signed("forged"))
        if forged != 403:
            do = "Whatever answers there is not our webhook: anybody could speak as a patient. Look at the proxy."
            yield Finding("fault", "Signature", f"A forged request to /twilio/{name} {trouble}.", "PUBLIC_URL", do)


def look_at_pages(public_url: str) -> Iterator[Finding]:
    """Whether browsers get our pages there: a proxy has to tell two ports apart."""
    status, trouble = _ask("GET", f"{public_url}/desk/sign-in")
    if status == 200:
        yield Finding("ok", "Pages", f"{public_url}/desk is reached")
    else:
        do = "Have the proxy pass every path but /twilio/ on to the pages' port (DESK_PORT)."
        yield Finding("fault", "Pages", f"{public_url}/desk {trouble}.", "DESK_PORT", do)


def _reach(status: int | None) -> str:
    if status is None:
        return (
            "Start Frontdesk, and look at DNS, certificate and proxy. Some networks do not let a machine reach its own "
            "public address: then ask for it from another one."
        )
    if 300 <= status < 400:
        return "Set PUBLIC_URL to where it redirects to: Twilio follows with another method, and loses the message."
    return "Have the proxy pass /twilio/ and /health/ on to the webhook's port."


def look_at_account(account: Account, now: Callable[[], float] = time) -> Iterator[Finding]:
    """Whether Twilio lets us in, knows our token, and has the same time as we do (``now``, epoch seconds)."""
    base = f"{account.api_url}/2010-04-01/Accounts/{account.sid}"
    try:
        answer = requests.get(
            f"{base}/Messages.json?PageSize=1", auth=_credentials(account), timeout=SECONDS_MAX, headers=HEADERS
        )
    except requests.RequestException as error:
        what = f"{_host(account.api_url)} cannot be reached ({_reason(error)})."
        yield Finding("fault", "Twilio", what, "TWILIO_API_URL", "Look at this machine's way out to the internet.")
        return
    if answer.status_code != 200:
        where = "TWILIO_API_KEY_SECRET" if account.api_key else "TWILIO_AUTH_TOKEN"
        do = "Copy account, token and key from Twilio's console again, without blanks."
        yield Finding("fault", "Twilio", f"It refuses our credentials (HTTP {answer.status_code}).", where, do)
    else:
        yield Finding("ok", "Twilio", f"{_host(account.api_url)} lets account {account.sid[:6]}… in")
    yield from _token(account, base)
    yield from _clock(answer.headers.get("Date"), now())


def _token(account: Account, base: str) -> Iterator[Finding]:
    """Sending with a key says nothing of the token, which webhooks are signed with."""
    if account.api_key is None or account.api_url != TWILIO_API:
        return
    status, trouble = _ask("GET", f"{base}.json", auth=(account.sid, account.tokens[0]))
    if status == 401:
        do = "Set it to the account's primary token: that is what webhooks are signed with."
        yield Finding("fault", "Twilio", "The first auth token is not the account's.", "TWILIO_AUTH_TOKEN", do)
    elif status != 200:
        yield Finding("warning", "Twilio", f"The auth token could not be tried: it {trouble}.", "TWILIO_AUTH_TOKEN")


def _clock(date: str | None, now: float) -> Iterator[Finding]:
    if date is None:
        return
    ahead = now - parsedate_to_datetime(date).timestamp()
    if abs(ahead) <= CLOCK_SECONDS_WARNING:
        yield Finding("ok", "Clock", "agrees with Twilio's")
        return
    what = f"It is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} Twilio's."
    level = "fault" if abs(ahead) > CLOCK_SECONDS_FAULT else "warning"
    do = "Have this machine set its time by the network (Debian: systemd-timesyncd)."
    yield Finding(level, "Clock", what, "this machine", do)  # type: ignore[arg-type]


def look_at_content(account: Account) -> Iterator[Finding]:
    """Whether buttons and lists can be had."""
    base = CONTENT_API if account.api_url == TWILIO_API else account.api_url
    status, trouble = _ask("GET", f"{base}/v1/Content?PageSize=1", auth=_credentials(account))
    if status == 200:
        yield Finding("ok", "Buttons", "buttons and lists can be made")
        return
    do = "Questions go out as numbered text until the account, or its API key, may use the Content API."
    yield Finding("warning", "Buttons", f"The Content API {trouble}.", "TWILIO_API_KEY_SID", do)


def _credentials(account: Account) -> tuple[str, str]:
    return account.api_key or (account.sid, account.tokens[0])


def _signed(signature: str) -> dict[str, str]:
    return {"X-Twilio-Signature": signature}


def _ask(
    method: str,
    url: str,
    data: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> tuple[int | None, str]:
    """The answer's status, and how to say it in a sentence. An address that does not answer has no status."""
    try:
        answer = requests.request(
            method,
            url,
            data=data,
            headers={**HEADERS, **(headers or {})},
            auth=auth,
            timeout=SECONDS_MAX,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        return None, f"does not answer ({_reason(error)})"
    return answer.status_code, f"answers with HTTP {answer.status_code}"


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not valid"
    if isinstance(error, requests.Timeout):
        return f"nothing within {SECONDS_MAX} s"
    return "no connection"


def _host(url: str) -> str:
    return urlsplit(url).netloc
