"""What every transform speaks in: values in, a value or a reason out. Nothing here knows a single transform."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Value = str | int | float | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """The value can be read in more than one way, and the document does not say which."""

    reason: str


@dataclass(frozen=True, slots=True)
class Invalid:
    """The value is none of what it should be."""

    reason: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """No value, and nobody's fault: ``why`` becomes the reason of the unknown field."""

    why: str = "empty"


Outcome = Value | Ambiguous | Invalid | Nothing


@dataclass(frozen=True, slots=True)
class Locale:
    """How people write in this portal. ``numbers`` and ``languages`` in order of preference, ``region`` for phones."""

    languages: tuple[str, ...] = ("en",)
    numbers: tuple[str, ...] = ("en",)
    date_order: str = ""
    region: str = ""
    time_zone: str = "UTC"


Apply = Callable[[Value, Any, Locale], Outcome]


@dataclass(frozen=True, slots=True)
class Transform:
    """One named step: a pure function of value, options (``documents/steps.py``) and locale; twice changes nothing."""

    name: str
    apply: Apply


def text_only(function: Callable[[str, Any, Locale], Outcome]) -> Apply:
    """For steps that know texts: lists are taken apart and put together again, anything else passes untouched."""

    def apply(value: Value, options: Any, locale: Locale) -> Outcome:
        if isinstance(value, str):
            return function(value, options, locale)
        if isinstance(value, tuple):
            return each(value, lambda part: function(part, options, locale))
        return value

    return apply


def each(parts: tuple[str, ...], function: Callable[[str], Outcome]) -> Outcome:
    """A list element by element; the first fault is the list's fault, empty elements fall out."""
    done: list[str] = []
    for part in parts:
        outcome = function(part)
        if isinstance(outcome, Ambiguous | Invalid):
            return outcome
        if not isinstance(outcome, Nothing) and outcome != "":
            done.append(outcome if isinstance(outcome, str) else str(outcome))
    return tuple(dict.fromkeys(done)) or Nothing()
