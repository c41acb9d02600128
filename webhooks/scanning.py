"""Takes the items of a JSON array apart without believing that they are JSON: one broken item must not cost the others.

Used only where the body as a whole cannot be read. Iterative, so that no nesting is too deep for it; a string or a
bracket that never closes ends at the next place that looks like the start of an item.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{},]', re.DOTALL)
_NEXT_ITEM = re.compile(rb'\}\s*,\s*(?=\{\s*")')
_CLOSER = {ord("["): ord("]"), ord("{"): ord("}")}
_QUOTE = ord('"')
MOST_REPAIRS = 20  # each looks at the rest of the body again


def pieces(body: bytes) -> list[bytes] | None:
    """The text of every item, well-formed or not; None when the body is no array."""
    at = len(body) - len(body.lstrip())
    if body[at : at + 1] != b"[":
        return None
    found: list[bytes] = []
    at, repairs = at + 1, 0
    while at < len(body):
        end = _end(body, at)
        after = end + 1
        if end < 0:
            repairs += 1
            start = _NEXT_ITEM.search(body, at) if repairs <= MOST_REPAIRS else None
            if start is None:
                return [*found, body[at:].strip()]
            end, after = start.start() + 1, start.end()
        found.append(body[at:end].strip())
        if body[end : end + 1] == b"]":
            break
        at = after
    return [] if found == [b""] else found


def _end(body: bytes, at: int) -> int:
    """Where the item that begins at ``at`` ends: its comma or the array's bracket. -1 when its own never close."""
    closers = bytearray()
    for token in _TOKEN.finditer(body, at):
        sign = body[token.start()]
        if sign == _QUOTE:
            if token.end() - token.start() == 1:  # a string that never ends: all that follows is read inside out
                return -1
        elif sign in _CLOSER:
            closers.append(_CLOSER[sign])
        elif not closers:
            if sign != ord("}"):
                return token.start()
        elif sign in _CLOSER.values() and closers.pop() != sign:
            return -1
    return -1
