"""Signing in and staying in: by password, by one-time link, with the second factor; sessions that really end.

    password ─┐                    ┌─ no second factor ──────────▶ a session: 30 minutes idle, 12 hours at most
    link ─────┴─▶ who it is ───────┴─ a second factor ─▶ code ──▶ the same

At most twenty passwords are checked for an address in an hour, whether it is known here or not; the right code of the
second factor, or a link, lets its owner in all the same. What is kept of a session or a link opens nothing.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from connector.clock import Clock
from connector.errors import ConfigError, StoreError
from connector.model.people import Link, Session, User
from connector.rules import totp
from connector.rules.passwords import weakness
from connector.store import Store, Unit, one_time, sessions, users
from connector.store.values import normal_email
from connector.sync.deeds import Books, acting
from connector.sync.hashing import HASHER, Hasher
from connector.vault import Vault

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
IDLE_MS, LONGEST_MS, FRESH_MS, HALF_MS = 30 * MINUTE_MS, 12 * HOUR_MS, 15 * MINUTE_MS, 10 * MINUTE_MS
MOST_PASSWORDS, MOST_CODES = 20, 10
CODE = "code"
ADDRESS, TOTP = "sign-in address", "second factor"
RECOVERY_LENGTH = 16

LOG = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Browser:
    """From where somebody asks."""

    address: str = ""
    name: str = ""
    cookie: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it. ``cookie`` empty: not let in, until ``wait_until_ms`` if that is named. ``step``: what is
    still to be shown before the session opens."""

    cookie: str = field(default="", repr=False)
    step: str = ""
    wait_until_ms: int = 0
    weak: str = ""


NO = Answer()


class Entrance:
    """The entrance of one installation."""

    def __init__(self, store: Store, vault: Vault, clock: Clock, *, hasher: Hasher = HASHER) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock
        self._hasher = hasher
        self._books = Books(vault, clock)

    def anybody(self) -> bool:
        """Whether anybody was ever let in here."""
        with self._store.view() as u:
            return users.any_at_all(u)

    # by password -------------------------------------------------------------------------------------------------

    def by_password(self, email: str, password: str, code: str, browser: Browser) -> Answer:
        """Sign in. ``code`` may come along; with the right one guesses of others do not stand in the way."""
        address = normal_email(email) or ""
        who, now = self._who(address), self._clock.now_ms()
        with self._store.unit() as u:
            wait = one_time.take(u, who, "password", now, most=MOST_PASSWORDS, within_ms=HOUR_MS)
            person = users.by_email(u, address)
            proven = bool(code.strip()) and self._first_the_code(u, who, person, code)
        if wait and not code.strip():
            return Answer(wait_until_ms=wait)
        kept = person.password_hash if person and (proven or not wait) else None
        if not self._hasher.fits(kept, password) or person is None or person.disabled_ms is not None:
            LOG.info("sign_in_refused", waits=bool(wait))
            return Answer(wait_until_ms=wait)
        self._renew_hash(person, password)
        with self._store.unit() as u:
            one_time.forgive(u, who, "password")
            return self._let_in(u, person, browser, proven=proven)

    def _first_the_code(self, u: Unit, who: bytes, person: User | None, code: str) -> bool:
        """Whether the second factor was proven before the password is looked at; as few tries as anywhere."""
        if one_time.take(u, who, CODE, self._clock.now_ms(), most=MOST_CODES, within_ms=HOUR_MS):
            return False
        return person is not None and self._code_fits(u, person, code)

    def _renew_hash(self, person: User, password: str) -> None:
        if person.password_hash and self._hasher.outdated(person.password_hash):
            made = self._hasher.make(password)
            with self._store.unit() as u:
                users.change(u, person.id, password_hash=made)

    def _who(self, address: str) -> bytes:
        return self._vault.fingerprint(address, ADDRESS)

    # the second factor -------------------------------------------------------------------------------------------

    def by_code(self, code: str, browser: Browser) -> Answer:
        """The second step: a code of the app, or a recovery code."""
        digest, now = digest_of(browser.cookie), self._clock.now_ms()
        with self._store.unit() as u:
            half = sessions.by_hash(u, digest)
            person = users.by_id(u, half.user_id) if half else None
            if half is None or person is None or half.step != CODE or now - half.created_ms > HALF_MS:
                return NO
            if self._recovered(u, person, code):
                return self._let_in(u, person, browser, proven=True)
            wait = one_time.take(u, self._who(person.email), CODE, now, most=MOST_CODES, within_ms=HOUR_MS)
            if wait or person.disabled_ms is not None or not self._code_fits(u, person, code):
                return Answer(step=CODE, wait_until_ms=wait)
            return self._let_in(u, person, browser, proven=True)

    def _code_fits(self, u: Unit, person: User, code: str) -> bool:
        if person.totp_sealed is None:
            return False
        secret = base64.b64decode(self._vault.open(person.totp_sealed, totp_context(person.id)))
        step = totp.matching_step(secret, code, self._clock.now_ms())
        return step is not None and users.take_step(u, person.id, step)

    def _recovered(self, u: Unit, person: User, code: str) -> bool:
        told = plain_recovery(code)
        if len(told) != RECOVERY_LENGTH or person.disabled_ms is not None:
            return False
        if not users.take_recovery(u, person.id, recovery_digest(told)):
            return False
        left = len(person.recovery) - 1
        self._books.book(u, acting(person), "Signed in with a recovery code", after=f"{left} codes left")
        return True

    # by link -----------------------------------------------------------------------------------------------------

    def look(self, token: str) -> tuple[Link, User]:
        """What a link is for and whose it is; it is not spent by being looked at. ConfigError: it opens nothing."""
        with self._store.view() as u:
            return self._look(u, token)

    def _look(self, u: Unit, token: str) -> tuple[Link, User]:
        link = one_time.link(u, digest_of(token))
        person = users.by_id(u, link.user_id) if link else None
        if link is None or person is None or person.disabled_ms is not None:
            raise ConfigError("This link opens nothing.", remedy=NEW_LINK, reason="link_unknown")
        if link.used_ms is not None:
            raise ConfigError("This link was used already.", remedy=NEW_LINK, reason="link_used")
        if link.until_ms < self._clock.now_ms():
            raise ConfigError("This link is too old.", remedy=NEW_LINK, reason="link_old")
        return link, person

    def by_link(self, token: str, password: str, browser: Browser) -> Answer:
        """Spend the link and let its person in; sets the password where the link is for that, or none was ever set."""
        link, person = self.look(token)
        made = None
        if sets_password(link, person):
            if weak := weakness(password, person.email, person.name):
                return Answer(weak=weak)
            made = self._hasher.make(password)
        with self._store.unit() as u:
            link, person = self._look(u, token)
            if not one_time.spend(u, link.hash, self._clock.now_ms()):
                raise ConfigError("This link was used already.", remedy=NEW_LINK, reason="link_used")
            if made is not None:
                users.change(u, person.id, password_hash=made, password_ms=self._clock.now_ms())
                sessions.end_of(u, person.id)
                self._books.book(u, acting(person, browser.address), "Set the password by a one-time link")
            one_time.forgive(u, self._who(person.email), "password")
            return self._let_in(u, person, browser, proven=False)

    # sessions ----------------------------------------------------------------------------------------------------

    def _let_in(self, u: Unit, person: User, browser: Browser, *, proven: bool) -> Answer:
        """A new session with a new cookie, whatever the browser held before."""
        now, cookie = self._clock.now_ms(), secrets.token_urlsafe(32)
        step = CODE if person.second_factor and not proven else ""
        sessions.end(u, digest_of(browser.cookie))
        sessions.prune(u, now - LONGEST_MS, now - IDLE_MS)
        fresh = 0 if step else now + FRESH_MS
        sessions.begin(
            u, Session(digest_of(cookie), person.id, step, now, now, fresh, "", browser.address, browser.name)
        )
        LOG.info("signed_in" if not step else "half_signed_in", user=person.id)
        return Answer(cookie, step)

    def session(self, cookie: str) -> tuple[User, Session] | None:
        """Whose session that is, if it is still open; that it was used is noted once a minute."""
        if not cookie:
            return None
        with self._store.view() as u:
            found = sessions.by_hash(u, digest_of(cookie))
            person = users.by_id(u, found.user_id) if found else None
        now = self._clock.now_ms()
        if found is None or person is None or found.step or person.disabled_ms is not None:
            return None
        if now - found.created_ms > LONGEST_MS or now - found.seen_ms > IDLE_MS:
            return None
        if now - found.seen_ms >= MINUTE_MS:
            self._quietly(lambda u: sessions.seen(u, found.hash, now))
        return person, found

    def say(self, digest: bytes, text: str) -> None:
        """A sentence for the top of this session's next page."""
        self._quietly(lambda u: sessions.say(u, digest, text))

    def heard(self, digest: bytes) -> str:
        """The sentence, once."""
        try:
            with self._store.view() as u:
                found = sessions.by_hash(u, digest)
        except StoreError:
            return ""
        if found is None or not found.said:
            return ""
        self._quietly(lambda u: sessions.say(u, digest, ""))
        return found.said

    def _quietly(self, note: Callable[[Unit], None]) -> None:
        """What no page must fail for."""
        try:
            with self._store.unit() as u:
                note(u)
        except StoreError as fault:
            LOG.info("not_noted", reason=fault.reason)

    def sign_out(self, cookie: str) -> None:
        with self._store.unit() as u:
            sessions.end(u, digest_of(cookie))

    def prove(self, person: User, digest: bytes, password: str) -> Answer:
        """The password once more, before something that matters; the session is fresh again."""
        now = self._clock.now_ms()
        with self._store.unit() as u:
            wait = one_time.take(u, self._who(person.email), "again", now, most=MOST_PASSWORDS, within_ms=HOUR_MS)
        if wait or not self._hasher.fits(person.password_hash, password):
            return Answer(wait_until_ms=wait)
        with self._store.unit() as u:
            one_time.forgive(u, self._who(person.email), "again")
            sessions.freshen(u, digest, now + FRESH_MS)
        return Answer(cookie="same")


NEW_LINK = "Ask for a new one: somebody who may let people in makes it, or the command: leadwright people link."


def digest_of(secret: str) -> bytes:
    """What is kept of a cookie or a link: long and random as they are, nobody finds them from it."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def csrf_of(cookie: str) -> str:
    """The token of this session's forms: whoever has no cookie cannot know it, and it is kept nowhere."""
    told = hashlib.sha256(b"forms\0" + cookie.encode("utf-8", "replace")).digest()
    return base64.urlsafe_b64encode(told).decode().rstrip("=")


def sets_password(link: Link, person: User) -> bool:
    return link.purpose != "sign_in" or person.password_hash is None


def totp_context(user_id: int) -> str:
    return f"{TOTP} {user_id}"


def plain_recovery(code: str) -> str:
    return "".join(character for character in code.lower() if character.isalnum())


def recovery_digest(code: str) -> str:
    return hashlib.sha256(b"recovery\0" + code.encode("utf-8", "replace")).hexdigest()
