"""One portal's access token, always good: renewed in time, by exactly one thread of one process, and never lost.

    good for long yet        → as it is, from memory
    to be renewed soon       → whoever gets the lease renews; everybody else goes on with the old one
    over, or nearly          → everybody waits for the one who renews
    refused, though good     → renewed once in five minutes; refused again: the portal rests until it is connected anew
    refresh token refused    → looked up once more (another process may have replaced it), then the same

A failed renewal changes nothing that is stored: what HubSpot refused today it may accept tomorrow, and another process
may have succeeded meanwhile. A renewed grant replaces exactly the one it came of (compare-and-swap), so that a person
who connects anew is never overwritten. If it cannot be stored it stays in memory, and is stored the next time.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

import structlog

from connector.clock import Clock
from connector.errors import (
    ConfigError,
    FatalError,
    GrantRevoked,
    PortalUnavailable,
    RetryableError,
    StoreError,
    TokenRejected,
)
from connector.portal.oauth import OAuthClient
from connector.store import Store, leases, portals
from connector.store.front import Front
from connector.sync.credentials import SETTING, Grant, grant_of, reconnect
from connector.vault import Vault

REFRESH = "refresh"
# HubSpot's tokens live 30 minutes: two of them before the end, and never later than a third before it.
MARGIN_MS = 120_000
# Longer than a call with all its repeats can take; whoever dies meanwhile costs nobody more than this.
LEASE_MS = 120_000
FORCE_EVERY_MS = 300_000
LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 60.0
QUIET_SECONDS = 15.0

Fault = TypeVar("Fault", bound=FatalError)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Held:
    """A grant as it was read, with the very bytes it came of."""

    grant: Grant
    sealed: bytes
    stored: bool = True


class Renewing:
    """The token source of one portal in this process; ``connector/portal/transport.py`` asks it for every request."""

    def __init__(
        self,
        portal_id: int,
        name: str,
        store: Store,
        front: Callable[[], Front],
        vault: Vault,
        client: Callable[[], OAuthClient],
        clock: Clock,
    ) -> None:
        self._portal_id = portal_id
        self._name = name
        self._store = store
        self._front = front
        self._vault = vault
        self._client = client
        self._clock = clock
        self._me = uuid.uuid4().hex
        self._turn = threading.Lock()
        self._held: _Held | None = None
        self._dead: bytes | None = None
        self._quiet_until = 0.0

    def __call__(self) -> str:
        """The access token to use now."""
        held = self._held
        if held is None or not held.stored:
            held = self._read()
        if self._left(held) > self._margin(held):
            return held.grant.access
        if self._left(held) <= self._margin(held) // 2:
            return self._renewed(held, wait=True).grant.access
        return self._renewed_early(held).grant.access

    def refused(self, token: str) -> str:
        """HubSpot did not accept this one: another that was put in its place, or one forced renewal."""
        held = self._read()
        if held.grant.access != token:
            return held.grant.access
        return self._renewed(held, wait=True, forced=self._left(held) > 0).grant.access

    # renewing ----------------------------------------------------------------------------------------------------

    def _renewed_early(self, held: _Held) -> _Held:
        """While the token is still good a token endpoint in trouble stops nobody; it is asked again a little later."""
        if self._clock.monotonic() < self._quiet_until:
            return held
        try:
            return self._renewed(held, wait=False)
        except (RetryableError, ConfigError) as fault:
            log.warning("grant.not_renewed_yet", portal=self._portal_id, reason=fault.reason)
            self._quiet_until = self._clock.monotonic() + QUIET_SECONDS
            return held

    def _renewed(self, before: _Held, *, wait: bool, forced: bool = False) -> _Held:
        """The grant after a renewal by whomever; the one before while another renews and nobody has to wait."""
        if not self._turn.acquire(blocking=wait):
            return before
        try:
            until = self._clock.monotonic() + PATIENCE_SECONDS
            while self._due(held := self._read(), before, forced=forced):
                with self._lease() as mine:
                    if mine:
                        return self._renew(before, forced=forced)
                if not wait:
                    return before
                if self._clock.monotonic() > until:
                    raise PortalUnavailable(
                        f"The token of {self._name} is being renewed by another process.", retry_after=10.0
                    )
                self._clock.sleep(LOOK_SECONDS)
            return held
        finally:
            self._turn.release()

    def _due(self, held: _Held, before: _Held, *, forced: bool) -> bool:
        """Whether what is stored now is still to be renewed."""
        return held.grant.access == before.grant.access and (forced or self._left(held) <= self._margin(held))

    @contextmanager
    def _lease(self) -> Iterator[bool]:
        now, front = self._clock.now_ms(), self._front()
        with front.unit() as u:
            mine = leases.take(u, self._portal_id, REFRESH, self._me, now, now + LEASE_MS)
        try:
            yield mine
        finally:
            if mine:
                with front.unit() as u:
                    leases.give_back(u, self._portal_id, REFRESH, self._me)

    def _renew(self, before: _Held, *, forced: bool) -> _Held:
        """Under the lease. What was read before it was taken may be old."""
        held = self._read()
        if not self._due(held, before, forced=forced):
            return held
        if forced:
            self._refuse_to_force_again()
        try:
            tokens = self._client().refresh(held.grant.refresh)
        except GrantRevoked as refusal:
            return self._lost(held, refusal)
        log.info("grant.renewed", portal=self._portal_id, forced=forced)
        if forced:
            with self._front().unit() as u:
                leases.book_forced(u, self._portal_id, REFRESH, self._clock.now_ms())
        return self._keep(held, Grant.of(tokens, held.grant.scopes))

    def _refuse_to_force_again(self) -> None:
        with self._front().view() as u:
            since = self._clock.now_ms() - leases.forced_ms(u, self._portal_id, REFRESH)
        if 0 <= since < FORCE_EVERY_MS:
            raise self._resting(
                TokenRejected(
                    f"HubSpot does not accept the connection of {self._name}, although it was renewed just now.",
                    remedy=reconnect(self._name),
                )
            )

    def _keep(self, held: _Held, grant: Grant) -> _Held:
        """Store it in the place of the one it came of; whoever connected anew meanwhile stays."""
        sealed = self._vault.seal(grant.text(), self._name)
        self._held = replace(held, grant=grant, stored=False)
        try:
            with self._store.unit() as u:
                kept = portals.swap_token(u, self._portal_id, held.sealed, sealed)
                if kept:
                    portals.keep_setting(u, self._portal_id, SETTING, grant.about())
        except StoreError as fault:
            log.error("grant.not_stored", portal=self._portal_id, reason=fault.reason)  # noqa: TRY400
            return self._held
        self._held = _Held(grant, sealed) if kept else None
        return self._held or self._read()

    def _lost(self, held: _Held, refusal: GrantRevoked) -> _Held:
        """HubSpot refuses the refresh token: unless another has taken its place, only people can mend that."""
        now = self._read()
        if now.grant.refresh != held.grant.refresh:
            return now
        self._dead = held.sealed
        raise self._resting(self._revoked(refusal.code)) from None

    def _revoked(self, code: str = "") -> GrantRevoked:
        return GrantRevoked(
            f"{self._name} is no longer connected: the app was uninstalled in HubSpot, or its access was taken back.",
            code=code,
            remedy=reconnect(self._name),
        )

    def _resting(self, fault: Fault) -> Fault:
        """The portal is paused at once, whoever found out: no other process need ask as well."""
        self._held = None
        log.error("grant.lost", portal=self._portal_id, reason=fault.reason)
        with self._store.unit() as u:
            portals.pause(u, self._portal_id, str(fault), self._clock.now_ms())
        return fault

    # reading -----------------------------------------------------------------------------------------------------

    def _read(self) -> _Held:
        """The grant as it is stored now. A renewed one that could not be stored is stored first."""
        held = self._held
        if held is not None and not held.stored:
            return self._keep(held, held.grant)
        with self._store.view() as u:
            sealed = portals.token_of(u, self._portal_id)
            if sealed is None:
                portals.by_id(u, self._portal_id)  # removed: says so
        if sealed is None or sealed == self._dead:
            raise self._revoked()
        if held is not None and held.sealed == sealed:
            return held
        grant = grant_of(self._vault.open(sealed, self._name))
        if grant is None:
            raise PortalUnavailable(f"{self._name} was given another token just now.", retry_after=1.0)
        self._dead, self._held = None, _Held(grant, sealed)
        return self._held

    def _left(self, held: _Held) -> int:
        return held.grant.expires_ms - self._clock.now_ms()

    @staticmethod
    def _margin(held: _Held) -> int:
        return min(MARGIN_MS, held.grant.life_ms // 3)
