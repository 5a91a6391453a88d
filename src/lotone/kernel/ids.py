"""Identifiers: short prefix that says what it is, then time-ordered and unguessable characters."""

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case
_TIME_LENGTH = 9
_CHANCE_LENGTH = 13


def _base32(number: int, length: int) -> str:
    characters = []
    for _ in range(length):
        number, rest = divmod(number, 32)
        characters.append(_ALPHABET[rest])
    return "".join(reversed(characters))


def new_id(prefix: str) -> str:
    """A new identifier such as `ord_01jd3k9qmz4w8...`: ids made later sort later (to the millisecond), 65 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    return f"{prefix}_{_base32(milliseconds, _TIME_LENGTH)}{_base32(secrets.randbits(65), _CHANCE_LENGTH)}"
