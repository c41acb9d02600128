"""One command line run in this process against the desk, with its streams caught."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from connector.cli import run
from tests.commands.desk import Desk, Said


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, so that nobody's .env is read."""
    monkeypatch.chdir(tmp_path)
    for name in ("LEADWRIGHT_SECRET_KEY", "LEADWRIGHT_DATABASE_URL", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def say(desk: Desk, home: Path) -> Callable[..., Said]:
    """``say("sync", "acme", "--json")``; ``answer`` is typed at a terminal, ``stdin`` comes through a pipe."""

    def command(*arguments: str, answer: str | None = None, stdin: str = "") -> Said:
        runner = CliRunner()
        with runner.isolation(input=answer if answer is not None else stdin) as (out, err, _):
            code = run(list(arguments), desk.app(interactive=answer is not None))
            sys.stdout.flush()
            sys.stderr.flush()
            return Said(code, _read(out), _read(err))

    return command


def _read(stream: io.BytesIO) -> str:
    return stream.getvalue().decode()
