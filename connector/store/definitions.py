"""What a portal is made of: its property definitions, owners, pipelines with their stages, and when they were read."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from connector.model.records import ObjectType, Owner, Pipeline, PropertyDefinition, PropertyOption, Stage
from connector.store import bulk
from connector.store.schema import DEFINITION_READS, OWNERS, PIPELINES, PROPERTY_DEFINITIONS, STAGES
from connector.store.unit import Unit, check_portal, mine
from connector.store.values import clean, dumps, loads

_READ = sa.select(DEFINITION_READS.c.read_ms).where(
    DEFINITION_READS.c.portal_id == sa.bindparam("portal"), DEFINITION_READS.c.what == sa.bindparam("what")
)


@dataclass(frozen=True, slots=True)
class Difference:
    """What a fresh reading changed against the last one, by name or id."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def _difference(before: Mapping[str, Hashable], after: Mapping[str, Hashable]) -> Difference:
    return Difference(
        added=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(sorted(name for name in after.keys() & before.keys() if after[name] != before[name])),
        removed=tuple(sorted(before.keys() - after.keys())),
    )


def _mark_read(u: Unit, portal_id: int, what: str, now_ms: int) -> None:
    bulk.put(u, portal_id, DEFINITION_READS, [(what, now_ms)])


def read_ms(u: Unit, portal_id: int, what: str) -> int | None:
    """When ``properties:contacts``, ``owners`` or ``pipelines:deals`` was read last; None when never."""
    check_portal(portal_id)
    found = u.run(_READ, {"portal": portal_id, "what": what}).scalar()
    return int(found) if found is not None else None


def replace_properties(
    u: Unit, portal_id: int, object_type: ObjectType, definitions: Sequence[PropertyDefinition], now_ms: int
) -> Difference:
    """Keep exactly these definitions of that kind of record."""
    u.own(portal_id)
    before = properties(u, portal_id, object_type)
    u.definitions.pop((portal_id, object_type), None)
    after = {definition.name: definition for definition in definitions}
    u.change(sa.delete(PROPERTY_DEFINITIONS).where(mine(PROPERTY_DEFINITIONS, portal_id, object_type=object_type)))
    rows = [(object_type, clean(name), dumps(definition)) for name, definition in after.items()]
    bulk.put(u, portal_id, PROPERTY_DEFINITIONS, rows)
    _mark_read(u, portal_id, f"properties:{object_type}", now_ms)
    return _difference(before, after)


def properties(u: Unit, portal_id: int, object_type: ObjectType) -> dict[str, PropertyDefinition]:
    """The definitions by name, as they were read last.

    Hundreds of rows to be taken apart, which a drain needs again and again: kept by the store until they are read anew.
    """
    at = read_ms(u, portal_id, f"properties:{object_type}")
    if at is None:
        return {}
    kept = u.definitions.get((portal_id, object_type))
    if kept is None or kept[0] != at:
        kept = u.definitions[portal_id, object_type] = (at, _properties(u, portal_id, object_type))
    return dict(kept[1])


def _properties(u: Unit, portal_id: int, object_type: ObjectType) -> dict[str, PropertyDefinition]:
    d = PROPERTY_DEFINITIONS
    query = sa.select(d.c.name, d.c.body).where(mine(d, portal_id, object_type=object_type)).order_by(d.c.name)
    return {row[0]: _property(row[1]) for row in u.rows(query)}


def _property(body: str) -> PropertyDefinition:
    values = loads(body)
    options = tuple(PropertyOption(**option) for option in values.pop("options"))
    return PropertyDefinition(**values, options=options)


def replace_owners(u: Unit, portal_id: int, found: Sequence[Owner], now_ms: int) -> Difference:
    """Keep exactly these owners, the inactive ones too."""
    u.own(portal_id)
    before = {str(owner.id): owner for owner in owners(u, portal_id)}
    u.change(sa.delete(OWNERS).where(mine(OWNERS, portal_id)))
    after = {str(owner.id): owner for owner in found}
    bulk.put(u, portal_id, OWNERS, [(owner.id, owner.active, dumps(owner)) for owner in after.values()])
    _mark_read(u, portal_id, "owners", now_ms)
    return _difference(before, after)


def owners(u: Unit, portal_id: int) -> tuple[Owner, ...]:
    query = sa.select(OWNERS.c.body).where(mine(OWNERS, portal_id)).order_by(OWNERS.c.id)
    return tuple(_owner(row[0]) for row in u.rows(query))


def _owner(body: str) -> Owner:
    values = loads(body)
    return Owner(**{**values, "teams": tuple(values["teams"])})


def replace_pipelines(
    u: Unit, portal_id: int, object_type: ObjectType, found: Sequence[Pipeline], now_ms: int
) -> Difference:
    """Keep exactly these pipelines of that kind of record, with their stages in order."""
    u.own(portal_id)
    before = {pipeline.id: pipeline for pipeline in pipelines(u, portal_id, object_type)}
    for table in (STAGES, PIPELINES):
        u.change(sa.delete(table).where(mine(table, portal_id, object_type=object_type)))
    after = {pipeline.id: pipeline for pipeline in found}
    rows, stages = [], []
    for place, pipeline in enumerate(after.values()):
        rows.append((object_type, pipeline.id, place, pipeline.archived, clean(pipeline.label)))
        stages += [(object_type, pipeline.id, *_stage_row(stage)) for stage in pipeline.stages]
    bulk.put(u, portal_id, PIPELINES, rows)
    bulk.put(u, portal_id, STAGES, stages)
    _mark_read(u, portal_id, f"pipelines:{object_type}", now_ms)
    return _difference(before, after)


def _stage_row(stage: Stage) -> tuple[str, int, str, bool, float | None]:
    return stage.id, stage.order, clean(stage.label), stage.closed, stage.probability


def pipelines(u: Unit, portal_id: int, object_type: ObjectType) -> tuple[Pipeline, ...]:
    stages: dict[str, list[Stage]] = {}
    s, p = STAGES.c, PIPELINES.c
    of_stage = sa.select(s.pipeline_id, s.id, s.label, s.position, s.closed, s.probability)
    of_stage = of_stage.where(mine(STAGES, portal_id, object_type=object_type)).order_by(s.position, s.id)
    for row in u.rows(of_stage):
        stages.setdefault(row[0], []).append(Stage(*row[1:]))
    query = sa.select(p.id, p.label, p.archived).where(mine(PIPELINES, portal_id, object_type=object_type))
    return tuple(
        Pipeline(object_type, row[0], row[1], tuple(stages.get(row[0], ())), row[2])
        for row in u.rows(query.order_by(p.position))
    )
