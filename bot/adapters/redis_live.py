"""The live state machine in Redis: holds, states and the wake list.

Each method is one round trip. What belongs to one conversation shares a hash tag, ``{conversation}``:

``frontdesk:{conversation}:hold``   the holder's token, for 4 s; a ``+`` behind it says that messages were parked
``frontdesk:{conversation}:state``  ``seq arrived state``, for 30 days
``frontdesk:{lane}:pace``           when the next message may leave, of a conversation or of our ``sender``
``frontdesk:awake``                 conversations whose words should leave
``frontdesk:alive``                 processes at work, each with the second it last said so
``frontdesk:bell``                  a channel: what changed, for open pages (:mod:`bot.adapters.redis_doorbell`)

Redis may be emptied at any moment; whatever is missing is read from the database.
"""

from __future__ import annotations

import hashlib
import os
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from hiredis import pack_command
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError
from redis.retry import Retry

from bot.adapters.redis_doorbell import BELL, RedisDoorbell
from bot.ports import LiveAway, Taken

HOLD_MILLISECONDS = 4_000
STATE_SECONDS = 30 * 24 * 3600
SOCKET_SECONDS_MAX = 0.25
WAIT_SECONDS_MAX = 1.0
"""The longest :meth:`RedisLive.next_awake` waits, whatever it is asked."""
AWAY_SECONDS = 1.0
"""After a failure Redis is left alone for so long, so that a dead one costs a turn nothing."""
AWAKE_MAX = 10_000
"""Without senders the wake list stops growing here; the tick finds what fell off."""

BEAT_SECONDS = 20
"""A process that has not said for so long that it works is not counted."""

_AWAKE = "frontdesk:awake"
_ALIVE = "frontdesk:alive"

_TAKE = """
local free = redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
return {free and 1 or 0, redis.call('GET', KEYS[2]) or ''}
"""

_NOTE_MORE = """
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return {1, redis.call('GET', KEYS[2]) or ''}
end
if string.sub(redis.call('GET', KEYS[1]), -1) ~= '+' then
  redis.call('APPEND', KEYS[1], '+')
end
return {0, ''}
"""

_GIVE_BACK = """
local known = tonumber(string.match(redis.call('GETRANGE', KEYS[2], 0, 20), '^%d+')) or -1
if tonumber(ARGV[3]) > known then
  redis.call('SET', KEYS[2], ARGV[3] .. ' ' .. ARGV[4] .. ' ' .. ARGV[5], 'EX', ARGV[6])
end
if ARGV[9] ~= '' then
  redis.call('PUBLISH', KEYS[4], ARGV[9])
end
if ARGV[7] ~= '' then
  redis.call('RPUSH', KEYS[3], ARGV[7])
  redis.call('LTRIM', KEYS[3], -ARGV[8], -1)
end
local holder = redis.call('GET', KEYS[1])
local more = holder == ARGV[1] .. '+'
if more and ARGV[10] ~= '' then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
elseif more or holder == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
return more and 1 or 0
"""

# By the clock of Redis: those of the senders differ. Places in the lane are counted in microseconds.
_PACE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local each, burst, patience = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local free = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local wait = math.max(0, free - (burst - 1) * each - now)
if wait <= patience then
  redis.call('SET', KEYS[1], string.format('%.0f', free + each), 'PX', math.ceil((free + each - now) / 1000) + 1)
end
return string.format('%.0f', wait)
"""

_SHA = {
    script: hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
    for script in (_TAKE, _NOTE_MORE, _GIVE_BACK, _PACE)
}


class RedisLive(RedisDoorbell):
    """The Live port on Redis or Valkey 6.2 or newer. ``monotonic`` gives seconds that never go back."""

    def __init__(self, url: str, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._away_until = float("-inf")
        self._redis = _client(url, SOCKET_SECONDS_MAX)
        # Waiting is a call that may rightly take long: it has connections of its own.
        self._waiting = _client(url, WAIT_SECONDS_MAX + SOCKET_SECONDS_MAX)

    def take(self, conversation: str, token: str) -> Taken:
        """Take the hold (4 s lease) if it is free, and read the state, in one call."""
        return _taken(self._run(_TAKE, _keys(conversation), (token, HOLD_MILLISECONDS)))

    def note_more(self, conversation: str, token: str) -> Taken:
        """Say that a message was parked for the holder; takes the hold if it has come free meanwhile."""
        return _taken(self._run(_NOTE_MORE, _keys(conversation), (token, HOLD_MILLISECONDS)))

    def give_back(  # noqa: PLR0913 - the port's shape: one call does it all
        self, conversation: str, token: str, seq: int, arrived: int, state: str, wake: bool, goes_on: bool = True
    ) -> bool:
        """Store the state if its ``seq`` is higher, free our own hold, and wake a sender when ``wake``.

        When messages were parked meanwhile True is returned. The hold is then kept (with a fresh lease) by whoever
        ``goes_on`` and takes them up; from anybody else it goes all the same.
        """
        awake = conversation if wake else ""
        bell = f"conv {conversation}" if seq >= 0 else ""
        keeps = "keeps" if goes_on else ""
        words = (token, HOLD_MILLISECONDS, seq, arrived, state, STATE_SECONDS, awake, AWAKE_MAX, bell, keeps)
        return bool(self._run(_GIVE_BACK, (*_keys(conversation), _AWAKE, BELL), words))

    def wake(self, conversations: Sequence[str]) -> None:
        """Put conversations on the wake list, so that senders look at their outbox at once."""
        if not conversations:
            return
        with self._door():
            pipe = self._redis.pipeline(transaction=False)
            pipe.rpush(_AWAKE, *conversations)
            pipe.ltrim(_AWAKE, -AWAKE_MAX, -1)
            pipe.execute()

    def forget(self, conversation: str) -> None:
        """Drop the state of a conversation, so that the next turn reads it from the database."""
        with self._door():
            self._redis.delete(_keys(conversation)[1])

    def scrub(self) -> None:
        """Have Redis write its file anew, without what was dropped. One that is not ours may not let us: it is left
        to whoever keeps it."""
        with self._door(), suppress(ResponseError):
            self._redis.bgrewriteaof()

    def pace(self, lane: str, seconds_each: float, burst: int, patience_seconds: float) -> float:
        """Take the next place in a lane: after ``burst`` at once, one message leaves every ``seconds_each``."""
        words = (round(seconds_each * 1e6), burst, round(patience_seconds * 1e6))
        return int(self._run(_PACE, (f"frontdesk:{{{lane}}}:pace",), words)) / 1e6

    def next_awake(self, timeout_seconds: float, limit: int) -> tuple[str, ...]:
        """Wait up to a second for conversations whose words should leave, and take at most ``limit``, each once."""
        with self._door():
            pipe = self._waiting.pipeline(transaction=False)
            pipe.blpop([_AWAKE], min(timeout_seconds, WAIT_SECONDS_MAX))
            if limit > 1:
                pipe.lpop(_AWAKE, limit - 1)
            first, *others = pipe.execute()
            found = [first[1]] if first else []
            return tuple(dict.fromkeys([*found, *(others[0] or () if others else ())]))

    def beat(self, kind: str) -> None:
        """Say that this process works at ``kind``; by Redis's own clock, so that no two are compared."""
        with self._door():
            now = float(self._redis.time()[0])
            pipe = self._redis.pipeline(transaction=False)
            pipe.zadd(_ALIVE, {f"{kind}:{socket.gethostname()}:{os.getpid()}": now})
            pipe.zremrangebyscore(_ALIVE, 0, now - BEAT_SECONDS)
            pipe.execute()

    def alive(self) -> Mapping[str, int]:
        """How many processes have said so of late, by kind."""
        with self._door():
            since = float(self._redis.time()[0]) - BEAT_SECONDS
            members = self._redis.zrangebyscore(_ALIVE, since, "+inf")
            return Counter(str(member).partition(":")[0] for member in members)

    def healthy(self) -> bool:
        """Whether Redis answers now. Never raises."""
        try:
            with self._door():
                return bool(self._redis.ping())
        except LiveAway:
            return False

    def forget_all(self) -> None:
        """Drop everything that is known of any conversation: the database is another one now. Raises LiveAway."""
        with self._door():
            for key in self._redis.scan_iter("frontdesk:*", count=1000):
                self._redis.unlink(key)

    def close(self) -> None:
        """Let go of all connections."""
        self._redis.close()
        self._waiting.close()

    def _run(self, script: str, keys: Sequence[str], words: Sequence[str | int]) -> Any:
        with self._door():
            try:
                return self._asked("EVALSHA", _SHA[script], len(keys), *keys, *words)
            except NoScriptError:
                # Redis was emptied or restarted. EVAL brings the script along and leaves it there.
                return self._asked("EVAL", script, len(keys), *keys, *words)

    def _asked(self, *words: str | int) -> Any:
        """What Redis answers. Every turn comes here twice: what the client does around a command costs more than it."""
        pool = self._redis.connection_pool
        connection = pool.get_connection()
        try:
            # Both are untyped, or mistyped, in their own packages.
            connection.send_packed_command([pack_command(words)])  # type: ignore[no-untyped-call,arg-type]
            return connection.read_response()
        finally:
            pool.release(connection)

    @contextmanager
    def _door(self) -> Iterator[None]:
        """Every call leaves through here: failures become LiveAway, and keep the door shut for a moment."""
        if self._monotonic() < self._away_until:
            raise LiveAway("Redis was away a moment ago")
        try:
            yield
        except RedisError as error:
            self._away_until = self._monotonic() + AWAY_SECONDS
            raise LiveAway(type(error).__name__) from error


def _client(url: str, socket_seconds: float) -> Redis:
    return Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=socket_seconds,
        socket_connect_timeout=SOCKET_SECONDS_MAX,
        retry=Retry(NoBackoff(), 0),
    )


def _keys(conversation: str) -> tuple[str, str]:
    return f"frontdesk:{{{conversation}}}:hold", f"frontdesk:{{{conversation}}}:state"


def _taken(answer: Sequence[Any]) -> Taken:
    held, kept = bool(answer[0]), answer[1]
    try:
        seq, arrived, state = kept.split(" ", 2)
        return Taken(held, int(seq), int(arrived), state)
    except ValueError:
        # Nothing, or nothing of ours: the database knows.
        return Taken(held)
