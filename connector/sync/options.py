"""Options that a drop-down lacks and the mapping lets us create (``unknown: create_option``): shown, then created.

Only in drop-downs that are the portal's own to edit, and never a lifecycle stage. They are created just before the
write that needs them; whatever cannot be created holds its value with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping

from connector.errors import FatalError, SkippableError
from connector.model.plan import Plan
from connector.store import cursors, definitions
from connector.sync.context import Context, StreamReport
from connector.sync.reference import refresh_definitions

STAGE = "lifecyclestage"


def creatable(ctx: Context) -> frozenset[str]:
    """The contact properties whose missing options may be created."""
    rows = ctx.rulebook.mapping.document.rows
    named = {r.property for r in rows if r.where() == "contact" and r.writes() and r.unknown == "create_option"}
    if not named:
        return frozenset()
    with ctx.store.view() as u:
        known = definitions.properties(u, ctx.portal_id, "contacts")
    return frozenset(
        name
        for name in named & known.keys() - {STAGE}
        if known[name].type == "enumeration" and not (known[name].external_options or known[name].read_only)
    )


def wanted(ctx: Context, plan: Plan) -> dict[str, tuple[str, ...]]:
    """What a plan would create: property → options, in the order of their names."""
    names = creatable(ctx)
    if not names:
        return {}
    with ctx.store.view() as u:
        known = definitions.properties(u, ctx.portal_id, "contacts")
    found: dict[str, set[str]] = {}
    for change in plan.changes:
        for name in names & change.properties.keys():
            there = {option.value for option in known[name].options}
            missing = {part for part in change.properties[name][1].split(";") if part} - there
            if missing:
                found.setdefault(name, set()).update(missing)
    return {name: tuple(sorted(values)) for name, values in sorted(found.items())}


def create(ctx: Context, plan: Plan) -> Mapping[str, tuple[str, ...]]:
    """Create them and mirror the definitions again. What the portal refuses, it refuses of the values too: by name."""
    made: dict[str, tuple[str, ...]] = {}
    for name, values in wanted(ctx, plan).items():
        try:
            if added := ctx.portal.add_options("contacts", name, values):
                made[name] = added
        except (SkippableError, FatalError) as refusal:
            ctx.progress.note(f"{name}: its options could not be created. {refusal.message}")
    if made:
        refresh_definitions(ctx, StreamReport("definitions"))
        with ctx.store.unit() as u:
            cursors.drop(u, ctx.portal_id, "definitions")
    return made
