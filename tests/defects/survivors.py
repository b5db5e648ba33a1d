"""Mistakes that nothing finds, and why that is so."""

from __future__ import annotations

from collections.abc import Mapping

NO_REASON = "nobody knows why yet"
SURVIVORS: Mapping[tuple[str, str], str] = {}
"""By file and mistake."""
