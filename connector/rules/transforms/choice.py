"""Closed choices: yes and no in seven languages, and an admin's own table."""

from __future__ import annotations

from connector.rules.documents.steps import BareStep, LookupStep
from connector.rules.transforms.base import Invalid, Locale, Nothing, Outcome, Transform, Value, each

_TRUE = frozenset({
    "true", "yes", "y", "ja", "j", "wahr", "1", "on", "an", "oui", "vrai", "sí", "si", "vero", "sì", "tak",
    "prawda", "ano", "igen", "x",
})  # fmt: skip
_FALSE = frozenset({
    "false", "no", "n", "nein", "falsch", "0", "off", "aus", "non", "faux", "falso", "nee", "nie", "fałsz", "ne",
    "nem",
})  # fmt: skip


def _boolean(value: Value, _options: BareStep, _locale: Locale) -> Outcome:
    if isinstance(value, bool):
        return value
    word = str(value).strip().strip(".!").casefold()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    return Invalid("is neither yes nor no") if word else Nothing()


def _lookup(value: Value, options: LookupStep, _locale: Locale) -> Outcome:
    if isinstance(value, tuple):
        return each(value, lambda part: _look(part, options))
    return _look(value, options)


def _look(value: str | float | bool, options: LookupStep) -> Outcome:
    """The document has no chains (a meaning that is itself a key), so looking twice changes nothing."""
    table, meanings = _table(options)
    found = table.get(str(value).strip().casefold()) if isinstance(value, str) or value not in meanings else value
    if found is not None:
        return found
    if options.otherwise == "keep" or value in meanings:
        return value
    return Nothing("not in the table") if options.otherwise == "drop" else Invalid("is not in the table")


def _table(options: LookupStep) -> tuple[dict[str, str | int | float | bool], frozenset[str | int | float | bool]]:
    table = {key.strip().casefold(): meaning for key, meaning in options.table.items()}
    return table, frozenset(table.values())


TRANSFORMS = {"boolean": Transform("boolean", _boolean), "lookup": Transform("lookup", _lookup)}
