"""The columns of a scoring model's sheet: one line a rule, with the keys that its kind has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from connector.rules.documents.base import Part
from connector.rules.documents.scoring_rules import Rule
from connector.sync.sheets.table import ABSENT, Column, column

MODEL = "model"
ALWAYS = ("name", "label", "kind", "family", "points", "enabled", "when", "activities", "counting", "cap", "floor")
_KINDS = {
    "name": "word", "label": "text", "kind": "word", "family": "word", "points": "whole", "enabled": "truth",
    "when": "condition", "activities": "names", "counting": "word", "within_days": "whole", "window_days": "whole",
    "max_per_window": "whole", "cap": "whole", "floor": "whole", "decay": "decay", "match": "pairs",
    "human_only": "truth", "count_unsure": "truth", "at_least": "whole", "at_most": "whole", "after_days": "whole",
    "every_days": "whole", "in_a_row": "whole", "sent": "names", "opened": "names", "within_hours": "whole",
    "factor": "number", "min_seconds": "whole", "lists": "names", "of": "word", "state": "word", "personas": "names",
    "share": "number", "sources": "names", "effort": "whole",
}  # fmt: skip
RULES: Mapping[str, type[Part]] = {
    get_args(one.model_fields["kind"].annotation)[0]: one for one in get_args(get_args(Rule)[0])
}


class RuleTable:
    """Rules of a model, known by their names."""

    columns: Mapping[str, Column] = {name: column(name, kind) for name, kind in _KINDS.items()}
    marks: Sequence[tuple[str, ...]] = (("name",),)

    def default(self, row: Mapping[str, Any], name: str) -> Any:
        rule = RULES.get(str(row.get("kind")))
        info = rule.model_fields.get(name) if rule is not None else None
        return ABSENT if info is None or info.is_required() else info.default


RULE = RuleTable()
