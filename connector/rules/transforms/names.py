"""Names as their owners write them: MÜLLER-LÜDENSCHEIDT, anna VON DER HEIDE, mcdonald, o'neill."""

from __future__ import annotations

import re

from connector.rules.documents.steps import BareStep
from connector.rules.transforms.base import Locale, Nothing, Outcome, Transform, text_only

_PARTICLES = frozenset({
    "von", "vom", "zu", "zum", "zur", "van", "den", "der", "ten", "ter", "te", "op", "de", "del", "della", "delle",
    "di", "da", "dal", "das", "do", "dos", "du", "des", "la", "le", "las", "los", "y", "e", "und", "af", "av",
    "til", "bin", "ibn", "al", "el", "d",
})  # fmt: skip
_NUMERAL = re.compile(r"[IVX]{2,5}\Z")
_TITLES = {
    "dr": "Dr", "prof": "Prof", "dipl": "Dipl", "ing": "Ing", "med": "med", "phil": "phil", "rer": "rer", "nat": "nat",
    "jur": "jur", "oec": "oec", "pol": "pol", "habil": "habil", "hc": "hc", "h": "h", "mult": "mult", "kfm": "Kfm",
    "mag": "Mag", "phd": "PhD", "mba": "MBA", "msc": "MSc", "bsc": "BSc", "llm": "LLM",
}  # fmt: skip
_DEGREES = frozenset({
    "med", "phil", "rer", "nat", "jur", "oec", "pol", "habil", "hc", "h", "mult",
})  # fmt: skip
_CUTS = re.compile(r"([\s\-–/.'’]+)")


def _title_case(value: str, _options: BareStep, _locale: Locale) -> Outcome:
    """Words that are all small or all capital are recased; whoever mixes knows why. Particles stay small before a
    further word."""
    words = value.split()
    return " ".join(_word(word, at, words) for at, word in enumerate(words)) or Nothing()


def _word(word: str, at: int, words: list[str]) -> str:
    if not _is_plain(word):
        return word
    low = word.lower()
    if low in _PARTICLES and at < len(words) - 1:
        return low
    if low.rstrip(".") in _DEGREES and low.endswith(".") and len(words) > 1:
        return low
    if at > 0 and _NUMERAL.match(word):
        return word
    return "".join(_piece(piece) for piece in _CUTS.split(word))


def _is_plain(word: str) -> bool:
    """All small or all capital; the sharp s has no capital in daily use and does not count."""
    letters = word.replace("ß", "")
    return letters.islower() or letters.isupper()


def _piece(piece: str) -> str:
    low = piece.lower()
    if low in _TITLES and low not in _DEGREES:
        return _TITLES[low]
    if low.startswith("mc") and len(low) > 4 and low[2:].isalpha():
        return "Mc" + low[2].upper() + low[3:]
    return piece[:1].title() + low[len(piece[:1].lower()) :] if piece else piece


TRANSFORMS = {"title_case": Transform("title_case", text_only(_title_case))}
