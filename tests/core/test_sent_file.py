"""What a file is called that leaves the house, and what opens its address."""

from __future__ import annotations

import pytest

from bot.core.sent_file import BYTES_MAX, NAME_CHARACTERS_MAX, name_for, opens, proof_of

ID = "3f2a81c0" + "0" * 24


@pytest.mark.parametrize(
    ("called", "kind", "name"),
    [
        ("Before your operation.pdf", "application/pdf", "Before your operation.pdf"),
        ("手术前须知.PDF", "application/pdf", "手术前须知.pdf"),
        ("IMG_2041.JPEG", "image/jpeg", "IMG_2041.jpg"),
        ("letter.pdf.exe", "application/pdf", "letter.pdf.pdf"),
        ("page.html", "image/png", "page.png"),
        ("Dr. Nolan's letter", "application/pdf", "Dr. Nolan's letter.pdf"),
        ("../../etc/passwd", "application/pdf", "passwd.pdf"),
        ("C:\\Users\\ana\\map.png", "image/png", "map.png"),
        ("a\r\nX-Header: b.pdf", "application/pdf", "a X-Header: b.pdf"),
        ("gnp\u202e.fdp", "application/pdf", "gnp.pdf"),
        ("zero\u200bwidth\x00.pdf", "application/pdf", "zero width.pdf"),
        ("", "application/pdf", "document-3f2a81c0.pdf"),
        ("...", "image/jpeg", "photo-3f2a81c0.jpg"),
        (".pdf", "application/pdf", "document-3f2a81c0.pdf"),
        ("/", "image/png", "photo-3f2a81c0.png"),
    ],
)
def test_a_name_is_one_line_and_says_what_the_file_is(called: str, kind: str, name: str) -> None:
    assert name_for(ID, called, kind) == name


def test_a_name_has_an_end() -> None:
    assert len(name_for(ID, "x" * 5000, "image/png")) == NAME_CHARACTERS_MAX + len(".png")


def test_only_its_own_proof_opens_an_address() -> None:
    assert opens(b"key", "a" * 32, proof_of(b"key", "a" * 32))
    for key, attempt in ((b"another", "a" * 32), (b"key", "b" * 32)):
        assert not opens(b"key", "a" * 32, proof_of(key, attempt))
    assert not opens(b"key", "a" * 32, "")
    assert not opens(b"key", "a" * 32, "é" * 32)


def test_every_kind_that_is_taken_has_an_end() -> None:
    assert {kind: limit // 1_000_000 for kind, limit in BYTES_MAX.items()} == {
        "image/jpeg": 5,
        "image/png": 5,
        "application/pdf": 16,
    }
