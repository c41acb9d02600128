"""What all documents share: the strict base model, the registry's entry, and parsing with every fault at once.

Not here: the documents themselves (one module each), the registry (``documents/__init__.py``), YAML
(``connector/presets.py``) and the words of the faults (``wording.py``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from connector.errors import DocumentInvalid, Fault
from connector.rules.documents import wording
from connector.rules.documents.shape import Place, Plain

Lines = Mapping[Place, int]


@dataclass(frozen=True, slots=True)
class Problem:
    """What a check found: where (from the checked part down), what is wrong, how to mend it."""

    place: Place
    message: str
    remedy: str = ""


class Complaint(ValueError):
    """Raised by a field validator: a plain sentence and what to do about it."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.problems: tuple[Problem, ...] = (Problem((), message, remedy),)


class Unsound(Complaint):
    """A part contradicts itself; raised by ``Part`` alone, with everything that ``problems()`` found."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems[0].message)
        self.problems = problems


class Part(BaseModel):
    """A piece of a document: strict types, no unknown keys, frozen. Every nested model derives from it.

    Sequences are declared as tuples and sets as frozensets; enumerations as ``Literal``. Documents are validated the
    way JSON is (a list is a tuple, but ``"5"`` is no number and ``0`` no ``false``).
    """

    # Validators are built when first used: naming a model must not cost the start of every command.
    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True, defer_build=True
    )

    def problems(self) -> Iterable[Problem]:
        """What is wrong within this part alone; override. Reported together with the faults of all other parts."""
        return ()

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if found := tuple(self.problems()):
            raise Unsound(found)
        return self


class Document(Part):
    """The root of an admin's document. ``name`` is what people call it, ``description`` what it is for."""

    name: str = ""
    description: str = ""


Check = Callable[[Any], Iterable[Problem]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One entry of the registry: the model of a document and the checks of the document as a whole.

    A check is a pure function from the parsed document to problems. What one part can say about itself alone belongs
    into its ``problems()``, since checks run only on documents without any other fault.
    """

    model: type[Document]
    checks: tuple[Check, ...] = ()


def parse(kind: Kind, data: Plain, lines: Lines, file: str) -> Document:
    """The document, or ``DocumentInvalid`` with all faults: those of single values first, else those of the checks."""
    try:
        document = kind.model.model_validate_json(_as_json(data, file))
    except ValidationError as error:
        found = wording.translate(kind.model, data, error)
        raise DocumentInvalid(_faults([Problem(*entry) for entry in found], lines, file)) from None
    problems = [problem for check in kind.checks for problem in check(document)]
    if problems:
        raise DocumentInvalid(_faults(problems, lines, file))
    return document


def dump(document: Document) -> dict[str, Any]:
    """The document as plain data (lists, texts, numbers), without what equals its default: for YAML and for hashes."""
    plain: dict[str, Any] = document.model_dump(mode="json", exclude_defaults=True, by_alias=True)
    return plain


def line_of(place: Place, lines: Lines) -> int:
    """The line of the node, or of the nearest one around it; 0 when the document has no lines at all."""
    for end in range(len(place), -1, -1):
        if place[:end] in lines:
            return lines[place[:end]]
    return 0


def _as_json(data: Plain, file: str) -> str:
    if not isinstance(data, dict):
        said = wording.saw(data)
        raise DocumentInvalid(
            [Fault(file, 1, "", f"A document is a set of keys, but this is {said}.", "Start it with `name: …`.")]
        )
    try:
        return json.dumps(data)
    except (TypeError, ValueError, RecursionError):
        raise DocumentInvalid(
            [Fault(file, 1, "", "The document holds values that are neither text, number, list nor keys.", "")]
        ) from None


def _faults(problems: Iterable[Problem], lines: Lines, file: str) -> list[Fault]:
    """In the order of the file."""
    found = [
        Fault(file, line_of(one.place, lines), wording.path_text(one.place), one.message, one.remedy)
        for one in problems
    ]
    return sorted(found, key=lambda fault: (fault.line, fault.path))
