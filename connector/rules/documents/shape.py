"""Finding one's way in a document's data and in its model side by side. No words (``wording.py``), no rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Literal, TypeAlias, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel

Place = tuple[str | int, ...]
Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"

_PLAIN_TYPES: dict[object, str] = {
    str: "text", int: "a whole number", float: "a number", bool: "true or false", tuple: "a list", list: "a list",
    frozenset: "a list", set: "a list", dict: "a set of keys", Mapping: "a set of keys", NoneType: "empty",
}  # fmt: skip
_SEQUENCES = (tuple, list, frozenset, set, Sequence)


def place_of(loc: Sequence[str | int], data: Plain, *, missing: bool = False) -> Place:
    """pydantic's location without the names of union members and tags that it mixes in.

    Every way of taking or passing over steps is tried (a tag may be named like a key); the one that takes most wins,
    among equals the one that reaches further. A missing key is the last step, absent from a set of keys.
    """
    ways = list(_ways(loc, 0, data, missing=missing))
    best = max(ways, key=lambda way: (len(way), way[-1][0] if way else -1), default=())
    return tuple(step for _, step in best)


def _ways(
    loc: Sequence[str | int], index: int, node: Plain, *, missing: bool
) -> Iterator[tuple[tuple[int, str | int], ...]]:
    if index == len(loc):
        if not missing:
            yield ()
        return
    step = loc[index]
    if missing and index == len(loc) - 1:
        if isinstance(node, dict) and step not in node:
            yield ((index, step),)
        return
    if has(node, step):
        yield from (((index, step), *rest) for rest in _ways(loc, index + 1, child(node, step), missing=missing))
    yield from _ways(loc, index + 1, node, missing=missing)


def has(node: Plain, step: str | int) -> bool:
    if isinstance(node, dict):
        return step in node
    return isinstance(node, list) and isinstance(step, int) and 0 <= step < len(node)


def child(node: Plain, step: str | int) -> Plain:
    if isinstance(node, dict):
        return node.get(str(step))
    return node[step] if isinstance(node, list) and isinstance(step, int) else None


def at(data: Plain, place: Place) -> Plain:
    """The node there, or None."""
    for step in place:
        if not has(data, step):
            return None
        data = child(data, step)
    return data


def keys_at(model: type[BaseModel], data: Plain, place: Place) -> list[str]:
    """The keys the model knows there; of several models, those that fit what the node says."""
    found = [one for one in _fitting(_candidates(model, data, place), at(data, place)) if _is_model(one)]
    return list(dict.fromkeys(info.alias or name for one in found for name, info in one.model_fields.items()))


def wanted(model: type[BaseModel], data: Plain, place: Place) -> str:
    """What the model wants there, in words."""
    words = [_describe(one) for one in _candidates(model, data, place)]
    return " or ".join(dict.fromkeys(words)) or "a value"


def _candidates(model: type[BaseModel], data: Plain, place: Place) -> list[object]:
    found: list[object] = [model]
    for depth, step in enumerate(place):
        here = at(data, place[:depth])
        found = [inner for one in _fitting(found, here) for inner in _inside(one, step)]
    return found


def _inside(annotation: object, step: str | int) -> list[object]:
    if _is_model(annotation):
        for name, info in annotation.model_fields.items():
            if step in (name, info.alias):
                return _members(info.annotation)
        return []
    arguments = get_args(annotation)
    if get_origin(annotation) in _SEQUENCES and arguments:
        fixed = get_origin(annotation) is tuple and arguments[-1] is not Ellipsis
        return _members(arguments[step if fixed and isinstance(step, int) and step < len(arguments) else 0])
    return _members(arguments[1]) if len(arguments) == 2 else []


def _members(annotation: object) -> list[object]:
    """The alternatives behind ``Annotated`` and unions."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _members(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [one for member in get_args(annotation) for one in _members(member)]
    return [annotation]


def _fitting(candidates: Sequence[object], node: Plain) -> list[object]:
    """Of several models, those whose closed words agree with what the node says (its ``kind``, as a rule)."""
    models = [one for one in candidates if _is_model(one)]
    if len(models) < 2 or not isinstance(node, dict):
        return list(candidates)
    agreeing: list[object] = [one for one in models if _agrees(one, node)]
    return agreeing or list(candidates)


def _agrees(model: type[BaseModel], node: Mapping[str, Plain]) -> bool:
    for name, info in model.model_fields.items():
        value = node.get(info.alias or name)
        if get_origin(info.annotation) is Literal and value is not None and value not in get_args(info.annotation):
            return False
    return True


def _is_model(annotation: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _describe(annotation: object) -> str:
    if get_origin(annotation) is Literal:
        return "one of " + ", ".join(str(word) for word in get_args(annotation))
    if _is_model(annotation):
        return "a set of keys"
    return _PLAIN_TYPES.get(get_origin(annotation) or annotation, "a value")
