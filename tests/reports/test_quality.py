"""Data quality of a portal: four scores and the lists behind them, from a real mirror; looking changes nothing."""

from __future__ import annotations

import pytest

from connector.errors import ConfigError
from tests.journeys.steps import go_live
from tests.rig import rig


@pytest.fixture(scope="module")
def r(tmp_path_factory):
    with rig(tmp_path_factory.mktemp("quality")) as made:
        add = made.twin.create_contact
        made.anna = add(
            {"email": "a.ott@werk.example", "firstname": "Anna", "lastname": "Ott", "phone": "+49 711 123450"}
        )
        made.again = add({"email": "ott@werk.example", "firstname": "anna", "lastname": "OTT"})
        made.ben = add({"email": "ben@other.example", "lastname": "Maier", "phone": "0711/12 34 50"})
        made.broken = add({"email": "cleo@third.example", "lastname": "Ley", "phone": "zwölf"})
        go_live(made)
        yield made


def figures(r, **asked):
    body = r.run("report", "quality", **asked)
    return {one["list"]: one for section in body["sections"] for one in section["figures"]}


def who(r, listed):
    return {int(one["contact"]) for one in r.run("report", "quality", listed=listed)["list"]["contacts"]}


def test_four_scores_stand_first(r):
    keys = [key for key in figures(r) if key.startswith("quality/")]
    assert keys == ["quality/completeness", "quality/validity", "quality/freshness", "quality/uniqueness"]
    assert all(0 <= figures(r)[key]["value"] <= 1 for key in keys)


def test_suspects_share_a_telephone_or_name_and_company(r):
    assert who(r, "duplicates/name") == {r.anna, r.again}
    assert who(r, "quality/uniqueness") >= {r.anna, r.again}
    assert who(r, "duplicates/group_1") in ({r.anna, r.again}, {r.anna, r.ben})


def test_a_telephone_that_is_none_is_on_the_list_of_what_to_mend(r):
    assert r.broken in who(r, "broken/phone")
    assert figures(r)["broken/phone"]["label"] == "Phone: unusable"
    assert figures(r, language="de")["broken/phone"]["label"] == "Telefon: unbrauchbar"


def test_empty_fields_are_told_with_the_most_first(r):
    values = [one["value"] for key, one in figures(r).items() if key.startswith("empty/")]
    assert values == sorted(values, reverse=True)
    assert r.ben in who(r, "empty/first_name")


def test_no_more_is_to_be_looked_up_by_hand_than_a_day_has_room_for(r):
    found = figures(r)["research/research"]
    assert 0 < found["value"] <= 25
    assert "25" in found["label"]


def test_looking_changes_nothing(r):
    before = r.run("plan")["hash"]
    figures(r)
    assert r.run("plan")["hash"] == before


def test_the_keys_of_suspects_are_never_printed(r):
    assert "anna ott@" not in str(r.run("report", "quality"))


def test_an_unknown_list_is_refused_with_the_nearest(r):
    with pytest.raises(ConfigError) as told:
        r.run("report", "quality", listed="duplicates/nam")
    assert "duplicates/name" in told.value.remedy
