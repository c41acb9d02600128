"""Everything that is held on one person, as one document or as one table a kind (GDPR Art. 15 and 20).

The rows are the very rows an erasure would delete (``connector/store/forgetting.py``), so the copy is complete by
construction: a table that is forgotten is also told.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from connector.clock import FIRST_MS, LAST_MS, iso
from connector.files import FOR_ITS_OWNER, whole
from connector.reports.csv_table import write
from connector.store import Store
from connector.store.forgetting import about, person
from connector.store.front import Front
from connector.store.front_forgetting import told_in_front
from connector.store.portals import PortalRow

# Where each kind comes from and what it is for, in the words of the answer to the person.
SOURCES = {
    "contacts": "the contact record, mirrored from HubSpot",
    "emails": "the addresses the contact is found by",
    "aliases": "older numbers of the same contact, from merges in HubSpot",
    "associations": "companies and deals linked in HubSpot",
    "activities": "what HubSpot recorded: forms, e-mails, page views, calls, meetings",
    "unclaimed_events": "events told under the address before the contact was known",
    "property_history": "how values changed while they were mirrored",
    "quarantine": "values that could not be read as what they should be",
    "receipts": "the score, as it stands now",
    "receipt_bodies": "the reasons of the score, rule by rule",
    "receipt_history": "every change of score, grade and stage",
    "decisions": "what the rules decided, run by run",
    "holds": "what was not done, and which gate said no (consent among them)",
    "outbox": "what was written to HubSpot or enrolled, with the values before",
    "stage_steps": "the steps through the stages, and what caused them",
    "opt_in_steps": "when consent was asked for and confirmed, by what, in which wording",
    "handoffs": "who in sales was given the contact, and what sales answered",
    "nurture_places": "the way through nurtures: when entered, which mails were asked for, how it ended",
    "list_memberships": "the HubSpot lists that the rules look at and the contact is on, and since when",
    "undone": "values that were taken back by hand",
    "flips": "values that changed to and fro",
    "frozen": "properties that are left alone because they changed to and fro",
    "dirty": "waits to be judged",
    "inbox": "notices from HubSpot, sorted",
    "deliveries": "notices from HubSpot, as they came",
}
_JSON = {"props", "body", "payload", "before", "detail", "writers"}
_HIDDEN = {"hash", "read_set", "token", "key"}


def collected(store: Store, front: Front, row: PortalRow, contact_id: int, now_ms: int) -> dict[str, Any]:
    """The document: who, when, and every kind with its source and its rows."""
    with store.view() as u:
        who = person(u, row.id, contact_id)
        found = about(u, row.id, who)
    found["deliveries"] = told_in_front(front, row.hub_id, who)
    kinds = {
        name: {"source": SOURCES[name], "rows": [_shown(one) for one in rows]} for name, rows in found.items() if rows
    }
    return {
        "portal": row.name,
        "contact": str(contact_id),
        "ids": [str(number) for number in sorted(who.ids)],
        "addresses": list(who.emails),
        "at": iso(now_ms),
        "held_by": "Leadwright, on behalf of the owner of the HubSpot portal",
        "kinds": kinds,
        "rows": sum(len(kind["rows"]) for kind in kinds.values()),
    }


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(name, value) for name, value in row.items() if name not in _HIDDEN}


def _value(name: str, value: Any) -> Any:
    if name in _JSON and isinstance(value, str):
        try:
            return orjson.loads(value)
        except ValueError:
            return value
    if name.endswith("_ms") and isinstance(value, int) and FIRST_MS <= value <= LAST_MS:
        return iso(value)
    return value.hex() if isinstance(value, bytes) else value


def as_tables(document: Mapping[str, Any], out: BinaryIO) -> int:
    """A zip with one CSV a kind and the whole document as JSON beside them; how many rows."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("person.json", orjson.dumps(document, option=orjson.OPT_INDENT_2))
        for name, rows in _tables(document):
            table = BytesIO()
            write(rows, table)
            packed.writestr(f"{name}.csv", table.getvalue())
    return int(document["rows"])


def _tables(document: Mapping[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for name, kind in document["kinds"].items():
        yield name, kind["rows"]


def save(document: Mapping[str, Any], kind: str, file: Path) -> int:
    """Write the document or the tables to a file that only its owner can read, whole or not at all."""
    with whole(file, FOR_ITS_OWNER) as out:
        if kind == "csv":
            as_tables(document, out)
        else:
            out.write(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    return int(document["rows"])
