"""The languages of the pages: sentences by their English text, numbers, times and durations as people write them.

A sentence is written in English where it is said, ``t("{count} contacts", count=…)``; its other languages lie in
``languages/<language>/*.po``, one file an area.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_datetime, format_timedelta
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from markupsafe import Markup, escape

LANGUAGES = ("en", "de")
JUST_NOW_MS = 5000


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """English text → text of that language; what is missing stays English."""
    if language == "en":
        return {}
    folder = files("connector.admin") / "languages" / language
    told: dict[str, str] = {}
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".po"):
            with file.open("rb") as text:
                told |= {str(m.id): str(m.string) for m in read_po(text, locale=language) if m.id and m.string}
    return told


@dataclass(frozen=True, slots=True)
class Words:
    """One language in one time zone."""

    language: str = "en"
    time_zone: str = "UTC"

    def t(self, text: str, **values: object) -> str:
        """The sentence in this language, with its values put in. Numbers are written as this language writes them."""
        said = catalogue(self.language).get(text, text)
        return said.format(**{k: self.number(v) if _is_number(v) else v for k, v in values.items()}) if values else said

    def html(self, text: str, **values: object) -> Markup:
        """The same for a sentence that holds markup of ours: the values are escaped, the sentence is not."""
        said = catalogue(self.language).get(text, text)
        return Markup(said).format(  # noqa: S704 - the sentence is ours, out of the templates
            **{k: escape(self.number(v) if _is_number(v) else v) for k, v in values.items()}
        )

    def number(self, value: object) -> str:
        """1234.5 → 1,234.5 or 1.234,5."""
        return str(format_decimal(Decimal(str(value)), locale=self.language))

    def size(self, count: int) -> str:
        """So many bytes in whole megabytes or kilobytes, rounded down: what people are told of a limit."""
        unit, name = (1_000_000, "MB") if count >= 1_000_000 else (1_000, "kB")
        return f"{self.number(count // unit)} {name}"

    def points(self, value: object) -> str:
        """A number with its sign: +7, −5, 0."""
        told = Decimal(str(value))
        return f"{'+' if told > 0 else '−' if told < 0 else ''}{format_decimal(abs(told), locale=self.language)}"

    def when(self, at_ms: int | None, style: str = "medium") -> str:
        """A moment in the reader's time zone; a dash for none."""
        if at_ms is None:
            return "–"
        moment = datetime.fromtimestamp(at_ms / 1000, UTC)
        return str(format_datetime(moment, style, tzinfo=_zone(self.time_zone), locale=self.language))

    def ago(self, at_ms: int | None, now_ms: int) -> str:
        """3 minutes ago; a dash for never."""
        if at_ms is None:
            return "–"
        if abs(at_ms - now_ms) < JUST_NOW_MS:
            return self.t("just now")
        return str(format_timedelta(timedelta(milliseconds=at_ms - now_ms), add_direction=True, locale=self.language))

    def lasting(self, seconds: float) -> str:
        """A duration in words: 6 minutes."""
        return str(format_timedelta(timedelta(seconds=seconds), locale=self.language))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
