"""Routes of the associations API, v4 and dated, and v3 batches (hubspot-api.md 9)."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from connector.twin.counters import Counters
from connector.twin.definitions import IDS_BY_TYPE, object_name
from connector.twin.errors import JSON, PortalError, batch_error, not_found, refused
from connector.twin.links import PRIMARY, UNLABELED
from connector.twin.records import Record
from connector.twin.state import State
from connector.twin.web import (
    Url,
    answer,
    batch_answer,
    inputs,
    is_dated,
    next_link,
    number,
    payload,
    payload_dict,
)

ONE = "/crm/v4/objects/<word>/<ident>/associations/<other>"
BATCH = "/crm/v4/associations/<word>/<other>/batch"
LABELS = "/crm/v4/associations/<word>/<other>/labels"
OLD = "/crm/v3/associations/<word>/<other>"


class AssociationRoutes:
    """Reading and changing links between records."""

    def __init__(self, state: State, counters: Counters) -> None:
        self._state = state
        self._links = state.links
        self._counters = counters

    def urls(self) -> list[Url]:
        default = "/crm/v4/objects/<word>/<ident>/associations/default/<other>/<other_id>"
        return [
            Url("GET", ONE, self.page), Url("PUT", f"{ONE}/<other_id>", self.put),
            Url("PUT", default, self.put_default),
            Url("DELETE", f"{ONE}/<other_id>", self.delete), Url("POST", f"{BATCH}/read", self.batch_read),
            Url("POST", f"{BATCH}/create", self.batch_create),
            Url("POST", f"{BATCH}/associate/default", self.batch_default),
            Url("POST", f"{BATCH}/archive", self.batch_archive),
            Url("POST", f"{BATCH}/labels/archive", self.batch_unlabel),
            Url("GET", LABELS, self.labels), Url("POST", LABELS, self.define_label),
            Url("GET", f"{OLD}/types", self.old_types), Url("POST", f"{OLD}/batch/read", self.old_read),
            Url("POST", f"{OLD}/batch/create", self.old_create), Url("POST", f"{OLD}/batch/archive", self.old_archive),
        ]  # fmt: skip

    # -- shared --------------------------------------------------------------------------------------------------

    def _record(self, kind: str, ident: Any) -> Record:
        text = str(ident)
        record = self._state.table(kind).live(int(text)) if text.isdigit() else None
        if record is None:
            raise not_found(f"No {kind} with ID {text} exists")
        return record

    def _rows(self, kind: str, record_id: int, other: str) -> list[JSON]:
        table = self._state.table(other)
        return [
            {"toObjectId": other_id, "associationTypes": self._links.describe((kind, other), types)}
            for other_id, types in sorted(self._links.of(kind, record_id, other).items())
            if table.live(other_id) is not None
        ]

    def _link(self, kind: str, left: Record, other: str, right: Record, types: tuple[int, ...]) -> None:
        """Contacts' own modification time does not move."""
        mark = PRIMARY.get((kind, other))
        for type_id in types:
            self._links.check((kind, other), type_id)
        if mark in types and other == "companies":
            changed = self._links.make_primary(left.id, right.id, kind)
            if kind == "contacts":
                self._state.name_company(left, right.id)
        else:
            changed = self._links.add(kind, left.id, other, right.id, types)
            if kind == "contacts" and other == "companies" and self._links.primary_company(left.id) is None:
                self._links.make_primary(left.id, right.id)
                self._state.name_company(left, right.id)
        if changed:
            primary = mark in types
            self._state.tell_link(kind, left.id, other, right.id, self._state.caller, removed=False, primary=primary)
            self._follow(kind, left.id, other, right.id)

    def _unlink(self, kind: str, left: int, other: str, right: int) -> None:
        if self._links.remove(kind, left, other, right):
            record = self._state.table("contacts").records.get(left) if kind == "contacts" else None
            if record is not None and record.props.get("associatedcompanyid") == str(right):
                self._state.name_company(record, None)
            self._state.tell_link(kind, left, other, right, self._state.caller, removed=True)
            self._follow(kind, left, other, right)

    def _follow(self, kind: str, left: int, other: str, right: int) -> None:
        if {kind, other} == {"contacts", "deals"}:
            self._counters.dealt(left if kind == "contacts" else right)

    # -- single --------------------------------------------------------------------------------------------------

    def page(self, word: str, ident: str, other: str) -> Response:
        kind, target = object_name(word), object_name(other)
        record = self._record(kind, ident)
        limit, after = number("limit", 500, 500), int(request.args.get("after") or 0)
        rows = [row for row in self._rows(kind, record.id, target) if row["toObjectId"] >= after]
        body: JSON = {"results": rows[:limit]}
        if len(rows) > limit:
            body["paging"] = next_link(str(rows[limit]["toObjectId"]))
        return answer(body)

    def put(self, word: str, ident: str, other: str, other_id: str) -> Response:
        kind, target = object_name(word), object_name(other)
        left, right = self._record(kind, ident), self._record(target, other_id)
        body = payload()
        if not isinstance(body, list) or not body:
            raise refused("Invalid input JSON: a list of association types was expected")
        types = tuple(int(one["associationTypeId"]) for one in body)
        self._link(kind, left, target, right, types)
        labels = [row["label"] for row in self._links.describe((kind, target), types) if row["label"]]
        return answer({
            "fromObjectTypeId": IDS_BY_TYPE[kind], "fromObjectId": left.id, "toObjectTypeId": IDS_BY_TYPE[target],
            "toObjectId": right.id, "labels": labels,
        }, 201)  # fmt: skip

    def put_default(self, word: str, ident: str, other: str, other_id: str) -> Response:
        kind, target = object_name(word), object_name(other)
        left, right = self._record(kind, ident), self._record(target, other_id)
        self._link(kind, left, target, right, ())
        return batch_answer(self._state, self._both_ways(kind, left.id, target, right.id))

    def _both_ways(self, kind: str, left: int, other: str, right: int) -> list[JSON]:
        return [
            {"from": {"id": str(a)}, "to": {"id": str(b)}, "associationSpec": {
                "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": UNLABELED[pair]}}
            for a, b, pair in ((left, right, (kind, other)), (right, left, (other, kind)))
        ]  # fmt: skip

    def delete(self, word: str, ident: str, other: str, other_id: str) -> Response:
        kind, target = object_name(word), object_name(other)
        self._unlink(kind, self._record(kind, ident).id, target, int(other_id))
        return answer(status=204)

    # -- batches -------------------------------------------------------------------------------------------------

    def batch_read(self, word: str, other: str) -> Response:
        kind, target = object_name(word), object_name(other)
        results: list[JSON] = []
        errors: list[JSON] = []
        for one in inputs(1000):
            ident = str(one.get("id"))
            record = self._state.table(kind).live(int(ident)) if ident.isdigit() else None
            after = int(one.get("after") or 0)
            rows = self._rows(kind, record.id, target) if record is not None else []
            rows = [row for row in rows if row["toObjectId"] >= after]
            if rows:
                results.append(_batch_row(ident, rows))
            else:
                errors.append(_no_links(kind, ident, target))
        return batch_answer(self._state, results, errors)

    def _each(self, word: str, other: str, most: int, *, default: bool) -> tuple[list[JSON], list[JSON]]:
        kind, target = object_name(word), object_name(other)
        results: list[JSON] = []
        errors: list[JSON] = []
        for one in inputs(most):
            try:
                left, right = self._record(kind, one["from"]["id"]), self._record(target, one["to"]["id"])
                types = () if default else tuple(int(t["associationTypeId"]) for t in one.get("types") or [])
                self._link(kind, left, target, right, types)
            except PortalError as error:
                errors.append(batch_error(error, {"fromObjectId": [str(one["from"]["id"])]}))
                continue
            if default:
                results += self._both_ways(kind, left.id, target, right.id)
            else:
                results.append({
                    "fromObjectTypeId": IDS_BY_TYPE[kind], "fromObjectId": left.id, "labels": [],
                    "toObjectTypeId": IDS_BY_TYPE[target], "toObjectId": right.id,
                })  # fmt: skip
        return results, errors

    def batch_create(self, word: str, other: str) -> Response:
        results, errors = self._each(word, other, 2000, default=False)
        return batch_answer(self._state, results, errors, 200 if is_dated() else 201)

    def batch_default(self, word: str, other: str) -> Response:
        results, errors = self._each(word, other, 2000, default=True)
        return batch_answer(self._state, results, errors)

    def batch_archive(self, word: str, other: str) -> Response:
        kind, target = object_name(word), object_name(other)
        for one in inputs(2000):
            for to in one.get("to") or []:
                self._unlink(kind, int(one["from"]["id"]), target, int(to["id"]))
        return answer({}, 200) if is_dated() else answer(status=204)

    def batch_unlabel(self, word: str, other: str) -> Response:
        kind, target = object_name(word), object_name(other)
        for one in inputs(2000):
            types = tuple(int(t["associationTypeId"]) for t in one.get("types") or [])
            left, right = int(one["from"]["id"]), int(one["to"]["id"])
            before = self._links.of(kind, left, target).get(right)
            self._links.unlabel(kind, left, target, right, types)
            if before and right not in self._links.of(kind, left, target):
                self._state.tell_link(kind, left, target, right, self._state.caller, removed=True)
        return answer({}, 200) if is_dated() else answer(status=204)

    # -- labels --------------------------------------------------------------------------------------------------

    def labels(self, word: str, other: str) -> Response:
        pair = (object_name(word), object_name(other))
        return answer({"results": self._links.describe(pair, tuple(sorted(self._links.known_types(pair))))})

    def define_label(self, word: str, other: str) -> Response:
        pair = (object_name(word), object_name(other))
        made = self._links.define_label(pair, str(payload_dict().get("label")))
        return answer({"results": [{"category": "USER_DEFINED", "typeId": type_id} for _, type_id in made]})

    # -- v3 ------------------------------------------------------------------------------------------------------

    def old_types(self, word: str, other: str) -> Response:
        pair = (object_name(word), object_name(other))
        known = sorted(self._links.known_types(pair))
        return answer({"results": [{"id": str(t), "name": self._links.names(pair, (t,))[0]} for t in known]})

    def old_read(self, word: str, other: str) -> Response:
        kind, target = object_name(word), object_name(other)
        results = []
        for one in inputs():
            record = self._state.table(kind).live(int(one["id"]))
            links = self._links.of(kind, record.id, target) if record is not None else {}
            to = [{"id": str(i), "type": n} for i, ts in links.items() for n in self._links.names((kind, target), ts)]
            if to:
                results.append({"from": {"id": str(one["id"])}, "to": to})
        return batch_answer(self._state, results)

    def old_create(self, word: str, other: str) -> Response:
        results, errors = self._each(word, other, 100, default=True)
        return batch_answer(self._state, results, errors, 201)

    def old_archive(self, word: str, other: str) -> Response:
        for one in inputs():
            self._unlink(object_name(word), int(one["from"]["id"]), object_name(other), int(one["to"]["id"]))
        return answer(status=204)


def _batch_row(ident: str, rows: list[JSON]) -> JSON:
    found: JSON = {"from": {"id": ident}, "to": rows[:500]}
    if len(rows) > 500:
        found["paging"] = {"next": {"after": str(rows[500]["toObjectId"])}}
    return found


def _no_links(kind: str, ident: str, other: str) -> JSON:
    return {
        "status": "error", "category": "OBJECT_NOT_FOUND", "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {IDS_BY_TYPE[other]} is associated with {kind} {ident}.",
        "context": {"fromObjectId": [ident]}, "links": {}, "errors": [],
    }  # fmt: skip
