"""Words that must be there: every command and setting is documented, every dependency has its reason."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import files, metadata

import click
import pytest

from connector.cli import leadwright
from connector.settings import Settings
from tests.house.code import HOUSE, defined, sources

DOCS = "\n".join(file.read_text(encoding="utf-8") for file in [HOUSE / "README.md", *(HOUSE / "docs").glob("*.md")])
PROJECT = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("requirements.lock", "requirements-dev.lock")


def commands(group: click.Group, above: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with its full name."""
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None
        if isinstance(found, click.Group):
            yield from commands(found, f"{above}{name} ")
        else:
            yield f"{above}{name}", found


COMMANDS = dict(commands(leadwright))


@pytest.mark.parametrize("name", COMMANDS)
class TestEveryCommand:
    """In the docs and in its own help."""

    def test_stands_in_the_table_with_an_example(self, name: str) -> None:
        row = re.search(rf"^\| `{name}` \| .+ \| `leadwright (?P<example>.+)` \|$", DOCS, re.MULTILINE)
        assert row is not None
        assert row["example"].startswith(name)

    def test_says_what_it_does_with_an_example(self, name: str) -> None:
        command = COMMANDS[name]
        assert command.help
        assert f"\n  leadwright {name}" in (command.epilog or "") or f" {name} " in (command.epilog or "")

    def test_has_the_flags_that_every_command_has(self, name: str) -> None:
        flags = {option for param in COMMANDS[name].params for option in param.opts}
        assert {"--json", "--quiet", "--debug"} <= flags

    def test_explains_its_options(self, name: str) -> None:
        for param in COMMANDS[name].params:
            if isinstance(param, click.Option) and not param.hidden:
                assert param.help, param.opts


def test_the_docs_name_no_command_that_is_not_there() -> None:
    named = re.findall(r"^\| `([a-z]+(?: [a-z-]+){0,2})` \| .* \| `leadwright ", DOCS, re.MULTILINE)
    assert set(named) == set(COMMANDS)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented_with_its_default(name: str) -> None:
    default = Settings.model_fields[name].default
    row = re.search(rf"^\| `LEADWRIGHT_{name.upper()}` \| (.+?) \|", DOCS, re.MULTILINE)
    assert row is not None
    assert str(default or "") in row[1].strip("`") or row[1] in {"empty", "made by `init`"}


def test_the_docs_name_no_setting_that_is_not_there() -> None:
    known = {f"LEADWRIGHT_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"LEADWRIGHT_[A-Z0-9_]*[A-Z0-9]", DOCS)) - known <= {"LEADWRIGHT_COMPLETE"}


def _bare(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement)[0]


def _licence_file(package: str) -> str:
    """The first lines of the licence it carries, where its metadata name none."""
    found = [file for file in files(package) or () if file.name.upper().startswith("LICENSE")]
    return found[0].read_text()[:200] if found else ""


RUNTIME = [_bare(one) for one in PROJECT["project"]["dependencies"]]
TOOLS = [
    _bare(one) for group in ("build", "dev") for one in PROJECT["dependency-groups"][group] if isinstance(one, str)
]


@pytest.mark.parametrize("package", [*RUNTIME, *TOOLS])
def test_every_dependency_has_a_reason_and_a_licence(package: str) -> None:
    page = (HOUSE / "docs" / "dependencies.md").read_text(encoding="utf-8")
    row = re.search(rf"^\| {re.escape(package)} \| (.+) \| (.+) \| (.+) \|$", page, re.MULTILINE)
    assert row is not None
    told = metadata(package)
    classes = " ".join(one for one in told.get_all("Classifier", []) if one.startswith("License"))
    declared = told.get("License-Expression") or told.get("License") or classes or _licence_file(package)
    assert row[3].split()[0].split("-")[0].upper() in declared.upper()


@pytest.mark.parametrize("lock", LOCKS)
class TestLockFiles:
    """The same bytes for everybody, from whichever registry they use."""

    def test_pin_every_package_with_hashes(self, lock: str) -> None:
        text = (HOUSE / lock).read_text(encoding="utf-8")
        entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
        assert len(entries) > 20
        assert [
            entry.split()[0] for entry in entries if "==" not in entry.split()[0] or "--hash=sha256:" not in entry
        ] == []

    def test_name_no_registry(self, lock: str) -> None:
        text = (HOUSE / lock).read_text(encoding="utf-8")
        assert re.findall(r"https?://|--(?:extra-)?index-url|--find-links|--trusted-host", text) == []

    def test_hold_what_the_project_asks_for(self, lock: str) -> None:
        pinned = set(
            re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==", (HOUSE / lock).read_text(encoding="utf-8"), re.MULTILINE)
        )
        wanted = RUNTIME + (TOOLS if "dev" in lock else ["hatchling"])
        assert {name.lower() for name in wanted} - {name.lower() for name in pinned} == set()


def test_the_rooms_page_points_at_what_is_there() -> None:
    """Every hop of the journeys is one call that can be followed; a renamed function fails here."""
    page = (HOUSE / "docs" / "rooms.md").read_text(encoding="utf-8")
    hops = re.findall(r"`((?:connector|webhooks)/[a-z_/]+\.py):([A-Za-z_.]+)`", page)
    assert len(hops) >= 16
    assert [f"{path}:{name}" for path, name in hops if path not in sources() or name not in defined(path)] == []


def test_the_rooms_page_names_every_room() -> None:
    page = (HOUSE / "docs" / "rooms.md").read_text(encoding="utf-8")
    rooms = {file.parent.name for file in (HOUSE / "connector").glob("*/__init__.py")}
    modules = {file.name for file in (HOUSE / "connector").glob("*.py")} - {"__init__.py"}
    assert {room for room in rooms if f"connector/{room}/" not in page} == set()
    assert {module for module in modules if f"connector/{module}" not in page} == set()


def test_nothing_names_a_place_on_somebodys_machine() -> None:
    """Neither papers nor sources speak of a path that only exists where they were written."""
    places = re.compile(r"/(?:work|home|root|Users)/")
    papers = [*HOUSE.glob("*.md"), *HOUSE.glob("docs/**/*.md"), *(HOUSE / path for path in sources())]
    assert [str(file) for file in papers if places.search(file.read_text(encoding="utf-8"))] == []
