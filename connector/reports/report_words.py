"""The words of reports and of the laboratory in a language, and how that language writes numbers.

The words themselves are data: ``words.yaml``.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Literal

from connector.presets import load_yaml

Language = Literal["en", "de"]
LANGUAGES: tuple[Language, ...] = ("en", "de")
SHARES = ("share", "ratio")


@cache
def catalogue() -> dict[str, Any]:
    """All words, by what they are for."""
    text = (files("connector.reports") / "words.yaml").read_text(encoding="utf-8")
    found: Any = load_yaml(text, "words.yaml")[0]
    return dict(found)


class Words:
    """One language; money in the portal's currency."""

    def __init__(self, language: Language, currency: str = "") -> None:
        self.language = language
        self.currency = currency

    def say(self, kind: str, key: str, /, **values: object) -> str:
        """A word or sentence of ``words.yaml`` with its values put in."""
        return str(catalogue()[kind][key][self.language]).format(**values)

    def of_section(self, key: str, part: Literal["title", "definition"]) -> str:
        return str(catalogue()["sections"][key][part][self.language])

    def goal_of(self, section: str) -> str:
        """The goal that the figures of a section serve (L98); '' where they serve none of their own."""
        return str(catalogue()["sections"][section].get("goal", ""))

    def goal(self, name: str) -> str:
        return self.say("goals", name) if name else ""

    def shown(self, value: float | None, unit: str) -> str:
        """A value as people of that language write it; a dash for none."""
        if value is None:
            return "–"
        if unit in SHARES:
            return f"{self.number(100 * value, 1)} %"
        if unit == "money":
            return f"{self.number(value, 2)} {self.currency}".rstrip()
        if unit in catalogue()["units"]:
            return f"{self.number(value, 1)} {self.say('units', unit)}"
        return self.number(value, 0 if value == int(value) else 1)

    def number(self, value: float, digits: int) -> str:
        """1,234.5 or 1.234,5."""
        text = f"{value:,.{digits}f}"
        return text.translate(str.maketrans(",.", ".,")) if self.language == "de" else text
