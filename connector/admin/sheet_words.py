"""What is wrong with a sheet, in the reader's language: what ``connector/sheet.py`` and ``sync/sheets`` say in English.

Their sentences are fixed phrases with values in them; a phrase is found again and said anew. Faults of the document
that the sheet makes are the same as in its YAML, and English.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from connector.admin.words import Words
from connector.errors import Fault
from connector.sheet import SAVE_AGAIN

_DIGITS = r"[-+0-9.,]+"
# The order counts: what says more stands before what would fit as well.
PHRASES = (
    "The file is larger than {size}.",
    "Split it, or remove columns that are not needed.",
    "The file is empty.",
    "The first line names the columns.",
    "The file is UTF-16 text.",
    "The file is no UTF-8 text, perhaps Windows or Latin-1.",
    SAVE_AGAIN,
    "The file holds zero bytes, as no text does.",
    "Save the sheet as CSV.",
    "The sheet has more than {count} rows.",
    "Split it.",
    "Row {row} cannot be read as CSV: {why}.",
    "Mind the quotation marks: inside a quoted cell they stand twice.",
    'The column "{name}" stands here twice.',
    "Remove one of them.",
    "This cell stands under no column name.",
    "Name the column, or empty the cell.",
    "The cell holds more than {count} characters.",
    "Shorten it.",
    '"{cell}" may be a thousand or a fraction.',
    '"{cell}" is no number.',
    "Write digits only, for instance 15 or -15.",
    '"{cell}" is no whole number.',
    "Write it without a fraction.",
    '"{cell}" is neither yes nor no.',
    "Write true or false.",
    "This is a sheet of the {kind} document.",
    "Take it there; a sheet for here names {names}.",
    'There is no column "{name}".',
    'Did you mean "{word}"? Columns: {names}.',
    "Columns: {names}.",
    'The column "{name}" is missing.',
    "Name it in the first line: {name}.",
    "The sheet holds no rows.",
    "Export it once more; without rows nothing would be left.",
    'There is no further model "{name}".',
    "Models: {names}; an empty cell is the main one.",
    "The list cannot be read.",
    "These are no pairs of words.",
    "These are no steps.",
    "{cell} is no step.",
    '"{cell}" is no decay.',
    '"{cell}" is no condition.',
    "Write it like: {example}",
    "Write {number} or {fraction}.",
    "Write {number}.",
)


@dataclass(frozen=True, slots=True)
class Told:
    """A fault as the page shows it; ``…_lang`` is the language of a text that is not the page's."""

    line: int
    path: str
    message: str
    message_lang: str
    remedy: str
    remedy_lang: str


def told(w: Words, faults: Iterable[Fault]) -> list[Told]:
    """Every fault in the page's language, as far as it is a sheet's own."""
    return [Told(one.line, one.path, *said(w, one.message), *said(w, one.remedy)) for one in faults]


def said(w: Words, text: str) -> tuple[str, str]:
    """The sentence in the page's language, or as it is with its language named."""
    if w.language == "en" or not text:
        return text, ""
    for pattern, phrase in _patterns():
        if found := pattern.fullmatch(text):
            return w.t(phrase, **_values(found.groupdict())), ""
    return text, "en"


def _values(found: Mapping[str, str]) -> dict[str, str | int]:
    """Counts as numbers, so that they are written as the language writes them."""
    return {name: int(value.replace(",", "")) if name == "count" else value for name, value in found.items()}


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(_pattern(phrase), re.DOTALL), phrase) for phrase in PHRASES)


def _pattern(phrase: str) -> str:
    def value(found: re.Match[str]) -> str:
        return f"(?P<{found[1]}>{_DIGITS if found[1] in ('count', 'number', 'fraction') else '.+'})"

    return re.sub(r"\\\{(\w+)\\\}", value, re.escape(phrase))
