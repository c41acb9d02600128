"""Closing and opening secrets (tokens) with the installation's key. No storage, no HTTP, no settings here.

Also keyed fingerprints: whether two texts are the same can be told with the key, and nothing without it.

AES-256-GCM: key id, nonce, ciphertext; the context (which portal it belongs to) is authenticated, so that a sealed
value cannot be carried over to another portal. Several keys, separated by commas, make rotation possible: the first
seals, all open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from connector.errors import SecretKeyMissing

_MAGIC = b"LW1"
_ID_BYTES = 4
_NONCE_BYTES = 12
_KEY_BYTES = 32
_REMEDY = (
    "Set LEADWRIGHT_SECRET_KEY to the key this database was made with (`leadwright init` makes one for a new "
    "database); during a rotation put the new key first and the old one after a comma."
)


class Vault:
    """Seals and opens texts; knows its keys only by their ids."""

    def __init__(self, secret_key: str) -> None:
        keys = [_decoded(part.strip()) for part in secret_key.split(",") if part.strip()]
        if not keys:
            raise SecretKeyMissing("There is no secret key.", remedy=_REMEDY)
        self._ciphers = {_id(key): AESGCM(key) for key in keys}
        self._prints = tuple(_derived(key, b"leadwright fingerprint") for key in keys)
        self._first = _id(keys[0])

    @staticmethod
    def new_key() -> str:
        """A fresh key, as it goes into LEADWRIGHT_SECRET_KEY."""
        return base64.urlsafe_b64encode(secrets.token_bytes(_KEY_BYTES)).decode()

    def seal(self, text: str, context: str) -> bytes:
        """The text closed for this context only."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        closed = self._ciphers[self._first].encrypt(nonce, text.encode(), _bound(self._first, context))
        return _MAGIC + self._first + nonce + closed

    def open(self, sealed: bytes, context: str) -> str:
        """The text; raises ``SecretKeyMissing`` when no key fits or the value belongs elsewhere."""
        start = len(_MAGIC)
        key, nonce = sealed[start : start + _ID_BYTES], sealed[start + _ID_BYTES :][:_NONCE_BYTES]
        cipher = self._ciphers.get(key) if sealed.startswith(_MAGIC) else None
        if cipher is None or len(nonce) < _NONCE_BYTES:
            raise SecretKeyMissing("The secret key is not the one that closed this value.", remedy=_REMEDY)
        try:
            return cipher.decrypt(nonce, sealed[start + _ID_BYTES + _NONCE_BYTES :], _bound(key, context)).decode()
        except InvalidTag:
            message = f"The closed value does not belong to {context}, or it is damaged."
            raise SecretKeyMissing(message, remedy="Enter the secret of this portal again.") from None

    def fits(self, sealed: bytes, context: str) -> bool:
        """Whether a value can be opened here."""
        try:
            self.open(sealed, context)
        except SecretKeyMissing:
            return False
        return True

    def current(self, sealed: bytes) -> bool:
        """Whether a value is closed with the first key; False asks for sealing it again."""
        return sealed.startswith(_MAGIC + self._first)

    def fingerprint(self, text: str, context: str) -> bytes:
        """A keyed hash (HMAC-SHA-256) of the text for this context, by the first key: to be kept."""
        return self.fingerprints(text, context)[0]

    def fingerprints(self, text: str, context: str) -> tuple[bytes, ...]:
        """The hashes by every key, the first key's first: to be compared with what was kept before a rotation."""
        # The length in front: no other context and text can run together into the same message.
        message = len(context.encode()).to_bytes(4) + context.encode() + text.encode("utf-8", "replace")
        return tuple(hmac.digest(key, message, "sha256") for key in self._prints)

    def __repr__(self) -> str:
        return f"Vault(keys={len(self._ciphers)})"


def _decoded(key: str) -> bytes:
    try:
        raw = base64.b64decode(key.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raw = b""
    if len(raw) != _KEY_BYTES:
        raise SecretKeyMissing("The secret key is malformed: it must be 32 random bytes in base64.", remedy=_REMEDY)
    return raw


def _derived(key: bytes, purpose: bytes) -> bytes:
    """A key of its own for another purpose, so that a fingerprint never tells anything about what seals tokens."""
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=purpose).derive(key)


def _id(key: bytes) -> bytes:
    return hashlib.sha256(b"leadwright key id\0" + key).digest()[:_ID_BYTES]


def _bound(key: bytes, context: str) -> bytes:
    return _MAGIC + key + context.encode()
