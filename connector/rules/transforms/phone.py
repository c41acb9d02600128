"""Phone numbers to E.164 (phonenumbers, Google's rules)."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from connector.rules.documents.steps import PhoneStep
from connector.rules.transforms.base import Ambiguous, Invalid, Locale, Nothing, Outcome, Transform, text_only

_SEVERAL = re.compile(r"\d\s*(?:[;,|]|\boder\b|\bor\b|\bou\b|\bund\b|\band\b|\s/\s?\+|\s/\s?0)\s*[+(]?\d")
_DOUBLE_ZERO = re.compile(r"(\+\s?\d{1,3})\s?\(0\)")
_LONGEST = 60


def _phone(value: str, options: PhoneStep, locale: Locale) -> Outcome:
    text = _DOUBLE_ZERO.sub(r"\1 ", value.strip().removeprefix("tel:"))
    if not text:
        return Nothing()
    if len(text) > _LONGEST:
        return Invalid("is too long for a phone number")
    if _SEVERAL.search(text):
        return Ambiguous("holds more than one phone number")
    region = options.region or locale.region
    if not region and not text.startswith(("+", "00")):
        return Ambiguous("has no country code, and neither country nor region is known")
    return _parsed("+" + text[2:] if text.startswith("00") and not region else text, region or None)


def _parsed(text: str, region: str | None) -> Outcome:
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return Invalid("is no phone number")
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return Invalid("is too short or too long for a phone number of its country")
    number.extension = None
    written = str(phonenumbers.format_number(number, PhoneNumberFormat.E164))
    if number.italian_leading_zero and phonenumbers.parse(written, None) != number:
        return Invalid("has too many zeros in front")
    return written


TRANSFORMS = {"phone": Transform("phone", text_only(_phone))}
