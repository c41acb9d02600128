"""``report``, ``backtest`` and ``rehearse`` as people type them, over documents a real portal gave."""

from __future__ import annotations

import csv
import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import structlog

from connector.cli import COMMANDS
from connector.service import Service
from connector.store import portals, quality_days
from connector.store.quality_days import QualityDay
from tests.commands.desk import Desk, Said, refused
from tests.rig import rig

Say = Callable[..., Said]
SHIPPED = Path(__file__).parents[2] / "config/presets/scoring/standard-b2b.yaml"


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the service says of a small simulated portal."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with rig(Path(tmp_path_factory.mktemp("told")), contacts=120, seed=2) as r:
        r.run("sync")
        with r.service() as service:
            yield {
                "kpis": service.report("acme", "kpis"),
                "german": service.report("acme", "questions", language="de"),
                "listed": service.report("acme", "funnel", listed="snapshot/lead"),
                "nobody": service.report("acme", "funnel", listed="snapshot/sal"),
                "young": service.report("acme", "quality"),
                "quality": grown(service),
                "backtest": service.backtest("acme", SHIPPED),
                "rehearse": service.rehearse("acme", 3),
            }
    structlog.configure(**before)


def grown(service: Service) -> dict[str, Any]:
    """Data quality with thirty kept days."""
    with service.store.unit() as u:
        for n in range(30):
            one = QualityDay(f"2026-10-{n + 1:02}", n, 100 + n, 0.5 + n / 100, 0.9, 0.8, None if n == 0 else 1.0)
            quality_days.put(u, portals.by_name(u, "acme").id, one)
    return service.report("acme", "quality")


@pytest.fixture
def desk(documents: dict[str, Any]) -> Desk:
    made = Desk()
    made.answers |= {"report": documents["kpis"], "backtest": documents["backtest"], "rehearse": documents["rehearse"]}
    return made


class TestReport:
    """Figures with their definitions, spans and lists."""

    def test_asks_for_whole_days_and_a_language(self, say: Say, desk: Desk) -> None:
        say(
            "report",
            "acme",
            "kpis",
            "--from",
            "2026-10-01",
            "--to",
            "2026-10-31",
            "--language",
            "de",
            "--list",
            "cost/leads",
        )
        assert desk.asked("report") == [
            (("acme", "kpis"), {"first": date(2026, 10, 1), "last": date(2026, 10, 31), "language": "de",
                                "listed": "cost/leads"})
        ]  # fmt: skip

    def test_shows_span_zone_freshness_and_every_section_with_its_definition(self, say: Say, documents: Any) -> None:
        out = say("report", "acme", "kpis").out
        words = " ".join(out.split())
        assert "Period: 2026-08-25 – 2026-11-22 (Europe/Berlin, both days included)" in words
        assert "last sync 2026-11-22" in words
        for section in documents["kpis"]["sections"]:
            assert section["title"] in words
            assert section["definition"] in words
            assert f"[{section['basis_text']}]" in words

    def test_shows_a_dash_and_the_reason_where_nothing_is_known(self, say: Say) -> None:
        words = " ".join(say("report", "acme", "kpis").out.split())
        assert re.search(r"Cost: Not available: no costs are –|Cost: Not available", words)

    def test_names_the_list_behind_a_number_and_how_to_open_it(self, say: Say) -> None:
        out = say("report", "acme", "kpis").out
        assert "conversion/created" in out
        assert "leadwright report acme kpis --list NUMBER" in out

    def test_opens_a_number(self, say: Say, desk: Desk, documents: Any) -> None:
        desk.answers["report"] = documents["listed"]
        out = say("report", "acme", "funnel", "--list", "snapshot/lead").out
        people = documents["listed"]["list"]["contacts"]
        assert f"Lead (snapshot/lead): {len(people)}" in out
        assert all(one["contact"] in out for one in people)

    def test_says_so_when_a_number_counts_nobody(self, say: Say, desk: Desk, documents: Any) -> None:
        desk.answers["report"] = documents["nobody"]
        assert "Nobody." in say("report", "acme", "funnel", "--list", "snapshot/sal").out

    def test_speaks_german(self, say: Say, desk: Desk, documents: Any) -> None:
        desk.answers["report"] = documents["german"]
        out = say("report", "acme", "questions", "--language", "de").out
        assert "Die acht Fragen · acme" in out
        assert "beide Tage eingeschlossen" in out
        assert "Zahl öffnen: leadwright report acme questions --list ZAHL" in out

    def test_json_is_the_whole_document(self, say: Say, documents: Any) -> None:
        assert say("report", "acme", "kpis", "--json").json == json.loads(json.dumps(documents["kpis"]))

    def test_csv_is_one_figure_a_row(self, say: Say, documents: Any) -> None:
        told = list(csv.DictReader(io.StringIO(say("report", "acme", "kpis", "--format", "csv").out)))
        assert len(told) == sum(len(section["figures"]) for section in documents["kpis"]["sections"])
        assert {"section", "figure", "value", "unit", "low", "high", "as_of"} <= set(told[0])

    @pytest.mark.parametrize("name", ["k.csv", "k.parquet", "k.jsonl", "k.txt"])
    def test_a_file_has_the_format_of_its_ending(self, say: Say, home: Path, name: str) -> None:
        said = say("report", "acme", "kpis", "--output", name, "--json")
        kind = name.split(".")[1]
        assert said.json["format"] == (kind if kind != "txt" else "jsonl")
        assert (home / name).stat().st_size > 0

    def test_parquet_keeps_numbers_numbers(self, say: Say, home: Path) -> None:
        say("report", "acme", "kpis", "--output", "k.parquet")
        table = pq.read_table(home / "k.parquet")
        assert str(table.schema.field("value").type) == "double"

    def test_parquet_is_not_for_a_pipe(self, say: Say, desk: Desk) -> None:
        assert say("report", "acme", "kpis", "--format", "parquet").code == 2
        assert desk.heard == []

    @pytest.mark.parametrize("wrong", [("weather",), ("kpis", "--from", "1.10.2026"), ("kpis", "--language", "fr")])
    def test_refuses_what_it_does_not_know(self, say: Say, wrong: tuple[str, ...]) -> None:
        assert say("report", "acme", *wrong).code == 2

    def test_a_fault_is_one_line_with_its_remedy(self, say: Say, desk: Desk) -> None:
        desk.faults["report"] = refused()
        said = say("report", "acme", "kpis")
        assert (said.code, said.out) == (1, "")
        assert "Do it otherwise." in said.err


class TestBacktest:
    """Precision and recall with bands, rules with evidence, and the verdict."""

    def test_asks_with_model_horizon_and_buyers(self, say: Say, desk: Desk, home: Path) -> None:
        (home / "m.yaml").write_text("name: x")
        (home / "b.csv").write_text("1")
        say("backtest", "acme", "--model", "m.yaml", "--horizon", "30", "--buyers", "b.csv", "--to", "2026-10-31")
        assert desk.asked("backtest") == [
            (("acme", Path("m.yaml")), {"first": None, "last": date(2026, 10, 31), "horizon_days": 30,
                                        "buyers": Path("b.csv")})
        ]  # fmt: skip

    def test_marks_the_models_own_threshold_and_shows_bands(self, say: Say) -> None:
        out = say("backtest", "acme", "--model", str(SHIPPED)).out
        assert re.search(r"▸\s+50\s", out)
        assert re.search(r"\(\d+–\d+ %\)", out)

    def test_shows_each_rule_with_its_evidence(self, say: Say, documents: Any) -> None:
        out = say("backtest", "acme", "--model", str(SHIPPED)).out
        assert all(one["label"].split()[0] in out for one in documents["backtest"]["rules"])
        assert "too few" in out

    def test_says_what_it_knows_of_the_time_before_the_first_look(self, say: Say) -> None:
        words = " ".join(say("backtest", "acme", "--model", str(SHIPPED)).out.split())
        assert "Before the mirror's first look (2026-11-22)" in words

    def test_ends_with_the_verdict(self, say: Say, documents: Any) -> None:
        out = " ".join(say("backtest", "acme", "--model", str(SHIPPED)).out.split())
        assert out.endswith(documents["backtest"]["verdict"])
        assert "Uncalibrated" in out

    def test_names_who_would_change_side(self, say: Say, desk: Desk) -> None:
        someone = {"contact": "1", "name": "Anna Müller", "email": "", "company": "Werk", "score": 55,
                   "passed_at": "2026-10-01T09:30:00.000Z", "became": ["won"]}  # fmt: skip
        desk.answers["backtest"]["gains"] = [someone] * 12
        out = say("backtest", "acme", "--model", str(SHIPPED)).out
        assert "Would be found by this model and not by the published one: 12" in out
        assert re.search(r"Anna Müller\s+Werk\s+2026-10-01\s+55\s+won", out)
        assert "… and 2 more" in out

    def test_counts_buyers_of_the_file_that_are_not_mirrored(self, say: Say, desk: Desk) -> None:
        desk.answers["backtest"]["unknown_buyers"] = ["99"]
        assert "1 buyer of the file not in the mirror." in say("backtest", "acme", "--model", str(SHIPPED)).out

    def test_wants_a_model_that_is_there(self, say: Say) -> None:
        assert say("backtest", "acme").code == 2
        assert say("backtest", "acme", "--model", "none.yaml").code == 2


class TestRehearse:
    """Day by day, and one hash."""

    def test_asks_for_days(self, say: Say, desk: Desk) -> None:
        say("rehearse", "acme", "--days", "14")
        assert desk.asked("rehearse") == [(("acme", 14), {})]

    def test_shows_every_day_and_the_hash_of_all(self, say: Say, documents: Any) -> None:
        out = say("rehearse", "acme", "--days", "3").out
        for day in documents["rehearse"]["by_day"]:
            assert re.search(rf"^\s?{day['day']}\s+{day['at'][:10]}", out, re.MULTILINE)
        assert f"Hash {documents['rehearse']['hash']}" in out

    def test_says_that_nothing_was_kept_or_sent(self, say: Say) -> None:
        out = say("rehearse", "acme").out
        assert "Nothing was kept, nothing was sent." in out
        assert "observe mode" in out

    @pytest.mark.parametrize("days", ["-1", "367", "soon"])
    def test_refuses_odd_numbers_of_days(self, say: Say, days: str) -> None:
        assert say("rehearse", "acme", "--days", days).code == 2


def test_the_overview_names_them() -> None:
    assert {"report", "backtest", "rehearse"} <= set(COMMANDS["Ask"])


def test_the_trend_of_data_quality_is_some_of_its_days_or_how_many_are_missing(
    say: Say, desk: Desk, documents: dict[str, Any]
) -> None:
    desk.answers["report"] = documents["young"]
    young = say("report", "acme", "quality").out
    assert "The trend needs 7 days; it has 0." in young
    desk.answers["report"] = documents["quality"]
    said = say("report", "acme", "quality")
    rows = [line.split() for line in said.out.splitlines() if line.strip().startswith("2026-10-")]
    assert (len(rows), rows[0][:3], rows[-1][:3]) == (10, ["2026-10-01", "100", "50"], ["2026-10-30", "129", "79"])
    assert "–" in rows[0]
    assert max(map(len, said.out.splitlines())) <= 100
