from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows_language.small import SMALL


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder with the smallest clinic there can be."""
    folder = tmp_path / "flows"
    folder.mkdir()
    for name, text in SMALL.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
