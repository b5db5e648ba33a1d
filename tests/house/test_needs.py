"""The outside that other tests stand on is itself in order."""

import psycopg
import redis

from tests.conftest import Postgres


def test_each_test_finds_an_empty_redis(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("mei-ling", "was here")


def test_the_next_test_finds_an_empty_redis_too(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("ravi", "was here")


def test_postgresql_keeps_what_it_has_committed(postgres: Postgres, empty_postgres_url: str) -> None:
    address = empty_postgres_url.replace("+psycopg", "")
    with psycopg.connect(address) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
