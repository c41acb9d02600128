"""The image and its compose file, read as text: no engine builds them here."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.house.code import HOUSE


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, comments out and continued lines joined."""
    text = (HOUSE / "Dockerfile").read_text(encoding="utf-8")
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line.strip())]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((HOUSE / "compose.yaml").read_text(encoding="utf-8"))


def last(steps: list[tuple[str, str]], word: str) -> str:
    return [rest for instruction, rest in steps if instruction == word][-1]


def test_it_installs_from_the_lock_file_by_hash(steps: list[tuple[str, str]]) -> None:
    installs = [rest for word, rest in steps if word == "RUN" and "pip install" in rest]
    assert "--require-hashes -r requirements.lock" in installs[0]
    assert all("--no-deps --no-build-isolation" in rest for rest in installs[1:])


def test_it_runs_as_nobody_special(steps: list[tuple[str, str]]) -> None:
    assert last(steps, "USER") == "leadwright"
    assert [word for word, _ in steps].index("USER") > [word for word, _ in steps].index("COPY")


def test_it_imports_nothing_from_the_working_folder(steps: list[tuple[str, str]]) -> None:
    assert "PYTHONSAFEPATH=1" in last(steps, "ENV")


def test_it_keeps_its_data_in_a_volume_and_checks_its_health(steps: list[tuple[str, str]]) -> None:
    assert last(steps, "VOLUME") == "/data"
    assert "sqlite:////data/" in last(steps, "ENV")
    assert '"leadwright", "db", "current"' in last(steps, "HEALTHCHECK")
    assert last(steps, "ENTRYPOINT") == '["leadwright"]'


def test_everything_it_copies_is_let_in(steps: list[tuple[str, str]]) -> None:
    ignore = (HOUSE / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line[1:] for line in ignore if line.startswith("!")}
    copied = [name for word, rest in steps if word == "COPY" and "--from" not in rest for name in rest.split()[:-1]]
    assert {name.removeprefix("./") for name in copied} == let_in
    assert all((HOUSE / name).exists() for name in copied)
    assert ignore.index("**/.env*") > max(ignore.index(f"!{name}") for name in let_in)  # no key is ever let in


def test_compose_knows_sqlite_and_postgresql(compose: dict[str, Any]) -> None:
    plain, large = compose["services"]["leadwright"], compose["services"]["leadwright-postgres"]
    assert plain["volumes"] == ["data:/data"]
    assert large["profiles"] == compose["services"]["postgres"]["profiles"] == ["postgres"]
    assert large["environment"]["LEADWRIGHT_DATABASE_URL"].startswith("postgresql+psycopg://")
    assert plain["read_only"] is True
    assert plain["cap_drop"] == ["ALL"]


def test_compose_holds_no_secret(compose: dict[str, Any]) -> None:
    password = compose["services"]["postgres"]["environment"]["POSTGRES_PASSWORD"]
    assert password == "${POSTGRES_PASSWORD:-}"
