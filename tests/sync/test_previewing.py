"""A preview does not lie: its counts are what publishing, planning and applying then do, edit after edit."""

from __future__ import annotations

import json
from collections import Counter
from random import Random
from typing import Any

import pytest

from connector.model.judgement import Known
from connector.rules.documents.mapping import MappingDocument
from connector.rules.mapping_preview import EFFECTS, MOVING
from connector.store import flips, records, undone
from connector.store.flips import Frozen
from connector.sync import previewing
from connector.sync.rulebook import parse_text
from tests.journeys.steps import go_live
from tests.rig import Rig, rig
from tests.sync.edits import Data, edited
from tests.sync.steps import context, document, look, publish

EDITS = 50


def texts(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["id"]: row["fields"] for row in rows if not row["archived"]}


def fields_of(r: Rig) -> dict[str, dict[str, Any]]:
    """Every living contact's canonical fields, as they are exported."""
    return texts(r.rows("contacts"))


def portal_of(r: Rig) -> dict[str, dict[str, str]]:
    return {i: dict(r.twin.get("contacts", int(i))) for i in fields_of(r)}


def in_fields(field: str, before: dict, after: dict) -> Counter[str]:
    """What became of one field: filled, changed, or lost."""
    told: Counter[str] = Counter()
    for contact, now in after.items():
        was, found = before[contact].get(field), now.get(field)
        if was != found:
            told["fill" if was is None else "lost" if found is None else "change"] += 1
    return told


def in_portal(name: str, before: dict, after: dict) -> Counter[str]:
    """What became of one property in HubSpot."""
    told: Counter[str] = Counter()
    for contact, now in after.items():
        was, found = before[contact].get(name) or "", now.get(name) or ""
        if was != found:
            told["fill" if not was else "clear" if not found else "change"] += 1
    return told


def counted(overview, at: int, side: str) -> Counter[str]:
    return Counter({k: n for k, n in (getattr(overview.rows[at], side) or {}).items() if n})


@pytest.mark.long
def test_fifty_random_edits_do_what_their_previews_said(tmp_path):
    chance = Random(20261122)
    with rig(tmp_path, contacts=40) as r:
        data: Data = {**document("mapping"), "read_more": "all"}  # so that nothing is unknown for not being mirrored
        publish(r, tmp_path, "mapping", data)
        go_live(r)
        r.run("apply", plan_hash=r.run("plan")["hash"])
        moved: Counter[str] = Counter()
        for _ in range(EDITS):
            data, text = edited(chance, data)
            moved += one_edit(r, tmp_path, data, text)
    assert moved["reads"] > 500
    assert moved["writes"] > 200, "an edit that moves nothing proves nothing"


def one_edit(r: Rig, folder, data: Data, text: str) -> Counter[str]:
    """Preview, publish, plan, apply; the preview's counts are the run's."""
    r.clock.advance(60)
    with context(r) as ctx:
        said = previewing.overview(ctx, previewing.edited(ctx, text))
    dry = r.run("config_dry_run", "mapping", text)
    fields, portal, stood = fields_of(r), portal_of(r), standings(r)
    publish(r, folder, "mapping", data)
    read = fields_of(r)
    plan = r.run("plan")
    assert (dry["hash"], dry["calls"], dry["written"]) == (plan["hash"], plan["calls"], plan["contacts"]), data
    assert dry["by_property"] == plan["by_property"]
    assert dry["held_by_gate"] == plan["held_by_gate"]
    assert crossings(stood, standings(r)) == {"up": dry["ids"]["score_up"], "down": dry["ids"]["score_down"]}
    r.run("apply", plan_hash=plan["hash"])
    return same_counts(data, said, (fields, read), (portal, portal_of(r)))


def same_counts(data: Data, said, fields: tuple, portal: tuple) -> Counter[str]:
    document: MappingDocument = parse_text("mapping", json.dumps(data), "data")
    moved: Counter[str] = Counter()
    for at, row in enumerate(document.rows):
        if row.reads():
            counts = counted(said, at, "reads")
            told = in_fields(row.field, *fields)
            assert (counts["fill"], counts["change"]) == (told["fill"], told["change"]), row
            assert counts["clear"] <= told["lost"] <= counts["clear"] + counts["fail"], row
            moved["reads"] += told.total()
        if row.writes() and row.where() == "contact":
            counts = counted(said, at, "writes")
            assert Counter({k: n for k, n in counts.items() if k in MOVING}) == in_portal(row.property, *portal), row
            assert counts.total() == said.contacts
            moved["writes"] += said.rows[at].moves
    return moved


def standings(r: Rig) -> dict[int, int]:
    return {int(row["contact"]): row["score"] for row in r.rows("receipts")}


def crossings(before: dict[int, int], after: dict[int, int]) -> dict[str, list[int]]:
    return {
        "up": sorted(i for i, score in after.items() if score > before[i]),
        "down": sorted(i for i, score in after.items() if score < before[i]),
    }


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    with rig(tmp_path_factory.mktemp("previewing"), contacts=60) as made:
        made.run("sync")
        go_live(made)
        made.run("plan")
        yield made


def by_hand(ctx, after) -> tuple[list[Counter[str]], list[Counter[str]]]:
    """The counts by going from contact to contact, as a person's page does."""
    reads: list[Counter[str]] = [Counter() for _ in after.document.rows]
    writes: list[Counter[str]] = [Counter() for _ in after.document.rows]
    everybody = [("typical", i) for i in everyone(ctx)]
    for person in previewing.people(ctx, after, everybody):
        for seen in person.rows:
            reads[seen.row][seen.reads] += 1
            writes[seen.row][seen.writes] += 1
    return reads, writes


def everyone(ctx) -> list[int]:
    with ctx.store.view() as u:
        return records.live_ids(u, ctx.portal_id, "contacts", limit=10_000)


@pytest.mark.parametrize("seed", range(12))
def test_counting_by_columns_is_counting_one_by_one(portal, seed):
    """Several edits at once, none of them published: also such as move the country of phone numbers."""
    chance = Random(seed)
    data = document("mapping")
    for _ in range(6):
        data, text = edited(chance, data)
    with context(portal) as ctx:
        after = previewing.edited(ctx, text)
        said = previewing.overview(ctx, after)
        reads, writes = by_hand(ctx, after)
        published = previewing.overview(ctx, ctx.rulebook.mapping)
        again = previewing.overview(ctx, after, published)
    assert [(row.reads, row.writes) for row in again.rows] == [(row.reads, row.writes) for row in said.rows]
    assert (again.gone, again.written, again.contacts) == (said.gone, said.written, said.contacts)
    for at in range(len(after.document.rows)):
        for counts, told in ((said.rows[at].reads, reads[at]), (said.rows[at].writes, writes[at])):
            if counts is not None:
                assert {e: told[e] for e in EFFECTS} == counts, after.document.rows[at]
    assert said.contacts == 60


def test_the_published_mapping_changes_nothing(portal):
    with context(portal) as ctx:
        text = look(portal, previewing.published_text).body
        said = previewing.overview(ctx, previewing.edited(ctx, text))
    assert [row.moves for row in said.rows] == [0] * len(said.rows)
    assert (said.written, said.calls, said.gone) == (0, 0, {})


def test_a_field_that_no_row_reads_any_more_is_counted(portal):
    data = document("mapping")
    data["rows"] = [row for row in data["rows"] if row["field"] != "position"]
    known = sum(1 for fields in fields_of(portal).values() if fields.get("position") is not None)
    with context(portal) as ctx:
        said = previewing.overview(ctx, previewing.edited(ctx, json.dumps(data)))
    assert known > 0
    assert list(said.gone) == ["position"]
    assert said.gone["position"]["clear"] == known


def test_three_people_are_worth_seeing_and_one_can_be_asked_for(portal):
    with context(portal) as ctx:
        after = previewing.edited(ctx, look(portal, previewing.published_text).body)
        said = previewing.overview(ctx, after)
        assert previewing.worth_seeing(ctx, after) == (said.typical, said.emptiest, said.oddest)
        ids = everyone(ctx)
        wanted = [("typical", said.typical), ("emptiest", said.emptiest)]
        shown = previewing.people(ctx, after, wanted, str(ids[-1]))
        by_mail = next(p for p in previewing.people(ctx, after, [("x", i) for i in ids]) if p.email)
        again = previewing.people(ctx, after, (), by_mail.email)
    assert [(p.why, p.id) for p in shown] == [("asked", ids[-1]), *wanted]
    assert [p.id for p in again] == [by_mail.id]
    known = {p.why: sum(isinstance(s.found, Known) for s in p.rows) for p in shown}
    assert known["emptiest"] <= known["typical"]


def test_a_property_that_was_never_read_is_unknown_not_empty(portal):
    """The mirror holds what some document names; of the others nobody knows what they hold."""
    (read,) = {frozenset(properties) for properties in portal.mirrored().values()}
    known = look(portal, previewing.known_to)["contacts"]
    new = [one.name for one in known.values() if one.name not in read and one.type == "string" and not one.read_only]
    data = document("mapping")
    data["rows"].append({"field": "position", "property": new[0], "direction": "write", "mode": "overwrite"})
    data["rows"] = [row if row["field"] != "city" else {"field": "city", "property": new[1]} for row in data["rows"]]
    with context(portal) as ctx:
        after = previewing.edited(ctx, json.dumps(data))
        said = previewing.overview(ctx, after)
        shown = previewing.people(ctx, after, [("typical", said.typical)])[0]
    at = {row.property: i for i, row in enumerate(after.document.rows)}
    assert said.rows[at[new[0]]].writes["unread"] > 0
    assert said.rows[at[new[0]]].moves == 0
    cities = said.rows[at[new[1]]].reads
    assert cities["unread"] + cities["clear"] == said.contacts
    assert shown.rows[at[new[0]]].effect in ("unread", "nothing")


def test_what_a_person_took_back_or_two_writers_turn_is_a_conflict(tmp_path):
    with rig(tmp_path) as r:
        ids = [r.twin.create_contact({"email": f"p{i}@x.example", "city": "ulm", "zip": "1"}) for i in range(4)]
        go_live(r)
        data = document("mapping")
        line = {"field": "city", "property": "city", "transforms": ["title_case"], "direction": "both"}
        data["rows"] = [row for row in data["rows"] if row["field"] != "city"] + [{**line, "mode": "overwrite"}]
        with r.service() as service, service.store.unit() as u:
            undone.book(u, 1, "r1", {ids[0]: {"city": "Ulm"}}, r.clock.now_ms())
            flips.freeze(u, 1, [Frozen(ids[1], "city", r.clock.now_ms(), "a, b")])
        with context(r) as ctx:
            said = previewing.overview(ctx, previewing.edited(ctx, json.dumps(data)))
        assert said.rows[-1].writes["conflict"] == 2
        assert said.rows[-1].writes["change"] == 2
        assert said.written == 2
