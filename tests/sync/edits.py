"""Random edits of a mapping that validate, as an admin may make them: for tests that hold a preview against a run."""

from __future__ import annotations

import copy
import json
from random import Random
from typing import Any

from connector.sync.library import faults_of
from tests.sync.steps import document

Data = dict[str, Any]
PLAIN = ([], ["collapse_spaces"], ["upper"], ["lower"], ["title_case"], ["collapse_spaces", "lower"])
LOSSY = (["role_level"], ["department"], ["domain"], [{"step": "replace", "old": "e", "new": "3"}])
TARGETS = (
    "message",
    "zip",
    "salutation",
    "fax",
    "state",
    "city",
    "jobtitle",
    "company",
    "no_such_property",
    "industry",
)
WRITABLE = (
    "first_name",
    "last_name",
    "phone",
    "city",
    "company_name",
    "position",
    "planned_use",
    "language",
    "website",
)


def edited(chance: Random, before: Data) -> tuple[Data, str]:
    """Another mapping than the one before, and its text."""
    while True:
        data = copy.deepcopy(before)
        for _ in range(chance.randint(1, 3)):
            chance.choice(OPERATIONS)(chance, data)
        text = json.dumps(data, ensure_ascii=False)
        if data != before and data["rows"] and not faults_of("mapping", text):
            return data, text


def _row(chance: Random, data: Data) -> Data:
    return chance.choice(data["rows"])


def _write(chance: Random, data: Data) -> None:
    some = [row for row in data["rows"] if row["field"] in WRITABLE]
    if some:
        row = chance.choice(some)
        row["direction"], row["mode"] = "both", chance.choice(["overwrite", "overwrite", "fill_if_empty"])
        row["clear"] = chance.choice(["keep", "clear", "hold"])
        row["unknown"] = chance.choice(["hold", "drop", "keep", "keep"])
        row["transforms"] = chance.choice(PLAIN)


def _only_read(chance: Random, data: Data) -> None:
    row = _row(chance, data)
    for name in ("direction", "mode", "clear", "conflict"):
        row.pop(name, None)


def _steps(chance: Random, data: Data) -> None:
    row = _row(chance, data)
    row["transforms"] = chance.choice(PLAIN if "direction" in row else (*PLAIN, *LOSSY))


def _other_property(chance: Random, data: Data) -> None:
    row = _row(chance, data)
    if row["field"] != "email":
        row["property"] = chance.choice(TARGETS)


def _fallbacks(chance: Random, data: Data) -> None:
    names = ["city", "jobtitle", "company", "company.city", "mobilephone", "message"]
    _row(chance, data)["fallbacks"] = chance.sample(names, chance.randint(0, 2))


def _values(chance: Random, data: Data) -> None:
    row = _row(chance, data)
    row["values"] = chance.choice([{}, {"Ulm": "south", "Hamburg": "north"}, {"DE": "Germany"}])
    row["unknown"] = chance.choice(["hold", "drop", "keep"])


def _remove(chance: Random, data: Data) -> None:
    data["rows"].remove(_row(chance, data))


def _bring_back(chance: Random, data: Data) -> None:
    there = {row["field"] for row in data["rows"]}
    data["rows"] += [row for row in document("mapping")["rows"] if row["field"] not in there][:3]


def _write_elsewhere(chance: Random, data: Data) -> None:
    data["rows"].append(
        {
            "field": chance.choice(WRITABLE),
            "property": chance.choice(TARGETS),
            "direction": "write",
            "mode": chance.choice(["overwrite", "fill_if_empty"]),
            "clear": chance.choice(["keep", "clear"]),
        }
    )


def _locale(chance: Random, data: Data) -> None:
    data["locale"] = {
        **data.get("locale", {}),
        "region": chance.choice(["", "DE", "AT"]),
        "date_order": chance.choice(["", "DMY"]),
        "languages": chance.choice([["en", "de"], ["de"]]),
    }


OPERATIONS = (
    _write, _write, _write, _write, _write, _write_elsewhere, _write_elsewhere, _only_read, _steps, _steps,
    _other_property, _fallbacks, _values, _remove, _bring_back, _locale,
)  # fmt: skip
