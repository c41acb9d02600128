"""The README's tour, run as a newcomer would: every command in order, every shown line found in what was printed.

Numbers, times and hashes differ from day to day and are compared by their shape; a line of ``…`` stands for anything.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
BIN = Path(sys.executable).parent


def steps() -> list[tuple[str, list[str]]]:
    """(command, lines shown after it) of all console blocks."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line.strip() and line != "…":
                found[-1][1].append(line)
    return found


def shape(line: str) -> str:
    """A line without what differs from run to run."""
    line = re.sub(r"[0-9a-f]{12,}", "#", line)
    line = re.sub(r"\d[\d.,]*", "#", line)
    return re.sub(r"[\s│╮╭─╯╰]+", " ", line).strip()


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory):
    """A shell in an empty folder that lives through the whole tour and ends what it started."""
    folder = tmp_path_factory.mktemp("tour")
    env = {k: v for k, v in os.environ.items() if not k.startswith("LEADWRIGHT_")}
    env |= {"PATH": f"{BIN}:{env['PATH']}", "COLUMNS": "100", "NO_COLOR": "1"}
    shell = subprocess.Popen(
        ["bash"],
        cwd=folder,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    yield shell
    os.killpg(shell.pid, signal.SIGTERM)
    shell.wait(10)
    shell.stdin.close()
    shell.stdout.close()


def run(shell: subprocess.Popen[str], command: str) -> tuple[int, list[str]]:
    """Type a command; its exit code and what it printed."""
    tail = "" if command.rstrip().endswith("&") else ";"
    shell.stdin.write(
        f"{command}{tail} echo; echo '<<<'$?'>>>'\n" if not tail else f'{command}; c=$?; echo; echo "<<<$c>>>"\n'
    )
    shell.stdin.flush()
    lines: list[str] = []
    for line in shell.stdout:
        if found := re.fullmatch(r"<<<(\d+)>>>", line.strip()):
            return int(found[1]), lines
        lines.append(line.rstrip("\n"))
    raise AssertionError(f"the shell ended at: {command}\n" + "\n".join(lines))


def test_the_tour_prints_what_the_readme_shows(tour: subprocess.Popen[str]) -> None:
    last_hash = ""
    for command, shown in steps():
        command = re.sub(r"--hash [0-9a-f]+", f"--hash {last_hash[:12]}", command)
        code, printed = run(tour, command)
        text = "\n".join(printed)
        assert code == 0, f"{command} ended with {code}:\n{text}"
        if found := re.search(r"Hash ([0-9a-f]{64})", text):
            last_hash = found[1]
        shapes = [shape(line) for line in printed]
        for line in shown:
            assert any(shape(line) in one for one in shapes), f"{command} does not print {line!r}, but:\n{text}"


def test_the_readme_names_every_setting() -> None:
    source = (README.parent / "connector/settings.py").read_text(encoding="utf-8")
    names = re.findall(r"^    (\w+): ", source, re.MULTILINE)
    text = README.read_text(encoding="utf-8")
    missing = [name for name in names if name != "model_config" and f"LEADWRIGHT_{name.upper()}" not in text]
    assert not missing
