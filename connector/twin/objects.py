"""Routes of the CRM objects API: pages, single records, search, merge, privacy deletion."""

from __future__ import annotations

from flask import Response, request

from connector.twin.counters import Counters
from connector.twin.definitions import ENGAGEMENTS, object_name
from connector.twin.errors import JSON, not_found, refused
from connector.twin.links import PRIMARY, UNLABELED
from connector.twin.records import Page, Record, seal_cursor, unseal_cursor
from connector.twin.search import Search
from connector.twin.shapes import Shape, shaper
from connector.twin.state import State
from connector.twin.values import sortable_moment
from connector.twin.web import Url, answer, flag, many, next_link, number, payload_dict
from connector.twin.writes import Writer

BASE = "/crm/v3/objects/<word>"
LONGEST_SEARCH = 3_000
PAIR_OF_TYPE = {type_id: pair for table in (UNLABELED, PRIMARY) for pair, type_id in table.items()}


class ObjectRoutes:
    """One handler for all object types."""

    def __init__(self, state: State, counters: Counters) -> None:
        self._state = state
        self._counters = counters
        self._writer = Writer(state)
        self._search = Search(state)

    def urls(self) -> list[Url]:
        one = f"{BASE}/<ident>"
        return [
            Url("GET", BASE, self.page), Url("POST", BASE, self.create), Url("POST", f"{BASE}/search", self.search),
            Url("POST", f"{BASE}/merge", self.merge), Url("POST", f"{BASE}/gdpr-delete", self.gdpr_delete),
            Url("GET", one, self.read), Url("PATCH", one, self.update), Url("DELETE", one, self.archive),
        ]  # fmt: skip

    # -- lists ---------------------------------------------------------------------------------------------------

    def page(self, word: str) -> Response:
        kind = object_name(word)
        history = many("propertiesWithHistory")
        limit = number("limit", 10, 50 if history else 100)
        page = self._page(kind, limit)
        shape = shaper(self._state, kind, many("properties"), history, many("associations"))
        body: JSON = {"results": [shape(record) for record in page.records]}
        if page.after:
            body["paging"] = next_link(self._cursor(page))
        return answer(body)

    def _cursor(self, page: Page) -> str:
        """What the portal hands out as the next page's cursor; some dials make it a lying portal."""
        kind = self._state.dials.list_cursor
        if kind == "opaque":
            return seal_cursor(page.after or "")
        asked = request.args.get("after")
        if kind == "repeats" and asked:
            return asked
        start = str(self._state.table("contacts").order[0])
        return start if kind == "circles" and asked not in (None, start) else page.after or ""

    def _page(self, kind: str, limit: int) -> Page:
        after = request.args.get("after", "0") or "0"
        try:
            opaque = self._state.dials.list_cursor == "opaque" and after != "0"
            begin = unseal_cursor(after) if opaque else int(after)
        except ValueError:
            raise refused(f"after: {after} is not a cursor of this portal") from None
        page = self._state.table(kind).page(begin, limit, archived=flag("archived"))
        if self._state.dials.list_cursor == "skips":
            return Page([record for record in page.records if record.id % 7], page.after)
        return page

    # -- single records ------------------------------------------------------------------------------------------

    def find(self, kind: str, ident: str) -> Record:
        """By id or ``idProperty``; archived ones only with ``archived=true``; merged ids give the survivor."""
        name = request.args.get("idProperty")
        if name:
            record = self._writer.by_property(kind, name, ident)
        elif flag("archived"):
            record = self._state.table(kind).records.get(int(ident)) if ident.isdigit() else None
            record = record if record is not None and record.archived is not None else None
        else:
            record = self._state.table(kind).live(int(ident)) if ident.isdigit() else None
        if record is None:
            raise not_found()
        return record

    def _shape(self, kind: str) -> Shape:
        return shaper(self._state, kind, many("properties"), many("propertiesWithHistory"), many("associations"))

    def read(self, word: str, ident: str) -> Response:
        kind = object_name(word)
        return answer(self._shape(kind)(self.find(kind, ident)))

    def create(self, word: str) -> Response:
        kind = object_name(word)
        body = payload_dict()
        record = self.create_one(kind, body)
        return answer(shaper(self._state, kind, list(body.get("properties", {})))(record), 201)

    def create_one(self, kind: str, body: JSON) -> Record:
        wanted = [self._link_of(kind, one) for one in body.get("associations") or []]
        record = self._writer.create(kind, body.get("properties", {}))
        for other, other_id, types in wanted:
            self._state.links.add(kind, record.id, other, other_id, types)
            self._state.tell_link(kind, record.id, other, other_id, self._state.caller, removed=False)
            self._count(kind, record, other, other_id)
        return record

    def _count(self, kind: str, record: Record, other: str, other_id: int) -> None:
        """Activities and deals show on their contacts."""
        if other == "contacts" and kind in ENGAGEMENTS and kind != "tasks":
            self._counters.engaged(other_id, kind, sortable_moment(record.props["hs_timestamp"]) or record.created)
        if {kind, other} == {"contacts", "deals"}:
            self._counters.dealt(record.id if kind == "contacts" else other_id)

    def _link_of(self, kind: str, one: JSON) -> tuple[str, int, tuple[int, ...]]:
        """Read one ``{to:{id}, types:[…]}``; the type id says which object it is."""
        types = tuple(int(entry["associationTypeId"]) for entry in one.get("types") or [])
        pairs = [PAIR_OF_TYPE.get(type_id) for type_id in types]
        other = next((pair[1] for pair in pairs if pair and pair[0] == kind), None)
        if other is None:
            raise refused("associations: no valid type", subCategory="crm.associations.INVALID_ASSOCIATION_TYPE")
        target = self._state.table(other).live(int(one["to"]["id"]))
        if target is None:
            raise not_found(f"{other} {one['to']['id']} does not exist")
        return other, target.id, types

    def update(self, word: str, ident: str) -> Response:
        kind = object_name(word)
        record = self.find(kind, ident)
        props = payload_dict().get("properties", {})
        self._writer.update(kind, record, props)
        return answer(shaper(self._state, kind, list(props))(record))

    def archive(self, word: str, ident: str) -> Response:
        kind = object_name(word)
        record = self._state.table(kind).live(int(ident)) if ident.isdigit() else None
        if record is not None:
            self._state.archive(kind, record, self._state.caller)
        return answer(status=204)

    # -- the rest ------------------------------------------------------------------------------------------------

    def search(self, word: str) -> Response:
        kind = object_name(word)
        if len(request.get_data()) > LONGEST_SEARCH:
            raise refused(f"The request body is longer than the allowed {LONGEST_SEARCH} characters")
        body = payload_dict()
        found = self._search.run(kind, body)
        shape = shaper(self._state, kind, [str(name) for name in body.get("properties") or []])
        result: JSON = {"total": found.total, "results": [shape(record) for record in found.records]}
        if found.after:
            result["paging"] = {"next": {"after": found.after}}
        return answer(result)

    def merge(self, word: str) -> Response:
        kind = object_name(word)
        body = payload_dict()
        table = self._state.table(kind)
        ids = [str(body.get(name, "")) for name in ("primaryObjectId", "objectIdToMerge")]
        pair = [table.live(int(ident)) if ident.isdigit() else None for ident in ids]
        if pair[0] is None or pair[1] is None:
            raise not_found(f"no {kind} with ids {', '.join(ids)}")
        if pair[0] is pair[1]:
            raise refused(f"{ids[0]} and {ids[1]} are already the same record")
        survivor = self._state.merge(kind, pair[0], pair[1], self._state.caller)
        return answer(shaper(self._state, kind, [])(survivor))

    def gdpr_delete(self, word: str) -> Response:
        if object_name(word) != "contacts":
            raise refused("only contacts can be privacy deleted through this endpoint")
        body = payload_dict()
        ident = str(body.get("objectId", ""))
        if body.get("idProperty") == "email":
            record = self._writer.by_property("contacts", "email", ident)
            self._state.blocked_emails.add(ident.lower())
        else:
            table = self._state.table("contacts")
            record = table.records.get(table.resolve(int(ident))) if ident.isdigit() else None
            if record is None:
                raise not_found()
        if record is not None:
            self._state.erase(record, self._state.caller)
        return answer(status=204)
