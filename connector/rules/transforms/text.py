"""Steps on plain text: blanks, case, pieces, lists, HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from connector.rules.documents.steps import BareStep, JoinStep, MultiStep, ReplaceStep, SplitStep
from connector.rules.transforms.base import Locale, Nothing, Outcome, Transform, Value, text_only

# \s knows the no-break blanks already; zero-width characters and the byte order mark it does not.
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_SPACES = re.compile(r"\s+")
_TAG = re.compile(r"<[a-zA-Z/!][^<>]*>")
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/tr|/h[1-6])\b[^<>]*>", re.IGNORECASE)
_ROUNDS = 20
_NOTHING = Nothing()


def _trim(value: str, _options: BareStep, _locale: Locale) -> Outcome:
    return (value if value.isascii() else value.translate(_INVISIBLE)).strip() or _NOTHING


def _collapse(value: str, _options: BareStep, _locale: Locale) -> Outcome:
    return " ".join((value if value.isascii() else value.translate(_INVISIBLE)).split()) or _NOTHING


def _lower(value: str, _options: BareStep, _locale: Locale) -> Outcome:
    return _settled(value, str.lower)


def _upper(value: str, _options: BareStep, _locale: Locale) -> Outcome:
    return _settled(value, str.upper)


def _replace(value: str, options: ReplaceStep, _locale: Locale) -> Outcome:
    """Repeated until nothing is left to replace (twice must change nothing), unless the new text holds the old."""
    if options.old in options.new:
        return value if options.new in value else value.replace(options.old, options.new)
    return _settled(value, lambda text: text.replace(options.old, options.new)) or Nothing()


def _split(value: Value, options: SplitStep, _locale: Locale) -> Outcome:
    if not isinstance(value, str) or options.by not in value:
        return value
    pieces = tuple(piece.strip() for piece in value.split(options.by) if piece.strip())
    if not pieces:
        return Nothing()
    if options.take is None:
        return pieces
    at = options.take - 1 if options.take > 0 else options.take
    return pieces[at] if -len(pieces) <= at < len(pieces) else Nothing()


def _join(value: Value, options: JoinStep, _locale: Locale) -> Outcome:
    return options.by.join(value) if isinstance(value, tuple) else value


def _multi(value: Value, options: MultiStep, _locale: Locale) -> Outcome:
    """HubSpot docs: property values; several options of a checkbox are joined by semicolons, sometimes led by one."""
    if isinstance(value, tuple):
        return value
    pieces = dict.fromkeys(piece.strip() for piece in str(value).split(options.by))
    return tuple(piece for piece in pieces if piece) or Nothing()


def _strip_html(value: str, _options: BareStep, _locale: Locale) -> Outcome:
    bare = _settled(_settled(value, lambda text: _BREAK.sub(" ", text)), lambda text: _TAG.sub("", text))
    return _SPACES.sub(" ", bare).strip() or Nothing()


def _unescape(value: str, _options: BareStep, _locale: Locale) -> Outcome:
    return _settled(value, html.unescape) or Nothing()


def _settled(value: str, change: Callable[[str], str]) -> str:
    """Until it changes nothing any more: ``&amp;amp;`` needs two rounds, a capital sharp s has its own ideas."""
    for _ in range(_ROUNDS):
        changed = change(value)
        if changed == value:
            break
        value = changed
    return value


TRANSFORMS = {
    "trim": Transform("trim", text_only(_trim)),
    "collapse_spaces": Transform("collapse_spaces", text_only(_collapse)),
    "lower": Transform("lower", text_only(_lower)),
    "upper": Transform("upper", text_only(_upper)),
    "replace": Transform("replace", text_only(_replace)),
    "split": Transform("split", _split),
    "join": Transform("join", _join),
    "multi": Transform("multi", _multi),
    "strip_html": Transform("strip_html", text_only(_strip_html)),
    "unescape": Transform("unescape", text_only(_unescape)),
}
