"""What people do about themselves: name and language, the password, the second factor, their own sessions."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass, field

from connector.clock import Clock
from connector.errors import ConfigError, SecretKeyMissing
from connector.model.people import Language, Session, User
from connector.rules import totp
from connector.rules.passwords import weakness
from connector.store import Store, Unit, sessions, users
from connector.sync.deeds import Books, acting
from connector.sync.entrance import IDLE_MS, MINUTE_MS, RECOVERY_LENGTH, recovery_digest, totp_context
from connector.sync.hashing import HASHER, Hasher
from connector.vault import Vault

PENDING, CODES, SECRET_BYTES = "second factor to be", 10, 20
PENDING_MS = 15 * MINUTE_MS
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class NewFactor:
    """A second factor before it is on: as text, as a link for apps, and sealed for the form that confirms it."""

    text: str = field(repr=False)
    link: str = field(repr=False)
    sealed: str = field(repr=False)


class OwnAccount:
    """One person's own things."""

    def __init__(self, store: Store, vault: Vault, clock: Clock, *, hasher: Hasher = HASHER) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock
        self._hasher = hasher
        self._books = Books(vault, clock)

    def set_profile(self, person: User, name: str, language: Language, time_zone: str, address: str = "") -> None:
        before = f"{person.name or '–'}, {person.language}, {person.time_zone}"
        with self._store.unit() as u:
            users.change(u, person.id, name=name.strip()[:120], language=language, time_zone=time_zone)
            after = f"{name.strip()[:120] or '–'}, {language}, {time_zone}"
            self._books.book(u, acting(person, address), "Changed the own profile", before=before, after=after)

    def change_password(self, person: User, new: str, but: bytes, address: str = "") -> str:
        """Another password; all other sessions end. What is wrong with it, or nothing."""
        if weak := weakness(new, person.email, person.name):
            return weak
        made = self._hasher.make(new)
        with self._store.unit() as u:
            users.change(u, person.id, password_hash=made, password_ms=self._clock.now_ms())
            ended = sessions.end_of(u, person.id, but=but)
            self._books.book(
                u, acting(person, address), "Changed the own password", after=f"other sessions ended: {ended}"
            )
        return ""

    # the second factor -------------------------------------------------------------------------------------------

    def new_factor(self, person: User) -> NewFactor:
        """A secret for the person's app. Nothing is kept before a code of it was shown."""
        return self._factor(person, secrets.token_bytes(SECRET_BYTES), self._clock.now_ms() + PENDING_MS)

    def same_factor(self, person: User, sealed: str) -> NewFactor:
        """The one of that form again, after a wrong code. ConfigError: not of this person, or too old."""
        secret, until = self._opened(person, sealed)
        return self._factor(person, secret, until)

    def _factor(self, person: User, secret: bytes, until_ms: int) -> NewFactor:
        told = json.dumps({"secret": base64.b64encode(secret).decode(), "until_ms": until_ms})
        closed = base64.urlsafe_b64encode(self._vault.seal(told, f"{PENDING} {person.id}")).decode()
        return NewFactor(totp.text_of(secret), totp.link_of(secret, person.email), closed)

    def _opened(self, person: User, sealed: str) -> tuple[bytes, int]:
        try:
            told = json.loads(self._vault.open(base64.urlsafe_b64decode(sealed), f"{PENDING} {person.id}"))
        except (ValueError, SecretKeyMissing):
            raise ConfigError("This form is not yours.", remedy="Begin anew.", reason="factor_form") from None
        if told["until_ms"] < self._clock.now_ms():
            raise ConfigError("This form is too old.", remedy="Begin anew.", reason="factor_form")
        return base64.b64decode(told["secret"]), told["until_ms"]

    def confirm_factor(self, person: User, sealed: str, code: str, but: bytes, address: str = "") -> tuple[str, ...]:
        """Switch it on, once a right code proves that the app has it: the recovery codes, to be shown once. Empty: the
        code was wrong."""
        secret, _ = self._opened(person, sealed)
        step = totp.matching_step(secret, code, self._clock.now_ms())
        if step is None:
            return ()
        closed = self._vault.seal(base64.b64encode(secret).decode(), totp_context(person.id))
        with self._store.unit() as u:
            users.change(u, person.id, totp_sealed=closed, totp_step=step)
            sessions.end_of(u, person.id, but=but)
            self._books.book(u, acting(person, address), "Switched the own second factor on")
            return self._fresh_codes(u, person)

    def new_codes(self, person: User, address: str = "") -> tuple[str, ...]:
        """Recovery codes in the place of those of before."""
        with self._store.unit() as u:
            self._books.book(u, acting(person, address), "Made new recovery codes")
            return self._fresh_codes(u, person)

    def _fresh_codes(self, u: Unit, person: User) -> tuple[str, ...]:
        made = ["".join(secrets.choice(LETTERS) for _ in range(RECOVERY_LENGTH)) for _ in range(CODES)]
        users.change(u, person.id, recovery=[recovery_digest(code) for code in made])
        return tuple("-".join(code[at : at + 4] for at in range(0, RECOVERY_LENGTH, 4)) for code in made)

    def remove_factor(self, person: User, address: str = "") -> None:
        with self._store.unit() as u:
            users.change(u, person.id, totp_sealed=None, totp_step=0, recovery=())
            self._books.book(u, acting(person, address), "Switched the own second factor off")

    # sessions ----------------------------------------------------------------------------------------------------

    def sessions(self, person: User) -> tuple[Session, ...]:
        """Those that are still open."""
        with self._store.view() as u:
            return tuple(one for one in sessions.of(u, person.id) if self._clock.now_ms() - one.seen_ms <= IDLE_MS)

    def end_session(self, person: User, ident: str, address: str = "") -> bool:
        """End one of the own sessions, by its name; False when there is none of that name."""
        with self._store.unit() as u:
            found = next((one for one in sessions.of(u, person.id) if one.ident == ident), None)
            if found is None:
                return False
            sessions.end(u, found.hash)
            self._books.book(u, acting(person, address), "Ended one of the own sessions")
        return True


def seal_factors_again(u: Unit, vault: Vault) -> int:
    """Close every second factor that another key closed with the first one; how many."""
    changed = 0
    for user_id, sealed in users.sealed(u):
        if not vault.current(sealed):
            context = totp_context(user_id)
            users.change(u, user_id, totp_sealed=vault.seal(vault.open(sealed, context), context))
            changed += 1
    return changed
