"""What a contact is found by: name, company and addresses as one folded text, kept beside its receipt.

Whoever changes is judged anew, so the text is as fresh as the score; an erasure takes it away with the receipt.
"""

from __future__ import annotations

import unicodedata

from connector.model.records import Properties
from connector.store.records.rows import emails_of
from connector.store.values import clean

ROOM = 400
_NAMED = ("firstname", "lastname", "company")


def face(values: Properties) -> str:
    """The text of one contact: ``bjorn muller acme gmbh b.muller@acme.example``."""
    parts = [*(values.get(name) or "" for name in _NAMED), *emails_of(values)]
    return folded(" ".join(parts))[:ROOM]


def folded(text: str) -> str:
    """Without case, accents and runs of blanks, so that ``MÜLLER`` is found by ``muller``."""
    plain = clean(text).casefold()
    if plain.isascii():
        return " ".join(plain.split())
    plain = unicodedata.normalize("NFKD", plain)
    return " ".join("".join(one for one in plain if not unicodedata.combining(one)).split())
