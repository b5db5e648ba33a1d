"""What a database refuses and will go on refusing until somebody puts it right, and what to do about it.

Before there is a connection PostgreSQL's client gives no code, only the server's words. A server that speaks another
language than English is therefore taken for one that is away, and waited for.
"""

from __future__ import annotations

import re
import sqlite3

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.ports import BookRefused

WORDS = (
    (
        "password authentication failed|no password supplied",
        "The user or the password in DATABASE_URL is wrong. In a password @ is written %40, / is written %2F.",
    ),
    (
        'role ".*" (does not exist|is not permitted to log in)',
        "The user in DATABASE_URL is not there, or may not log in: createuser --login NAME.",
    ),
    ('database ".*" does not exist', "The database in DATABASE_URL is not there. Make it, empty: createdb NAME."),
    (r"pg_hba\.conf", "The server lets this user in from elsewhere only: see its pg_hba.conf, or DATABASE_URL."),
    ("SSL was required|certificate|invalid sslmode", "The server and sslmode in DATABASE_URL do not agree."),
    ("invalid (URI query parameter|connection option|port|integer)", "DATABASE_URL has an option that there is not."),
)
UNMIGRATED = "The database does not have the tables of this version. Run: python -m bot migrate"
CODES = {
    "42P01": UNMIGRATED,
    "42703": UNMIGRATED,
    "42501": "The user in DATABASE_URL may not make tables: ALTER DATABASE … OWNER TO … lets it.",
    26: "The file in DATABASE_URL is no SQLite database: name another, or move it away and restore a backup.",
    11: "The SQLite file in DATABASE_URL is damaged: move it away and restore a backup.",
}
"""SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html; 11 and 26: https://www.sqlite.org/rescode.html"""
LACKS = "no such (table|column)|has no column named"
"""SQLite has no code for it."""
NEWER = "The database has the tables of a newer Frontdesk. Start that one, or restore a backup made with this one."
NO_URL = "DATABASE_URL cannot be read: postgresql+psycopg://USER:PASSWORD@HOST:PORT/NAME, or sqlite:///FILE."


def refusal(error: BaseException) -> BookRefused | None:
    """What a driver's error means when waiting cannot help; it names neither user nor password."""
    code = getattr(error, "sqlite_errorcode", None)
    told = CODES.get(getattr(error, "sqlstate", None) or "" if code is None else code & 0xFF)
    if told is None and code is None and getattr(error, "sqlstate", None) is None:
        told = next((do for said, do in WORDS if re.search(said, str(error))), None)
    if code == sqlite3.SQLITE_ERROR and re.search(LACKS, str(error)):
        told = UNMIGRATED
    return BookRefused(told) if told else None


def readable(url: str) -> URL:
    """A database's URL in its parts. Raises BookRefused."""
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        # Without what was raised: it may show the password.
        raise BookRefused(NO_URL) from None
