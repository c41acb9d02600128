"""What a cell of a document's sheet says: lists, pairs, steps, conditions, decays, as short as people can write them.

For each kind a way out and a way in. What the short form cannot say is written as YAML, and YAML is understood in all
these cells; the way out takes the short form only where the way in gives the very same back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from connector.errors import DocumentInvalid
from connector.presets import load_yaml
from connector.sheet import Dialect, Misread, number, number_text, whole_number
from connector.sync.mapping_text import flow

NONE, NO_ITEMS = "none", "[]"
_QUOTED = re.compile(r'[",\n\r\[]|^\s|\s$|^$')
_ITEM = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^,\n"]*))[^\S\n]*(?:[,\n]|$)')

# --- lists -------------------------------------------------------------------------------------------------------


def names_text(names: Sequence[Any]) -> str:
    """``a, b``; a name with a comma stands in quotation marks. The explicit empty list is ``[]``."""
    items = [str(name) for name in names]
    return ", ".join('"' + one.replace('"', '""') + '"' if _QUOTED.search(one) else one for one in items) or NO_ITEMS


def read_names(cell: str) -> list[str]:
    """Names separated by commas or line ends."""
    text, found, end = cell.strip(), [], 0
    while end < len(text) and text != NO_ITEMS:
        item = _ITEM.match(text, end)
        if item is None:
            raise Misread("The list cannot be read.", remedy='Write it like: a, b, "c, with a comma"')
        quoted, bare, end = item[1], item[2], item.end()
        if quoted is not None:
            found.append(quoted.replace('""', '"'))
        elif bare.strip():
            found.append(bare.strip())
    return found


# --- YAML in a cell ----------------------------------------------------------------------------------------------


def yaml_text(value: Any) -> str:
    """A value as YAML on one line that reads back as it was."""
    said = flow(value)
    ways = (said, json.dumps(value, ensure_ascii=False), _escaped(value))
    return next((way for way in ways if "\n" not in way and _reads_as(way, value)), said)


def _escaped(value: Any) -> str:
    """All in quotation marks, and what is no plain letter by its number."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(one if " " <= one <= "~" else f"\\U{ord(one):08x}" for one in text)


def _reads_as(text: str, value: Any) -> bool:
    try:
        return same(load_yaml(text, "cell")[0], value)
    except DocumentInvalid:
        return False


def read_yaml(text: str, hint: str) -> Any:
    """What the YAML in a cell says."""
    try:
        return load_yaml(text, "cell")[0]
    except DocumentInvalid as invalid:
        first = invalid.faults[0]
        raise Misread(first.message, remedy=hint or first.remedy) from None


def same(one: Any, other: Any) -> bool:
    """Equal, and of one type all the way down: 1 is not true, and a list is a tuple."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return type(one) is type(other) and bool(one == other)


def pairs_text(pairs: Mapping[str, Any]) -> str:
    """``ulm: Ulm, muc: München``; of an empty set of keys ``{}``."""
    whole_text = yaml_text(pairs)
    return whole_text[1:-1] if pairs else "{}"


PAIRS = "Write it like: their word: our word, other word: our other word"


def read_pairs(cell: str, hint: str = PAIRS) -> dict[str, Any]:
    """Pairs separated by commas, or one a line."""
    text = cell.strip()
    found = read_yaml(text if text.startswith("{") or _is_block(text) else "{" + text + "}", hint)
    if not isinstance(found, dict):
        raise Misread("These are no pairs of words.", remedy=hint)
    return found


def _is_block(text: str) -> bool:
    return "\n" in text and all(re.match(r"\s*#|\s*\S.*:(\s|$)|\s*$", line) for line in text.split("\n"))


# --- steps of a mapping row --------------------------------------------------------------------------------------


def steps_text(steps: Sequence[Any]) -> str:
    """``trim, phone: {region: DE}``."""
    return ", ".join(_step_text(step) for step in steps) or NO_ITEMS


def _step_text(step: Any) -> str:
    if not (isinstance(step, dict) and isinstance(step.get("step"), str)):
        return yaml_text(step)
    options = {key: value for key, value in step.items() if key != "step"}
    return f"{yaml_text(step['step'])}: {yaml_text(options)}"


def read_steps(cell: str) -> list[Any]:
    """Steps in order, each a bare word or a word with its options."""
    hint = "Write it like: trim, phone: {region: DE}"
    text = cell.strip()
    found = read_yaml(text if text.startswith("[") else f"[{text}]", hint)
    if not isinstance(found, list):
        raise Misread("These are no steps.", remedy=hint)
    return [_step(one, hint) for one in found]


def _step(said: Any, hint: str) -> Any:
    if isinstance(said, str) or (isinstance(said, dict) and "step" in said):
        return said
    if isinstance(said, dict) and len(said) == 1:
        ((name, options),) = said.items()
        if isinstance(options, dict):
            return {"step": name, **options}
    raise Misread(f"{yaml_text(said)} is no step.", remedy=hint)


# --- decay -------------------------------------------------------------------------------------------------------


def decay_text(decay: Mapping[str, Any]) -> str:
    """``half-life 90 days``, ``linear 365 days``, ``after 60 days 50 %, after 180 days 0 %``."""
    short = ""
    match decay:
        case {"half_life_days": int(days)}:
            short = f"half-life {days} days"
        case {"linear_days": int(days)}:
            short = f"linear {days} days"
        case {"steps": [*steps]}:
            short = ", ".join(f"after {s['after_days']} days {s['keep']} %" for s in steps if _is_step(s))
    return short if short and _decay_reads(short, decay) else yaml_text(decay)


def _is_step(step: Any) -> bool:
    return isinstance(step, dict) and {"after_days", "keep"} <= step.keys()


def _decay_reads(short: str, decay: Mapping[str, Any]) -> bool:
    try:
        return same(read_decay(short), decay)
    except Misread:
        return False


_FADES = re.compile(r"(half[- _]?life|linear)\s+(\d{1,6})(?:\s*days?)?", re.IGNORECASE)
_FADES_STEP = re.compile(r"after\s+(\d{1,6})\s*days?\s+(\d{1,3})\s*%?", re.IGNORECASE)


def read_decay(cell: str) -> dict[str, Any]:
    """How points fade."""
    text, hint = (
        cell.strip(),
        "Write it like: half-life 90 days; linear 365 days; after 60 days 50 %, after 180 days 0 %",
    )
    if found := _FADES.fullmatch(text):
        return {"linear_days" if found[1].casefold() == "linear" else "half_life_days": int(found[2])}
    steps = [_FADES_STEP.fullmatch(part.strip()) for part in text.split(",")]
    if all(steps):
        return {"steps": [{"after_days": int(step[1]), "keep": int(step[2])} for step in steps if step]}
    if ":" not in text:
        raise Misread(f'"{text}" is no decay.', remedy=hint)
    return read_pairs(text, hint)


# --- conditions --------------------------------------------------------------------------------------------------

_WORDS = {
    "equals": "equals", "in": "in", "not_in": "not in", "contains": "contains", "matches": "matches", "gt": ">",
    "gte": ">=", "lt": "<", "lte": "<=", "at_least_level": "at least", "before": "before", "after": "after",
}  # fmt: skip
_OPERATORS = {word: key for key, word in _WORDS.items()} | {"=": "equals", "≥": "gte", "≤": "lte"}
_STANDING: dict[str, tuple[str, Any]] = {
    "is set": ("is_set", True), "is not set": ("is_set", False), "is true": ("is_true", True),
    "is false": ("is_true", False),
}  # fmt: skip
_NUMBERS = ("gt", "gte", "lt", "lte")
_SUBJECT = re.compile(r"(?:(field|property)\s+)?([a-z][a-z0-9_]*)\s+(.*)", re.DOTALL)
_BETWEEN = re.compile(r"between\s+(\S+)\s+and\s+(\S+)")
_MONTHS = re.compile(r"within\s+(?:the\s+)?next\s+(\S+)\s+months?")
_OPERATOR = re.compile(
    "(" + "|".join(re.escape(word) for word in sorted(_OPERATORS, key=len, reverse=True)) + r")(?=[\s\d-])\s*(.*)",
    re.DOTALL,
)
CONDITION = (
    "Write it like: industry in MACHINERY, AUTOMOTIVE; age between 30 and 60; company_size >= 50; city is set; "
    "target location; in list 123; or a nested one as YAML: {any: [{field: city, is_set: true}, …]}"
)


def condition_text(condition: Any, dialect: Dialect) -> str:
    """A single comparison in words, anything else as YAML."""
    short = _short(condition, dialect) if isinstance(condition, dict) else ""
    if short:
        try:
            if same(read_condition(short, dialect), condition):
                return short
        except Misread:
            pass
    return yaml_text(condition)


def _short(condition: dict[str, Any], dialect: Dialect) -> str:
    match list(condition.items()):
        case [("target", str(name))]:
            return f"target {name}"
        case [("in_list", [*ids])] if ids:
            return f"in list {', '.join(map(str, ids))}"
        case [("field" | "property" as head, str(name)), (str(operator), value)]:
            said = _operator_text(operator, value, dialect)
            return f"{'property ' if head == 'property' else ''}{name} {said}" if said else ""
    return ""


def _operator_text(operator: str, value: Any, dialect: Dialect) -> str:
    standing = next((said for said, known in _STANDING.items() if same(known, (operator, value))), "")
    if standing:
        return standing
    match operator, value:
        case "between", [int() | float() as low, int() | float() as high]:
            return f"between {number_text(low, dialect)} and {number_text(high, dialect)}"
        case "within_next_months", int(months):
            return f"within next {months} months"
        case (("in" | "not_in"), [*words]) if words:
            return f"{_WORDS[operator]} {yaml_text(words)[1:-1]}"
        case (("gt" | "gte" | "lt" | "lte"), (int() | float()) as bound) if not isinstance(bound, bool):
            return f"{_WORDS[operator]} {number_text(bound, dialect)}"
        case _ if operator in _WORDS and isinstance(value, str) and _reads_as(value, value):
            return f"{_WORDS[operator]} {value}"
        case _ if operator in _WORDS and isinstance(value, str | int | float | bool):
            return f"{_WORDS[operator]} {yaml_text(value)}"
    return ""


def read_condition(cell: str, dialect: Dialect) -> Any:
    """A condition out of words or YAML. Whether it is a sound one, the document says."""
    text = cell.strip()
    if text.startswith("{"):
        return read_yaml(text, "")
    if found := re.fullmatch(r"target\s+(\S+)", text):
        return {"target": found[1]}
    if found := re.fullmatch(r"in\s+lists?\s+(.+)", text):
        return {"in_list": [one.strip() for one in found[1].split(",")]}
    found = _SUBJECT.fullmatch(text)
    if not found:
        raise Misread(f'"{text}" is no condition.', remedy=CONDITION)
    head, name, rest = found.groups()
    return {head or "field": name, **_operator(rest.strip(), text, dialect)}


def _operator(rest: str, text: str, dialect: Dialect) -> dict[str, Any]:
    if (words := " ".join(rest.split())) in _STANDING:
        return dict([_STANDING[words]])
    if found := _BETWEEN.fullmatch(rest):
        return {"between": [number(found[1], dialect), number(found[2], dialect)]}
    if found := _MONTHS.fullmatch(rest):
        return {"within_next_months": whole_number(found[1], dialect)}
    found = _OPERATOR.fullmatch(rest)
    if not found or not found[2]:
        raise Misread(f'"{text}" is no condition.', remedy=CONDITION)
    operator, said = _OPERATORS[found[1]], found[2]
    if operator in _NUMBERS:
        return {operator: number(said, dialect)}
    if operator in ("in", "not_in"):
        return {operator: read_yaml(f"[{said}]", CONDITION)}
    return {operator: read_yaml(said, CONDITION)}
