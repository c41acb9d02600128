"""S18: a backup a day old is restored: nobody erased comes back, nobody is enrolled again, the portal is caught up."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path

from connector.service import Service
from tests import databases
from tests.journeys.steps import go_live, people
from tests.rig import Rig
from tests.trials.effects import ripe_leads, welcome
from tests.trials.harness import Count, Outcome, share
from tests.trials.ledger import enrolled_again, lost
from tests.trials.privacy import canary, traces
from tests.trials.stage import folder, installed

HALF_AN_HOUR = 1800.0


def day_old(scale: float, seed: int) -> Outcome:
    """Backed up; a day of work, enrolments and erasures; then the disk is lost and the backup is restored."""
    count = Count()
    for kind in databases.KINDS:
        url = None if kind == "sqlite" else databases.fresh_url(kind)
        with folder() as safe, installed(seed=seed, burst=190, latency=0.02, database=url) as r, chdir(r.folder):
            _day_old(r, count, safe / "day.backup", scale)
        if url:
            databases.drop(url)
    return count.outcome()


def _day_old(r: Rig, count: Count, file: Path, scale: float) -> None:
    ids, gone = (
        people(r, share(20_000, scale * scale, 200)),
        [canary(r, number) for number in range(1, share(100, scale, 4))],
    )
    leads = ripe_leads(r.twin, share(200, scale, 6))
    welcome(r)
    go_live(r)
    r.run("apply", plan_hash=r.run("plan")["hash"])
    with r.service() as service:
        service.backup(file)
    more = _a_day(r, ids, gone)
    _restored(r, count, file, gone)
    began = r.clock.monotonic()
    for _ in range(3):
        r.run("cycle")
        r.clock.advance(60)
    count.took(r.clock.monotonic() - began)
    count.most("seconds until it is caught up", r.clock.monotonic() - began, HALF_AN_HOUR)
    enrolled = {e.contact_id for e in r.twin.ledger.enrolments}
    count.loses([f"{i}: not enrolled" for i in {*leads, *more} - enrolled], enrolled_again(r.twin))
    count.loses(lost(r))


def _a_day(r: Rig, ids: list[int], gone: list[int]) -> list[int]:
    """New leads are enrolled, people are edited and deleted, the canaries ask to be forgotten."""
    r.clock.advance(12 * 3600)
    more = ripe_leads(r.twin, 3)
    more += [r.twin.submit_form("Demo Anfrage", f"neu{n}@werk{n}.example", {"lastname": f"Neu {n}"}) for n in range(3)]
    r.clock.advance(60)
    r.run("cycle")
    for contact in ids[:20]:
        r.twin.edit("contacts", contact, {"city": "Bonn"})
    for contact in ids[20:25]:
        r.twin.delete("contacts", contact)
    for contact in gone:
        r.twin.gdpr_delete(contact)
        r.run("erase", str(contact))
    r.clock.advance(12 * 3600)
    return [contact for contact in more if contact in {e.contact_id for e in r.twin.ledger.enrolments}]


def _restored(r: Rig, count: Count, file: Path, gone: list[int]) -> None:
    """Put back; before anything starts, the erased are erased again, byte for byte."""
    with_them = r.twin.ledger.count()
    told = Service.restore(r.settings, file, replace=True, clock=r.clock)
    count.runs, count.faults = count.runs + 1, count.faults + len(gone)
    count.must(told["erased_again"] == len(gone), f"{told['erased_again']} of {len(gone)} were erased again")
    count.most("calls to the portal during a restore", r.twin.ledger.count() - with_them, 0)
    for number, contact in enumerate(gone, 1):
        count.loses(traces(r, contact, number))
