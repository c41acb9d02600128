"""Calls the app back: takes the change feed, makes deliveries of it, posts them, and tries again where one failed.

    change feed --collect--> waiting notices --pack--> waiting deliveries --post--> delivered
                  |lost                                  ^------ again -----|--> given up

A thread does so by itself after ``target(url)``; with ``live=False`` nothing moves but by ``flush``, which needs no
waiting whatever the dials say. Times are the twin's clock's.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from connector.twin.deliveries import Delivery, Postman, Target
from connector.twin.errors import JSON
from connector.twin.fates import Fates
from connector.twin.ledger import Attempt
from connector.twin.state import State
from connector.twin.subscriptions import Subscriptions, notices

LARGEST = 100
MOST_THREADS = 64
GLANCE = 0.02  # how often a clock that is moved from outside is looked at
IDLE = 0.2  # the same when nothing waits: counters may still come late
EVER = float("inf")


class Notifier:
    """The portal's webhooks; ``target`` switches them on."""

    def __init__(
        self, state: State, subscriptions: Subscriptions, secret: Callable[[], str], lock: threading.RLock,
        settle: Callable[[], None],
    ) -> None:  # fmt: skip
        self._state = state
        self._feed = state.feed
        self._dials = state.dials
        self._subscriptions = subscriptions
        self._portal_lock = lock
        self._settle = settle
        self._fates = Fates(state.dials, state.seed)
        self._postman = Postman(secret)
        self._turn = threading.RLock()  # over the queues and counts below
        self._target: Target | None = None
        self._seen = 0
        self._numbers = 0
        self._notices: list[tuple[float, int, JSON]] = []
        self._deliveries: list[Delivery] = []
        self._flying = 0
        self._thread: threading.Thread | None = None
        self._over = threading.Event()
        self._by_hand = False
        self.counts = dict.fromkeys(("delivered", "items", "failed", "given_up", "given_up_items", "lost"), 0)

    # -- control -------------------------------------------------------------------------------------------------

    def target(
        self, url: str, *, via: str | None = None, live: bool = True, subscribe: Iterable[str] | None = None
    ) -> None:
        """Send what happens from now on to ``url`` (really to ``via``, if given).

        ``subscribe``: objects to subscribe to in full; by default contacts, if there is no subscription yet.
        """
        wanted = (() if self._subscriptions.all else ("contacts",)) if subscribe is None else tuple(subscribe)
        with self._portal_lock, self._turn:
            self._collect()
            self._subscriptions.aim(url)
            self._subscriptions.subscribe_all(wanted)
            self._target, self._by_hand = Target.of(url, via), not live
        self.start()

    def catch_up(self) -> None:
        """Take up what has happened so far, before the subscriptions change."""
        with self._portal_lock, self._turn:
            self._collect()

    def start(self) -> None:
        """Deliver in a thread from now on, unless deliveries are made by hand."""
        if self._thread is None and not self._by_hand:
            self._over.clear()
            self._thread = threading.Thread(target=self._run, name="twin-webhooks", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the thread; what waits stays waiting."""
        self._over.set()
        self._feed.heard.set()
        if self._thread is not None:
            self._thread.join(10)
            self._thread = None
        self._postman.close()

    def flush(self, rounds: int = 1) -> dict[str, int]:
        """Send all that waits, due or not, and wait for the answers; with more rounds also what failed, again.

        As many rounds as a delivery has attempts (eleven) end in delivered or given up. Returns this call's counts.
        """
        before = dict(self.counts)
        for _ in range(rounds):
            ready = self._ready(EVER)
            if not ready:
                break
            with ThreadPoolExecutor(max(1, self._dials.webhook_concurrency)) as crew:
                list(crew.map(self._attempt, ready))
        return {name: self.counts[name] - before[name] for name in self.counts}

    def quiet(self, timeout: float = 10.0, *, due_only: bool = False) -> bool:
        """Wait until nothing is on its way or waiting (``due_only``: but what is due later); False when it never was.

        ``timeout`` is real time.
        """
        end = time.monotonic() + timeout
        while not self._is_quiet(due_only=due_only):
            if time.monotonic() > end:
                return False
            time.sleep(GLANCE / 4)
        return True

    def _is_quiet(self, *, due_only: bool) -> bool:
        with self._portal_lock, self._turn:
            self._collect()
            now = self._now() if due_only else EVER
            soonest = [self._notices[0][0]] if self._notices else []
            soonest += [self._deliveries[0].due] if self._deliveries else []
            return self._flying == 0 and all(due > now for due in soonest)

    def state(self) -> dict[str, Any]:
        """For people and tests: what waits and what became of the rest."""
        with self._portal_lock, self._turn:
            self._collect()
            active = sum(one.active for one in self._subscriptions.all.values())
            return {
                "target": self._target.url if self._target else None, "live": self._thread is not None,
                "subscriptions": len(self._subscriptions.all), "active": active, "flying": self._flying,
                "waiting_notices": len(self._notices), "waiting_deliveries": len(self._deliveries),
                "waiting_items": sum(len(one.items) for one in self._deliveries), **self.counts,
            }  # fmt: skip

    # -- from change to delivery ---------------------------------------------------------------------------------

    def _now(self) -> float:
        return self._state.clock.now().timestamp()

    def _collect(self) -> None:
        """Take what is new on the feed; the portal's lock comes before ours."""
        self._settle()
        fresh = self._feed.changes[self._seen :]
        self._seen += len(fresh)
        target = self._subscriptions.settings
        if not fresh or target is None:
            return
        active, app_id, now = self._subscriptions.active_by_key(), self._subscriptions.app_id, self._now()
        for change in fresh:
            if not self._dials.webhook_echo and change["sourceId"] == str(app_id):
                continue
            for item in notices(change, active, app_id):
                self._take_up(item, now)

    def _take_up(self, item: JSON, now: float) -> None:
        if self._fates.lost(item):
            self.counts["lost"] += 1
            return
        self._numbers += 1
        heapq.heappush(self._notices, (self._fates.due(item, now), self._numbers, item))

    def _pack(self, until: float) -> None:
        """Bundle due notices, in the order in which they set out."""
        items: list[JSON] = []
        while self._notices and self._notices[0][0] <= until:
            items.append(heapq.heappop(self._notices)[2])
        size = max(1, min(LARGEST, self._dials.webhook_batch))
        for at in range(0, len(items), size):
            self._enqueue(items[at : at + size])

    def _enqueue(self, items: list[JSON]) -> None:
        cut = self._fates.cut(_name(items), len(items))
        for part in (items[:cut], items[cut:]) if cut else (items,):
            name, now = _name(part), self._now()
            heapq.heappush(self._deliveries, Delivery(now, name, part))
            for copy in range(1, 1 + self._fates.copies(name)):
                due = self._fates.copy_due(name, copy, now)
                heapq.heappush(self._deliveries, Delivery(due, f"{name}+{copy}", part))

    def _ready(self, until: float, most: int | None = None) -> list[Delivery]:
        """Take due deliveries off the queue; they count as flying."""
        with self._portal_lock, self._turn:
            self._collect()
            if self._dials.webhooks_down or self._aimed() is None:
                return []
            self._pack(until)
            taken: list[Delivery] = []
            while self._deliveries and self._deliveries[0].due <= until and (most is None or len(taken) < most):
                taken.append(heapq.heappop(self._deliveries))
            self._flying += len(taken)
            return taken

    def _aimed(self) -> Target | None:
        """The target as the app's settings name it now; our own detour holds while they name the same."""
        settings = self._subscriptions.settings
        if settings is None:
            return None
        if self._target is None or self._target.url != settings.target_url:
            self._target = Target.of(settings.target_url)
        return self._target

    # -- delivering ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        with ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="twin-webhook") as crew:
            while not self._over.is_set():
                self._feed.heard.clear()
                room = max(0, self._dials.webhook_concurrency - self._flying)
                for delivery in self._ready(self._now(), room):
                    crew.submit(self._attempt, delivery)
                self._feed.heard.wait(GLANCE if self._notices or self._deliveries else IDLE)

    def _attempt(self, delivery: Delivery) -> None:
        """One POST and what follows from its answer."""
        target, name, attempt = self._target, delivery.name, delivery.attempt
        status, took = 0, 0.0
        if target is not None:
            body = delivery.body()
            how = {"forged": self._fates.forged(name, attempt), "stale": self._fates.stale(name, attempt)}
            headers = self._postman.headers(target.url, body, self._state.now_ms(), **how)
            status, took = self._postman.post(target, body, headers, self._dials.webhook_timeout)
        with self._turn:
            outcome = self._settle_attempt(delivery, status)
            at = self._state.clock.now()
            self._state.ledger.attempts.append(Attempt(name, attempt, len(delivery.items), status, took, outcome, at))
            self._flying -= 1
        self._feed.heard.set()

    def _settle_attempt(self, delivery: Delivery, status: int) -> str:
        if 200 <= status < 300:
            self.counts["delivered"] += 1
            self.counts["items"] += len(delivery.items)
            return "delivered"
        self.counts["failed"] += 1
        if delivery.attempt + 1 >= self._dials.webhook_attempts:
            self.counts["given_up"] += 1
            self.counts["given_up_items"] += len(delivery.items)
            return "given up"
        delivery.due = self._now() + self._fates.pause(delivery.name, delivery.attempt)
        delivery.attempt += 1
        heapq.heappush(self._deliveries, delivery)
        return "again"


def _name(items: list[JSON]) -> str:
    """A batch is known by its first notice, in every run of the same seed."""
    return f"{items[0]['eventId']}-{items[0]['subscriptionId']}"
