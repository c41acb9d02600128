"""What a portal requires of a property's values beyond its type (HubSpot docs: property validations). Pure.

Only rules whose meaning is certain are judged; of the others the portal itself is the judge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connector.rules.patterns import NoPattern, portal_pattern

Rules = Mapping[str, Sequence[tuple[str, tuple[str, ...]]]]


def broken(rules: Rules, name: str, value: str) -> str:
    """In words, what the portal requires of this property and the value does not keep; '' when nothing stands against
    it. The value itself is not repeated. An empty value clears, which no rule of this kind forbids."""
    for kind, arguments in rules.get(name, ()) if value else ():
        check = _CHECKS.get(kind)
        if check is not None and arguments and (requires := check(value, arguments[0])):
            return f"The portal requires {requires} in {name}"
    return ""


def rules_of(state: Mapping[str, Any] | None) -> Rules:
    """The rules as they are kept, as values."""
    kept = (state or {}).get("rules", {})
    return {name: tuple((kind, tuple(arguments)) for kind, arguments in some) for name, some in kept.items()}


def _at_most(value: str, limit: str) -> str:
    return f"at most {limit}" if _number(value) is not None and _above(value, limit) else ""


def _at_least(value: str, limit: str) -> str:
    return f"at least {limit}" if _number(value) is not None and _above(limit, value) else ""


def _no_longer(value: str, limit: str) -> str:
    return f"at most {limit} characters" if _above(str(len(value)), limit) else ""


def _no_shorter(value: str, limit: str) -> str:
    return f"at least {limit} characters" if _above(limit, str(len(value))) else ""


def _like(value: str, pattern: str) -> str:
    try:
        return "" if portal_pattern(pattern).is_all_of(value) else f"the form {pattern}"
    except NoPattern:  # HubSpot's own kind of pattern: let HubSpot judge
        return ""


def _decimals(value: str, limit: str) -> str:
    most = _number(limit)
    return f"at most {limit} decimals" if most is not None and len(value.partition(".")[2]) > most else ""


def _above(left: str, right: str) -> bool:
    first, second = _number(left), _number(right)
    return first is not None and second is not None and first > second


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


_CHECKS: Mapping[str, Callable[[str, str], str]] = {
    "MAX_NUMBER": _at_most,
    "MIN_NUMBER": _at_least,
    "MAX_LENGTH": _no_longer,
    "MIN_LENGTH": _no_shorter,
    "REGEX": _like,
    "DECIMAL": _decimals,
}
