"""pydantic's errors in plain words: where it stands, what is wrong, what would be right. No rules of any document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches

from pydantic import BaseModel, ValidationError

from connector.rules.documents import shape
from connector.rules.documents.shape import Place, Plain

Entry = tuple[Place, str, str]
PydanticError = Mapping[str, object]

_DAY, _TIME, _MOMENT = "a date like 2026-11-22", "a time like 09:00", "a time like 2026-11-22T09:00:00Z"
_TYPE_WORDS = {
    "string_type": "text", "int_type": "a whole number", "int_from_float": "a whole number",
    "int_parsing": "a whole number", "float_type": "a number", "bool_type": "true or false", "tuple_type": "a list",
    "list_type": "a list", "frozen_set_type": "a list", "set_type": "a list", "dict_type": "a set of keys",
    "model_type": "a set of keys", "model_attributes_type": "a set of keys", "none_required": "empty",
    "finite_number": "a finite number", "date_type": _DAY, "date_from_datetime_parsing": _DAY, "date_parsing": _DAY,
    "time_type": _TIME, "time_parsing": _TIME, "datetime_type": _MOMENT, "datetime_from_date_parsing": _MOMENT,
    "datetime_parsing": _MOMENT, "decimal_type": "a number", "decimal_parsing": "a number",
}  # fmt: skip
_LIMITS = {
    "greater_than": ("must be more than {gt}.", "Raise it."),
    "greater_than_equal": ("must be at least {ge}.", "Raise it."),
    "less_than": ("must be less than {lt}.", "Lower it."),
    "less_than_equal": ("must be at most {le}.", "Lower it."),
    "string_too_short": ("must have at least {min_length} characters.", "Write something here."),
    "string_too_long": ("must have at most {max_length} characters.", "Shorten it."),
    "too_short": ("needs at least {min_length} entries.", "Add some."),
    "too_long": ("may have at most {max_length} entries.", "Remove some."),
    "string_pattern_mismatch": ("is not written as it must be.", "It has to match `{pattern}`."),
    "multiple_of": ("must be a multiple of {multiple_of}.", "Round it."),
}


MOST = 500
"""So many faults are put into words; whoever has more has taken the wrong file."""


def translate(model: type[BaseModel], data: Plain, error: ValidationError) -> list[Entry]:
    """Every error as (place, message, remedy); what pydantic says several times about one place is said once."""
    gathered: dict[Place, list[PydanticError]] = {}
    said: list[Entry] = []
    for one in error.errors(include_url=False, include_input=False):
        place = shape.place_of(one["loc"], data, missing=one["type"] == "missing")
        inner = one.get("ctx", {}).get("error")
        if isinstance(inner, ValueError):
            said += [((*place, *down), message, remedy) for down, message, remedy in _complaints(inner)]
        else:
            gathered.setdefault(place, []).append(dict(one))
    around = {place[:end] for place in gathered for end in range(len(place))}
    kept = {place: ones for place, ones in gathered.items() if not _echo(place, ones, data, deeper=place in around)}
    told = list(kept.items())[:MOST]
    more = len(kept) - len(told)
    if more:
        said.append(((), f"{more:,} more faults are not listed.", "Mend these first."))
    return [(place, *_words(model, data, place, ones)) for place, ones in told] + said


def _echo(place: Place, errors: Sequence[PydanticError], data: Plain, *, deeper: bool) -> bool:
    """Follow-ups: another member of a union does not fit either, or a list is short of its faulty entries.

    ``deeper``: there are errors inside of this place, too.
    """
    value = shape.at(data, place)
    if all(error["type"] == "too_short" for error in errors):
        return isinstance(value, list | dict) and len(value) > 0
    typed = all(error["type"] in _TYPE_WORDS or error["type"] == "literal_error" for error in errors)
    return deeper and typed and isinstance(value, list | dict)


def _complaints(inner: ValueError) -> Iterator[Entry]:
    """What our own validators said; a bare ValueError is one sentence without remedy."""
    for problem in getattr(inner, "problems", ()):
        yield problem.place, problem.message, problem.remedy
    if not hasattr(inner, "problems"):
        yield (), str(inner), ""


def path_text(place: Place) -> str:
    """``rules[2].points``; entries count from 1, as people do."""
    text = ""
    for step in place:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def saw(value: object) -> str:
    """What stands there, in words; texts are quoted and cut."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'the text "{_cut(value)}"'
    if isinstance(value, int | float):
        return f"the number {_cut(str(value))}"
    return "a list" if isinstance(value, list | tuple) else "a set of keys"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``Did you mean "…"?`` with a blank behind it, or nothing."""
    lowered = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), list(lowered), n=1, cutoff=0.6)
    return f'Did you mean "{lowered[close[0]]}"? ' if close else ""


def suggest(word: str, known: Iterable[str], label: str = "Allowed") -> str:
    """The remedy for a word out of a closed list."""
    names = [str(name) for name in known if name]
    shown = ", ".join(names[:60]) + (" …" if len(names) > 60 else "")
    return f"{did_you_mean(word, names)}{label}: {shown}."


def _words(model: type[BaseModel], data: Plain, place: Place, errors: Sequence[PydanticError]) -> tuple[str, str]:
    kinds = {str(error["type"]) for error in errors}
    if "extra_forbidden" in kinds:
        known = shape.keys_at(model, data, place[:-1])
        return f'"{place[-1]}" is not a key here.', suggest(str(place[-1]), known, "Known keys")
    if "missing" in kinds:
        return f'"{place[-1]}" is missing.', f"Add `{place[-1]}:` with {shape.wanted(model, data, place)}."
    value = shape.at(data, place)
    for error in errors:
        if error["type"] not in _TYPE_WORDS and error["type"] not in ("literal_error", "enum"):
            return _single(value, error)
    return _wrong_value(value, errors)


def _wrong_value(value: Plain, errors: Sequence[PydanticError]) -> tuple[str, str]:
    allowed = [word for error in errors for word in _expected(error)]
    kinds = [str(error["type"]) for error in errors]
    types = list(dict.fromkeys(_TYPE_WORDS[kind] for kind in kinds if kind in _TYPE_WORDS))
    if isinstance(value, str) and allowed:
        return f'"{_cut(value)}" is not allowed here.', suggest(value, allowed)
    options = types + ([f"one of {', '.join(allowed)}"] if allowed else [])
    return f"This must be {' or '.join(options)}, but is {saw(value)}.", _retype(value, types)


def _retype(value: Plain, types: Sequence[str]) -> str:
    if "text" in types and isinstance(value, bool | int | float):
        return "Put it in quotes."
    if isinstance(value, str) and any(word in types for word in ("a whole number", "a number", "true or false")):
        return "Write it without quotes."
    if "a list" in types:
        return "Write it as a list, one entry per line beginning with `- `."
    return "Change the value."


def _single(value: Plain, error: PydanticError) -> tuple[str, str]:
    context = error.get("ctx")
    known = context if isinstance(context, Mapping) else {}
    kind = str(error["type"])
    if kind in _LIMITS:
        message, remedy = _LIMITS[kind]
        return f"This is {saw(value)} and " + message.format(**known), remedy.format(**known)
    if kind == "json_invalid":
        return "The document holds text that is no valid Unicode, or is nested too deeply.", "Save the file as UTF-8."
    if kind.startswith("union_tag"):
        return _tag(known)
    return f"This value is not usable: {str(error['msg']).lower()}.", "Change the value."


def _tag(known: Mapping[str, object]) -> tuple[str, str]:
    key = str(known.get("discriminator", "")).strip("'")
    if "tag" not in known:
        return f'"{key}" is missing.', f"Add `{key}:` to say which kind it is."
    tags = re.findall(r"'([^']*)'", str(known.get("expected_tags", "")))
    return f'{key} "{_cut(str(known["tag"]))}" is not known.', suggest(str(known["tag"]), tags)


def _expected(error: PydanticError) -> list[str]:
    """The allowed words out of pydantic's ``'a', 'b' or 'c'``."""
    context = error.get("ctx")
    said = str(context.get("expected", "")) if isinstance(context, Mapping) else ""
    return re.findall(r"'([^']*)'", said) or [word for word in re.split(r", | or ", said) if word]


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
