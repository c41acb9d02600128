"""W01–W05, W09–W11: what arrives at the door, how often, in which order, and from whom."""

from __future__ import annotations

import ast
import itertools
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

import webhooks
from connector.store import gaps
from connector.sync.receive import book_silence
from tests.journeys.steps import people
from tests.live.steps import Feed
from tests.rig import Rig
from tests.sync.steps import look
from tests.trials.door import Door, door
from tests.trials.harness import Count, Outcome, share
from tests.trials.ledger import lost, written_again
from tests.trials.stage import MIB, installed, resident
from tests.webhooks.poison import corpus
from tests.webhooks.timing import welch
from webhooks.receiver import PATH

ESCAPES = ("%3A", "%2F", "%3F", "%40", "%21", "%24", "%27", "%28", "%29", "%2A", "%2C", "%3B")
PLAIN = dict(zip(ESCAPES, ":/?@!$'()*,;", strict=True))
MINUTES = 60_000


def living(r: Rig, many: int = 12) -> list[int]:
    """A live portal with so many people, mirrored and written back; what came of that has settled."""
    ids = people(r, many)
    for command in ("sync", "provision", "sync", "live"):
        r.run(command)
    r.run("apply", plan_hash=r.run("plan")["hash"])
    r.clock.advance(400)
    r.run("cycle")
    return ids


def notice(r: Rig, kind: str, contact: int, **more: Any) -> dict[str, Any]:
    """One item as HubSpot sends it."""
    return {
        "eventId": 1, "subscriptionId": 2, "portalId": r.twin.portal_id, "appId": 3, "occurredAt": r.clock.now_ms(),
        "subscriptionType": kind, "attemptNumber": 0, "objectId": contact, "changeSource": "CRM_UI", **more,
    }  # fmt: skip


def changed(r: Rig, contact: int, name: str, value: str, **more: Any) -> dict[str, Any]:
    return notice(r, "contact.propertyChange", contact, propertyName=name, propertyValue=value, **more)


# W01 -----------------------------------------------------------------------------------------------------------------


def signatures(scale: float, seed: int) -> Outcome:
    """Every way a signature can be wrong, and every way an address can be written; one right verdict each."""
    count = Count()
    with installed(seed=seed) as r, door(r) as d:
        body = orjson.dumps([changed(r, r.twin.create_contact({"email": "a@kunde.example"}), "lastname", "Neu")])
        for name, target, sent, headers, right in [*_forged(d, body), *_written(d, body)]:
            count.runs += 1
            count.faults += right != 204
            before = d.rows()
            answer = d.send(sent, headers, target)
            count.took(answer.seconds)
            count.must(answer.status == right, f"{name}: {answer.status}, not {right}")
            count.must((d.rows() > before) == (right == 204), f"{name}: a row too many or too few")
        count.most("seconds of the slowest verdict", count.worst or 0, 0.5)
    return count.outcome()


Case = tuple[str, str, bytes, dict[str, str], int]


def _forged(d: Door, body: bytes) -> Iterator[Case]:
    good, now = d.headers(body), d.r.clock.now_ms()
    stamp, told = good["X-HubSpot-Request-Timestamp"], good["X-HubSpot-Signature-v3"]
    yield "good", PATH, body, good, 204
    yield "another secret", PATH, body, d.headers(body, secret="somebody else's"), 401
    yield "one byte changed", PATH, body.replace(b"Neu", b"Alt"), good, 401
    yield "no signature", PATH, body, {}, 401
    yield "no timestamp", PATH, body, {"X-HubSpot-Signature-v3": told}, 401
    for version in ("v1", "v2"):
        old = {"X-HubSpot-Signature": "0" * 64, "X-HubSpot-Signature-Version": version}
        yield f"only {version}", PATH, body, old, 401
    for name, at in (("5:01 old", now - 5 * MINUTES - 1000), ("5:01 ahead", now + 5 * MINUTES + 1000)):
        yield name, PATH, body, d.headers(body, at_ms=at), 401
    for name, at in (("4:59 old", now - 5 * MINUTES + 1000), ("4:59 ahead", now + 5 * MINUTES - 1000)):
        yield name, PATH, body, d.headers(body, at_ms=at), 204
    for wrong in ("", "soon", stamp[:-3], f"-{stamp}", f"{stamp}.0", f" {stamp}e0"):
        yield f"timestamp {wrong!r}", PATH, body, {**good, "X-HubSpot-Request-Timestamp": wrong}, 401
    yield "not ASCII", PATH, body, {**good, "X-HubSpot-Signature-v3": "\xfc" * 44}, 401
    raw = b"\xff\xfe\x00 no text"
    yield "a body that is no UTF-8", PATH, raw, d.headers(raw), 204  # signed by HubSpot: kept, held with its reason
    for header, value in (
        ("Host", "evil.example"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "http"),
    ):
        yield f"{header} says {value}", PATH, body, {**good, header: value}, 204
    yield "signed for another host", PATH, body, d.headers(body, public="https://evil.example"), 401


def _written(d: Door, body: bytes) -> Iterator[Case]:
    """HubSpot signs twelve escapes as the signs they stand for, and all others as they are."""
    yield "a query", f"{PATH}?a=1&b=%20x", body, d.headers(body, target=f"{PATH}?a=1&b=%20x"), 204
    yield "another query", f"{PATH}?a=2", body, d.headers(body, target=f"{PATH}?a=1"), 401
    for escape in ESCAPES:
        yield f"{escape} decoded", f"{PATH}?a={escape}", body, d.headers(body, target=f"{PATH}?a={PLAIN[escape]}"), 204
        yield f"{escape} as it is", f"{PATH}?a={escape}", body, d.headers(body, target=f"{PATH}?a={escape}"), 401


# W02 -----------------------------------------------------------------------------------------------------------------


def timing(scale: float, seed: int) -> Outcome:
    """20,000 refusals, half of them with 31 right bytes; and nothing but ``compare_digest`` compares."""
    count, rounds = Count(), max(4_000, round(20_000 * scale))
    found = min((welch(rounds) for _ in range(3)), key=abs)
    count.runs, count.faults = rounds, rounds
    count.most("Welch's |t|", abs(round(found, 2)), 4.5)
    tree = ast.parse((Path(webhooks.__file__).parent / "signature.py").read_text(encoding="utf-8"))
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    count.must("hmac.compare_digest" in calls, "nothing compares in constant time")
    compared = [ast.unparse(n) for n in ast.walk(tree) if isinstance(n, ast.Compare)]
    equal = [text for text in compared if "==" in text and ("signature" in text or "told" in text)]
    count.must(equal == [], f"compared by =: {equal[:1]}")
    return count.outcome()


# W03 -----------------------------------------------------------------------------------------------------------------


def replayed(scale: float, seed: int) -> Outcome:
    """The same signed request fifty times within five minutes, and once more at 5:01."""
    count = Count()
    with installed(seed=seed) as r:
        ids = living(r)
        with door(r) as d:
            for contact in ids[: share(20, scale, 3)]:
                r.twin.edit("contacts", contact, {"jobtitle": "Geschäftsführer", "company": "Werk GmbH"})
                body = orjson.dumps([changed(r, contact, "jobtitle", "Geschäftsführer")])
                signed, before = d.headers(body), len(r.twin.ledger.writes())
                for _ in range(50):
                    answer = d.send(body, signed)
                    count.must(answer.status == 204, f"a repetition was answered {answer.status}")
                    r.clock.advance(5.9)
                    if _ % 17 == 0:
                        d.drain()
                d.drain()
                r.clock.advance(7)
                late = d.send(body, signed)
                count.must(late.status == 401, f"the late one was answered {late.status}")
                count.runs, count.faults = count.runs + 1, count.faults + 50
                count.most("writes that followed", len(r.twin.ledger.writes()) - before, 1)
            count.loses(lost(r), written_again(r.twin))
    return count.outcome()


# W04 -----------------------------------------------------------------------------------------------------------------


def ten_times(scale: float, seed: int) -> Outcome:
    """Every delivery ten times, all strewn over each other and sent over ten connections at once."""
    count, chance = Count(runs=1), random.Random(seed)
    with installed(seed=seed, webhook_doubles=9.0, webhook_shuffle=120.0, webhook_batch=20) as r:
        ids = living(r, 60)
        with door(r) as d:
            before = len(r.twin.changes)
            _work(r, chance, ids, share(10_000, scale, 300))
            count.faults = (len(r.twin.changes) - before) * 9
            r.clock.advance(121)
            told = r.twin.webhooks.flush(3)
            count.must(told["failed"] == 0, f"{told['failed']} deliveries were not taken")
            d.drain()
            r.clock.advance(130)
            d.settle()
            r.clock.advance(400)
            r.run("cycle")
            count.loses(lost(r), written_again(r.twin))
            count.must(d.states().get("new", 0) == 0, "notices are left over")
    return count.outcome()


def _work(r: Rig, chance: random.Random, ids: list[int], changes: int) -> None:
    """People at work; thirty contacts at most, so that it is everyday work and no storm."""
    some = ids[:30]
    for number in range(changes):
        contact = chance.choice(some)
        act = chance.random()
        if contact not in r.twin.ids("contacts"):
            continue
        if act < 0.01 and len(some) > 20:
            r.twin.delete("contacts", contact)
        elif act < 0.02:
            r.twin.merge(contact, chance.choice(r.twin.ids("contacts")[30:]))
        else:
            r.twin.edit("contacts", contact, {"lastname": f"Name {number}", "city": f"Ort {number % 7}"})
        r.clock.advance(chance.choice([0.0, 0.001, 0.5]))


# W05 -----------------------------------------------------------------------------------------------------------------


def disordered(scale: float, seed: int) -> Outcome:
    """Six changes of one property, two of them in the same millisecond, in every order."""
    count, chance = Count(), random.Random(seed)
    orders = list(itertools.permutations(range(6)))
    with installed(seed=seed) as r:
        contact = living(r, 3)[0]
        feed = Feed(r)
        with door(r) as d:
            for order in chance.sample(orders, share(200, scale, 10)):
                for number in range(6):
                    r.twin.edit("contacts", contact, {"lastname": f"Name {number} {count.runs}"})
                    r.clock.advance(0.001 if number != 3 else 0.0)
                items = [item for item in feed.news() if item.get("propertyName") == "lastname"]
                before = r.twin.ledger.count("/crm/v3/objects/contacts/batch/read")
                drains = 1
                for place in order:
                    d.deliver([items[place]])
                    if chance.random() < 0.3:
                        d.drain()
                        drains += 1
                d.drain()
                count.runs, count.faults = count.runs + 1, count.faults + 6
                reads = r.twin.ledger.count("/crm/v3/objects/contacts/batch/read") - before
                # A drain reads a contact once, whatever it was told of it: so a tie costs one read at the most.
                count.most("reads more than drains", reads - drains, 0)
                count.loses(lost(r, {"lastname"}))
                feed.news()
    return count.outcome()


# W09 -----------------------------------------------------------------------------------------------------------------


def away(scale: float, seed: int) -> Outcome:
    """Nobody is at the door for 25 hours; HubSpot gives everything up. The next poll makes it good."""
    count, chance = Count(runs=1), random.Random(seed)
    with installed(seed=seed, burst=190, latency=0.02) as r:
        ids = living(r, share(5_000, scale, 300))
        with door(r):
            pass  # the address is known, and nobody answers there any more
        since = r.clock.now_ms()
        for contact in chance.sample(ids, share(5_000, scale, 250)):
            r.twin.edit("contacts", contact, {"lastname": f"Weg {contact}", "city": "Ulm"})
            r.clock.advance(0.1)
        told = r.twin.webhooks.flush(11)
        count.faults = told["given_up_items"]
        count.must(told["given_up"] > 0 and told["delivered"] == 0, "HubSpot gave nothing up: nothing was tried")
        r.clock.advance(25 * 3600)
        with r.service() as service:
            book_silence(service.store, since, r.clock.now_ms())
        standing = look(r, gaps.standing)
        count.must(len(standing) == 1 and standing[0].seconds >= 25 * 3600, "the gap is not shown with its length")
        began = r.clock.monotonic()
        r.run("cycle")
        count.took(r.clock.monotonic() - began)
        count.most("seconds until the mirror is right again", r.clock.monotonic() - began, 1800)
        count.must(look(r, gaps.standing) == (), "the gap still stands after the poll that healed it")
        count.loses(lost(r))
    return count.outcome()


# W10 -----------------------------------------------------------------------------------------------------------------


def poisoned(scale: float, seed: int) -> Outcome:
    """Each body of the corpus among 99 good notices: the good ones count, the bad one is held with its reason."""
    count = Count()
    poisons = corpus()
    poisons = poisons[seed % 3 :: max(1, round(1 / max(scale, 0.05) / 4))]
    with installed(seed=seed) as r:
        ids = living(r, 99)
        with door(r) as d:
            memory = 0
            for number, (name, raw, _) in enumerate(poisons):
                _poisoned(r, d, count, ids, number, name, raw)
                memory = memory or resident()  # from the second on: the first one warms up
            count.most("MB of memory grown", round((resident() - memory) / MIB), 50)
    return count.outcome()


def _poisoned(r: Rig, d: Door, count: Count, ids: list[int], number: int, name: str, raw: bytes) -> None:
    count.runs, count.faults = count.runs + 1, count.faults + 1
    raw = raw.replace(b"987654", str(r.twin.portal_id).encode())
    r.twin.bulk_touch(ids, {"city": f"Ort {number}"})
    good = [orjson.dumps(changed(r, contact, "city", f"Ort {number}")) for contact in ids]
    body = b"[" + b",".join([*good[:50], raw, *good[50:]]) + b"]"
    before = d.held()
    answer = d.send(body, d.headers(body))
    count.took(answer.seconds)
    count.must(answer.status in (204, 413), f"{name}: answered {answer.status}")
    r.clock.advance(61)
    d.drain()
    count.must(d.states().get("new", 0) == 0, f"{name}: good notices are left over")
    count.must(d.held() == before + 1, f"{name}: {d.held() - before} held")
    differing = [one for one in lost(r, {"city"}) if not one.endswith("only in the portal")]
    count.loses([f"{one} ({name})" for one in differing])


# W11 -----------------------------------------------------------------------------------------------------------------


def nobodys(scale: float, seed: int) -> Outcome:
    """Notices of a portal that nobody connected, and of one that is paused."""
    count, many = Count(), share(2_000, scale, 100)
    with installed(seed=seed) as r:
        ids = living(r, 3)
        with door(r) as d:
            _not_ours(r, d, count, many)
            r.run("pause")
            r.clock.advance(3)
            before = d.rows()
            for _ in range(many):
                count.must(d.deliver([changed(r, ids[0], "city", "Ulm")]).status == 204, "a paused portal was refused")
            count.must(d.rows() == before, "rows were stored for a portal that rests")
            r.run("resume")
        count.must(len(look(r, gaps.standing)) == 1, "the time of the pause is not booked as a gap")
        r.twin.edit("contacts", ids[0], {"city": "Ulm"})
        r.clock.advance(60)
        r.run("cycle")
        count.loses(lost(r))
    return count.outcome()


def _not_ours(r: Rig, d: Door, count: Count, many: int) -> None:
    count.runs, count.faults = 2, 2 * many
    for number in range(many):
        answer = d.deliver([{**changed(r, 5, "city", "Ulm"), "portalId": 40_000_000 + number % 7}])
        count.must(answer.status == 204, f"an unknown portal was answered {answer.status}")
    count.must(d.rows() == 0, "rows were stored for portals nobody connected")
    counted = sum(n for (name, _), n in d.counts.items() if name == "portals_unknown")
    count.must(counted == many, f"{counted} of {many} were counted")
