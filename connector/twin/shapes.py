"""How a record looks on the wire: values, history, associations (hubspot-api.md 3.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from connector.twin.clock import iso
from connector.twin.definitions import IDS_BY_TYPE, ONE_OF, default_read, object_name
from connector.twin.errors import JSON
from connector.twin.records import Record
from connector.twin.state import State

Shape = Callable[[Record], JSON]


def shaper(
    state: State, kind: str, asked: Sequence[str], history: Sequence[str] = (), associated: Sequence[str] = ()
) -> Shape:
    """A function from record to JSON object for one request's choice of properties."""
    table = state.table(kind)
    always = (table.created_name, "hs_object_id", table.modified_name)
    names = tuple(state.definitions.known(kind, [*(asked or default_read(kind)), *always]))
    traced = state.definitions.known(kind, list(history))
    others = [object_name(word) for word in associated]
    blank = dict.fromkeys(names)
    link = f"https://app-eu1.hubspot.com/contacts/{state.portal_id}/record/{IDS_BY_TYPE[kind]}/"

    def shape(record: Record) -> JSON:
        props = record.props
        found: JSON = {
            "id": str(record.id),
            # A listing of all properties is the common large one: there a record only fills in the blanks.
            "properties": blank | props
            if props.keys() <= blank.keys()
            else dict(zip(names, map(props.get, names), strict=True)),
            "createdAt": props[table.created_name],
            "updatedAt": props[table.modified_name],
            "archived": record.archived is not None,
            "url": f"{link}{record.id}",
        }
        if record.archived is not None:
            found["archivedAt"] = iso(record.archived)
        if traced:
            found["propertiesWithHistory"] = {name: history_of(record, name) for name in traced}
        if others:
            linked = {other: rows for other in others if (rows := associations_of(state, kind, record, other))}
            if linked:
                found["associations"] = {other: {"results": rows} for other, rows in linked.items()}
        return found

    return shape


def history_of(record: Record, name: str) -> list[JSON]:
    """Newest first; what was never changed here has one entry, lifecycle one for each stage entered."""
    entries = (record.history or {}).get(name)
    if entries is None:
        entries = _grown(record, name)
    return [
        {"value": value, "timestamp": iso(at), "sourceType": source, "sourceId": ident}
        for value, at, source, ident in reversed(entries)
    ]


def _grown(record: Record, name: str) -> list[tuple[str, int, str, str]]:
    value = record.props.get(name)
    if value is None:
        return []
    return [(value, record.created, "IMPORT", "seed")]


def associations_of(state: State, kind: str, record: Record, other: str) -> list[JSON]:
    """The v3 rows of a record; one id may come twice, once for each type."""
    table = state.table(other)
    rows = []
    for other_id, types in sorted(state.links.of(kind, record.id, other).items()):
        if table.live(other_id) is not None:
            rows += [{"id": str(other_id), "type": name} for name in state.links.names((kind, other), types)]
    return rows


def singular_upper(kind: str) -> str:
    return ONE_OF[kind].upper()
