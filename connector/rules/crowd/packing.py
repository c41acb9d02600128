"""A stretch ↔ named columns of bytes, each readable alone: a model needs a few of them. Pure.

A column is a small JSON head (its length first, four bytes) and arrays behind it, little-endian, in the smallest type
that holds them. Not here: where they lie (``connector/store/stretches.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import orjson

from connector.rules.crowd.columns import Acts, Column, Ints, Words
from connector.rules.crowd.stretch import Stretch, Texts, said_by, words_of

IDS, ACTS, HAS_COMPANY = "ids", "acts", "company"
CONTACT, COMPANY, WORDS = "contact:", "company:", "words:"
_ALWAYS = (IDS, ACTS, HAS_COMPANY)
_TYPES = tuple(np.dtype(one) for one in ("<u1", "<u2", "<u4", "<i8"))


def names(contact: Iterable[str], company: Iterable[str], worded: Iterable[str]) -> frozenset[str]:
    """The names of the columns with these properties and the words of these kinds."""
    more = [CONTACT + one for one in contact] + [COMPANY + one for one in company] + [WORDS + one for one in worded]
    return frozenset((*_ALWAYS, *more))


def named(columns: Iterable[str], prefix: str) -> tuple[str, ...]:
    """The properties or kinds that these names of columns speak of."""
    return tuple(sorted(one.removeprefix(prefix) for one in columns if one.startswith(prefix)))


def packed(stretch: Stretch, worded: Iterable[str]) -> dict[str, bytes]:
    """All columns of a stretch, with what acts of the kinds ``worded`` say."""
    acts, size = stretch.acts, len(stretch)
    counts = np.bincount(acts.who, minlength=size)
    found = {
        IDS: _bytes({}, stretch.ids),
        HAS_COMPANY: _bytes({}, stretch.has_company.astype(np.int64)),
        ACTS: _bytes({"kinds": list(acts.kinds)}, counts, acts.at_ms, acts.kind, acts.verdict),
    }
    found |= {CONTACT + name: _of_texts(column) for name, column in stretch.contact.items()}
    found |= {COMPANY + name: _of_texts(column) for name, column in stretch.company.items()}
    return found | {WORDS + kind: _of_words(*words_of(acts, kind)) for kind in worded}


def unpacked(columns: Mapping[str, bytes]) -> Stretch:
    """The stretch with those of its columns that are given; ``ids``, ``acts`` and ``company`` always are."""
    (ids,), _ = _arrays(columns[IDS])
    (has_company,), _ = _arrays(columns[HAS_COMPANY])
    (counts, at_ms, kind, verdict), head = _arrays(columns[ACTS])
    who = np.repeat(np.arange(len(ids)), counts)
    acts = Acts(who, at_ms, kind, verdict, np.zeros(len(who), np.int64), kinds=head["kinds"], said=[Words()])
    return Stretch(
        ids,
        {name: _texts(columns[CONTACT + name]) for name in named(columns, CONTACT)},
        {name: _texts(columns[COMPANY + name]) for name in named(columns, COMPANY)},
        has_company.astype(np.bool_),
        said_by(acts, {kind: _words(columns[WORDS + kind]) for kind in named(columns, WORDS)}),
    )


def _of_texts(column: Texts) -> bytes:
    return _bytes({"values": list(column.values)}, column.codes)


def _texts(body: bytes) -> Texts:
    (codes,), head = _arrays(body)
    return Column(codes, head["values"])


def _of_words(codes: Ints, said: Sequence[Words]) -> bytes:
    return _bytes({"said": [[one.ref, one.title, one.url, one.asset, dict(one.detail)] for one in said]}, codes)


def _words(body: bytes) -> tuple[Ints, list[Words]]:
    (codes,), head = _arrays(body)
    return codes, [Words(*one) for one in head["said"]]


def _bytes(head: dict[str, Any], *arrays: Ints) -> bytes:
    small = [one.astype(_smallest(one), copy=False) for one in arrays]
    head["arrays"] = [[_TYPES.index(one.dtype), len(one)] for one in small]
    text = orjson.dumps(head)
    return b"".join([len(text).to_bytes(4, "little"), text, *(one.tobytes() for one in small)])


def _smallest(one: Ints) -> np.dtype[Any]:
    if not len(one):
        return _TYPES[0]
    low, high = int(one.min()), int(one.max())
    return next((t for t in _TYPES[:-1] if low >= 0 and high <= np.iinfo(t).max), _TYPES[-1])


def _arrays(body: bytes) -> tuple[list[Ints], dict[str, Any]]:
    size = int.from_bytes(body[:4], "little")
    head: dict[str, Any] = orjson.loads(body[4 : 4 + size])
    place, found = 4 + size, []
    for kind, length in head["arrays"]:
        one = np.frombuffer(body, _TYPES[kind], length, place)
        place += one.nbytes
        found.append(one.astype(np.int64))
    return found, head
