"""The trend of data quality: a row a day by the nightly verify, told when there are enough days and never before."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from connector.admin.figures import HIGH, WIDE, trend_lines
from connector.reports.quality_trend import NEEDS, trend_json, trend_section
from connector.store import quality_days
from connector.store.quality_days import QualityDay
from tests import databases
from tests.journeys.steps import go_live
from tests.rig import rig

START = date(2026, 9, 1)


def day(number: int, total: int = 10, **shares: float | None) -> QualityDay:
    told = {"complete": 0.5, "valid": 0.9, "fresh": 1.0, "unique": 1.0, **shares}
    return QualityDay((START + timedelta(days=number)).isoformat(), number, total, **told)


@pytest.fixture(params=databases.KINDS)
def r(request, tmp_path):
    url = databases.fresh_url(request.param)
    with rig(tmp_path, database=url) as made:
        add = made.twin.create_contact
        add({"email": "a.ott@werk.example", "firstname": "Anna", "lastname": "Ott", "phone": "+49 711 123450"})
        add({"email": "ott@werk.example", "firstname": "anna", "lastname": "OTT"})
        add({"email": "cleo@third.example", "lastname": "Ley", "phone": "zwölf"})
        go_live(made)
        yield made
    databases.drop(url)


def kept(r) -> tuple[QualityDay, ...]:
    with r.service() as service, service.store.view() as u:
        return quality_days.newest(u, service._row("acme").id, 90)


def trend(r, **asked):
    body = r.run("report", "quality", **asked)
    return body, next(one for one in body["sections"] if one["key"] == "quality_trend")


class TestKeeping:
    def test_verify_keeps_the_very_figures_of_the_report(self, r):
        r.run("verify")
        (one,) = kept(r)
        found = {one["list"]: one for s in r.run("report", "quality")["sections"] for one in s["figures"]}
        shown = [found[f"quality/{key}"]["value"] for key in ("completeness", "validity", "freshness", "uniqueness")]
        assert [one.complete, one.valid, one.fresh, one.unique] == pytest.approx(shown, abs=0.0001)
        assert 0 < one.unique < 1
        assert one.total == 3

    def test_of_very_many_every_other_one_is_looked_at_and_doubles_are_not_counted(self, r, monkeypatch):
        monkeypatch.setattr("connector.sync.quality_day.MOST", 2)
        r.run("verify")
        (one,) = kept(r)
        assert (one.total, one.unique) == (3, None)
        assert one.valid == pytest.approx(1, abs=0.5)

    def test_a_day_is_kept_once_and_the_next_one_beside_it(self, r):
        r.run("verify")
        first = kept(r)
        r.twin.create_contact({"email": "d@x.example"})
        r.run("sync")
        r.run("verify")
        assert kept(r) == first, "what the morning said of the day stays"
        r.clock.advance(24 * 3600)
        r.run("verify")
        assert [one.total for one in kept(r)] == [3, 4]

    def test_looking_at_the_report_keeps_nothing(self, r):
        r.run("report", "quality")
        assert kept(r) == ()

    def test_a_mirror_that_is_not_whole_says_nothing_of_the_portal(self, tmp_path):
        from connector.sync import quality_day

        with rig(tmp_path, contacts=5) as made, made.service() as service:
            with service._context("acme", offline=True) as ctx:
                assert quality_day.keep(ctx) is False
            service.sync("acme")
            with service._context("acme", offline=True) as ctx:
                assert quality_day.keep(ctx) is True
                assert quality_day.keep(ctx) is False


class TestTelling:
    @pytest.mark.parametrize("has", [0, 1, NEEDS - 1])
    def test_too_few_days_are_said_and_not_drawn(self, has):
        found = [day(n) for n in range(has)]
        section = trend_section(found)
        assert section.text == ("trend_young", {"needs": NEEDS, "has": has})
        assert all(one.value is None and one.why == "trend_young" for one in section.figures)
        assert trend_lines(trend_json(found)) == ()

    def test_the_newest_stands_against_the_oldest(self):
        section = trend_section([day(0), *(day(n, complete=0.6) for n in range(1, NEEDS)), day(40, 12, complete=0.42)])
        complete = section.figures[0]
        assert (complete.key, complete.value, complete.was, complete.of) == ("completeness", 0.42, 0.5, 12)
        assert complete.values == {"points": "-8", "first": "2026-09-01"}
        assert section.text == ("trend_from", {"first": "2026-09-01", "last": "2026-10-11", "has": NEEDS + 1})

    def test_what_cannot_be_told_of_a_day_is_no_zero(self):
        days = [day(n, valid=None if n == 0 else 0.9) for n in range(NEEDS)]
        assert trend_section(days).figures[1].was is None
        gone = trend_section([*days, day(NEEDS, valid=None)]).figures[1]
        assert (gone.value, gone.why) == (None, "nobody")

    def test_a_line_has_a_point_for_each_day_it_knows_where_that_day_lies(self):
        days = [day(n, complete=0.25) for n in range(NEEDS)] + [day(12, complete=1.0, valid=None)]
        lines = dict(trend_lines(trend_json(days)))
        points = [tuple(map(float, one.split(","))) for one in lines["complete"].split(" ")]
        assert points[0] == (0.0, HIGH * 0.75)
        assert points[6] == (WIDE / 2, HIGH * 0.75)
        assert points[-1] == (WIDE, 0.0)
        assert len(lines["valid"].split(" ")) == len(points) - 1

    def test_in_both_languages_and_as_data(self, r):
        body, section = trend(r)
        assert body["trend"] == {"needs": NEEDS, "has": 0, "days": []}
        assert section["text"] == "The trend needs 7 days; it has 0."
        with r.service() as service, service.store.unit() as u:
            for n in range(NEEDS):
                quality_days.put(u, service._row("acme").id, day(n, complete=0.5 + n / 100))
        body, section = trend(r)
        assert [one["complete"] for one in body["trend"]["days"]][:2] == [0.5, 0.51]
        assert section["figures"][0]["note"] == "+6 points since 2026-09-01"
        assert trend(r, language="de")[1]["text"] == "Von 2026-09-01 bis 2026-09-07: 7 Tage."
