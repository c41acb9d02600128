"""Countries to ISO 3166 alpha-2: by code, by name in many languages, by a table of habits; never by likeness.

pycountry's fuzzy search turned "xx" into Malta and failed on "Deutschland": exact names or nothing.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import pycountry
from babel import Locale as BabelLocale

from connector.rules.documents.steps import BareStep
from connector.rules.transforms.base import Ambiguous, Invalid, Locale, Nothing, Outcome, Transform, text_only

_NEAR = ("en", "de")
_FAR = (
    "fr", "es", "it", "nl", "pl", "pt", "cs", "sk", "hu", "da", "sv", "nb", "fi", "is", "et", "lv", "lt", "sl",
    "hr", "sr", "bs", "mk", "sq", "ro", "bg", "el", "tr", "ru", "uk", "ca", "ga", "mt", "ar", "he", "fa", "hi",
    "ja", "ko", "zh", "vi", "id", "th",
)  # fmt: skip
_PAIRS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_HABITS = {
    "bundesrepublik deutschland": "DE",
    "brd": "DE", "ddr": "DE", "bundesrepublik": "DE", "federal republic of germany": "DE", "d": "DE", "a": "AT",
    "republik osterreich": "AT", "schweizerische eidgenossenschaft": "CH", "confoederatio helvetica": "CH",
    "uk": "GB", "great britain": "GB", "grossbritannien": "GB", "england": "GB", "scotland": "GB",
    "schottland": "GB", "wales": "GB", "northern ireland": "GB", "nordirland": "GB", "britain": "GB", "u.k.": "GB",
    "vereinigtes konigreich": "GB", "usa": "US", "u.s.a.": "US", "u.s.": "US", "us of a": "US",
    "united states": "US", "vereinigte staaten": "US", "vereinigte staaten von amerika": "US", "el": "GR",
    "holland": "NL", "the netherlands": "NL", "czech republic": "CZ", "tschechische republik": "CZ",
    "slovak republic": "SK", "slowakische republik": "SK", "russia": "RU", "uae": "AE", "vae": "AE",
    "south korea": "KR", "sudkorea": "KR", "republic of korea": "KR", "north korea": "KP", "prc": "CN",
    "vr china": "CN", "volksrepublik china": "CN", "people's republic of china": "CN", "roc": "TW", "turkey": "TR",
    "turkei": "TR", "macedonia": "MK", "mazedonien": "MK", "swaziland": "SZ", "burma": "MM", "ivory coast": "CI",
    "cape verde": "CV", "kap verde": "CV", "east timor": "TL", "vatican": "VA", "vatikan": "VA", "bosnia": "BA",
    "bosnien": "BA", "moldova": "MD", "moldawien": "MD", "weissrussland": "BY", "hong kong": "HK", "macau": "MO",
    "macao": "MO", "palestine": "PS", "palastina": "PS", "kosovo": "XK", "eire": "IE", "republic of ireland": "IE",
}  # fmt: skip
_TWO_MEANINGS = {
    "korea": "North or South Korea", "congo": "the Republic or the Democratic Republic of the Congo",
    "kongo": "the Republic or the Democratic Republic of the Congo",
    "america": "the United States or the continent", "amerika": "the United States or the continent",
    "virgin islands": "the British or the US ones",
    "jungferninseln": "the British or the US ones",
}  # fmt: skip


def _country(value: str, _options: BareStep, _locale: Locale) -> Outcome:
    word = _folded(value)
    if not word:
        return Nothing()
    if word in _TWO_MEANINGS:
        return Ambiguous(f"may mean {_TWO_MEANINGS[word]}")
    if code := _codes().get(word) or _HABITS_FOLDED.get(word):
        return code
    found = _names(_NEAR).get(word) or _names(_FAR).get(word)
    if found is None:
        return Invalid("is no country's name or code")
    return found if len(found) == 2 else Ambiguous("names more than one country")


@cache
def _codes() -> dict[str, str]:
    """ISO codes of two and three letters, and ISO's own names."""
    table = {"xk": "XK", "xkx": "XK"}
    for country in pycountry.countries:
        for name in ("name", "official_name", "common_name", "alpha_3", "alpha_2"):
            if word := _folded(getattr(country, name, "") or ""):
                table[word] = country.alpha_2
    return table


@cache
def _names(languages: tuple[str, ...]) -> dict[str, str]:
    """The names in these languages; one that two countries share stays as ``?``."""
    known = {*(country.alpha_2 for country in pycountry.countries), "XK"}
    table: dict[str, str] = {}
    for language in languages:
        for code, name in BabelLocale.parse(language).territories.items():
            for word in {_folded(name), _folded(name.casefold().translate(_PAIRS))}:
                if code in known and table.setdefault(word, code) != code:
                    table[word] = "?"
    return table


def _folded(text: str) -> str:
    """Small, without accents, dots at the end and doubled blanks."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(bare.replace("’", "'").split()).strip(" .,;")


_HABITS_FOLDED = {_folded(word): code for word, code in _HABITS.items()}

TRANSFORMS = {"country": Transform("country", text_only(_country))}
