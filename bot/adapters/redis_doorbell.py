"""What open pages of the desk tell each other through Redis: that something changed, and who looks at what. Ids only.

``frontdesk:bell``                      a channel; each ring is ``kind id``
``frontdesk:{conversation}:looking``    who looks, a sorted set by when she is taken to have gone
``frontdesk:shift``                     who watches the queue, likewise

All of it are hints that may be lost at any moment: a page asks the database for what it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from typing import Any

from redis import Redis

from bot.ports.reception import Bell, Doing

BELL = "frontdesk:bell"
LOOKING_SECONDS = 30
"""A page that looks says so about every ten seconds."""
SHIFT_SECONDS = 90
LISTEN_SECONDS = 1.0

_SHIFT = "frontdesk:shift"


class RedisDoorbell:
    """The Doorbell port. :class:`bot.adapters.redis_live.RedisLive` brings the connections and the door."""

    _redis: Redis
    _waiting: Redis
    _door: Callable[[], AbstractContextManager[None]]

    def ring(self, kind: Bell, id: str) -> None:
        """Tell every open page that something changed."""
        with self._door():
            self._redis.publish(BELL, f"{kind} {id}")

    def heard(self, stop: Callable[[], bool]) -> Iterator[tuple[str, str]]:
        """Rings as they come, as (kind, id), with ("", "") about once a second, until ``stop`` says so."""
        with self._door(), closing(self._channel()) as channel:
            channel.subscribe(BELL)
            while not stop():
                message: Any = channel.get_message(timeout=LISTEN_SECONDS)
                kind, _, id = message["data"].partition(" ") if message else ("", "", "")
                yield kind, id

    def _channel(self) -> Any:
        return self._waiting.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]

    def look(self, conversation: str, staff: str, doing: Doing, now: int) -> None:
        """She is looking at a conversation, and will be for half a minute unless she says so again."""
        key, other = _looking(conversation), "typing" if doing == "reading" else "reading"
        with self._door():
            pipe = self._redis.pipeline(transaction=False)
            pipe.zrem(key, f"{other} {staff}")
            pipe.zadd(key, {f"{doing} {staff}": now + LOOKING_SECONDS})
            pipe.expire(key, LOOKING_SECONDS)
            pipe.execute()

    def look_away(self, conversation: str, staff: str) -> None:
        """She is not looking any more."""
        with self._door():
            self._redis.zrem(_looking(conversation), f"reading {staff}", f"typing {staff}")

    def looking(self, conversations: Sequence[str], now: int) -> Mapping[str, Mapping[str, Doing]]:
        """Who looks at which of these conversations, and what each does."""
        if not conversations:
            return {}
        with self._door():
            pipe = self._redis.pipeline(transaction=False)
            for one in conversations:
                pipe.zrangebyscore(_looking(one), f"({now}", "+inf")
            found: list[list[str]] = pipe.execute()
        return {one: _by_staff(members) for one, members in zip(conversations, found, strict=True) if members}

    def on_shift(self, staff: str, now: int) -> None:
        """She watches the queue, and will for a minute and a half unless she says so again."""
        with self._door():
            self._redis.zadd(_SHIFT, {staff: now + SHIFT_SECONDS})

    def off_shift(self, staff: str) -> None:
        """She does not watch any more."""
        with self._door():
            self._redis.zrem(_SHIFT, staff)

    def watchers(self, now: int) -> frozenset[str]:
        """Who watches the queue."""
        with self._door():
            pipe = self._redis.pipeline(transaction=False)
            pipe.zremrangebyscore(_SHIFT, "-inf", now)
            pipe.zrange(_SHIFT, 0, -1)
            return frozenset(pipe.execute()[1])


def _looking(conversation: str) -> str:
    return f"frontdesk:{{{conversation}}}:looking"


def _by_staff(members: Sequence[str]) -> Mapping[str, Doing]:
    found: dict[str, Doing] = {}
    for member in members:
        doing, _, staff = member.partition(" ")
        found[staff] = "typing" if doing == "typing" else "reading"
    return found
