"""Appointment numbers that people read to each other: six Crockford base32 symbols and a check symbol, ``K7QF2X-M``.

Random and never in sequence, so that a number says nothing about another. Crockford's alphabet leaves out I, L, O
and U; reading takes them for what they look like (https://www.crockford.com/base32.html).
"""

from __future__ import annotations

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

_LOOKALIKES = str.maketrans({"I": "1", "L": "1", "O": "0"})
SYMBOLS = 6
SPACE = 32**SYMBOLS
"""How many numbers there are: pass a random integer below this to :func:`reference`."""


def reference(number: int) -> str:
    """The appointment number for a random integer in ``0 .. SPACE-1``; its last symbol checks the others."""
    rest, symbols = number % SPACE, ""
    for _ in range(SYMBOLS):
        rest, digit = divmod(rest, 32)
        symbols = _ALPHABET[digit] + symbols
    return f"{symbols}-{_check(number % SPACE)}"


def read_reference(text: str) -> str | None:
    """The number a patient wrote, as we write it, or None when it is none or a symbol is wrong."""
    plain = "".join(c for c in text.upper() if c.isalnum()).translate(_LOOKALIKES)
    if len(plain) != SYMBOLS + 1 or any(c not in _ALPHABET for c in plain[:SYMBOLS]):
        return None
    number = 0
    for symbol in plain[:SYMBOLS]:
        number = number * 32 + _ALPHABET.index(symbol)
    return reference(number) if _check(number) == plain[SYMBOLS] else None


def _check(number: int) -> str:
    # Modulo 31 keeps the check symbol inside the plain alphabet: no "*" or "~" to spell out on the phone.
    return _ALPHABET[number % 31]
