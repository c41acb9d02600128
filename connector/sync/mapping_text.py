"""The YAML of a mapping with single rows changed: comments, order and spelling of all else stay as they were written.
The same for any other list of a document, such as the rules of a scoring model.

Only the rows that differ are touched, in a row only the keys that differ. The result is read again and must hold
exactly what was asked for; where a text is written so that it cannot be mended in place (JSON, say), it is written anew
as a whole, without its comments.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import yaml

from connector.errors import ConfigError
from connector.presets import load_yaml

NOT_IN_PLACE = "The text is written in a way that cannot be mended in place."
Edit = tuple[int, int, str]
Place = tuple[str | int, ...]
ROWS: Place = ("rows",)
_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


class _Elsewhere(ConfigError):
    """The text is written in a way that cannot be mended in place."""


def rewritten(
    text: str,
    changed: Mapping[int, Mapping[str, Any]],
    removed: Collection[int] = (),
    added: Sequence[Mapping[str, Any]] = (),
    place: Place = ROWS,
) -> str:
    """The text with these rows replaced, left out and put at the end. Rows count from 0, as they stand in ``text``.

    ``place``: where in the document the list lies, ``("models", 0, "rules")`` for instance.
    """
    data: Any = load_yaml(text, "mapping")[0]
    rows = found_at(data, place)
    wanted = [dict(changed.get(number, row)) for number, row in enumerate(rows) if number not in removed]
    whole = _with(data, place, wanted + [dict(row) for row in added])
    if whole == data:
        return text
    try:
        mended = _mended(text, rows, changed, removed, added, place)
        if load_yaml(mended, "mapping")[0] == whole:
            return mended
    except _Elsewhere:
        pass
    return written(whole, str(place[0]))


def found_at(data: Any, place: Place) -> Any:
    """What lies there."""
    for step in place:
        data = data[step]
    return data


def _with(data: Any, place: Place, rows: list[Any]) -> Any:
    """The document with another list in that place."""
    if not place:
        return rows
    inner = _with(data[place[0]], place[1:], rows)
    if isinstance(data, list):
        return [inner if number == place[0] else one for number, one in enumerate(data)]
    return {**data, place[0]: inner}


def written(data: Mapping[str, Any], rows_key: str = "rows") -> str:
    """A document as YAML, one row a line."""
    rows = data.get(rows_key) or []
    head = yaml.safe_dump(
        {key: value for key, value in data.items() if key != rows_key}, sort_keys=False, allow_unicode=True, width=110
    )
    lines = "".join(f"  - {flow(row)}\n" for row in rows)
    return f"{head if head.strip() != '{}' else ''}{rows_key}:{chr(10) if rows else ' []'}{lines}"


def flow(value: Any) -> str:
    """A value on one line: ``{field: city, property: ort}``."""
    said = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**6)
    return said.removesuffix("\n").removesuffix("\n...").strip()


def _mended(
    text: str,
    rows: Sequence[Any],
    changed: Mapping[int, Mapping[str, Any]],
    removed: Collection[int],
    added: Sequence[Mapping[str, Any]],
    where: Place,
) -> str:
    nodes = _row_nodes(text, where)
    place = _Places(text)
    edits: list[Edit] = []
    for at, node in enumerate(nodes):
        if at in removed:
            edits.append((place.line(node.start_mark.line), place.line(place.last_line(node) + 1), ""))
        elif at in changed:
            edits += _row_edits(place, node, rows[at], changed[at])
    if added:
        first = nodes[0].start_mark
        dash = place.text[place.line(first.line) : place.line(first.line) + first.column]
        if dash.strip() != "-":
            raise _Elsewhere(NOT_IN_PLACE)
        end = place.line(place.last_line(nodes[-1]) + 1)
        before = "" if end == 0 or text[end - 1 : end] == "\n" else "\n"
        edits.append((end, end, before + "".join(f"{dash}{flow(row)}\n" for row in added)))
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _row_nodes(text: str, where: Place) -> list[yaml.Node]:
    node: yaml.Node | None = yaml.compose(text, Loader=_LOADER)
    for step in where:
        node = _below(node, step)
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return list(node.value)
    raise _Elsewhere(NOT_IN_PLACE)


def _below(node: yaml.Node | None, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
        return next(iter(node.value[step : step + 1]), None)
    return None


class _Places:
    """Where lines begin, and where a node's own text ends: a block's mark lies behind the comments that follow it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._lines = text.split("\n")
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def line(self, number: int) -> int:
        return min(self._starts[min(number, len(self._starts) - 1)], len(self.text))

    def at(self, mark: Any) -> int:
        return self.line(mark.line) + int(mark.column)

    def last_line(self, node: yaml.Node) -> int:
        """The last line that belongs to the node."""
        mark = node.end_mark
        if isinstance(node, yaml.CollectionNode) and not node.flow_style:
            last = (
                mark.line - 1
                if mark.column == 0 or not self._lines[mark.line][: mark.column].strip(" -")
                else mark.line
            )
            while last > node.start_mark.line and self._is_idle(last):
                last -= 1
            return int(last)
        return int(mark.line)

    def _is_idle(self, number: int) -> bool:
        line = self._lines[number].strip() if number < len(self._lines) else ""
        return not line or line.startswith("#")

    def end_of(self, number: int) -> int:
        """Where a line's text ends, before its break."""
        return self.line(number) + len(self._lines[number])


def _row_edits(place: _Places, node: yaml.Node, old: Any, new: Mapping[str, Any]) -> list[Edit]:
    if not isinstance(node, yaml.MappingNode) or not isinstance(old, dict):
        raise _Elsewhere(NOT_IN_PLACE)
    if node.flow_style:
        return [(place.at(node.start_mark), place.at(node.end_mark), flow(dict(new)))]
    edits: list[Edit] = []
    for number, (key, value) in enumerate(node.value):
        name = key.value
        if name not in new:
            if number == 0:
                raise _Elsewhere(NOT_IN_PLACE)
            edits.append((place.line(key.start_mark.line), place.line(place.last_line(value) + 1), ""))
        elif new[name] != old.get(name):
            edits.append(_value_edit(place, key, value, new[name]))
    fresh = [name for name in new if name not in old]
    if fresh:
        end = place.line(place.last_line(node) + 1)
        indent = " " * node.start_mark.column
        before = "" if place.text[end - 1 : end] == "\n" else "\n"
        edits.append((end, end, before + "".join(f"{indent}{name}: {flow(new[name])}\n" for name in fresh)))
    return edits


def _value_edit(place: _Places, key: yaml.Node, value: yaml.Node, new: Any) -> Edit:
    start = place.at(key.end_mark)
    if isinstance(value, yaml.CollectionNode) and not value.flow_style:
        return start, place.end_of(place.last_line(value)), f": {flow(new)}"
    if getattr(value, "style", None) in ("|", ">"):
        raise _Elsewhere(NOT_IN_PLACE)
    return start, place.at(value.end_mark), f": {flow(new)}"
