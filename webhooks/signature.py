"""Did HubSpot sign this request? A verdict, never an exception; pure: clock, secrets and address are handed in.

HubSpot's rules stand in its page "Validating requests" (reference 11.4). What is compared are bytes, in constant time.
The signed address is built from the public URL that is configured: ``Host`` says what the sender wants it to say.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Reason = Literal[
    "ok",
    "no_signature",  # nothing was signed
    "old_version_only",  # only version 1 or 2, which prove neither time nor, in version 1, the address
    "unknown_version",
    "no_timestamp",
    "bad_timestamp",  # not milliseconds as digits
    "too_old",
    "in_the_future",
    "malformed",  # no signature could look like this
    "mismatch",  # wrong secret, body, address or method
]
WINDOW_MS = 5 * 60_000

_TIMESTAMP = re.compile(r"[0-9]{1,16}")
# HubSpot decodes these in the address before it signs, and no others.
_DECODED = {
    b"%3A": b":", b"%2F": b"/", b"%3F": b"?", b"%40": b"@", b"%21": b"!", b"%24": b"$", b"%27": b"'",
    b"%28": b"(", b"%29": b")", b"%2A": b"*", b"%2C": b",", b"%3B": b";",
}  # fmt: skip
_UPPER = re.compile(b"|".join(_DECODED))
_EITHER = re.compile(b"|".join(_DECODED), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """What was received, as it was received: ``target`` is the raw path and query, headers None where missing."""

    method: str
    target: bytes
    body: bytes
    signature_v3: str | None = None
    timestamp: str | None = None
    signature: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """True or false in a condition; ``reason`` is the code that refusals are counted by."""

    reason: Reason

    def __bool__(self) -> bool:
        return self.reason == "ok"


def verify(
    request: Request, *, secrets: Sequence[str], public_url: str, now_ms: int, allow_old: bool = False
) -> Verdict:
    """Version 3 decides wherever it is there; versions 1 and 2 count only when they are allowed and alone.

    During a rotation several secrets are valid; a request signed with any of them is HubSpot's.
    """
    keys = [secret.encode() for secret in secrets if secret]
    if request.signature_v3 is not None:
        return Verdict(_third(request, keys, public_url, now_ms))
    if request.signature is None:
        return Verdict("no_signature")
    return Verdict(_old(request, keys, public_url) if allow_old else "old_version_only")


def _third(request: Request, keys: Sequence[bytes], public_url: str, now_ms: int) -> Reason:
    timestamp, told = request.timestamp, _as_bytes(request.signature_v3)
    if timestamp is None:
        return "no_timestamp"
    if not _TIMESTAMP.fullmatch(timestamp):
        return "bad_timestamp"
    if abs(now_ms - int(timestamp)) > WINDOW_MS:
        return "too_old" if int(timestamp) < now_ms else "in_the_future"
    if told is None:
        return "malformed"
    forms = [
        b"".join((request.method.encode(), address, request.body, timestamp.encode()))
        for address in _addresses(public_url, request.target)
    ]
    return _any_equal(told, [base64.b64encode(hmac.digest(key, form, "sha256")) for key in keys for form in forms])


def _old(request: Request, keys: Sequence[bytes], public_url: str) -> Reason:
    told = _as_bytes(request.signature)
    if request.version == "v1":
        before = b""
    elif request.version == "v2":
        before = request.method.encode() + _address(public_url, request.target)
    else:
        return "unknown_version"
    if told is None:
        return "malformed"
    return _any_equal(told, [hashlib.sha256(key + before + request.body).hexdigest().encode() for key in keys])


def _any_equal(told: bytes, made: Sequence[bytes]) -> Reason:
    """Every candidate is compared, so that the time tells neither which matched nor how far one went."""
    matches = [hmac.compare_digest(told, one) for one in made]
    return "ok" if any(matches) else "mismatch"


def _as_bytes(header: str | None) -> bytes | None:
    """A header's bytes; None when it holds what no signature holds. Text outside ASCII cannot be compared safely."""
    return header.encode() if header and header.isascii() else None


def _address(public_url: str, target: bytes) -> bytes:
    return public_url.rstrip("/").encode() + target


def _addresses(public_url: str, target: bytes) -> list[bytes]:
    """The address as HubSpot signs it. Whether lower-case escapes are decoded too its page leaves open: both forms."""
    address = _address(public_url, target)
    forms = (pattern.sub(_decoded, address) for pattern in (_UPPER, _EITHER))
    return list(dict.fromkeys(forms))


def _decoded(found: re.Match[bytes]) -> bytes:
    return _DECODED[found[0].upper()]
