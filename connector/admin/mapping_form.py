"""The mapping's rows as form fields and back. A field that says what the page showed leaves its key as it is written.

One row is ``r<number>-<name>`` in the form; its steps are ``r<number>-step<n>`` with ``r<number>-with<n>`` beside. New
rows are ``new-<name>``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from connector.errors import DocumentInvalid
from connector.presets import load_yaml
from connector.sync.mapping_text import flow

PLAIN = ("field", "property", "object", "direction", "mode", "clear", "conflict", "unknown")
DEFAULTS = {
    "object": "", "direction": "read", "mode": "never", "clear": "keep", "conflict": "newer", "unknown": "keep",
}  # fmt: skip
ROOM = 3
"""Empty places for further steps that the form offers beside those a row has."""


@dataclass(slots=True)
class Filled:
    """What a form says: rows that differ, rows to go, rows to come, and what could not be understood, by field name."""

    changed: dict[int, dict[str, Any]] = field(default_factory=dict)
    removed: set[int] = field(default_factory=set)
    added: list[dict[str, Any]] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def anything(self) -> bool:
        return bool(self.changed or self.removed or self.added)


def shown(row: Mapping[str, Any]) -> dict[str, str]:
    """A row as the texts of its form fields."""
    told = {name: str(row.get(name) or DEFAULTS.get(name, "")) for name in PLAIN}
    told["fallbacks"] = ", ".join(map(str, row.get("fallbacks") or ()))
    told["values"] = _lines(row.get("values"))
    for at, step in enumerate(steps_of(row)):
        told[f"step{at}"], told[f"with{at}"] = step
    return told


def steps_of(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The steps with their options as text, ``region: DE``."""
    found = row.get("transforms") or ()
    return [_step(one) for one in found] if isinstance(found, list | tuple) else []


def _step(one: Any) -> tuple[str, str]:
    if not isinstance(one, dict):
        return str(one), ""
    options = {key: value for key, value in one.items() if key != "step"}
    return str(one.get("step", "")), flow(options)[1:-1] if options else ""


def _lines(values: Any) -> str:
    if not isinstance(values, dict) or not values:
        return ""
    said = yaml.safe_dump(values, default_flow_style=False, sort_keys=False, allow_unicode=True, width=10**6)
    return said.rstrip("\n")


def filled(rows: Sequence[Mapping[str, Any]], form: Mapping[str, str]) -> Filled:
    """What the form asks for, against the rows as they stand. Rows that are not in the form stay as they are."""
    told = Filled()
    for at, row in enumerate(rows):
        if f"r{at}-field" not in form:
            continue
        if form.get(f"r{at}-remove"):
            told.removed.add(at)
            continue
        new = _row(dict(row), shown(row), f"r{at}", form, told.errors)
        if new != row:
            told.changed[at] = new
    if form.get("new-property", "").strip():
        told.added.append(_row({}, shown({}), "new", form, told.errors))
    return told


def carried(rows: Sequence[Mapping[str, Any]], form: Mapping[str, str]) -> Filled:
    """The same for rows that are others by now: what the person changed of a row is carried onto the row that was it.

    A row that is gone meanwhile comes back only if the person changed something of it.
    """
    told = Filled()
    free = {at: (row.get("field"), row.get("property"), row.get("direction")) for at, row in enumerate(rows)}
    for number in sorted(int(name[1:-4]) for name in form if name[0] == "r" and name.endswith("-was")):
        was = _mapping(form[f"r{number}-was"], f"r{number}-was", told.errors)
        mark = (was.get("field"), was.get("property"), was.get("direction"))
        at = next((place for place, other in free.items() if other == mark), None)
        if at is not None:
            del free[at]
        if form.get(f"r{number}-remove"):
            told.removed.update(() if at is None else (at,))
            continue
        mine = _row(dict(was), shown(was), f"r{number}", form, told.errors)
        if mine == was:
            continue
        if at is None:
            told.added.append(mine)
        else:
            kept = {name: value for name, value in rows[at].items() if name in mine or name not in was}
            told.changed[at] = kept | {name: value for name, value in mine.items() if value != was.get(name)}
    if form.get("new-property", "").strip():
        told.added.append(_row({}, shown({}), "new", form, told.errors))
    return told


def _row(
    row: dict[str, Any], before: Mapping[str, str], prefix: str, form: Mapping[str, str], errors: dict[str, str]
) -> dict[str, Any]:
    for name in PLAIN:
        said = form.get(f"{prefix}-{name}", before[name]).strip()
        if said != before[name]:
            _put(row, name, said if said != DEFAULTS.get(name) else None)
    said = form.get(f"{prefix}-fallbacks", before["fallbacks"])
    if _names(said) != _names(before["fallbacks"]):
        _put(row, "fallbacks", _names(said) or None)
    said = _plain(form.get(f"{prefix}-values", before["values"]))
    if said != before["values"]:
        values = _mapping(said, f"{prefix}-values", errors)
        _put(row, "values", values or None)
    if (steps := _steps(prefix, form)) is not None and steps != [(a, b) for a, b in steps_of(row)]:
        _put(row, "transforms", [_written(one, at, prefix, errors) for at, one in enumerate(steps)] or None)
    return row


def _put(row: dict[str, Any], name: str, value: Any) -> None:
    if value is None:
        row.pop(name, None)
    else:
        row[name] = value


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").rstrip("\n")


def _names(text: str) -> list[str]:
    return [name for name in (part.strip() for part in text.replace("\n", ",").split(",")) if name]


def _steps(prefix: str, form: Mapping[str, str]) -> list[tuple[str, str]] | None:
    """The chosen steps in order, empty places left out; None when the form holds no steps of this row."""
    if f"{prefix}-step0" not in form:
        return None
    found: list[tuple[str, str]] = []
    for at in range(50):
        name = form.get(f"{prefix}-step{at}")
        if name is None:
            break
        if name:
            found.append((name, form.get(f"{prefix}-with{at}", "").strip()))
    return found


def _written(step: tuple[str, str], at: int, prefix: str, errors: dict[str, str]) -> Any:
    name, options = step
    if not options:
        return name
    return {"step": name, **_mapping("{" + options + "}", f"{prefix}-with{at}", errors)}


def _mapping(text: str, where: str, errors: dict[str, str]) -> dict[str, Any]:
    """A piece of YAML that must be keys with values; what cannot be read is told at its field."""
    try:
        data = load_yaml(text, where)[0] if text.strip() else {}
    except DocumentInvalid as invalid:
        errors[where] = f"{invalid.faults[0].message} {invalid.faults[0].remedy}".strip()
        return {}
    if not isinstance(data, dict):
        errors[where] = "One pair a line: their word, a colon, a space, our word."
        return {}
    return dict(data)
