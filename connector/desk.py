"""The desk: one portal's seams laid ready for a flow, and put away afterwards with its calls booked.

A command opens a portal, works and closes it. The service keeps portals open (``lasting``), so that connections, what
the governor learnt of the portal's limits, and compiled documents last from one job to the next; they are laid anew
when the portal's token, address or documents are others.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from connector.clock import Clock, iso
from connector.engine.yielding import GiveWay, keep_going
from connector.portal.gateway import CallCounts, Learned, Portal, Rates
from connector.portal.oauth import OAuthClient
from connector.portal.versions import OLD
from connector.progress import Progress
from connector.resting import Rests
from connector.store import Store, portals, usage
from connector.store.front import Front
from connector.store.portals import PortalRow
from connector.sync import checking, rulebook
from connector.sync.context import Context
from connector.sync.credentials import KIND, grant_of
from connector.sync.providing import Providing
from connector.sync.renewing import Renewing
from connector.sync.rulebook import Rulebook
from connector.vault import Vault

PortalFactory = Callable[..., Portal]
Token = Callable[[], str] | str
RATES = "rates"


@dataclass(slots=True)
class _Laid:
    """What lies ready for one portal, and what it was laid for."""

    portal: Portal
    seal: tuple[Any, ...]


class Desk:
    """Lays contexts. Safe to share between threads that work on different portals."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        *,
        clock: Clock,
        progress: Progress,
        connect: PortalFactory,
        front: Callable[[], Front],
        oauth: Callable[[str], OAuthClient],
        providing: Providing,
        rates: Rates | None = None,
        journal: Path | None = None,
        lasting: bool = False,
    ) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock
        self._progress = progress
        self.connect = connect
        self._front = front
        self._oauth = oauth
        self._providing = providing
        self._apps: dict[str, OAuthClient] = {}
        self._renewing: dict[int, Renewing] = {}
        self.give_way: GiveWay = keep_going
        self._rates = rates or Rates()
        self._journal = journal
        self._lasting = lasting
        self._laid: dict[int, _Laid] = {}
        self._books: dict[int, tuple[tuple[Any, ...], Rulebook]] = {}
        self._lock = threading.Lock()

    @contextmanager
    def context(
        self,
        name: str,
        *,
        offline: bool = False,
        gated: bool = True,
        front: Front | None = None,
        booked: bool = True,
        book: Rulebook | None = None,
    ) -> Iterator[Context]:
        """One portal's seams. ``offline`` flows never call the portal; ``gated`` ones are refused while it rests.

        Not ``booked``: a look inside a request, which must wait for no writer; its few calls are in no count.
        ``book``: compiled documents the caller has already.
        """
        with self._store.view() as u:
            row = portals.by_name(u, name)
        if gated and not offline:
            checking.refuse_paused(row)
        laid = self._lay(row, offline=offline)
        before = laid.portal.calls()
        rests = Rests(self._store, self._clock, row) if self._lasting and booked and not offline else nullcontext()
        try:
            with rests:
                if isinstance(rests, Rests):
                    rests.refuse_or_knock(laid.portal)
                yield self._context(row, laid, before, front, book)
        finally:
            made, learned = laid.portal.calls().since(before).made, laid.portal.rates_learned()
            if not self._lasting or offline:
                laid.portal.close()
            if made and booked:
                with self._store.unit() as u:
                    portals.keep_setting(u, row.id, RATES, asdict(learned))
                    usage.add_calls(u, row.id, iso(self._clock.now_ms())[:10], made)

    def _context(
        self, row: PortalRow, laid: _Laid, before: CallCounts, front: Front | None, book: Rulebook | None
    ) -> Context:
        return Context(
            self._store,
            laid.portal,
            row,
            book or self._rulebook(row),
            self._clock,
            self._progress,
            front=front,
            fingerprints=self._vault.fingerprints,
            journal=self._journal,
            calls_before=before,
            give_way=self.give_way,
            providers=partial(self._providing.provider, row),
        )

    def close(self) -> None:
        """Put everything away."""
        with self._lock:
            laid, self._laid = list(self._laid.values()), {}
            apps, self._apps = list(self._apps.values()), {}
        for one in laid:
            one.portal.close()
        for app in apps:
            app.close()

    def _lay(self, row: PortalRow, *, offline: bool) -> _Laid:
        if offline:
            return _Laid(self._opened(row, ""), ())
        token = self._token(row)
        if not self._lasting:
            return _Laid(self._opened(row, token), ())
        # A grant changes with every renewal; whoever renews it is the same.
        opened_with = row.token_sealed if isinstance(token, str) else KIND
        seal = (row.base_url, row.name, opened_with, row.generation, row.time_zone)
        with self._lock:
            known = self._laid.get(row.id)
            if known is not None and known.seal == seal:
                return known
            self._laid[row.id] = made = _Laid(self._opened(row, token), seal)
        if known is not None:
            known.portal.close()
        return made

    def _token(self, row: PortalRow) -> Token:
        """A pasted token as it is; for a grant, whoever keeps it renewed."""
        text = self._vault.open(row.token_sealed or b"", row.name)
        if grant_of(text) is None:
            return text
        with self._lock:
            return self._renewing.setdefault(
                row.id,
                Renewing(row.id, row.name, self._store, self._front, self._vault, lambda: self._app(row), self._clock),
            )

    def _app(self, row: PortalRow) -> OAuthClient:
        """The app at the address where this portal answers."""
        with self._lock:
            known = self._apps.get(row.base_url)
            if known is None:
                known = self._apps[row.base_url] = self._oauth(row.base_url)
            return known

    def _opened(self, row: PortalRow, token: Token) -> Portal:
        return self.connect(
            row.base_url,
            token,
            clock=self._clock,
            generation="auto" if row.generation == OLD else row.generation,
            rates=replace(self._rates, time_zone=row.time_zone, learned=_learned(row)),
        )

    def _rulebook(self, row: PortalRow) -> Rulebook:
        """The portal's compiled documents, kept until one is published or the portal's properties are read anew."""
        if not self._lasting:
            return rulebook.load(self._store, row.id)
        edition = rulebook.edition(self._store, row.id)
        with self._lock:
            kept = self._books.get(row.id)
        if kept is None or kept[0] != edition:
            kept = (edition, rulebook.load(self._store, row.id))
            with self._lock:
                self._books[row.id] = kept
        return kept[1]


def _learned(row: PortalRow) -> Learned:
    """What an earlier process found out about the portal's limits; what another version kept is left out."""
    kept = row.settings.get(RATES)
    known = {entry.name for entry in fields(Learned)}
    return Learned(**{k: v for k, v in kept.items() if k in known}) if isinstance(kept, dict) else Learned()
