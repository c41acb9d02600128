"""The product's sources as parsed trees, for the checks of the house."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[2]
ROOMS = ("connector", "webhooks")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def sources() -> dict[str, ast.Module]:
    """Path (from the house's root) → tree of every module that is shipped."""
    files = sorted(file for room in ROOMS for file in (HOUSE / room).rglob("*.py"))
    return {str(file.relative_to(HOUSE)): ast.parse(file.read_text(encoding="utf-8")) for file in files}


def lines(path: str) -> int:
    return len((HOUSE / path).read_text(encoding="utf-8").splitlines())


def functions() -> Iterator[tuple[str, Function]]:
    for path, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, Function):
                yield path, node


def classes() -> Iterator[tuple[str, ast.ClassDef]]:
    for path, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                yield path, node


def length(node: Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def defined(path: str) -> set[str]:
    """Functions, classes and methods (``Class.method``) of one module."""
    names: set[str] = set()
    for node in sources()[path].body:
        if isinstance(node, Function | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{item.name}" for item in node.body if isinstance(item, Function)}
    return names
