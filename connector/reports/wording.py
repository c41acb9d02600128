"""What flows and rules say, made fit for a page: without commands to type, without addresses and numbers of people.

Sentences are written where things happen, for whoever reads them on a terminal; here they are only cut.
"""

from __future__ import annotations

import re

COMMAND = re.compile(r"leadwright\s+[a-z]|`leadwright")
_BETWEEN = re.compile(r"(?<=[.!?])\s+")
_ADDRESS = re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+")
_NUMBER = re.compile(r"(?<![\w.:/-])(?:\+|00?)[1-9][\d\s()/.-]{5,}\d")
HIDDEN = "***"
# Properties that hold an address or a number in a form no pattern finds.
_PRIVATE = re.compile(r"(?:^|_)(?:e?mail|fax|telefon)$|phone$|emails$|(?:phone|mobile)_number$")


def without_commands(text: str) -> str:
    """The text less the sentences that name a command to type."""
    return " ".join(part for part in _BETWEEN.split(text.strip()) if not COMMAND.search(part))


def masked_email(email: str) -> str:
    """``a***@werk.example``: enough to tell two people apart, too little to write to either."""
    local, at, domain = email.partition("@")
    return f"{local[:1]}{HIDDEN}@{domain}" if at and domain else HIDDEN if email else ""


def masked_phone(phone: str) -> str:
    """The last two digits."""
    digits = [one for one in phone if one.isdigit()]
    return f"{HIDDEN}{''.join(digits[-2:])}" if len(digits) > 4 else HIDDEN if phone else ""


def masked(text: str) -> str:
    """Free text with every address and telephone number in it hidden."""
    hidden = _ADDRESS.sub(lambda found: masked_email(found[0]), text)
    return _NUMBER.sub(lambda found: masked_phone(found[0]), hidden)


def masked_value(name: str, value: str | None) -> str | None:
    """A property's value; wholly hidden where the property is an address or a number by its name."""
    if not value:
        return value
    if _PRIVATE.search(name.lower()):
        return "; ".join(masked_email(part) if "@" in part else masked_phone(part) for part in value.split(";"))
    return masked(value)
