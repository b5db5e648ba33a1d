"""Log lines: one JSON object each, with ids only.

Our own lines are an event's name and its ids. What a library says may hold anything a patient wrote or the number she
wrote from, so its words are left out: where it happened, and the kind of error with the way it came, tell enough.
"""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

OURS = "frontdesk"
FRAMES_MAX = 8

_to_json = json.JSONEncoder(ensure_ascii=False, default=str, separators=(",", ":")).encode


class JsonLines(logging.Formatter):
    """``{"at": "2026-03-02T01:00:00.123Z", "level": "warning", "event": "turn_failed", "conversation": "…", …}``"""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line: dict[str, Any] = {"at": at, "level": record.levelname.lower()}
        if record.name == OURS:
            line |= {"event": record.msg, **getattr(record, "ids", {})}
        else:
            line |= {"event": "library", "logger": record.name, "where": f"{record.module}:{record.lineno}"}
        if record.exc_info and record.exc_info[0]:
            line |= {"error": record.exc_info[0].__name__, "way": _way(record.exc_info[2])}
        return _to_json(line)


def _way(at: Any) -> list[str]:
    frames = traceback.extract_tb(at)[-FRAMES_MAX:]
    return [f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in frames]
