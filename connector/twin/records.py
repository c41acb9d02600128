"""Records of one object type: by id, in id order, by e-mail, with their aliases after merges. No rules, no HTTP."""

from __future__ import annotations

import base64
import binascii
import itertools
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from connector.twin.clock import iso
from connector.twin.definitions import CREATED, MODIFIED

Entry = tuple[str, int, str, str]  # value, milliseconds, source type, source id
FIRST_IDS = {
    "contacts": 84_651_004, "companies": 9_000_000_101, "deals": 14_000_000_301, "calls": 31_000_000_001,
    "emails": 41_000_000_001, "meetings": 51_000_000_001, "notes": 61_000_000_001, "tasks": 71_000_000_001,
}  # fmt: skip


class Record:
    """One record: property values as HubSpot reads them out; absent means null."""

    __slots__ = ("archived", "created", "history", "id", "props", "updated")

    def __init__(self, record_id: int, props: dict[str, str], created: int, updated: int) -> None:
        self.id = record_id
        self.props = props
        self.created = created
        self.updated = updated
        self.archived: int | None = None
        self.history: dict[str, list[Entry]] | None = None

    def snapshot(self) -> Record:
        """A copy that later writes do not touch."""
        copy = Record(self.id, dict(self.props), self.created, self.updated)
        copy.archived = self.archived
        return copy


@dataclass(frozen=True)
class Page:
    """Some records and where the next page begins, if there is one."""

    records: list[Record]
    after: str | None


class Table:
    """All records of one object type."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.created_name = CREATED[kind]
        self.modified_name = MODIFIED[kind]
        self.records: dict[int, Record] = {}
        self.order: list[int] = []
        self.aliases: dict[int, int] = {}
        self.erased: set[int] = set()
        self.by_email: dict[str, int] = {}
        self._last = FIRST_IDS[kind]

    def next_id(self, gap: int) -> int:
        self._last += gap
        return self._last

    def add(self, record: Record) -> None:
        """Take in a record; ids only grow, so the order stays sorted by appending."""
        self.records[record.id] = record
        self.order.append(record.id)
        self._last = max(self._last, record.id)
        record.props["hs_object_id"] = str(record.id)
        record.props[self.created_name] = iso(record.created)
        record.props[self.modified_name] = iso(record.updated)
        self.index(record)

    def index(self, record: Record) -> None:
        for email in emails_of(record):
            self.by_email.setdefault(email, record.id)

    def unindex(self, record: Record) -> None:
        for email in emails_of(record):
            if self.by_email.get(email) == record.id:
                del self.by_email[email]

    def drop(self, record_id: int) -> Record:
        """Forget a record wholly (merged away or erased)."""
        record = self.records.pop(record_id)
        self.unindex(record)
        at = bisect_left(self.order, record_id)
        del self.order[at]
        return record

    def resolve(self, record_id: int) -> int:
        """The surviving id."""
        while record_id in self.aliases:
            record_id = self.aliases[record_id]
        return record_id

    def live(self, record_id: int) -> Record | None:
        """The live record with this id or into which it was merged."""
        record = self.records.get(self.resolve(record_id))
        return None if record is None or record.archived is not None else record

    def all_live(self) -> Iterator[Record]:
        return (record for record in self.records.values() if record.archived is None)

    def page(self, after: int, limit: int, *, archived: bool) -> Page:
        """Records by ascending id from the first id >= ``after``."""
        start = bisect_left(self.order, after)
        found: list[Record] = []
        for record_id in itertools.islice(self.order, start, None):
            record = self.records[record_id]
            if (record.archived is not None) != archived:
                continue
            if len(found) == limit:
                return Page(found, str(record_id))
            found.append(record)
        return Page(found, None)


def emails_of(record: Record) -> list[str]:
    """Primary and additional addresses, lower-case."""
    found = [record.props.get("email", ""), *record.props.get("hs_additional_emails", "").split(";")]
    return [email.lower() for email in found if email]


def seal_cursor(record_id: str) -> str:
    """A cursor that says nothing about ids to those who cannot read it."""
    return base64.urlsafe_b64encode(f"twin|{record_id}".encode()).decode().rstrip("=")


def unseal_cursor(cursor: str) -> int:
    """The id inside; raises ValueError for anything this portal did not hand out."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError(cursor) from error
    mark, _, rest = text.partition("|")
    if mark != "twin":
        raise ValueError(cursor)
    return int(rest)
