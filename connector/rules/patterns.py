"""Patterns on RE2: whatever somebody writes, searching takes time in proportion to the text, never more.

The only place where a pattern out of a document or a portal is compiled. Patterns of our own, written in code, may use
``re``. Not here: ``*`` patterns of the ``activities`` document, which are plain searching (``activities.py``).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import re2

LONGEST: Final = 300
SEARCHED: Final = 65_536
MEMORY: Final = 1 << 20


class NoPattern(ValueError):
    """The text is no pattern that may be searched for; the message says why, for people."""


class Pattern:
    """A compiled pattern. Case does not matter; of longer texts the first 65,536 characters are looked at."""

    __slots__ = ("_compiled", "text")

    def __init__(self, text: str, *, exact_case: bool = False) -> None:
        self.text = text
        self._compiled = _compile(text, exact_case)

    def found_in(self, value: str) -> bool:
        """Whether the pattern matches anywhere in the value."""
        return self._compiled.search(value[:SEARCHED]) is not None

    def is_all_of(self, value: str) -> bool:
        """Whether the pattern matches the whole value."""
        return len(value) <= SEARCHED and self._compiled.fullmatch(value) is not None


@lru_cache(maxsize=2_000)
def pattern(text: str) -> Pattern:
    """The pattern of a document; ``NoPattern`` when it is none."""
    if not text:
        raise NoPattern("The pattern is empty.")
    if len(text) > LONGEST:
        raise NoPattern(f"The pattern has more than {LONGEST} characters.")
    return Pattern(text)


@lru_cache(maxsize=2_000)
def portal_pattern(text: str) -> Pattern:
    """A pattern that the portal itself demands of its values; ``NoPattern`` when RE2 cannot judge it."""
    return Pattern(text, exact_case=True)


def fault_of(text: str) -> str:
    """Why the text is no pattern, in words; '' when it is one."""
    try:
        pattern(text)
    except NoPattern as fault:
        return str(fault)
    return ""


def _compile(text: str, exact_case: bool) -> Any:
    options = re2.Options()
    options.max_mem = MEMORY
    options.log_errors = False
    options.case_sensitive = exact_case
    try:
        return re2.compile(text, options=options)
    except re2.error as error:
        said = error.args[0] if error.args else ""
        told = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise NoPattern(f"The pattern cannot be used: {told or 'it is not written as one'}.") from None
    except (UnicodeEncodeError, TypeError):
        raise NoPattern("The pattern holds characters that are no text.") from None
