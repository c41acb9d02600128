"""Codes of the second factor: RFC 6238 (six digits, thirty seconds, SHA-1, what every authenticator app speaks). Pure.

The secret, the code's steps and the time are arguments; whether a step was used before is the store's to know.
"""

from __future__ import annotations

import base64
import hmac
from urllib.parse import quote

DIGITS, STEP_S, DRIFT = 6, 30, 1


def code_at(secret: bytes, step: int, *, digits: int = DIGITS, algorithm: str = "sha1") -> str:
    """The code of one time step (RFC 4226, section 5.3)."""
    told = hmac.digest(secret, step.to_bytes(8), algorithm)
    start = told[-1] & 0x0F
    number = int.from_bytes(told[start : start + 4]) & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def step_of(now_ms: int) -> int:
    return now_ms // 1000 // STEP_S


def matching_step(secret: bytes, code: str, now_ms: int) -> int | None:
    """The time step whose code that is, one before and one after now included; None for a wrong code."""
    told = "".join(character for character in code if not character.isspace())
    now = step_of(now_ms)
    found = None
    for step in range(max(0, now - DRIFT), now + DRIFT + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), told.encode("utf-8", "replace")):
            found = step
    return found


def text_of(secret: bytes) -> str:
    """The secret as a person types it into an app: base32 in groups of four."""
    told = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(told[at : at + 4] for at in range(0, len(told), 4))


def link_of(secret: bytes, account: str, issuer: str = "Leadwright") -> str:
    """The address that an authenticator app opens."""
    told = text_of(secret).replace(" ", "")
    return f"otpauth://totp/{quote(issuer)}:{quote(account)}?secret={told}&issuer={quote(issuer)}&digits={DIGITS}"
