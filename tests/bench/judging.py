"""What judging everybody anew costs, from the database to stored results. (One contact after a webhook: ``live.py``.)

The contacts are a twin's, mirrored; their activities are put in directly, ten each over two years, and a model of forty
rules is published. ``plan`` judges everybody, as users run it, contact by contact. Then the same portal a hundred times
over is given a new model, and everybody's score by it is worked out and stored at once (``tests/bench/restating.py``).
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
import yaml

from connector.model.records import Activity
from connector.presets import preset_text
from connector.store import Store, activities, records
from connector.store.schema import METADATA
from connector.twin import Dials, Twin, TwinClock, serve_twin
from tests.bench.ground import Figure, Home, Ran, home

RULES, EACH, ASKED, COPIES = 40, 10, 1_000_000, 100
IN_SO_MANY = 100
APART = 10_000_000_000
"""How far the ids of one copy are from those of the next."""
DAY = 86_400_000
KINDS = (
    "mail_opened", "mail_clicked", "site_visit", "blog_post", "product_page", "price_page", "white_paper", "e_book",
    "webinar_attended", "newsletter_subscribed",
)  # fmt: skip


def recomputation(contacts: int) -> Iterator[Figure]:
    """Full recomputation; the figure asked for is a million contacts, so the time is told for that many too."""
    twin = Twin.from_seed(7, contacts, clock=TwinClock(), dials=Dials(daily=None, burst=None, search_per_second=None))
    with serve_twin(twin) as url, home() as place:
        place.connect(url, twin.token)
        place.run("sync", "bench", "--only", "contacts,companies")
        many = filled(place, random.Random(7))
        forty_rules(place)
        ran = place.run("plan", "bench")
        judged = ran.document["judged"]
        yield Figure(
            f"Everybody judged anew, contact by contact: {judged:,} contacts, {many:,} activities, {RULES} rules",
            "(receipts, gates and decisions; told for comparison)",
            f"{ran.seconds:.0f} s, {judged / ran.seconds:,.0f} contacts a second, {ran.peak:.0f} MB",
            True,
        )
        yield from _at_once(place, judged * COPIES, many * COPIES)


def _at_once(place: Home, contacts: int, activities: int) -> Iterator[Figure]:
    """By one model after the other: the first time columns are made, then they are there, then some are overtaken."""
    multiplied(place)
    first = _restated(place, 1)
    again = [_restated(place, more) for more in (2, 3, 4)]
    changed = stirred(place, contacts // IN_SO_MANY)
    stirred_up = _restated(place, 5)
    ran = sorted(again, key=lambda one: one.document["seconds"])[1]
    seconds, other = ran.document["seconds"], ran.document["restated"]
    each = ", ".join(f"{one.document['seconds']:.1f}" for one in again)
    yield Figure(
        f"Everybody scored anew at once by another model: {contacts:,} contacts, {activities:,} activities, {RULES} "
        "rules, database to stored scores",
        "1,000,000 in ≤ 15 s, ≤ 800 MB",
        f"{seconds:.1f} s (the middle of {each}), {contacts / seconds:,.0f} contacts a second, {other:,} scores were "
        f"other; {max(one.peak for one in again):.0f} MB",
        seconds * ASKED / contacts <= 15 and ran.peak <= 800,
    )
    yield Figure(
        f"The same after {changed:,} contacts changed, and the first time, when the columns are made on the way",
        "(told for comparison)",
        f"{stirred_up.document['seconds']:.1f} s; {first.document['seconds']:.0f} s, {first.peak:.0f} MB",
        True,
    )


def _restated(place: Home, more: int) -> Ran:
    forty_rules(place, more)
    return place.module("tests.bench.restating")


def stirred(place: Home, many: int) -> int:
    """So many contacts, here and there, visit the site; how many did."""
    store, now = _store(place), round(time.time() * 1000)
    with store.unit() as u:
        ids = sorted(records.live_ids(u, 1, "contacts", limit=many * IN_SO_MANY))[::IN_SO_MANY]
        activities.add(u, 1, [_act(who, EACH + 2, now, random.Random(who)) for who in ids])
    store.close()
    return len(ids)


def _store(place: Home) -> Store:
    return Store.open(f"sqlite:///{place.folder / 'var' / 'leadwright.db'}")


def multiplied(place: Home) -> None:
    """The same portal a hundred times over, each copy with ids of its own."""
    store = _store(place)
    keys = {"contacts": "id", "receipts": "contact_id", "activities": "contact_id", "associations": "from_id"}
    for copy in range(1, COPIES):
        with store.unit() as u:
            for name, key in keys.items():
                table = METADATA.tables[name]
                told = [one + copy * APART if one.name == key else one for one in table.c]
                first = sa.select(*told).where(table.c[key] < APART)
                first = first.where(table.c.from_type == "contacts") if name == "associations" else first
                u.change(sa.insert(table).from_select([one.name for one in table.c], first))
    store.close()


def filled(place: Home, chance: random.Random) -> int:
    """Ten activities for each contact; how many there are now."""
    store, made = _store(place), 0
    now, last = round(time.time() * 1000), 0
    while True:
        with store.unit() as u:
            ids = records.live_ids(u, 1, "contacts", after_id=last, limit=2000)
            if not ids:
                break
            last = max(ids)
            acts = [_act(who, number, now, chance) for who in ids for number in range(EACH)]
            made += activities.add(u, 1, acts)
    store.close()
    return made


def _act(who: int, number: int, now_ms: int, chance: random.Random) -> Activity:
    kind = KINDS[number % len(KINDS)]
    at_ms = now_ms - chance.randrange(730 * DAY)
    return Activity(who, at_ms, f"b{who}-{number}", kind, "page_view", kind, f"r{number}", kind, "", kind)


def forty_rules(place: Home, more: int = 0) -> None:
    """The starter model with its activity rules once more, each with a look-back or a decay; ``more`` points each."""
    body = model()
    for rule in body["rules"]:
        bounds = {key: rule[key] + more for key in ("points", "cap") if rule.get(key, 0) > 0}
        rule.update(bounds)
    file = place.folder / "scoring.yaml"
    file.write_text(json.dumps(body), encoding="utf-8")  # YAML, and without anchors
    place.run("config", "publish", "bench", str(file), "--reason", "forty rules")


def model() -> dict[str, Any]:
    """A scoring document of forty rules."""
    body: dict[str, Any] = yaml.safe_load(preset_text("scoring", "standard-b2b"))
    own = [one for one in body["rules"] if one["kind"] == "activity"]
    number = 0
    while len(body["rules"]) < RULES:
        base = dict(own[number % len(own)])
        base["name"] = f"{base['name']}_{number}"
        base.update({"decay": {"half_life_days": 90}} if number % 3 == 0 else {"within_days": 90 + number})
        body["rules"].append(base)
        number += 1
    return body
