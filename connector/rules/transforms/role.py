"""Job titles to role level and department: German and English, with a short list of French, Spanish and Dutch.

The words stand in ``role_words.py``; here is the order in which they count. A title nobody recognises gives nothing,
not a low level: unknown is not zero.
"""

from __future__ import annotations

import re
import unicodedata

from connector.rules.documents.fields import LEVELS
from connector.rules.documents.steps import BareStep
from connector.rules.transforms import role_words as words
from connector.rules.transforms.base import Locale, Nothing, Outcome, Transform, text_only

_GENDER = re.compile(r"\(?\b[mwfdx](?:\s?[/|]\s?[mwfdx]){1,2}\b\)?|\(?(?<=\w)[*:_/](?:in|innen|frau|r|e)\b\)?|\(in\)")
_NOISE = re.compile(r"[^\w&+./,;|-]+|_")
_LOWERABLE = ("managing_director", "c_level", "head", "team_lead", "specialist")
_LONGEST = 200


def _role_level(value: str, _options: BareStep, _locale: Locale) -> Outcome:
    if value in LEVELS:
        return value
    title = folded(value)
    if not title:
        return Nothing()
    return level_of(title) or Nothing("not recognised")


def level_of(title: str) -> str | None:
    """The level a folded title speaks of. Assistants and juniors first: their titles name their superior too."""
    if words.INTERN.search(title):
        return "intern"
    if assistant := _assistant(title):
        return assistant
    own = words.OF_SUPERIOR.split(title, maxsplit=1)[0] if not words.MEMBER.search(title) else title
    level = _first(own)
    if level and words.DEPUTY.search(own):
        return _LOWERABLE[min(_LOWERABLE.index(level) + 1, 4)] if level in _LOWERABLE else level
    return level or ("specialist" if own != title else None)


def _assistant(title: str) -> str | None:
    if words.UNDER_ASSISTANT.search(title):
        return "team_lead"
    return "assistant" if words.ASSISTANT.search(title) else None


def _first(title: str) -> str | None:
    if words.NO_OWNER.search(title):
        return "specialist"
    for level, pattern in words.BY_LEVEL:
        if pattern.search(title):
            return level
    return None


def _department(value: str, _options: BareStep, _locale: Locale) -> Outcome:
    if value in words.DEPARTMENT_NAMES:
        return value
    title = folded(value)
    if not title:
        return Nothing()
    found = [(match.start(), name) for name, pattern in words.DEPARTMENTS if (match := pattern.search(title))]
    if found:
        return min(found, key=lambda entry: entry[0])[1]
    level = level_of(title)
    return "management" if level in ("managing_director", "c_level") else Nothing("not recognised")


def folded(text: str) -> str:
    """Small; ä as ae, ß as ss, no other accents, no gender marks."""
    low = text[:_LONGEST].casefold()
    for umlaut, pair in (("ä", "ae"), ("ö", "oe"), ("ü", "ue")):
        low = unicodedata.normalize("NFC", low).replace(umlaut, pair)
    plain = unicodedata.normalize("NFKD", low)
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words_only = " ".join(_NOISE.sub(" ", _GENDER.sub(" ", bare)).split())
    return words_only if any(letter.isalnum() for letter in words_only) else ""


TRANSFORMS = {
    "role_level": Transform("role_level", text_only(_role_level)),
    "department": Transform("department", text_only(_department)),
}
