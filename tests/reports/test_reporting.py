"""A report as people and programs get it: freshness, languages, rows, and the contacts behind each number."""

from __future__ import annotations

import re
import string
from io import BytesIO
from typing import Any

import pytest

from connector.errors import ConfigError
from connector.reports.csv_table import write
from connector.reports.report_words import Words, catalogue
from connector.reports.reporting import REPORTS, rows
from connector.store import runs
from tests import databases
from tests.reports.small import Small, ms, small

EVENTS = frozenset({"email_event", "page_view", "form_submission", "marketing_event", "subscription"})


def busy(portal: Small) -> None:
    """A bit of everything, so that every row is there."""
    portal.contact("Anna", "04-01", stages={"lead": "04-01", "mql": "04-11", "sql": "04-15", "customer": "05-01"})
    portal.contact("Ben", "04-02", stages={"mql": "04-02", "recycled": "05-01"})
    portal.contact("Cleo", "04-03", stage="9999")
    portal.act("Anna", "04-02", "white_paper", "Guide")
    portal.act("Anna", "04-03", "blog_post", "/a")
    for day in ("04-05", "04-07", "06-20"):
        portal.act("Ben", f"{day} 09:00", "mail_sent", f"Mail {day}")
        portal.act("Ben", f"{day} 10:00", "mail_opened", f"Mail {day}")
    portal.deal("Anna", "04-20", "won", "05-01", "1000")
    portal.publish("goals", GOALS, "05-01")


GOALS = """
name: g
costs: [{month: "2026-04", amount: 10, source: OFFLINE}]
campaigns: [{name: C, starts: "2026-04-01", ends: "2026-04-30", assets: [Guide], forecast: {leads: 1}}]
"""


class TestAReport:
    """What stands around the figures."""

    @pytest.mark.parametrize("what", REPORTS)
    def test_says_its_span_its_zone_and_how_fresh_it_is(self, portal: Small, what: str) -> None:
        with portal.store.unit() as u:
            run = runs.start(u, portal.portal, "pull", ms("06-30 11:00"))
            runs.finish(u, portal.portal, run, "done", {}, "", ms("06-30 11:05"))
        body = portal.report(what)
        assert body["period"] == {"from": "2026-04-01", "to": "2026-06-30", "time_zone": "UTC"}
        assert body["last_sync"] == "2026-06-30T11:05:00.000Z"
        assert body["mirrored_since"] == "2026-01-01T00:00:00.000Z"

    @pytest.mark.parametrize("what", REPORTS)
    def test_of_an_empty_portal_has_no_number_that_is_not_known(self, portal: Small, what: str) -> None:
        body = portal.report(what)
        assert body["last_sync"] is None
        assert all(one["value"] in (None, 0) for section in body["sections"] for one in section["figures"])

    @pytest.mark.parametrize("what", REPORTS)
    def test_says_of_each_section_what_is_counted_and_how(self, portal: Small, what: str) -> None:
        for section in portal.report(what)["sections"]:
            assert section["title"]
            assert section["definition"]
            assert section["basis"] in ("cohort", "period", "snapshot")

    @pytest.mark.parametrize("kind", databases.KINDS)
    def test_is_the_same_on_every_database(self, kind: str) -> None:
        told = []
        for one in ("sqlite", kind):
            with small(one) as portal:
                busy(portal)
                told.append([portal.report(what) for what in REPORTS])
        assert told[0] == told[1]

    def test_of_another_portal_is_another(self, portal: Small) -> None:
        busy(portal)
        with small() as other:
            assert other.figures("funnel")["snapshot/mql"]["value"] == 0

    def test_there_is_no_other(self, portal: Small) -> None:
        with pytest.raises(ConfigError, match="no report weather"):
            portal.report("weather")


class TestSourcesThatAreOff:
    """Unknown is not zero."""

    def test_mails_and_visits_are_a_dash_with_the_reason(self, portal: Small) -> None:
        busy(portal)
        portal.off = EVENTS
        found = portal.figures("kpis")
        for key in ("mails/open_rate", "dwell/dwell", "dwell/bounce"):
            assert (found[key]["value"], found[key]["shown"]) == (None, "–")
            assert "Not available" in found[key]["why"]


class TestForecasts:
    """A forecast counts from the version in which it stood in the same words."""

    LATE = GOALS.replace("leads: 1", "leads: 9")

    def days(self, portal: Small) -> float:
        return portal.figures("kpis")["campaigns/C.forecast"]["value"]

    def test_stands_since_it_was_published(self, portal: Small) -> None:
        portal.publish("goals", GOALS, "03-22")
        portal.publish("goals", GOALS.replace("name: g", "name: h"), "05-01")
        assert self.days(portal) == 10

    def test_changed_afterwards_is_a_forecast_of_afterwards(self, portal: Small) -> None:
        portal.publish("goals", GOALS, "03-22")
        portal.publish("goals", self.LATE, "04-11")
        assert self.days(portal) == -10

    def test_changed_and_changed_back_counts_from_then(self, portal: Small) -> None:
        for body, at in ((GOALS, "03-22"), (self.LATE, "03-25"), (GOALS + "\ndescription: back\n", "03-30")):
            portal.publish("goals", body, at)
        assert self.days(portal) == 2


class TestOpeningANumber:
    """``--list``."""

    def test_gives_the_contacts_with_their_names(self, portal: Small) -> None:
        busy(portal)
        found = portal.report("kpis", listed="conversion/lead_to_mql")["list"]
        assert found["contacts"][0] == {
            "contact": str(portal.ids["Anna"]), "name": "Anna Muster", "email": "anna@werk.example",
            "company": "Werk GmbH", "stage": "Customer",
        }  # fmt: skip

    def test_of_an_unknown_name_offers_the_nearest(self, portal: Small) -> None:
        with pytest.raises(ConfigError) as refused:
            portal.report("kpis", listed="conversion/lead_to_mqls")
        assert "conversion/lead_to_mql" in refused.value.remedy

    @pytest.mark.parametrize("what", REPORTS)
    def test_names_are_unique_within_a_report(self, portal: Small, what: str) -> None:
        busy(portal)
        names = [one["list"] for section in portal.report(what)["sections"] for one in section["figures"]]
        assert len(names) == len(set(names))


class TestRows:
    """For spreadsheets and BI: one figure a row, all with the same columns."""

    @pytest.mark.parametrize("what", REPORTS)
    def test_have_the_same_columns(self, portal: Small, what: str) -> None:
        busy(portal)
        found = list(rows(portal.report(what)))
        assert len({tuple(row) for row in found}) == 1
        assert found[0]["report"] == what

    def test_keep_the_raw_value_beside_its_band(self, portal: Small) -> None:
        busy(portal)
        row = next(row for row in rows(portal.report("kpis")) if row["figure"] == "lead_to_mql")
        assert (row["value"], row["of"], row["unit"], row["from"]) == (1.0, 2, "share", "2026-04-01")
        assert row["low"] < 1 <= row["high"]

    def test_of_an_opened_number_are_its_contacts(self, portal: Small) -> None:
        busy(portal)
        found = list(rows(portal.report("kpis", listed="conversion/created")))
        assert [row["name"] for row in found] == ["Anna Muster", "Ben Muster", "Cleo Muster"]

    def test_of_a_name_that_would_be_a_formula_are_disarmed(self, portal: Small) -> None:
        portal.contact("Eve", "04-01", firstname="=cmd()", lastname="")
        out = BytesIO()
        write(rows(portal.report("kpis", listed="conversion/created")), out)
        assert b"'=cmd()" in out.getvalue()


class TestLanguages:
    """English and German: every word in both, numbers as each writes them."""

    def test_every_word_has_both(self) -> None:
        for kind, words in catalogue().items():
            for key, word in words.items():
                for pair in (word["title"], word["definition"]) if kind == "sections" else (word,):
                    assert set(pair) == {"en", "de"}, key
                    assert fields(pair["en"]) == fields(pair["de"]), key

    @pytest.mark.parametrize("what", REPORTS)
    def test_a_german_report_has_the_same_numbers(self, portal: Small, what: str) -> None:
        busy(portal)
        english, german = portal.report(what), portal.report(what, language="de")
        assert numbers_of(english) == numbers_of(german)
        assert all(a["title"] != b["title"] for a, b in zip(english["sections"], german["sections"], strict=True))

    @pytest.mark.parametrize(
        ("value", "unit", "english", "german"),
        [
            (0.1234, "share", "12.3 %", "12,3 %"),
            (1234567.5, "money", "1,234,567.50 EUR", "1.234.567,50 EUR"),
            (2.5, "days", "2.5 days", "2,5 Tage"),
            (12000, "count", "12,000", "12.000"),
            (0.5, "count", "0.5", "0,5"),
            (None, "share", "–", "–"),
        ],
    )
    def test_numbers_are_written_as_people_write_them(self, value: Any, unit: str, english: str, german: str) -> None:
        assert (Words("en", "EUR").shown(value, unit), Words("de", "EUR").shown(value, unit)) == (english, german)

    def test_kinds_and_missing_stages_are_translated_too(self, portal: Small) -> None:
        busy(portal)
        label = portal.figures("assets", language="de")["leaderboard/blog_post:/a"]["label"]
        assert label.startswith("Blogbeitrag gelesen /a")

    def test_no_label_is_left_with_a_brace(self, portal: Small) -> None:
        busy(portal)
        for what in REPORTS:
            body = portal.report(what, language="de")
            texts = [one["label"] for section in body["sections"] for one in section["figures"]]
            assert not [text for text in texts if re.search(r"[{}]", text)]


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def numbers_of(body: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(one["list"], one["value"]) for section in body["sections"] for one in section["figures"]]
