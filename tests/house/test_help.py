"""``--help`` answers at once because it imports next to nothing. What is imported is counted, not the time."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from connector.cli import COMMANDS

HEAVY = {
    "alembic", "apscheduler", "babel", "cryptography", "dateparser", "flask", "hubspot", "phonenumbers", "psycopg",
    "pyarrow", "pycountry", "pydantic", "pydantic_settings", "requests", "rich", "sqlalchemy", "sqlite3", "structlog",
    "tenacity", "urllib3", "waitress", "yaml",
}  # fmt: skip
TELL = """
import json, sys
from connector.cli import run
code = run(sys.argv[1:])
print(json.dumps({"code": code, "modules": sorted(sys.modules)}), file=sys.stderr)
"""


def loaded(*arguments: str) -> tuple[str, set[str]]:
    """What ``leadwright ARGUMENTS`` prints and which modules it has imported at its end."""
    done = subprocess.run([sys.executable, "-c", TELL, *arguments], capture_output=True, text=True, check=True)
    told = json.loads(done.stderr)
    assert told["code"] == 0
    return done.stdout, set(told["modules"])


def test_the_overview_imports_click_and_the_standard_library_only() -> None:
    _, modules = loaded("--help")
    ours = {name for name in modules if name.startswith("connector")}
    assert ours == {"connector", "connector.cli"}
    assert {name.split(".")[0] for name in modules} & (HEAVY | {"orjson"}) == set()


def test_the_overview_fits_a_screen_and_names_every_command() -> None:
    shown, _ = loaded("--help")
    assert len(shown.splitlines()) <= 46
    assert max(map(len, shown.splitlines())) <= 80
    for commands in COMMANDS.values():
        for name in commands:
            assert f"\n  {name} " in shown


@pytest.mark.parametrize(
    "command", [("sync",), ("portal", "provision"), ("demo",), ("export",), ("doctor",), ("config",)]
)
def test_the_help_of_a_command_imports_nothing_heavy(command: tuple[str, ...]) -> None:
    shown, modules = loaded(*command, "--help")
    assert {name.split(".")[0] for name in modules} & HEAVY == set()
    assert "connector.service" not in modules
    assert "Example:" in shown
