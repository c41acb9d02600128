"""The properties that write-back needs, created in the portal after they were shown. Idempotent."""

from __future__ import annotations

from typing import Any

from connector.model.records import PropertyOption
from connector.portal.gateway import NewProperty, PropertyGroup
from connector.rules.decide import provisioned_properties
from connector.store import cursors, definitions, records
from connector.sync.context import Context, StreamReport
from connector.sync.reference import refresh_definitions


def preview(ctx: Context) -> dict[str, Any]:
    """Which properties exist and which would be created; makes no writing call."""
    refresh_definitions(ctx, StreamReport("definitions"))
    group, wanted = provisioned_properties()
    with ctx.store.view() as u:
        known = definitions.properties(u, ctx.portal_id, "contacts")
    rows = [
        {
            "name": p["name"],
            "label": p["label"],
            "type": p["type"],
            "state": "exists" if p["name"] in known else "missing",
        }
        for p in wanted
    ]
    return {"portal": ctx.row.name, "group": group[0], "properties": rows, "created": 0}


def provision(ctx: Context) -> dict[str, Any]:
    """Create the group and what is missing of the properties, then mirror the definitions again."""
    shown = preview(ctx)
    missing = {row["name"] for row in shown["properties"] if row["state"] == "missing"}
    group, wanted = provisioned_properties()
    if missing:
        new = [_new(p) for p in wanted if p["name"] in missing]
        ctx.portal.create_properties("contacts", PropertyGroup(*group), new)
        refresh_definitions(ctx, StreamReport("definitions"))
        _count_as_read(ctx, missing)
    for row in shown["properties"]:
        row["state"] = "created" if row["name"] in missing else row["state"]
    return {**shown, "created": len(missing)}


def _count_as_read(ctx: Context, names: set[str]) -> None:
    """Properties just created are empty everywhere: nothing to read again, but everybody's verdict can be written."""
    with ctx.store.unit() as u:
        records.mark_dirty(u, ctx.portal_id, None)
        state = cursors.get(u, ctx.portal_id, "contacts")
        if state is not None:
            state["properties"] = sorted({*state["properties"], *names})
            cursors.save(u, ctx.portal_id, "contacts", state, ctx.clock.now_ms())


def _new(wanted: dict[str, Any]) -> NewProperty:
    options = tuple(PropertyOption(o["value"], o["label"], o.get("displayOrder", 0)) for o in wanted.get("options", ()))
    return NewProperty(
        wanted["name"], wanted["label"], wanted["type"], wanted["fieldType"], wanted.get("description", ""), options
    )
