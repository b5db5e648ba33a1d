"""Bringing a database to today's schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bot.adapters.sql.engine import open_engine
from bot.adapters.sql.refusals import NEWER
from bot.ports import BookRefused

if TYPE_CHECKING:
    from alembic.config import Config

PATIENCE_SECONDS = 60
"""How long a second process waits for the one that migrates."""
_LOCK = 0x6672_6F6E
"""Any number, the same for every process that migrates this database."""


def revisions(connection: Connection) -> tuple[str, str]:
    """The revision a database has (``""`` for none) and the newest there is."""
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    now = MigrationContext.configure(connection).get_current_revision()
    return now or "", ScriptDirectory.from_config(_config()).get_current_head() or ""


def migrate(url: str, revision: str = "head") -> None:
    """Bring the database at ``url`` to a revision, by default the newest, all or nothing. Several processes may call it
    at once.

    Raises BookAway when the database cannot be reached, BookRefused when waiting for it is in vain.
    """
    # Alembic costs more to import than the rest of this package, and only this needs it.
    from alembic import command
    from alembic.script.revision import ResolutionError
    from alembic.util import CommandError

    engine, config = open_engine(url, PATIENCE_SECONDS, prompt=False), _config()
    try:
        with engine.begin() as connection:
            _alone(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    except CommandError as error:
        if isinstance(error.__cause__, ResolutionError):
            raise BookRefused(NEWER) from None
        raise
    finally:
        engine.dispose()


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "bot.adapters.sql:migrations")
    config.set_main_option("path_separator", "os")
    return config


def _alone(connection: Connection) -> None:
    """Let nobody else migrate until the commit. On SQLite, beginning has done so already."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE_SECONDS}s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
