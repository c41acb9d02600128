"""Field types lie (P9): the record lands, the bad value is kept raw, flagged and countable; no batch ever fails."""

from __future__ import annotations

import pytest

from tests.journeys.steps import go_live, people, written_back, wrong
from tests.rig import Rig, rig

BAD = {
    "numberofemployees": ["1234;5678", "viele", "1e400", "-", "٣", "12 000", "0x10"],
    "budget": ["10.000,50 €", "NaN", "Infinity", "ungefähr 5"],
    "hs_email_optout": ["vielleicht", "2", ""],
    "lifecyclestage": ["unbekannt", "99999999", " lead "],
    "hubspot_owner_id": ["4711", "niemand", "-5"],
    "recent_conversion_date": ["heute", "1e99", "2026-13-45T99:99:99Z"],
    "hs_analytics_last_timestamp": ["x", "-99999999999999"],
    "num_conversion_events": ["drei", "1.5.2"],
    "hs_merged_object_ids": ["x;y;²", ";;", "0", "-1;1e5"],
    "hs_additional_emails": [";;;", "kein-at", "A@B.example;a@b.example"],
    "email": ["", "ohne-at", "A B@c.example", "ü" * 300 + "@x.example", "'; DROP TABLE contacts; --"],
    "firstname": ["=1+1", "\u202eanna", "名前", "a\x00b", "x" * 70_000, "<script>alert(1)</script>", "{{7*7}}", "\n\t"],
    "country": ["Teutonien", "🇩🇪", "DE;AT"],
    "phone": ["keins", "+" * 50],
}


@pytest.fixture(scope="module")
def odd(tmp_path_factory) -> Rig:
    """A portal where one contact each has one odd value, among ordinary ones; mirrored and written back."""
    with rig(tmp_path_factory.mktemp("odd")) as r:
        people(r, 30)
        r.odd = {}
        for name, values in BAD.items():
            for value in values:
                made = r.twin.create_contact({"lastname": "Seltsam", "email": f"s{len(r.odd)}@seltsam.example"})
                r.twin.edit("contacts", made, {name: value})
                r.odd[made] = (name, value)
        company = r.twin.create("companies", {"name": "Werk", "numberofemployees": "viele", "annualrevenue": "1;2"})
        for contact in list(r.odd)[:3]:
            r.twin.associate("contacts", contact, "companies", company)
        r.ran = written_back(r)
        yield r


def test_every_record_lands_with_its_raw_value(odd):
    assert set(odd.mirrored()) == set(odd.twin.ids("contacts"))
    assert wrong(odd) == []


def test_every_record_is_judged_and_written(odd):
    assert odd.ran["ok"], odd.ran["refused"][:3]
    scores = {i: p.get("leadwright_score") for i, p in odd.twin.truth("contacts").items()}
    assert all(score is not None for score in scores.values())


def test_bad_values_are_counted_and_named_without_the_value(odd):
    assert odd.run("sync")["quarantined"] >= 5
    named = set()
    with odd.service() as service:
        faults = [fault for contact in odd.odd for fault in service.explain("acme", str(contact))["quarantined"]]
    for fault in faults:
        named.add(fault["property"])
        assert fault["why"]
        assert not any(bad in fault["why"] for bad in ("Teutonien", "1234;5678", "gestern"))
    assert {"numberofemployees"} <= named


def test_every_odd_contact_can_be_explained_and_exported(odd):
    with odd.service() as service:
        for contact in odd.odd:
            bill = service.explain("acme", str(contact))
            assert sum(line["points"] for line in bill["lines"]) == bill["score"]
    for what in ("contacts", "companies", "activities", "receipts", "decisions", "writes"):
        odd.rows(what)


def test_verify_certifies_odd_values_too(odd):
    certificate = odd.run("verify", sample=500)
    assert certificate["complete"]
    assert certificate["sample"]["equal"] == certificate["sample"]["fields"]


def test_odd_activities_never_stop_a_pull(tmp_path):
    """Times that are none, links to nobody, forms with odd fields."""
    with rig(tmp_path) as r:
        ids = people(r, 4)
        go_live(r)
        r.clock.advance(60)
        for at, when in enumerate(["gestern", "²", "--5", "99999999999999999", "2026-11-22", "-5"]):
            r.twin.log_engagement("calls", ids[at % 4], {"hs_timestamp": when, "hs_call_title": "x" * 5000})
        r.twin.log_engagement("notes", ids[0], {"hs_timestamp": None})
        r.twin.submit_form("Demo Anfrage", "P1@KUNDE1.example ", {"firstname": "=cmd", "lastname": "\u202e"})
        r.twin.page_view(ids[1], "https://www.example-werke.de/preise?x=%ff#" + "y" * 3000)
        r.twin.page_view(ids[1], "kein url")
        r.run("sync")
        assert wrong(r) == []
        r.run("cycle")
        assert r.run("verify")["complete"]
        assert [row for row in r.rows("activities") if row["kind"]]


def test_more_properties_than_fit_an_address(tmp_path):
    """S14: 1,200 properties asked for at once; read by POST in batches of a hundred ids, never a 414."""
    with rig(tmp_path) as r:
        ids = people(r, 130)
        with r.twin.lock:
            definitions = r.twin.state.definitions.properties["contacts"]
            for number in range(1200):
                name = f"eigenes_feld_mit_langem_namen_{number:04d}"
                definitions[name] = {**definitions["city"], "name": name, "label": name}
        r.twin.edit("contacts", ids[5], {"eigenes_feld_mit_langem_namen_0007": "da"})
        r.clock.advance(60)
        r.run("sync", properties="all")
        assert wrong(r) == []
        assert len(r.mirrored()[ids[5]]) > 1200
        r.clock.advance(600)
        r.twin.edit("contacts", ids[6], {"eigenes_feld_mit_langem_namen_1199": "auch"})
        r.run("sync")
        assert wrong(r) == []
        assert r.run("verify")["complete"]
        assert r.twin.ledger.count(status=414) == 0
