"""What is shipped, installed fresh and run from a folder that means harm (the layout's reason is in the rooms page)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from connector.presets import FOLDERS
from tests.house.code import HOUSE

HOSTILE = "from pathlib import Path\nPath(__file__).with_suffix('.ran').touch()\nraise SystemExit('hostile')\n"
PRESETS = """
import json, connector, webhooks
from connector.presets import FOLDERS, preset_names, preset_text, shipped
told = {kind: [name for name in preset_names(kind) if preset_text(kind, name)] for kind in FOLDERS}
modules = [connector.__file__, webhooks.__file__]
print(json.dumps({"presets": told, "shipped": str(shipped("config")), "modules": modules}))
"""


@dataclass(frozen=True)
class Installed:
    """A fresh environment with nothing of the checkout in it but the wheel."""

    wheel: Path
    bin: Path
    folder: Path

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.bin / command[0], *command[1:]], cwd=self.folder, capture_output=True, text=True, check=False
        )


def _quietly(command: Sequence[str | Path], where: Path) -> None:
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Built from the checkout, installed without the network; the dependencies are borrowed from this environment."""
    home = tmp_path_factory.mktemp("wheel")
    _quietly([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", home], HOUSE)
    wheel = next(home.glob("*.whl"))
    venv.create(home / "venv", with_pip=False, symlinks=True)
    python = home / "venv" / "bin" / "python"
    site = next((home / "venv" / "lib").glob("python*/site-packages"))
    # A plain path entry: the .pth files over there, and with them the editable checkout, are not read.
    (site / "borrowed.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check", "install", "--quiet"]
    _quietly([*pip, "--no-index", "--no-deps", "--force-reinstall", "--no-warn-script-location", wheel], home)
    folder = home / "hostile"
    folder.mkdir()
    for name in ("config", "webhooks", "mappings", "connector", "click"):
        (folder / f"{name}.py").write_text(HOSTILE)
    return Installed(wheel, home / "venv" / "bin", folder)


def test_its_only_top_level_names_are_connector_and_webhooks(installed: Installed) -> None:
    names = {name.split("/")[0] for name in zipfile.ZipFile(installed.wheel).namelist()}
    assert {name for name in names if not name.endswith(".dist-info")} == {"connector", "webhooks"}


def test_it_holds_no_tests_and_nothing_built(installed: Installed) -> None:
    names = zipfile.ZipFile(installed.wheel).namelist()
    assert [
        name
        for name in names
        if re.search(r"(^|[/_])tests?[/_.]", name.lower()) or name.endswith((".pyc", ".db", ".env"))
    ] == []


def test_its_tables_lie_inside_connector(installed: Installed) -> None:
    names = zipfile.ZipFile(installed.wheel).namelist()
    for top, below in FOLDERS.values():
        assert any(name.startswith(f"connector/_shipped/{top}/presets/{below}/") for name in names), below


@pytest.mark.parametrize(
    "command", [("--help",), ("--version",), ("sync", "--help"), ("doctor", "--json"), ("init", "--json")]
)
def test_the_script_runs_from_a_hostile_folder(installed: Installed, command: tuple[str, ...]) -> None:
    done = installed.run("leadwright", *command)
    assert "hostile" not in done.stdout + done.stderr
    assert list(installed.folder.glob("*.ran")) == []
    assert done.returncode == (1 if command[0] == "doctor" else 0), done.stderr


def test_the_shipped_documents_are_found(installed: Installed) -> None:
    done = installed.run("python", "-P", "-c", PRESETS)
    told = json.loads(done.stdout)
    assert set(told["presets"]) == set(FOLDERS)
    assert all(told["presets"].values())
    assert "_shipped" in told["shipped"]
    assert all(str(installed.bin.parent) in path for path in told["modules"])
