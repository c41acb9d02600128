"""The steps a value may pass on its way from a property to a field, with their typed options. What they do:
``connector/rules/transforms``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, get_args

from pydantic import Field

from connector.rules.documents.base import Part, Problem

Bare = Literal[
    "trim", "collapse_spaces", "lower", "upper", "title_case", "phone", "country", "number", "date", "datetime",
    "boolean", "email", "domain", "role_level", "department", "multi", "range", "strip_html", "unescape",
]  # fmt: skip
"""Steps that work without options; written as a bare word in YAML."""


class BareStep(Part):
    """A step that has no options, written out."""

    step: Literal[
        "trim", "collapse_spaces", "lower", "upper", "title_case", "country", "boolean", "email", "role_level",
        "department", "strip_html", "unescape",
    ]  # fmt: skip


class PhoneStep(Part):
    """To E.164. ``region`` (ISO code) counts for numbers without country code, else the contact's country."""

    step: Literal["phone"]
    region: str = ""


class NumberStep(Part):
    """To a number. ``locales`` replaces the document's number locales for this row."""

    step: Literal["number"]
    locales: tuple[str, ...] = ()


class DateStep(Part):
    """To a calendar day. ``order`` replaces the document's date order for this row."""

    step: Literal["date"]
    order: Literal["", "DMY", "MDY", "YMD"] = ""


class DatetimeStep(Part):
    """To an instant (epoch milliseconds). ``order`` as for dates; a time without zone is the portal's local time."""

    step: Literal["datetime"]
    order: Literal["", "DMY", "MDY", "YMD"] = ""


class SplitStep(Part):
    """Cuts a text into a list at ``by``; ``take`` keeps one piece of it (1 is the first, -1 the last)."""

    step: Literal["split"]
    by: Annotated[str, Field(min_length=1)]
    take: int | None = None


class JoinStep(Part):
    """Makes one text of a list, ``by`` between the pieces."""

    step: Literal["join"]
    by: str = ", "


class LookupStep(Part):
    """Replaces a value by the table's, upper and lower case alike; ``otherwise`` says what happens to others."""

    step: Literal["lookup"]
    table: dict[str, str | int | float | bool]
    otherwise: Literal["keep", "drop", "hold"] = "keep"

    def problems(self) -> Iterator[Problem]:
        yield from chains(self.table, "table")


class ReplaceStep(Part):
    """Replaces every literal ``old`` by ``new``, left to right; no patterns."""

    step: Literal["replace"]
    old: Annotated[str, Field(min_length=1)]
    new: str = ""


class DomainStep(Part):
    """The domain of an address or URL. ``free_mail: drop`` leaves gmail.com and its like unknown."""

    step: Literal["domain"]
    free_mail: Literal["keep", "drop"] = "keep"


class MultiStep(Part):
    """HubSpot's ``a;b`` as a list."""

    step: Literal["multi"]
    by: Annotated[str, Field(min_length=1)] = ";"


class RangeStep(Part):
    """A band such as ``51-200`` as one number: its ``middle``, its ``lower`` or its ``upper`` bound."""

    step: Literal["range"]
    take: Literal["middle", "lower", "upper"] = "middle"


Options = Annotated[
    BareStep | PhoneStep | NumberStep | DateStep | DatetimeStep | SplitStep | JoinStep | LookupStep | ReplaceStep
    | DomainStep | MultiStep | RangeStep,
    Field(discriminator="step"),
]  # fmt: skip
Step = Bare | Options

LOSSY = frozenset({"role_level", "department", "domain", "range", "strip_html", "split", "join", "lookup", "replace"})
"""Steps after which the portal's own value cannot be told any more: no way back."""

_WITH_DEFAULTS: dict[str, type[Part]] = {
    "phone": PhoneStep, "number": NumberStep, "date": DateStep, "datetime": DatetimeStep, "domain": DomainStep,
    "multi": MultiStep, "range": RangeStep,
}  # fmt: skip
STEP_NAMES = tuple(dict.fromkeys([*get_args(Bare), "split", "join", "lookup", "replace"]))


def name_of(step: str | Part) -> str:
    return step if isinstance(step, str) else str(getattr(step, "step", ""))


def with_options(step: str | Part) -> Part:
    """The step with its options, a bare word with the defaults."""
    if isinstance(step, Part):
        return step
    return _WITH_DEFAULTS.get(step, BareStep).model_validate({"step": step})


def chains(table: Mapping[str, str | int | float | bool], key: str) -> Iterator[Problem]:
    """A meaning that is itself replaced by something else: which of the two should it be?"""
    folded = {raw.strip().casefold(): meaning for raw, meaning in table.items()}
    for raw, meaning in table.items():
        onward = folded.get(str(meaning).strip().casefold(), meaning)
        if str(onward).casefold() != str(meaning).casefold():
            yield Problem(
                (key, raw), f'"{raw}" becomes "{meaning}", which itself becomes "{onward}".',
                f'Write "{onward}" at once, or another word.',
            )  # fmt: skip
