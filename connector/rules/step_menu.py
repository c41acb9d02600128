"""The menu of steps a value may pass: each with an example, worked out by the step itself. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.rules.documents.base import Part
from connector.rules.documents.steps import (
    LOSSY,
    STEP_NAMES,
    DateStep,
    DatetimeStep,
    DomainStep,
    JoinStep,
    LookupStep,
    MultiStep,
    NumberStep,
    PhoneStep,
    RangeStep,
    ReplaceStep,
    SplitStep,
    with_options,
)
from connector.rules.transforms import find
from connector.rules.transforms.base import Ambiguous, Invalid, Locale, Nothing, Value

_GERMAN = Locale(("de",), ("de",), "DMY", "DE", "Europe/Berlin")
_EXAMPLES: Mapping[str, tuple[Value, str | Part]] = {
    "trim": ("  Ulm ", "trim"),
    "collapse_spaces": ("Anna   Maria", "collapse_spaces"),
    "lower": ("EINKAUF", "lower"),
    "upper": ("de", "upper"),
    "title_case": ("anna VON BERG", "title_case"),
    "phone": ("0731 / 123-456", PhoneStep(step="phone", region="DE")),
    "country": ("Deutschland", "country"),
    "number": ("1.234,5", NumberStep(step="number", locales=("de",))),
    "date": ("03.04.2026", DateStep(step="date", order="DMY")),
    "datetime": ("03.04.2026 14:30", DatetimeStep(step="datetime", order="DMY")),
    "boolean": ("ja", "boolean"),
    "email": (" Anna@Firma.EXAMPLE ", "email"),
    "domain": ("https://www.firma.example/kontakt", DomainStep(step="domain")),
    "role_level": ("Leiterin Einkauf", "role_level"),
    "department": ("Leiterin Einkauf", "department"),
    "multi": ("mail;phone", MultiStep(step="multi")),
    "range": ("51-200", RangeStep(step="range")),
    "strip_html": ("<b>Ulm</b>", "strip_html"),
    "unescape": ("Müller &amp; Co", "unescape"),
    "split": ("Ulm, Bayern", SplitStep(step="split", by=", ", take=1)),
    "join": (("a", "b"), JoinStep(step="join", by=" + ")),
    "lookup": ("hh", LookupStep(step="lookup", table={"hh": "Hamburg"})),
    "replace": ("Dr. Berg", ReplaceStep(step="replace", old="Dr. ")),
}


@dataclass(frozen=True, slots=True)
class MenuStep:
    """One step of the menu. ``options`` are those of the example; ``lossy``: a row with it cannot be written back."""

    name: str
    before: str
    after: str
    options: Mapping[str, Any]
    lossy: bool


def menu() -> tuple[MenuStep, ...]:
    """All steps, each with what it makes of its example."""
    return tuple(_entry(name) for name in STEP_NAMES)


def _entry(name: str) -> MenuStep:
    value, step = _EXAMPLES[name]
    part = with_options(step)
    options = part.model_dump(exclude={"step"}, exclude_defaults=True)
    return MenuStep(name, _said(value), _said(find(name).apply(value, part, _GERMAN)), options, name in LOSSY)


def _said(value: object) -> str:
    if isinstance(value, Ambiguous | Invalid):
        return value.reason
    if isinstance(value, Nothing):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "; ".join(value) if isinstance(value, tuple) else str(value)
