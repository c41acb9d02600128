"""Routes of the CRM objects' batch API and its kinds of partial failure (hubspot-api.md 3.6)."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response

from connector.twin.definitions import object_name
from connector.twin.errors import JSON, PortalError, batch_error, conflict, refused
from connector.twin.objects import BASE, ObjectRoutes
from connector.twin.records import Record
from connector.twin.shapes import shaper, singular_upper
from connector.twin.state import State
from connector.twin.web import Url, answer, batch_answer, flag, inputs, payload_dict
from connector.twin.writes import Writer


class BatchRoutes:
    """Batch read, create, update, upsert and archive for all object types."""

    def __init__(self, state: State, single: ObjectRoutes) -> None:
        self._state = state
        self._single = single
        self._writer = Writer(state)

    def urls(self) -> list[Url]:
        base = f"{BASE}/batch"
        return [
            Url("POST", f"{base}/read", self.read), Url("POST", f"{base}/create", self.create),
            Url("POST", f"{base}/update", self.update), Url("POST", f"{base}/upsert", self.upsert),
            Url("POST", f"{base}/archive", self.archive),
        ]  # fmt: skip

    def read(self, word: str) -> Response:
        kind = object_name(word)
        body = payload_dict()
        history = [str(name) for name in body.get("propertiesWithHistory") or []]
        asked = [str(one.get("id", "")) for one in inputs(50 if history else 100)]
        found, missing = self._gather(kind, asked, str(body.get("idProperty") or ""))
        shape = shaper(self._state, kind, [str(name) for name in body.get("properties") or []], history)
        errors = [self._not_found(kind, missing)] if missing else []
        return batch_answer(self._state, [shape(record) for record in found], errors)

    def _gather(self, kind: str, asked: list[str], id_property: str) -> tuple[list[Record], list[str]]:
        found: dict[int, Record] = {}
        missing: list[str] = []
        for ident in dict.fromkeys(asked):
            record = self._one(kind, ident, id_property)
            if record is None:
                missing.append(ident)
            else:
                found[record.id] = record
        return list(found.values()), missing

    def _one(self, kind: str, ident: str, id_property: str) -> Record | None:
        if id_property:
            return self._writer.by_property(kind, id_property, ident)
        if not ident.isdigit():
            return None
        table = self._state.table(kind)
        if flag("archived"):
            record = table.records.get(int(ident))
            return record if record is not None and record.archived is not None else None
        return table.live(int(ident))

    def _not_found(self, kind: str, ids: list[str]) -> JSON:
        return {
            "status": "error", "category": "OBJECT_NOT_FOUND",
            "message": f"Could not get some {singular_upper(kind)} objects, they may be deleted or not exist. "
            "Check that ids are valid.",
            "context": {"ids": ids}, "links": {}, "errors": [],
        }  # fmt: skip

    # -- create --------------------------------------------------------------------------------------------------

    def create(self, word: str) -> Response:
        kind = object_name(word)
        rows = inputs()
        traces = [one.get("objectWriteTraceId") for one in rows]
        traced = all(traces) and len(set(traces)) == len(traces)
        refusal = None if traced else self._refusal(kind, rows)
        if refusal is not None:
            raise refusal
        return self._each(kind, rows, self._create_one, 201)

    def _refusal(self, kind: str, rows: list[JSON]) -> PortalError | None:
        """Without trace ids one bad input fails them all, and nothing is written."""
        seen: set[str] = set()
        for one in rows:
            error = self._writer.trial(kind, one.get("properties", {}))
            if error is not None:
                return error
            email = str((one.get("properties") or {}).get("email") or "").lower()
            if email and email in seen:
                return conflict("Contact already exists. Two inputs of the batch have the same email.")
            seen.add(email)
        return None

    def _create_one(self, kind: str, one: JSON) -> tuple[Record, JSON] | None:
        return self._single.create_one(kind, one), {}

    def _each(
        self, kind: str, rows: list[JSON], act: Callable[[str, JSON], tuple[Record, JSON] | None], status: int
    ) -> Response:
        """Run every input; refusals become entries of ``errors``."""
        results: list[JSON] = []
        errors: list[JSON] = []
        for one in rows:
            trace = one.get("objectWriteTraceId")
            try:
                done = act(kind, one)
            except PortalError as error:
                errors.append(self._error_of(error, one, trace))
                continue
            if done is not None:
                shape = shaper(self._state, kind, list(one.get("properties") or {}))
                extra = {"objectWriteTraceId": trace} if trace else {}
                results.append({**shape(done[0]), **done[1], **extra})
        return batch_answer(self._state, results, errors, status)

    def _error_of(self, error: PortalError, one: JSON, trace: object) -> JSON:
        context: JSON = {"objectWriteTraceId": [trace]} if trace else {}
        if "id" in one:
            context["ids"] = [str(one["id"])]
        return batch_error(error, context)

    # -- update, upsert, archive ---------------------------------------------------------------------------------

    def update(self, word: str) -> Response:
        kind = object_name(word)
        rows = inputs()
        self._check_once(rows)
        missing = [str(one.get("id")) for one in rows if self._lost(kind, one)]
        present = [one for one in rows if str(one.get("id")) not in missing]
        checked = self._valid(kind, present)
        response_rows: list[JSON] = []
        for one, record in checked:
            self._writer.update(kind, record, one.get("properties", {}))
            shape = shaper(self._state, kind, list(one.get("properties") or {}))
            trace = one.get("objectWriteTraceId")
            response_rows.append({**shape(record), **({"objectWriteTraceId": trace} if trace else {})})
        errors = [self._not_found(kind, missing)] if missing else []
        return batch_answer(self._state, response_rows, [*errors, *self._late])

    def _check_once(self, rows: list[JSON]) -> None:
        ids = [str(one.get("id", "")) for one in rows]
        twice = sorted({ident for ident in ids if ids.count(ident) > 1})
        if twice:
            raise refused(f"Duplicate IDs found in batch input: [{', '.join(twice)}]. IDs must be unique")

    def _lost(self, kind: str, one: JSON) -> bool:
        ident = str(one.get("id", ""))
        if ident.isdigit() and int(ident) in self._state.table(kind).aliases:
            return False
        return self._one(kind, ident, str(one.get("idProperty") or "")) is None

    def _valid(self, kind: str, rows: list[JSON]) -> list[tuple[JSON, Record]]:
        """Inputs that may be written. Merged-away ids are silently missing. Without trace ids one refusal fails all."""
        self._late: list[JSON] = []
        found = []
        for one in rows:
            ident = str(one.get("id", ""))
            if ident.isdigit() and int(ident) in self._state.table(kind).aliases:
                continue
            record = self._one(kind, ident, str(one.get("idProperty") or ""))
            if record is None:
                continue
            try:
                self._writer.may_update(kind, record, one.get("properties", {}))
            except PortalError as error:
                if not one.get("objectWriteTraceId"):
                    raise
                self._late.append(self._error_of(error, one, one["objectWriteTraceId"]))
                continue
            found.append((one, record))
        return found

    def upsert(self, word: str) -> Response:
        kind = object_name(word)
        rows = inputs()
        self._check_once(rows)
        for one in rows:
            if not one.get("idProperty"):
                raise refused("idProperty is required in every input of an upsert")
        for one in rows:
            record = self._one(kind, str(one["id"]), str(one["idProperty"]))
            if record is not None:
                self._writer.may_update(kind, record, one.get("properties", {}))
            elif (error := self._writer.trial(kind, self._with_id(one))) is not None:
                raise error
        return self._each(kind, rows, self._upsert_one, 200)

    def _with_id(self, one: JSON) -> JSON:
        return {str(one["idProperty"]): one["id"], **(one.get("properties") or {})}

    def _upsert_one(self, kind: str, one: JSON) -> tuple[Record, JSON] | None:
        record = self._one(kind, str(one["id"]), str(one["idProperty"]))
        if record is None:
            return self._writer.create(kind, self._with_id(one)), {"new": True}
        return self._writer.update(kind, record, one.get("properties", {})), {"new": False}

    def archive(self, word: str) -> Response:
        kind = object_name(word)
        for one in inputs():
            record = self._one(kind, str(one.get("id", "")), "")
            if record is not None:
                self._state.archive(kind, record, self._state.caller)
        return answer(status=204)
