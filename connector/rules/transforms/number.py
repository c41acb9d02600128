"""Numbers as people write them, read strictly in the locales the portal declares; bands such as ``51-200``."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from babel.numbers import NumberFormatError, parse_decimal

from connector.rules.documents.steps import NumberStep, RangeStep
from connector.rules.transforms.base import Ambiguous, Invalid, Locale, Nothing, Outcome, Transform, Value
from connector.rules.transforms.machine import MACHINE, plain

_TWO_WAYS = re.compile(r"[-+]?[1-9]\d{0,2}[.,]\d{3}\Z", re.ASCII)
_SHAPE = re.compile(r"[-+]?\d[\d.,]*\Z", re.ASCII)
_BLANK_GROUPS = re.compile(r"(?<=\d)[ \u00a0\u2009\u202f'’](?=\d{3}(?!\d))")
_AROUND = re.compile(
    r"^(?:€|\$|£|eur|euro|usd|chf|gbp|fr\.|ca\.?|about|rund|~|>|approx\.?)\s*"
    r"|\s*(?:€|\$|£|%|eur|euros?|usd|chf|gbp|pln|zł|kč|,-|,--|\.-|mitarbeiter(?:innen)?|employees|ma|people|personen"
    r"|stück|jahre|years)\.?$",
    re.IGNORECASE,
)
_FACTORS = {
    "k": 3, "tsd": 3, "tausend": 3, "thousand": 3, "mio": 6, "mill": 6, "million": 6, "millionen": 6, "millions": 6,
    "mrd": 9, "milliarde": 9, "milliarden": 9, "milliard": 9, "milliards": 9, "bn": 9,
}  # fmt: skip
_FACTOR = re.compile(r"(?<=[\d\s])\s*([a-zäöü]+)\.?$", re.IGNORECASE)
_LONGEST = 60
_DIGITS = 18
_DASHES = re.compile(r"\s*(?:-|–|—|\bbis\b|\bto\b|\bà\b|\.\.+|…)\s*")
_OPEN_TOP = re.compile(
    r"(?:^(?:>=?|≥|über|ueber|mehr als|more than|over|ab|from|min\.?)\s*(.+)$)"
    r"|(?:^(.+?)\s*(?:\+|und mehr|or more|and more|plus)$)",
    re.IGNORECASE,
)
_OPEN_BELOW = re.compile(r"^(?:<=?|≤|unter|bis|bis zu|weniger als|less than|under|up to|max\.?)\s*(.+)$", re.IGNORECASE)


def _number(value: Value, options: NumberStep, locale: Locale) -> Outcome:
    if isinstance(value, bool | tuple):
        return Invalid("is no number")
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text:
        return Nothing()
    if len(text) > _LONGEST:
        return Invalid("is too long for a number")
    return parse_number(text, options.locales or locale.numbers)


def parse_number(text: str, locales: tuple[str, ...]) -> Outcome:
    """One number. Plain machine numbers first; then every declared locale, which must not disagree."""
    if MACHINE.match(text) and not _TWO_WAYS.match(text):
        return plain(Decimal(text))
    bare, exponent = _undressed(text)
    if MACHINE.match(bare) and not _TWO_WAYS.match(bare):
        return plain(Decimal(bare).scaleb(exponent))
    if not _SHAPE.match(bare):
        return Invalid("is no number")
    found = {name: read for name in locales if (read := _strict(bare, name)) is not None}
    meanings = set(found.values())
    if len(meanings) > 1:
        said = " or ".join(f"{plain(read)} ({name})" for name, read in found.items())
        return Ambiguous(f"can be read as {said}")
    if not meanings:
        return Invalid(f"is no number as {' or '.join(locales) or 'the portal'} writes them")
    return plain(meanings.pop().scaleb(exponent))


def _undressed(text: str) -> tuple[str, int]:
    """Without currency, unit and blanks between groups; with the factor behind it as a power of ten."""
    text = _AROUND.sub("", _AROUND.sub("", text).strip()).strip()
    exponent = 0
    if (factor := _FACTOR.search(text)) and factor[1].lower() in _FACTORS:
        exponent = _FACTORS[factor[1].lower()]
        text = text[: factor.start()].strip()
    return _BLANK_GROUPS.sub("", text.replace("−", "-")), exponent


def _strict(text: str, name: str) -> Decimal | None:
    """babel's strict reading; lax, it takes ``1234.5`` in German for 12345."""
    try:
        return parse_decimal(text, locale=name.replace("-", "_"), strict=True)
    except (NumberFormatError, InvalidOperation, ValueError):
        return None


def _range(value: Value, options: RangeStep, locale: Locale) -> Outcome:
    if isinstance(value, bool | tuple):
        return Invalid("is no band")
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.isascii() and text.isdigit() and len(text) <= _DIGITS:
        return int(text)
    if not text or len(text) > _LONGEST:
        return Invalid("is too long for a band") if text else Nothing()
    if open_top := _OPEN_TOP.match(text):
        return _count(open_top[1] or open_top[2], locale)
    if below := _OPEN_BELOW.match(text):
        return _chosen(0, _count(below[1], locale), options.take)
    low, dash, high = _halves(text)
    if not dash:
        return _count(text, locale)
    top = _count(high, locale)
    exponent = _undressed(high)[1] if not _undressed(low)[1] else 0
    bottom = _count(low, locale)
    if isinstance(bottom, int | float) and isinstance(top, int | float) and exponent and bottom < 10**exponent:
        bottom = bottom * 10**exponent  # "1-5 Mio": the unit stands once and counts for both
    return _chosen(bottom, top, options.take)


def _halves(text: str) -> tuple[str, str, str]:
    dash = _DASHES.search(text, 1)
    return (text[: dash.start()], dash[0], text[dash.end() :]) if dash else (text, "", "")


def _count(text: str, locale: Locale) -> Outcome:
    """A bound is a whole number, so a point or comma before three digits can only group."""
    bare, exponent = _undressed(text)
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", bare):
        return plain(Decimal(re.sub(r"[.,]", "", bare)).scaleb(exponent))
    return parse_number(text, locale.numbers)


def _chosen(bottom: Outcome, top: Outcome, take: str) -> Outcome:
    for bound in (bottom, top):
        if not isinstance(bound, int | float):
            return bound
    if not isinstance(bottom, int | float) or not isinstance(top, int | float) or bottom > top:
        return Invalid("is no band: its lower bound is above its upper")
    if take == "lower":
        return bottom
    return top if take == "upper" else (bottom + top) // 2 if isinstance(bottom + top, int) else (bottom + top) / 2


TRANSFORMS = {"number": Transform("number", _number), "range": Transform("range", _range)}
