"""The house rules that can be counted: what lies where, how long things are, one root of errors."""

from __future__ import annotations

import ast
from statistics import median

import pytest

from tests.house.code import HOUSE, classes, functions, length, lines, sources

# Faults that never leave their room, each with the reason it cannot be a ConnectorError.
INSIDE = {
    "Yielded": "no fault: a job stands aside; as a ConnectorError flows would take it for one",
    "Later": "no fault: a job comes back when the portal is ready; the same",
    "GivenUp": "what the engine's library keeps of a held job",
    "Complaint": "pydantic takes nothing but a ValueError from a validator; parse_document turns it into a Fault",
    "NoPattern": "what RE2 says of a pattern; a document's becomes a Fault, a portal's is left to the portal",
    "PointsInward": "where a provider's address leads; the provider makes a plain failure of it",
    "Unreadable": "a body that is no JSON; classify turns it into an error of ours",
}
MIGRATIONS = "connector/store/migrations/versions/"


@pytest.mark.parametrize("folder", ["config", "mappings"])
def test_folders_of_tables_hold_yaml_only(folder: str) -> None:
    files = [file for file in (HOUSE / folder).rglob("*") if file.is_file()]
    assert any(file.suffix == ".yaml" for file in files)
    assert [str(file) for file in files if file.suffix != ".yaml" and file.name != "README.md"] == []


def test_no_other_top_level_folder_is_a_package() -> None:
    packages = {file.parent.name for file in HOUSE.glob("*/__init__.py")}
    assert packages == {"connector", "webhooks"}


def test_every_module_says_what_lives_in_it() -> None:
    assert [path for path, tree in sources().items() if not ast.get_docstring(tree)] == []


def test_every_class_says_what_it_is() -> None:
    bare = [f"{path}:{node.name}" for path, node in classes() if not ast.get_docstring(node)]
    assert [place for place in bare if not place.startswith(MIGRATIONS)] == []


def test_no_file_is_longer_than_five_hundred_lines() -> None:
    assert {path: lines(path) for path in sources() if lines(path) > 500} == {}


def test_functions_are_short() -> None:
    found = sorted(length(node) for _, node in functions())
    assert median(found) <= 10
    assert found[int(len(found) * 0.95)] <= 40
    assert {f"{path}:{node.name}": length(node) for path, node in functions() if length(node) > 80} == {}


def test_errors_have_one_root() -> None:
    bases = {
        node.name: {ast.unparse(base).split(".")[-1] for base in node.bases}
        for path, node in classes()
        if not path.startswith("connector/twin/")  # a leaf: it knows nothing of ours
    }
    errors = {name for name, above in bases.items() if any(base.endswith(("Error", "Exception")) for base in above)}
    grown = {"Exception", "BaseException", "RuntimeError", "ValueError"}
    assert {name for name in errors if bases[name] & grown} - set(INSIDE) == {"ConnectorError"}


def test_nothing_is_imported_inside_a_function() -> None:
    late = [
        f"{path}:{node.name}"
        for path, node in functions()
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert late == []


def test_only_settings_read_the_environment() -> None:
    """``COLUMNS`` is the terminal's own and no setting."""
    readers = {
        path
        for path, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}
    }
    assert readers <= {"connector/commands/views/drawing.py", "connector/settings.py"}


def test_no_fault_is_swallowed_whole() -> None:
    broad = [
        f"{path}:{node.lineno}"
        for path, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
        and not any(isinstance(inner, ast.Raise) and inner.exc is None for inner in ast.walk(node))
    ]
    assert broad == []
