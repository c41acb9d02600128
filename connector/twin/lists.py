"""Lists (segments) and their members (hubspot-api.md 8).

A member that was merged away is on its lists as its survivor; one that is archived is on none for as long as it is.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Response, request

from connector.twin.clock import iso
from connector.twin.definitions import object_name
from connector.twin.errors import JSON, not_found, refused
from connector.twin.records import Table, seal_cursor, unseal_cursor
from connector.twin.state import State
from connector.twin.web import Url, answer, batch_answer, inputs, next_link, number, payload, payload_dict

BASE = "/crm/v3/lists"
KINDS = ("MANUAL", "DYNAMIC", "SNAPSHOT")
CONTACTS = "0-1"


def _place(cursor: str | None) -> int:
    """Where a page begins; a cursor that was never given out is refused."""
    if not cursor:
        return 0
    try:
        return unseal_cursor(cursor)
    except ValueError:
        raise refused("Invalid input: the cursor is not valid", subCategory="ILS.INVALID_CURSOR") from None


@dataclass
class Segment:
    """One list: its head, its members with the time they joined, and when each that ever joined did so first."""

    head: JSON
    members: dict[int, int] = field(default_factory=dict)
    first: dict[int, int] = field(default_factory=dict)
    deleted: bool = False


class Lists:
    """All lists of the portal."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.segments: dict[int, Segment] = {}
        self._next = 301

    def make(self, name: str, kind: str = "MANUAL", type_id: str = CONTACTS) -> Segment:
        if not name or kind not in KINDS:
            raise refused("name and a valid processingType are required")
        if any(s.head["name"].lower() == name.lower() and not s.deleted for s in self.segments.values()):
            raise refused(f"A list named {name} already exists", subCategory="ILS.DUPLICATE_LIST_NAMES")
        now = iso(self._state.now_ms())
        ident = self._next
        self._next += 3
        head = {
            "listId": str(ident), "listVersion": 1, "name": name, "objectTypeId": type_id, "processingType": kind,
            "processingStatus": "COMPLETE", "createdAt": now, "updatedAt": now, "createdById": "7001",
            "updatedById": "7001",
            "filtersUpdatedAt": now,
        }  # fmt: skip
        self.segments[ident] = Segment(head)
        return self.segments[ident]

    def find(self, ident: str | int) -> Segment:
        found = self.segments.get(int(ident)) if str(ident).isdigit() else None
        if found is None or found.deleted:
            raise not_found(f"List does not exist with ID {ident}.")
        return found

    def shown(self, segment: Segment) -> JSON:
        return {**segment.head, "size": len(self.living(segment))}

    def table(self, segment: Segment) -> Table:
        """Where the list's members are kept; a list is of one object type."""
        return self._state.table(object_name(str(segment.head["objectTypeId"])))

    def living(self, segment: Segment) -> dict[int, int]:
        """Who is on it and lives, by id, with the time of joining: of two that were merged, the later one."""
        table, found = self.table(segment), dict[int, int]()
        for ident, at in segment.members.items():
            record = table.live(ident)
            if record is not None:
                found[record.id] = max(at, found.get(record.id, 0))
        return dict(sorted(found.items()))

    def first(self, segment: Segment, ident: int) -> int:
        """When somebody, or whoever was merged into them, first joined."""
        table = self.table(segment)
        return min(at for one, at in segment.first.items() if table.resolve(one) == ident)

    def change(self, segment: Segment, add: list[int], remove: list[int]) -> JSON:
        """Members put in and taken out by hand; ids already so are ignored, unknown ones are named."""
        if segment.head["processingType"] == "DYNAMIC":
            raise refused(
                "Memberships of DYNAMIC lists cannot be changed", subCategory="ILS.INVALID_LIST_PROCESSING_TYPE"
            )
        table, kind = self.table(segment), object_name(str(segment.head["objectTypeId"]))
        now = self._state.now_ms()
        segment.members = {table.resolve(ident): at for ident, at in segment.members.items()}
        add, remove = ([table.resolve(ident) for ident in ids] for ids in (add, remove))
        missing = [ident for ident in (*add, *remove) if table.live(ident) is None]
        added = [ident for ident in dict.fromkeys(add) if ident not in missing and ident not in segment.members]
        removed = [ident for ident in dict.fromkeys(remove) if ident in segment.members]
        for ident in added:
            segment.members[ident] = now
            segment.first.setdefault(ident, now)
        for ident in removed:
            del segment.members[ident]
        for what, ids in (("member-added", added), ("member-removed", removed)):
            for ident in ids:
                self._state.effect(what, kind, ident, self._state.caller, now, name=segment.head["listId"])
        return {
            "recordsIdsAdded": [str(i) for i in added], "recordIdsRemoved": [str(i) for i in removed],
            "recordIdsMissing": [str(i) for i in missing],
        }  # fmt: skip


class ListRoutes:
    """The lists API."""

    def __init__(self, state: State, lists: Lists) -> None:
        self._state = state
        self._lists = lists

    def urls(self) -> list[Url]:
        one, members = f"{BASE}/<ident>", f"{BASE}/<ident>/memberships"
        return [
            Url("POST", BASE, self.create), Url("GET", BASE, self.several), Url("POST", f"{BASE}/search", self.search),
            Url("GET", f"{BASE}/object-type-id/<type_id>/name/<name>", self.by_name), Url("GET", one, self.read),
            Url("DELETE", one, self.delete), Url("PUT", f"{one}/restore", self.restore),
            Url("PUT", f"{one}/update-list-name", self.rename), Url("GET", members, self.members),
            Url("GET", f"{members}/join-order", self.joined), Url("PUT", f"{members}/add", self.add),
            Url("PUT", f"{members}/remove", self.remove), Url("PUT", f"{members}/add-and-remove", self.both),
            Url("PUT", f"{members}/add-from/<source>", self.add_from), Url("DELETE", members, self.clear),
            Url("GET", f"{BASE}/records/<type_id>/<record_id>/memberships", self.of_record),
            Url("POST", f"{BASE}/records/memberships/batch/read", self.of_records),
        ]  # fmt: skip

    def create(self) -> Response:
        body = payload_dict()
        made = self._lists.make(
            str(body.get("name") or ""), str(body.get("processingType")), str(body.get("objectTypeId", "0-1"))
        )
        return answer({"list": self._lists.shown(made)})

    def several(self) -> Response:
        wanted = set(request.args.getlist("listIds"))
        rows = [
            self._lists.shown(s) for s in self._lists.segments.values() if s.head["listId"] in wanted and not s.deleted
        ]
        return answer({"lists": rows})

    def read(self, ident: str) -> Response:
        return answer({"list": self._lists.shown(self._lists.find(ident))})

    def by_name(self, type_id: str, name: str) -> Response:
        for segment in self._lists.segments.values():
            if segment.head["name"] == name and segment.head["objectTypeId"] == type_id and not segment.deleted:
                return answer({"list": self._lists.shown(segment)})
        raise not_found(f"List does not exist with name {name}.")

    def search(self) -> Response:
        body = payload_dict()
        query, kinds = str(body.get("query") or "").lower(), body.get("processingTypes") or KINDS
        offset, count = int(body.get("offset") or 0), min(int(body.get("count") or 20), 500)
        rows = [
            {**self._lists.shown(s), "additionalProperties": {"hs_list_size": str(len(self._lists.living(s)))}}
            for s in self._lists.segments.values()
            if not s.deleted and query in s.head["name"].lower() and s.head["processingType"] in kinds
        ]
        page = rows[offset : offset + count]
        return answer(
            {"lists": page, "hasMore": offset + count < len(rows), "offset": offset + len(page), "total": len(rows)}
        )

    def delete(self, ident: str) -> Response:
        self._lists.find(ident).deleted = True
        return answer(status=204)

    def restore(self, ident: str) -> Response:
        if ident.isdigit() and int(ident) in self._lists.segments:
            self._lists.segments[int(ident)].deleted = False
        return answer(status=204)

    def rename(self, ident: str) -> Response:
        segment = self._lists.find(ident)
        segment.head["name"] = request.args.get("listName", segment.head["name"])
        return answer({"updatedList": self._lists.shown(segment)})

    # -- members -------------------------------------------------------------------------------------------------

    def _ids(self) -> list[int]:
        body = payload()
        if not isinstance(body, list):
            raise refused("Invalid input JSON: a list of record ids was expected")
        return [int(ident) for ident in body if str(ident).isdigit()]

    def add(self, ident: str) -> Response:
        return answer(self._lists.change(self._lists.find(ident), self._ids(), []))

    def remove(self, ident: str) -> Response:
        return answer(self._lists.change(self._lists.find(ident), [], self._ids()))

    def both(self, ident: str) -> Response:
        body = payload_dict()
        add, remove = ([int(i) for i in body.get(key) or []] for key in ("recordIdsToAdd", "recordIdsToRemove"))
        return answer(self._lists.change(self._lists.find(ident), add, remove))

    def add_from(self, ident: str, source: str) -> Response:
        self._lists.change(self._lists.find(ident), list(self._lists.find(source).members), [])
        return answer(status=204)

    def clear(self, ident: str) -> Response:
        segment = self._lists.find(ident)
        self._lists.change(segment, [], list(segment.members))
        return answer(status=204)

    def _page(self, rows: list[tuple[int, int]], start: int, following: Callable[[int], int]) -> Response:
        """Members from ``start`` on; ``following`` makes the next page's cursor of the place of its first row."""
        end = start + number("limit", 100, 250)
        found = [{"recordId": str(ident), "membershipTimestamp": iso(at)} for ident, at in rows[start:end]]
        body: JSON = {"results": found, "total": len(rows)}
        if end < len(rows):
            body["paging"] = next_link(seal_cursor(str(following(end))))
        return answer(body)

    def members(self, ident: str) -> Response:
        """By record id. The cursor names the next member, so that whoever leaves meanwhile moves nobody."""
        rows = list(self._lists.living(self._lists.find(ident)).items())
        ids = [ident for ident, _ in rows]
        return self._page(rows, bisect_left(ids, _place(request.args.get("after"))), lambda at: ids[at])

    def joined(self, ident: str) -> Response:
        rows = sorted(self._lists.living(self._lists.find(ident)).items(), key=lambda row: (row[1], row[0]))
        return self._page(rows, _place(request.args.get("after")), lambda at: at)

    def _of(self, record_id: int) -> list[JSON]:
        ident = self._state.table("contacts").resolve(record_id)
        on = ((s, self._lists.living(s)) for s in self._lists.segments.values() if not s.deleted)
        return [
            {"listId": s.head["listId"], "listVersion": 1, "firstAddedTimestamp": iso(self._lists.first(s, ident)),
             "lastAddedTimestamp": iso(members[ident]), "isPublicList": False}
            for s, members in on
            if ident in members and s.head["objectTypeId"] == CONTACTS
        ]  # fmt: skip

    def of_record(self, type_id: str, record_id: str) -> Response:
        rows = self._of(int(record_id)) if type_id == CONTACTS else []
        return answer({"results": rows, "total": len(rows)})

    def of_records(self) -> Response:
        rows = [
            {
                "recordId": one["recordId"],
                "objectTypeId": one.get("objectTypeId", "0-1"),
                "recordListMemberships": self._of(int(one["recordId"])),
            }
            for one in inputs()
        ]
        return batch_answer(self._state, list(rows))
