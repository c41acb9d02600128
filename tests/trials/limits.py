"""O01, O02, O03, O07, O18: the portal says no, later or nothing at all. On the virtual clock."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from connector.engine.port import Job
from connector.errors import DailyLimitReached, PortalMoving, RetryableError, SyncError
from connector.service import Service
from connector.serving.acts import Acts
from connector.store import portals
from connector.sync import push
from connector.sync.context import Context
from connector.sync.pull import PullOptions, pull
from connector.twin.ledger import Call
from tests.journeys.steps import calls_of, go_live, people
from tests.rig import Rig
from tests.sync.steps import context
from tests.trials.harness import Count, Outcome, share
from tests.trials.ledger import lost
from tests.trials.stage import FastClock, installed, patched

CRM = "/crm/v3/objects/contacts"
LIST = {"match": CRM, "method": "GET", "times": 10**9}
TICK = 300


def seconds(r: Rig, call: Call) -> float:
    return call.at.timestamp()


# O01 -----------------------------------------------------------------------------------------------------------------

STORM, RECOVERY, WINDOW, LANES = 60.0, 10.0, 10.0, 8


def storms(scale: float, seed: int) -> Outcome:
    """At full speed, twice the portal refuses everything for a minute, with and without Retry-After.

    Eight threads keep one portal at its limit, while a first mirror goes on beside them; time runs several times as
    fast as the machine's, for all of them together.
    """
    count, allowed = Count(runs=1), share(190, scale, 40)
    clock = FastClock(speed=400 / allowed)
    with installed(clock=clock, latency=0.02, burst=allowed, seed=seed) as r, ThreadPoolExecutor(LANES) as pool:
        ids = people(r, share(20_000, scale, 400))
        r.run("sync", only=("owners",))
        clock.sleep(WINDOW)
        before, start = r.twin.ledger.count(), clock.monotonic()
        ends = [_storm(r, 15.0, retry_after=10), _storm(r, 110.0)]
        with context(r) as ctx:
            busy = [pool.submit(_calling, ctx, ids[lane], start + ends[-1] + 35.0) for lane in range(LANES)]
            pull(ctx, PullOptions(only=frozenset({"contacts"})))
            count.loses([why for lane in busy for why in lane.result()])
        count.loses(lost(r))
        calls = calls_of(r, before)
        count.faults = sum(call.status == 429 for call in calls)
        count.most("wasted share of calls", count.faults / len(calls), 0.05)
        for end in ends:
            _recovered(count, [seconds(r, c) for c in calls if c.status == 200], start + end, allowed)
    return count.outcome()


def _calling(ctx: Context, contact: int, until: float) -> list[str]:
    """One caller at work until then; the calls that ended in an error."""
    failed = []
    while ctx.clock.monotonic() < until:
        try:
            ctx.portal.read("contacts", [contact], ("email",))
        except SyncError as error:
            failed.append(f"{error.reason}: a call was given up")
    return failed


def _storm(r: Rig, begin: float, **more: int) -> float:
    """Everything is refused from ``begin`` seconds on; returns when it ends."""
    r.clock.at(begin, lambda: r.twin.dials.turn({"faults": [{"match": "/", "status": 429, "times": 10**9, **more}]}))
    r.clock.at(begin + STORM, lambda: r.twin.dials.turn({"faults": []}))
    return begin + STORM


def _recovered(count: Count, answered: list[float], end: float, allowed: int) -> None:
    """Within ten seconds after the end a window of ten seconds begins that uses nine tenths of what is allowed."""
    later = sorted(moment for moment in answered if end < moment < end + 30)
    full = (
        moment - end for moment in later if sum(moment <= other < moment + WINDOW for other in later) >= 0.9 * allowed
    )
    count.took(back := next(full, 999.0))
    count.most("seconds until the allowed rate is reached again", back, RECOVERY)


# O02 -----------------------------------------------------------------------------------------------------------------


def used_up(scale: float, seed: int) -> Outcome:
    """The day's calls are gone in mid-mirror; the clock goes on ticking every five minutes until it is through."""
    count = Count(runs=1)
    with installed(latency=0.02, seed=seed) as r:
        people(r, share(12_000, scale, 600))
        r.run("sync", only=("owners",))
        r.twin.dials.daily = r.twin.limits.used_today + share(60, scale, 5)
        r.clock.at(_midnight(r) - r.clock.monotonic(), lambda: r.twin.dials.turn({"daily": 100_000}))
        told = _ticks(r, count)
        count.must("00:00 CET" in told, "the error does not say when it resumes, in the portal's time")
        count.loses(lost(r))
    return count.outcome()


def _ticks(r: Rig, count: Count) -> str:
    """Cycles until one goes through again; what the first refusal said."""
    told, before, midnight = "", r.twin.ledger.count(), _midnight(r)
    for _ in range(400):
        try:
            r.run("cycle")
            break
        except DailyLimitReached as refusal:
            if not told:
                told, before = refusal.message, r.twin.ledger.count()
            count.faults += 1
        r.clock.advance(TICK)
    further = [c for c in calls_of(r, before) if c.at.timestamp() < midnight]
    count.most("further calls before the portal's midnight", len(further), 3)
    count.took(r.clock.monotonic() - midnight)
    count.most("seconds after midnight until it goes on", r.clock.monotonic() - midnight, 2 * TICK)
    return told


def _midnight(r: Rig) -> float:
    local = r.clock.now().astimezone(r.twin.limits.zone)
    return r.clock.monotonic() + 86_400 - (local.hour * 3600 + local.minute * 60 + local.second)


# O03 -----------------------------------------------------------------------------------------------------------------

PASSING = [423, 477, 502, 503, 504, 521, 522, 523, 524, 525, 526]
OURS = [400, 403, 404, 405, 409, 410, 413, 415, 422]


def statuses(scale: float, seed: int) -> Outcome:
    """Each status of a portal in trouble, three times in a row; each refusal of our own making, for good."""
    count = Count()
    with installed(seed=seed) as r:
        people(r, 120)
        r.run("sync")
        for status in PASSING:
            _passing(r, count, status)
        for hours in (2, 24):
            _moving(r, count, hours)
        for status in OURS:
            _ours(r, count, status)
        count.loses(lost(r))
    return count.outcome()


def _passing(r: Rig, count: Count, status: int) -> None:
    count.runs, count.faults = count.runs + 1, count.faults + 3
    more = {"retry_after": 7} if status == 477 else {}
    r.twin.dials.faults = [{**LIST, "times": 3, "status": status, **more}]
    before = r.twin.ledger.count()
    r.run("sync", only=("contacts",), full=True)
    pages = [call for call in calls_of(r, before) if call.path == CRM and call.method == "GET"]
    failed = [seconds(r, c) for c in pages if c.status == status]
    count.took(max(seconds(r, c) for c in pages) - min(failed))
    patience = {423: 2.0, 477: 7.0}.get(status, 0.0)
    waits = [min(seconds(r, c) - moment for c in pages if seconds(r, c) > moment) for moment in failed]
    count.least(f"seconds waited after {status}", min(waits), patience)


def _moving(r: Rig, count: Count, hours: int) -> None:
    """A move of hours is not waited through: the time is handed on, so that the job can come back then."""
    count.runs, count.faults = count.runs + 1, count.faults + 1
    r.twin.dials.faults = [{**LIST, "status": 477, "retry_after": hours * 3600}]
    before, began = r.twin.ledger.count(), r.clock.monotonic()
    try:
        r.run("sync", only=("contacts",), full=True)
        count.must(False, "a move of hours was not told")
    except PortalMoving as told:
        count.must(told.retry_after == hours * 3600, f"477 for {hours} h was told as {told.retry_after} s")
    r.twin.dials.faults = []
    count.most("seconds held by a move of hours", r.clock.monotonic() - began, 60)
    count.most("calls at a moving portal", sum(c.status == 477 for c in calls_of(r, before)), 9)


def _ours(r: Rig, count: Count, status: int) -> None:
    count.runs, count.faults = count.runs + 1, count.faults + 1
    ids = r.twin.ids("contacts")[:5]
    r.twin.dials.faults = [{"match": f"{CRM}/batch/read", "times": 10**9, "status": status}]
    before = r.twin.ledger.count()
    with context(r) as ctx:
        try:
            ctx.portal.read("contacts", ids, ("email",))
            count.must(False, f"{status} was taken for an answer")
        except SyncError:
            pass
    r.twin.dials.faults = []
    # The other generation of the API has the same operation under another path: asked once, it is no repetition.
    times = Counter(call.path for call in calls_of(r, before))
    count.most(f"times one call was answered {status}", max(times.values()), 1)


# O07 -----------------------------------------------------------------------------------------------------------------


def rejected(scale: float, seed: int) -> Outcome:
    """A fresh token is answered 401 for an hour; the clock ticks every five minutes, as the worker acts on it."""
    count = Count(runs=1)
    with installed(seed=seed) as r:
        people(r, 30)
        r.run("sync")
        r.twin.dials.faults = [{"match": "/", "times": 10**9, "status": 401}]
        before = r.twin.ledger.count()
        with r.service(lasting=True) as service:
            acts = Acts(service, r.clock, lambda _: None)
            for _ in range(12):
                acts.act(Job(1, "cycle"))
                _asks_to_connect_again(service, count)
                r.clock.advance(TICK)
            count.faults = len(calls_of(r, before))
            count.most("calls in an hour of 401", count.faults, 3)
            r.twin.dials.faults = []
            r.twin.create_contact({"email": "neu@kunde.example"})
            service.add_portal(r.name, r.twin.token, r.url)
            service.resume(r.name)
            r.clock.advance(TICK)
            acts.act(Job(1, "cycle"))
        count.loses(lost(r))
    return count.outcome()


def _asks_to_connect_again(service: Service, count: Count) -> None:
    """The portal is paused with a sentence that says how to go on."""
    with service.store.view() as u:
        row = portals.by_id(u, 1)
    count.must(row.paused_ms is not None, "a rejected token went unnoticed")
    count.must(
        "portal add" in row.pause_reason, f"the state does not name the way to connect again: {row.pause_reason}"
    )


# O18 -----------------------------------------------------------------------------------------------------------------

DOWN = 2 * 3600


def down(scale: float, seed: int) -> Outcome:
    """The portal is down for two hours with every write still queued; the clock ticks on and drains it afterwards."""
    count, writes = Count(runs=1), share(50_000, scale, 600)
    batch = 100 if writes > 20_000 else 10
    with patched(push, BATCH=batch), installed(latency=0.02, burst=share(190, scale, 10), seed=seed) as r:
        ids = people(r, writes)
        go_live(r)
        shown = r.run("plan")["hash"]
        r.clock.at(0, lambda: r.twin.dials.turn({"faults": [{"match": "/", "times": 10**9, "status": 503}]}))
        r.clock.at(DOWN, lambda: r.twin.dials.turn({"faults": []}))
        r.clock.sleep(0)
        before, began = r.twin.ledger.count(), r.clock.monotonic()
        _ticks_down(r, count, shown, began)
        _probes(count, [seconds(r, c) for c in calls_of(r, before) if c.status == 503], began)
        _drained(r, count, ids, writes)
    return count.outcome()


def _ticks_down(r: Rig, count: Count, shown: str, began: float) -> None:
    """The run that was approved breaks off with everything queued; from then on the service comes back when it may."""
    with r.service(lasting=True) as service:
        runs = itertools.chain([lambda: service.apply(r.name, plan_hash=shown)], itertools.repeat(_cycle(r, service)))
        while r.clock.monotonic() < began + DOWN:
            try:
                next(runs)()
                count.must(False, "a run on a portal that is down was said to be done")
            except RetryableError as fault:
                count.faults += 1
                r.clock.advance(min(fault.retry_after or TICK, TICK))


def _cycle(r: Rig, service: Service) -> Callable[[], object]:
    return lambda: service.cycle(r.name)


def _probes(count: Count, failed: list[float], began: float) -> None:
    """Ten failures at most, then at most one try in thirty seconds."""
    later = sorted(failed)[10:]
    close = sum(after - before < 30 for before, after in itertools.pairwise(later))
    count.most("tries less than 30 s after the one before, once ten had failed", close, 0)
    count.most("calls in two hours of the fault", len(failed), 10 + DOWN / 30)


def _drained(r: Rig, count: Count, ids: list[int], writes: int) -> None:
    r.clock.advance(60)
    began, before = r.clock.monotonic(), r.twin.ledger.count()
    ran = r.run("apply", plan_hash=r.run("plan")["hash"])
    taken = r.clock.monotonic() - began
    count.took(taken)
    burst = r.twin.dials.burst or 1
    calls = len(calls_of(r, before))
    ideal = max(0.0, calls - burst) * 10.0 / burst
    count.must(ideal < 1 or taken <= ideal / 0.8 + 10, f"drained in {taken:.0f} s, the limit alone takes {ideal:.0f} s")
    count.must(ran["written"] == writes, f"{ran['written']} of {writes} were written")
    times = [e.object_id for e in r.twin.ledger.effects if e.name == "leadwright_score"]
    count.loses([f"{i}: not written" for i in set(ids) - set(times)], len(times) - len(set(times)))
    count.loses(lost(r))
