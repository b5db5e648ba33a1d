"""Twilio's messages: the one door through which words leave, and the only call site of its client.

A POST is never repeated. ``twilio.rest`` is slow to import: do so only where one posts.
"""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

# Twilio's client imports these with its first message, which would wait a third of a second for it.
import twilio.rest.api
import twilio.rest.content  # noqa: F401
from twilio.base.values import unset
from twilio.rest import Client

from bot.adapters.twilio_content import QuestionContents, TwilioContents
from bot.adapters.twilio_http import TWILIO_API, Http, translated
from bot.adapters.twilio_templates import shape_of
from bot.core.template import Content
from bot.core.wording import numbered
from bot.ports import CarrierAway, CarrierRefused, CarrierUnclear, Listed, ListedInbound, Outgoing

LISTED_MAX = 100
"""Messages looked at to find one again; a patient is never sent so many in the minutes that this takes."""
PAGE_ROWS = 200
FILES_MAX = 10
"""As many as a message can have at Twilio."""
NO_SUCH_TEMPLATE = 21655
GONE = 404

_TEMPLATE_TROUBLE = frozenset({20404, 21655, 21656, 63027, 63028, 92006, 92007})


@dataclass
class TwilioCarrier(TwilioContents):
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
        self._templates = QuestionContents(self.monotonic)

    def post(self, outgoing: Outgoing, callback_url: str) -> str:
        """Post a message; its sid. Raises CarrierRefused, CarrierAway or CarrierUnclear."""
        with self._client() as client:
            if outgoing.content is not None:
                return self._create_from(client, outgoing, outgoing.content, callback_url)
            if outgoing.media:
                return self._create(
                    client, outgoing, callback_url, body=outgoing.text or unset, media_url=[outgoing.media]
                )
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
            with self._client() as client, translated():
                # Filtered here: Twilio filters by the day of sending, which a message in a queue has not yet.
                rows = client.messages.list(to=to, from_=self.from_, page_size=LISTED_MAX, limit=LISTED_MAX)
        except (CarrierRefused, CarrierUnclear) as error:
            raise CarrierAway("the messages cannot be listed") from error
        found = (
            Listed(row.sid, to, row.body or "", _seconds(row.date_created), str(row.status), row.error_code)
            for row in rows
            if row.sid and row.date_created
        )
        return tuple(one for one in found if one.created_at >= since)

    def inbound(self, since: int, limit: int) -> tuple[ListedInbound, ...]:
        """The newest messages of patients since an instant, oldest first. Raises CarrierAway."""
        after = datetime.fromtimestamp(since, UTC)
        try:
            with self._client() as client, translated():
                asked = {"to": self.from_, "date_sent_after": after, "page_size": PAGE_ROWS, "limit": limit}
                rows = client.messages.list(**asked)
        except (CarrierRefused, CarrierUnclear) as error:
            raise CarrierAway("the messages cannot be listed") from error
        found = (
            ListedInbound(row.sid, row.from_, row.body or "", int(row.num_media or 0), _seconds(row.date_created))
            for row in rows
            if row.direction == "inbound" and row.sid and row.from_ and row.date_created
        )
        return tuple(sorted((one for one in found if one.sent_at >= since), key=lambda one: one.sent_at))

    def exchanged(self, address: str, limit: int) -> tuple[tuple[str, int], ...]:
        """Messages from and to an address, as (sid, when it was made). Raises CarrierAway."""
        size = min(limit, PAGE_ROWS)
        try:
            with self._client() as client, translated():
                sent = client.messages.list(to=address, from_=self.from_, page_size=size, limit=limit)
                got = client.messages.list(to=self.from_, from_=address, page_size=size, limit=limit)
        except (CarrierRefused, CarrierUnclear) as error:
            raise CarrierAway("the messages cannot be listed") from error
        return tuple((row.sid, _seconds(row.date_created)) for row in (*sent, *got) if row.sid and row.date_created)

    def delete(self, sid: str) -> None:
        """Have Twilio forget a message, and the file that left with it; one that is gone already is fine."""
        try:
            with self._client() as client, translated():
                # A file outlives its message there, and could not be named afterwards. Those with one have such sids.
                for file in client.messages(sid).media.list(limit=FILES_MAX) if sid.startswith("MM") else ():
                    file.delete()
                client.messages(sid).delete()
        except CarrierRefused as refused:
            if refused.status != GONE:
                raise

    def words_of(self, outgoing: Outgoing) -> str:
        """What Twilio will show as the body of this row, unless its template was refused."""
        if outgoing.content is not None:
            return outgoing.content.body
        return outgoing.text if outgoing.media or shape_of(outgoing) else _plain(outgoing)

    def close(self) -> None:
        """Let go of the connections that are kept alive."""
        while self._idle:
            self._idle.pop().http_client.session.close()

    def _create_from(self, client: Client, outgoing: Outgoing, content: Content, callback_url: str) -> str:
        filled = json.dumps(dict(content.variables), ensure_ascii=False)
        try:
            return self._create(client, outgoing, callback_url, content_sid=content.sid, content_variables=filled)
        except CarrierRefused as refused:
            # A template that is gone says nothing of the account.
            code = NO_SUCH_TEMPLATE if refused.status == 404 else refused.code
            raise CarrierRefused(refused.status, code, refused.retry_after) from None

    def _create(self, client: Client, outgoing: Outgoing, callback_url: str, **words: Any) -> str:
        with translated():
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
            client = Client(user, password, self.account_sid, http_client=Http(self.api_url, self.timeout_seconds))
        try:
            yield client
        finally:
            self._idle.append(client)


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _plain(outgoing: Outgoing) -> str:
    return numbered(outgoing.text, outgoing.choices, outgoing.hint) if outgoing.choices else outgoing.text
