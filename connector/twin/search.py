"""The CRM search: filters over an index that lags behind the records (hubspot-api.md 3.7)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any

from connector.twin.definitions import SINGULAR
from connector.twin.errors import JSON, PortalError, refused
from connector.twin.records import Record
from connector.twin.state import State
from connector.twin.values import sortable_moment, sortable_number

Test = Callable[[Record], bool]
CAP = 10_000
MOST_GROUPS, MOST_PER_GROUP, MOST_FILTERS = 5, 6, 18
OPERATORS = {
    "LT", "LTE", "GT", "GTE", "EQ", "NEQ", "BETWEEN", "IN", "NOT_IN", "HAS_PROPERTY", "NOT_HAS_PROPERTY",
    "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN",
}  # fmt: skip
QUERY_FIELDS = {
    "contacts": ("firstname", "lastname", "email", "phone", "hs_additional_emails", "mobilephone", "company"),
    "companies": ("name", "domain", "website", "phone"),
    "deals": ("dealname",),
}
Comparable = float | int | str
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "LT": lambda a, b: a < b,
    "LTE": lambda a, b: a <= b,
    "GT": lambda a, b: a > b,
    "GTE": lambda a, b: a >= b,
    "EQ": lambda a, b: a == b,
}


@dataclass(frozen=True)
class Found:
    """One page of search results."""

    total: int
    records: list[Record]
    after: str | None


def problem(detail: str) -> PortalError:
    return refused("There was a problem with the request.", errors=[{"message": detail}])


class Search:
    """Searches one portal's index."""

    def __init__(self, state: State) -> None:
        self._state = state

    def run(self, kind: str, body: JSON) -> Found:
        limit, offset = _window(body)
        groups = [self._group(kind, group) for group in _groups(body)]
        tests = [_all(group) for group in groups]
        query = str(body.get("query") or "").lower()
        rows = self._index(kind)
        if tests:
            rows = [record for record in rows if any(test(record) for test in tests)]
        if query:
            rows = [record for record in rows if _matches_query(kind, record, query)]
        ordered = self._sorted(kind, list(rows), body.get("sorts") or [])
        page = ordered[offset : min(offset + limit, CAP)]
        more = offset + limit < len(ordered)
        return Found(len(ordered), page, str(offset + limit) if more else None)

    # -- the lagging index ---------------------------------------------------------------------------------------

    def _index(self, kind: str) -> Iterable[Record]:
        """Every record as the index knows it: changes younger than the lag are not seen yet."""
        lag = int(self._state.dials.search_lag * 1000)
        live = self._state.table(kind).records
        if lag <= 0:
            return [record for record in live.values() if record.archived is None]
        cutoff = self._state.now_ms() - lag
        old: dict[int, Record | None] = {}
        for past in reversed(self._state.past):
            if past.at <= cutoff:
                break
            if past.kind == kind:
                old[past.record_id] = past.state
        rows = [record for record_id, record in live.items() if record_id not in old]
        rows += [record for record in old.values() if record is not None]
        return [record for record in rows if record.archived is None]

    # -- filters -------------------------------------------------------------------------------------------------

    def _group(self, kind: str, filters: list[JSON]) -> list[Test]:
        """Tests of one group, cheap ones first."""
        cheap = (self._state.table(kind).modified_name, "hs_object_id", self._state.table(kind).created_name)
        ordered = sorted(filters, key=lambda f: f.get("propertyName") not in cheap)
        return [self._test(kind, one) for one in ordered]

    def _test(self, kind: str, one: JSON) -> Test:
        name, operator = str(one.get("propertyName", "")), str(one.get("operator", ""))
        if operator not in OPERATORS:
            raise problem(f"{operator} is not a valid operator")
        if name.startswith("associations."):
            return self._association_test(kind, name.partition(".")[2], operator, one)
        definition = self._state.definitions.find(kind, name)
        if definition is None:
            raise problem(f"Property {name} does not exist on {kind}")
        table = self._state.table(kind)
        if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
            wanted = operator == "HAS_PROPERTY"
            return lambda record: (name in record.props) is wanted
        if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
            return _token_test(name, str(_value(one)), negate=operator.startswith("NOT"))
        reader = _reader(name, definition, table.modified_name, table.created_name)
        parse = _parser(definition)
        return _compare_test(reader, parse, operator, one)

    def _association_test(self, kind: str, word: str, operator: str, one: JSON) -> Test:
        other = SINGULAR.get(word, word)
        links = self._state.links
        if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
            wanted = operator == "HAS_PROPERTY"
            return lambda record: bool(links.of(kind, record.id, other)) is wanted
        raw = one.get("values") if operator in ("IN", "NOT_IN") else [_value(one)]
        ids = {int(str(value)) for value in raw or [] if str(value).isdigit()}
        negate = operator in ("NEQ", "NOT_IN")
        return lambda record: (not ids.isdisjoint(links.of(kind, record.id, other))) is not negate

    # -- order ---------------------------------------------------------------------------------------------------

    def _sorted(self, kind: str, rows: list[Record], sorts: list[Any]) -> list[Record]:
        table = self._state.table(kind)
        if len(sorts) > 1:
            raise problem("only one sort is allowed")
        name, descending = _sort_of(sorts[0]) if sorts else (table.created_name, False)
        definition = self._state.definitions.find(kind, name)
        if definition is None:
            raise problem(f"Property {name} does not exist on {kind}")
        if name == "hs_object_id":
            return sorted(rows, key=attrgetter("id"), reverse=descending)
        reader = _reader(name, definition, table.modified_name, table.created_name)
        have = [(value, record.id, record) for record in rows if (value := reader(record)) is not None]
        without = [record for record in rows if reader(record) is None]
        have.sort(key=lambda row: row[:2], reverse=descending)
        ordered = [row[2] for row in have]
        return [*ordered, *sorted(without, key=lambda r: r.id)]


def _window(body: JSON) -> tuple[int, int]:
    limit = body.get("limit", 10)
    if not isinstance(limit, int) or not 0 < limit <= 200:
        raise refused("limit must be between 1 and 200")
    after = str(body.get("after") or "0")
    if not after.isdigit():
        raise refused(f"after must be a number, not {after}")
    if int(after) >= CAP:
        raise refused(f"There was a problem with the request. Only the first {CAP} results can be paged through.")
    return limit, int(after)


def _groups(body: JSON) -> list[list[JSON]]:
    groups = [group.get("filters") or [] for group in body.get("filterGroups") or []]
    if body.get("filters"):
        groups.append(body["filters"])
    if len(groups) > MOST_GROUPS:
        raise refused(f"filterGroups: at most {MOST_GROUPS} groups are allowed")
    if any(len(group) > MOST_PER_GROUP for group in groups):
        raise refused(f"filterGroups: at most {MOST_PER_GROUP} filters are allowed in a group")
    if sum(map(len, groups)) > MOST_FILTERS:
        raise refused(f"filterGroups: at most {MOST_FILTERS} filters are allowed in all")
    return groups


def _all(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    return lambda record: all(test(record) for test in tests)


def _value(one: JSON) -> object:
    if one.get("value") is None:
        raise problem(f"operator {one.get('operator')} needs a value")
    return one["value"]


def _reader(name: str, definition: JSON, modified: str, created: str) -> Callable[[Record], Comparable | None]:
    """How a property of a record is read for comparing."""
    if name == modified:
        return lambda record: record.updated
    if name == created:
        return lambda record: record.created
    if name == "hs_object_id":
        return lambda record: record.id
    parse = _parser(definition)

    def read(record: Record) -> Comparable | None:
        value = record.props.get(name)
        return None if value is None else parse(value)

    return read


def _fold(text: str) -> str:
    return text.lower()


def _keep(text: str) -> str:
    return text


def _parser(definition: JSON) -> Callable[[str], Comparable | None]:
    kind = definition["type"]
    if kind in ("date", "datetime"):
        return sortable_moment
    if kind == "number":
        return sortable_number
    return _keep if kind == "enumeration" else _fold


def _compare_test(
    reader: Callable[[Record], Comparable | None],
    parse: Callable[[str], Comparable | None],
    operator: str,
    one: JSON,
) -> Test:
    if operator in ("IN", "NOT_IN"):
        values = one.get("values")
        if not isinstance(values, list) or not values:
            raise problem(f"operator {operator} needs values")
        wanted = {parse(str(value)) for value in values}
        return (lambda r: reader(r) in wanted) if operator == "IN" else (lambda r: reader(r) not in wanted)
    bound = _bound(parse, _value(one))
    if operator == "NEQ":
        return lambda record: reader(record) != bound
    if operator == "BETWEEN":
        high = _bound(parse, one.get("highValue"))
        return lambda record: (value := reader(record)) is not None and bound <= value <= high  # type: ignore[operator]
    compare = COMPARE[operator]
    return lambda record: (value := reader(record)) is not None and compare(value, bound)


def _bound(parse: Callable[[str], Comparable | None], raw: object) -> Comparable:
    bound = parse(str(raw))
    if bound is None:
        raise problem(f"{raw} is not a valid filter value")
    return bound


@cache
def _pattern(token: str) -> re.Pattern[str]:
    return re.compile(re.escape(token.lower()).replace(r"\*", ".*"))


def _tokens(text: str) -> list[str]:
    return re.split(r"[\s@.,;:/_\-]+", text.lower())


def _has_token(text: str, token: str) -> bool:
    pattern = _pattern(token)
    return bool(pattern.fullmatch(text.lower())) or any(pattern.fullmatch(part) for part in _tokens(text))


def _token_test(name: str, token: str, *, negate: bool) -> Test:
    return lambda record: _has_token(record.props.get(name, ""), token) is not negate


def _matches_query(kind: str, record: Record, query: str) -> bool:
    fields = QUERY_FIELDS.get(kind, ())
    return all(any(word in record.props.get(name, "").lower() for name in fields) for word in query.split())


def _sort_of(sort: object) -> tuple[str, bool]:
    if isinstance(sort, dict):
        return str(sort.get("propertyName")), str(sort.get("direction", "ASCENDING")).upper() == "DESCENDING"
    text = str(sort)
    return text.lstrip("-"), text.startswith("-")
