"""The report on nurtures: who came in, who stands where, how it ended, and what the mails were worth."""

from __future__ import annotations

from dataclasses import replace

from connector.model.nurture import Place
from connector.store import nurtures
from tests.reports.small import Small, ms

PAPER = """
name: workflows
nurtures:
  - name: welcome
    label: Welcome
    goal: {kind: inform, measured_by: clicks}
    steps:
      - {name: until_day_3, do: wait, label: Three days, days: 3}
      - {name: until_day_5, do: wait, days: 2}
      - {name: over, do: end}
"""


def stay(portal: Small, name: str, entered: str, **more: object) -> None:
    """One stay of a contact in the welcome nurture, on its first step unless said."""
    who = portal.ids.get(name) or portal.contact(name, "04-01")
    at = ms(entered)
    place = Place(who, "welcome", 1, 1, at, "form", "until_day_3", at, at)
    with portal.store.unit() as u:
        nurtures.save(u, portal.portal, [replace(place, **more)])  # type: ignore[arg-type]


def test_who_stands_on_which_step_in_the_order_of_the_way(portal: Small) -> None:
    portal.publish("workflows", PAPER, "03-01")
    stay(portal, "Ben", "05-02", step="until_day_5")
    stay(portal, "Anna", "05-01")
    (section,) = portal.report("nurtures")["sections"]
    assert section["title"] == "Nurture · Welcome"
    assert [(one["label"], one["value"]) for one in section["figures"]] == [
        ("Came in", 2), ("Now at: Three days", 1), ("Now at: until_day_5", 1),
    ]  # fmt: skip
    assert portal.who("nurtures", "nurture/welcome.at.until_day_3") == ["Anna"]


def test_endings_are_shares_of_the_stays_that_are_over(portal: Small) -> None:
    portal.publish("workflows", PAPER, "03-01")
    stay(portal, "Anna", "05-01", ended="goal", ended_ms=ms("05-04"))
    stay(portal, "Ben", "05-01", ended="silent", ended_ms=ms("05-05"))
    stay(portal, "Cleo", "05-01")
    found = portal.figures("nurtures")
    assert (found["nurture/welcome.goal"]["value"], found["nurture/welcome.goal"]["of"]) == (0.5, 2)
    assert portal.who("nurtures", "nurture/welcome.silent") == ["Ben"]


def test_a_stay_belongs_to_the_period_in_which_it_began(portal: Small) -> None:
    portal.publish("workflows", PAPER, "03-01")
    stay(portal, "Anna", "03-20", ended="goal", ended_ms=ms("05-04"))
    stay(portal, "Ben", "03-20")
    found = portal.figures("nurtures")
    assert found["nurture/welcome.entered"]["value"] == 0
    assert "nurture/welcome.goal" not in found
    assert found["nurture/welcome.at.until_day_3"]["value"] == 1  # where somebody stands is said of this instant


def test_those_held_out_are_counted_apart(portal: Small) -> None:
    portal.publish("workflows", PAPER, "03-01")
    stay(portal, "Anna", "05-01", ended="goal", ended_ms=ms("05-04"))
    stay(portal, "Ben", "05-01", ended="silent", ended_ms=ms("05-05"), held_out=True)
    found = portal.figures("nurtures")
    assert found["nurture/welcome.goal"]["of"] == 1
    assert found["nurture/welcome.goal_mailed"]["value"] == 1.0
    assert (found["nurture/welcome.goal_held_out"]["value"], found["nurture/welcome.goal_held_out"]["of"]) == (0.0, 1)


def test_a_nurture_that_the_document_no_longer_names_is_still_told(portal: Small) -> None:
    stay(portal, "Anna", "05-01")
    (section,) = portal.report("nurtures", language="de")["sections"]
    assert section["title"] == "Nurture-Strecke · welcome"
    assert [one["label"] for one in section["figures"]] == ["Aufgenommen", "Jetzt bei: until_day_3"]


def test_without_any_nurture_the_reason_is_said(portal: Small) -> None:
    (section,) = portal.report("nurtures")["sections"]
    assert [(one["value"], one["why"]) for one in section["figures"]] == [
        (None, "No nurture stands in the workflows document.")
    ]
