"""``demo``, the real one: a simulated portal over HTTP, a real database, the real service, as a process."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.commands.desk import Said, process


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def shown(place: Path) -> Said:
    return process("demo", "--contacts", "60", "--once", cwd=place)


def test_it_goes_the_whole_way(shown: Said) -> None:
    assert shown.code == 0, shown.err
    steps = ["Connect", "Mirror", "Provision", "Plan", "Go live", "Apply", "Verify", "Once more", "Alive"]
    assert re.findall(r"^\d+  (.+?) ─+$", shown.out, re.MULTILINE) == steps
    assert "Certificate: the mirror is complete" in shown.out


def test_the_second_time_there_is_nothing_to_do(shown: Said) -> None:
    assert re.search(r"^Nothing to do: \d+ calls, 0 written\.$", shown.out, re.MULTILINE)


def test_it_shows_what_was_written_the_best_leads_and_a_bill(shown: Said) -> None:
    for title in ("What was written", "The ten best leads", "One score as a bill", "Try next"):
        assert f"\n{title} ─" in shown.out
    assert re.search(r"total\s+\d+", shown.out)


def test_it_looks_good_in_a_hundred_columns_without_colour(shown: Said) -> None:
    assert "\x1b" not in shown.out
    folded = [line for line in shown.out.splitlines() if "leadwright apply" not in line and "Left out" not in line]
    assert max(map(len, folded)) <= 110  # sentences and commands are not folded: they can be copied whole


def test_its_progress_goes_to_stderr(shown: Said) -> None:
    assert re.search(r"^contacts: \d+ in ", shown.err, re.MULTILINE)
    assert "contacts: " not in shown.out


def test_it_makes_the_installation_it_stands_in(shown: Said, place: Path) -> None:
    assert (place / ".env").stat().st_mode & 0o077 == 0
    assert (place / "var").stat().st_mode & 0o077 == 0
    assert (place / "var" / "leadwright.db").exists()


def test_it_says_where_to_go_on(shown: Said) -> None:
    assert re.search(r"^Leadwright serves at http://127\.0\.0\.1:\d+", shown.out, re.MULTILINE)
    assert re.search(r"^  its token: pat-", shown.out, re.MULTILINE)


@pytest.mark.parametrize("number", range(3))
def test_what_it_says_to_try_next_works(shown: Said, place: Path, number: int) -> None:
    line = re.findall(r"^leadwright ((?:explain|export|config) .+)$", shown.out, re.MULTILINE)[number]
    said = process(*line.split(), cwd=place)
    assert said.code == 0, said.err
    assert said.out


def test_what_was_published_for_it_is_kept_when_it_begins_anew(shown: Said, place: Path) -> None:
    body = process("config", "show", "demo", "scoring", cwd=place).out
    (place / "scoring.yaml").write_text(body.replace("threshold: 50", "threshold: 61"))
    published = process("config", "publish", "demo", "scoring.yaml", "--reason", "fewer", cwd=place)
    assert published.code == 0, published.err
    again = process("demo", "--contacts", "20", "--once", "--json", cwd=place)
    assert again.code == 0, again.err
    assert "threshold: 61" in process("config", "show", "demo", "scoring", cwd=place).out


def test_in_json_it_is_one_document(tmp_path: Path) -> None:
    said = process("demo", "--contacts", "12", "--once", "--seed", "3", "--json", cwd=tmp_path)
    told = json.loads(said.out)
    assert (said.code, told["ok"]) == (0, True)
    assert told["apply"]["hash"] == told["plan"]["hash"]
    assert sum(line["points"] for line in told["bill"]["lines"]) == told["bill"]["score"]
