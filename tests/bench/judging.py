"""What judging everybody anew costs, from the database to stored receipts. (One contact after a webhook: ``live.py``.)

The contacts are a twin's, mirrored; their activities are put in directly, ten each over two years, and a model of forty
rules is published. Then ``plan`` judges everybody, as users run it.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from typing import Any

import yaml

from connector.model.records import Activity
from connector.presets import preset_text
from connector.store import Store, activities, records
from connector.twin import Dials, Twin, TwinClock, serve_twin
from tests.bench.ground import Figure, Home, home

RULES, EACH, ASKED = 40, 10, 1_000_000
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
        whole = ran.seconds * ASKED / judged
        yield Figure(
            f"Everybody judged anew: {judged:,} contacts, {many:,} activities, {RULES} rules, database to receipts",
            "1,000,000 in ≤ 15 s, ≤ 800 MB",
            f"{ran.seconds:.0f} s, {judged / ran.seconds:,.0f} contacts a second ({whole:.0f} s for a million), "
            f"{ran.peak:.0f} MB",
            whole <= 15 and ran.peak <= 800,
        )


def filled(place: Home, chance: random.Random) -> int:
    """Ten activities for each contact; how many there are now."""
    store, made = Store.open(f"sqlite:///{place.folder / 'var' / 'leadwright.db'}"), 0
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


def forty_rules(place: Home) -> None:
    """The starter model with its activity rules once more, each with a look-back or a decay."""
    body = model()
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
