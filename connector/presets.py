"""YAML at the edge: text → plain data with line numbers, and where the shipped presets lie.

Not here: what a document means (``connector/rules/documents``), and no environment is read (the folder of an
operator's own YAML is handed in).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal, NoReturn, TypeAlias

import yaml

from connector.errors import ConfigError, DocumentInvalid, Fault

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"
Place = tuple[str | int, ...]

MAX_BYTES = 1_000_000
MAX_DEPTH = 30
FOLDERS: dict[str, tuple[Literal["config", "mappings"], str]] = {
    "mapping": ("mappings", "mapping"),
    "activities": ("mappings", "activities"),
    "scoring": ("config", "scoring"),
    "lifecycle": ("config", "lifecycle"),
    "routing": ("config", "routing"),
    "workflows": ("config", "workflows"),
    "consent": ("config", "consent"),
    "schedule": ("config", "schedule"),
    "goals": ("config", "goals"),
}
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")
# YAML 1.2's core words, minus its traps: `yes`, `no`, `on`, `off`, dates, `12:30` and numbers with leading zeros
# (postcodes, phone numbers) stay text.
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})\Z")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})(\.[0-9]{0,17})?([eE][-+]?[0-9]{1,3})?\Z")


def load_yaml(text: str, file: str) -> tuple[Plain, dict[Place, int]]:
    """The data of one YAML document and the line of every node; ``DocumentInvalid`` for what YAML should not hold."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise DocumentInvalid(
            [Fault(file, 1, "", "The file is larger than 1 MB.", "Split it or remove what is unused.")]
        )
    reader = _Reader(file)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            reader.take(event)
    except yaml.YAMLError as error:
        raise DocumentInvalid([*reader.faults, _syntax(error, text, file)]) from None
    except UnicodeError:
        raise DocumentInvalid([Fault(file, 1, "", "The file holds broken Unicode.", "Save it as UTF-8.")]) from None
    if reader.faults:
        raise DocumentInvalid(reader.faults)
    return reader.data, reader.lines


def shipped(kind: Literal["config", "mappings"]) -> Traversable:
    """The folder shipped with the package: inside the wheel, else beside the package in a checkout."""
    package = resources.files("connector")
    inside = package / "_shipped" / kind
    if inside.is_dir():
        return inside
    checkout = Path(str(package)).parent
    if (checkout / kind / "presets").is_dir() and (checkout / "pyproject.toml").is_file():
        return checkout / kind
    raise ConfigError(
        f'The shipped folder "{kind}" is missing: neither connector/_shipped/{kind} nor {kind}/ beside the package.',
        remedy="Install Leadwright again.",
    )


def preset_text(kind: str, name: str, folder: Path | None = None) -> str:
    """The YAML of a preset. ``folder`` is the operator's own: ``<folder>/<kind>/<name>.yaml`` hides the shipped one."""
    if (found := _first(_places(kind, folder), name)) is not None:
        return found
    names = preset_names(kind, folder)
    close = get_close_matches(name, names, n=1)
    hint = f'Did you mean "{close[0]}"? ' if close else ""
    raise ConfigError(f'There is no preset "{name}" for {kind}.', remedy=f"{hint}Presets: {', '.join(names)}.")


def answers_text(name: str, folder: Path | None = None) -> str:
    """The YAML of a dry provider's table of answers, from the operator's folder or the shipped one."""
    shelves: list[Traversable] = [folder / "enrichment"] if folder is not None else []
    shelves.append(shipped("config") / "presets" / "enrichment")
    if (found := _first(shelves, name)) is not None:
        return found
    raise ConfigError(
        f'There is no table of answers "{name}".',
        remedy=f"Put it at enrichment/{name}.yaml in the folder that LEADWRIGHT_CONFIG_DIR names.",
    )


def _first(places: Iterable[Traversable], name: str) -> str | None:
    """The YAML of that name in the first place that has it."""
    files = (place / f"{name}.yaml" for place in places) if _NAME.match(name) else ()
    return next((file.read_text(encoding="utf-8") for file in files if file.is_file()), None)


def preset_names(kind: str, folder: Path | None = None) -> list[str]:
    """All presets of a kind, the operator's own included, in alphabetical order."""
    found = {file.name.removesuffix(".yaml") for place in _places(kind, folder) for file in _yaml_files(place)}
    return sorted(found)


def _places(kind: str, folder: Path | None) -> Iterator[Traversable]:
    if kind not in FOLDERS:
        raise ConfigError(f'There are no presets for "{kind}".', remedy=f"Kinds: {', '.join(FOLDERS)}.")
    top, below = FOLDERS[kind]
    if folder is not None and (folder / kind).is_dir():
        yield folder / kind
    yield shipped(top) / "presets" / below


def _yaml_files(place: Traversable) -> Iterator[Traversable]:
    if place.is_dir():
        yield from (file for file in place.iterdir() if file.name.endswith(".yaml"))


_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


class _Level:
    """One open list or map: what it holds so far, where it stands, and the key that waits for its value."""

    def __init__(self, holds: dict[str, Plain] | list[Plain], place: Place) -> None:
        self.holds = holds
        self.place = place
        self.key: str | None = None


class _Reader:
    """Builds data from YAML events with a stack of open lists and maps; nothing is ever constructed by tag."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.data: Plain = None
        self.lines: dict[Place, int] = {}
        self.faults: list[Fault] = []
        self._open: list[_Level] = []
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._stop(line, "One file holds one document.", "Remove what follows `---`.")
        elif isinstance(event, yaml.AliasEvent):
            self._say(line, "Aliases (`*name`) are not allowed.", "Write the value out.")
            self._put(None, line)
        elif isinstance(event, yaml.NodeEvent):
            self._node(event, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()

    def _node(self, event: yaml.NodeEvent, line: int) -> None:
        if event.anchor is not None:
            self._say(line, "Anchors (`&name`) are not allowed.", "Remove it and write repeated values out.")
        if getattr(event, "tag", None) not in (None, "!"):
            self._say(line, "Tags (`!name`) are not allowed.", "Remove it.")
        if isinstance(event, yaml.ScalarEvent):
            plain = event.implicit[0] and not event.style
            self._put(_scalar(event.value) if plain else event.value, line, said=event.value)
            return
        if len(self._open) >= MAX_DEPTH:
            self._stop(line, f"Nested deeper than {MAX_DEPTH} levels.", "Flatten it.")
        inner: dict[str, Plain] | list[Plain] = {} if isinstance(event, yaml.MappingStartEvent) else []
        self._open.append(_Level(inner, self._put(inner, line)))

    def _put(self, value: Plain, line: int, said: str = "?") -> Place:
        """Puts the value where it belongs and says where that is."""
        if not self._open:
            self.data = value
            self.lines[()] = line
            return ()
        level = self._open[-1]
        if isinstance(level.holds, list):
            level.holds.append(value)
            place = (*level.place, len(level.holds) - 1)
            self.lines[place] = line
            return place
        if level.key is None:
            return self._key(level, level.holds, value if isinstance(value, str) else None, said, line)
        level.holds[level.key] = value
        place = (*level.place, level.key)
        level.key = None
        return place

    def _key(self, level: _Level, holds: dict[str, Plain], key: str | None, said: str, line: int) -> Place:
        if key is None:
            self._say(line, f"The key `{said}` is not text.", f'Put it in quotes: "{said}".')
        elif key in holds:
            self._say(line, f'The key "{key}" stands here twice.', "Remove one of the two.")
        level.key = said if key is None else key
        place = (*level.place, level.key)
        self.lines.setdefault(place, line)
        return place

    def _say(self, line: int, message: str, remedy: str) -> None:
        steps = self._open[-1].place if self._open else ()
        words = [f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in steps]
        self.faults.append(Fault(self.file, line, "".join(words).removeprefix("."), message, remedy))

    def _stop(self, line: int, message: str, remedy: str) -> NoReturn:
        self._say(line, message, remedy)
        raise DocumentInvalid(self.faults)


def _scalar(text: str) -> Plain:
    if text in _WORDS:
        return _WORDS[text]
    if _INT.match(text):
        return int(text)
    return float(text) if _FLOAT.match(text) else text


def _syntax(error: yaml.YAMLError, text: str, file: str) -> Fault:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    position = getattr(error, "position", None)
    line = mark.line + 1 if mark is not None else text.count("\n", 0, position) + 1 if isinstance(position, int) else 1
    said = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
    return Fault(file, line, "", f"This is no valid YAML: {said}.", "Mind the indentation, the colons and the quotes.")
