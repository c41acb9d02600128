"""About a thousand odd values and six locales (R09): names, phones, dates, numbers, what people paste."""

from __future__ import annotations

import itertools

from connector.rules.transforms.base import Locale

LOCALES = {
    "de": Locale(("de",), ("de",), "DMY", "DE", "Europe/Berlin"),
    "en_US": Locale(("en",), ("en_US",), "MDY", "US", "America/New_York"),
    "fr": Locale(("fr", "en"), ("fr",), "DMY", "FR", "Europe/Paris"),
    "de_CH": Locale(("de", "fr"), ("de_CH", "fr_CH"), "", "CH", "Europe/Zurich"),
    "pl": Locale(("pl",), ("pl",), "YMD", "", "Europe/Warsaw"),
    "mixed": Locale(("de", "en", "nl"), ("de", "en"), "", "", "Pacific/Tongatapu"),
}
_BLANKS = [
    "", " ", "\t", "\u00a0", "\u200b", "\ufeff", "\n\n", "-", "--", "n/a", "N.N.", "null", "None",
    "k.A.", "?", "#NV", "0",
]  # fmt: skip
_FIRST = [
    "anna",
    "JÖRG",
    "Jean-Luc",
    "d'ARTAGNAN",
    "Ľubomír",
    "ΓΙΩΡΓΟΣ",
    "ibrahim",
    "ẞ",
    "ǆ",
    "ﬁona",
    "İlker",
    "x" * 300,
]
_LAST = ["MÜLLER", "von der heide", "o'neill", "McDonald", "Strauß", "ÅKESSON"]
_NAMES = [f"{a}{gap}{b}" for a in _FIRST for gap in [" ", "  ", "-", "\u00a0von "] for b in _LAST]
_BODIES = ["0171 1234567", "89/123456", "(089) 12 34 56", "12", "1" * 40, "089-123456 ext. 12", "٠١٢٣٤٥"]
_PHONES = [
    f"{head}{body}{tail}"
    for head in ["", "+49 ", "0049", "(0)", "tel:", "+", "00"]
    for body in _BODIES
    for tail in ["", " oder 0172 7654321", "-0", " x12", ";"]
]
_DAYS = itertools.product(["3", "03", "31", "29"], ["4", "02", "13"], ["2026", "26", "1899", "9999"])
_DATES = [text for d, m, y in _DAYS for text in (f"{d}.{m}.{y}", f"{d}/{m}/{y}", f"{y}-{m}-{d}", f"{m}-{d}-{y}")]
_MOMENTS = [
    "3. April 2026", "Apr 3rd 2026", "3 avril 2026", "3 kwietnia 2026", "Q3/2026", "KW 12", "2026-W12", "heute",
    "tomorrow", "now", "1e12", "99999999999999", "-62135596800000", "253402300800000", "2026-04-03T25:00:00Z",
    "2026-04-03T10:00:00+99:99", "24:00", "2026-04-03T24:00:00Z", "0001-01-01", "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00", "9999-12-31 23:59", "0001-01-01 00:00", "3.4.2026 25:61",
]  # fmt: skip
_FIGURES = [
    "1.234", "1,234", "1.234,50", "1,234.50", "1'234", "1 234", "12", "0,5", ".5", "5.", "1e5", "1e400", "51-200",
    "٣", "½",
]  # fmt: skip
_NUMBERS = [
    f"{head}{body}{tail}"
    for head in ["", "-", "€ ", "ca. ", ">"]
    for body in _FIGURES
    for tail in ["", " €", "%", " Mio", "k", "+"]
]
_COUNTRIES = [
    "Deutschland", "DE", "de", "D", "BRD", "Öst.", "UK", "U.S.A.", "Korea", "Korea, Republic of", "Congo, DR", "xx",
    "🇩🇪", "España", "中国",
]  # fmt: skip
_PASTED = [
    "\x00", "a\x00b", "\u202eabc", "💥" * 50, "<script>alert(1)</script>", "' OR 1=1 --", "{{7*7}}", "%s%n",
    "=cmd|' /C calc'!A0", "a" * 10_000, "&" * 200, "&amp;" * 50, "<" * 500, ";" * 300, "@" * 100, "a@" * 90,
    "http://" * 50, "+" * 100, "\u0301" * 20, "ﷺ", "\ud7ff", "ß" * 40, "İ" * 30, "true;false", "1;2;3", "\\",
    '"', "''", "1\u00b9", "Ⅷ", "①", "1_000", "0x1F", "1/0",
]  # fmt: skip
ODD = list(dict.fromkeys(_BLANKS + _NAMES + _PHONES + _DATES + _MOMENTS + _NUMBERS + _COUNTRIES + _PASTED))
