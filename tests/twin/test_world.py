"""The grown world: the same from the same seed, plausible, dirty in the usual ways, and buyers behave like buyers."""

import time
from itertools import pairwise
from statistics import mean

import pytest

from connector.twin import Dials, Twin, VirtualTwinClock

LIST = "/crm/v3/objects/contacts"


def test_the_same_seed_is_the_same_world(clock):
    worlds = [Twin.from_seed(3, 300, clock=VirtualTwinClock(clock.now())) for _ in range(2)]
    for kind in ("contacts", "companies", "deals", "calls"):
        assert worlds[0].truth(kind) == worlds[1].truth(kind)
    assert worlds[0].activity.mail == worlds[1].activity.mail
    assert worlds[0].purchases == worlds[1].purchases
    assert Twin.from_seed(4, 300, clock=clock).truth("contacts") != worlds[0].truth("contacts")


def test_it_starts_quickly(capsys):
    begun = time.perf_counter()
    Twin.from_seed(7, 5000)
    with capsys.disabled():
        print(f"\n[twin] 5,000 contacts in {time.perf_counter() - begun:.2f} s")


def test_ids_are_large_and_unevenly_spread(grown):
    ids = grown.ids("contacts")
    gaps = [b - a for a, b in pairwise(ids)]
    assert ids[0] > 10_000_000
    assert min(gaps) == 1
    assert max(gaps) > 1000 * sorted(gaps)[len(gaps) // 2]


def test_every_value_is_one_the_portal_itself_would_allow(grown):
    """Options, numbers, dates: what the seed wrote reads back as if it had been written through the API."""
    from connector.twin.values import normalise

    for kind in ("contacts", "companies", "deals", "calls", "meetings", "notes", "tasks", "emails"):
        definitions = grown.state.definitions
        for ident, props in grown.truth(kind).items():
            for name, value in props.items():
                definition = definitions.properties[kind][name]
                if definition["type"] == "enumeration" and not definition["options"]:
                    continue
                assert normalise(definition, value, definitions.allowed(kind, name)) == value, (kind, ident, name)


def test_emails_are_unique_and_additional_ones_count(grown):
    seen = set()
    for props in grown.truth("contacts").values():
        for email in [props.get("email", ""), *props.get("hs_additional_emails", "").split(";")]:
            if email:
                assert email.lower() not in seen
                seen.add(email.lower())


@pytest.mark.parametrize("name", ["company", "phone", "email", "jobtitle", "lifecyclestage"])
def test_gaps(grown, name):
    rows = grown.truth("contacts").values()
    missing = sum(name not in props for props in rows) / len(rows)
    assert 0.005 < missing < 0.6


def test_the_usual_dirt(grown):
    rows = list(grown.truth("contacts").values())
    assert any(props.get("email", "").isupper() for props in rows)
    assert any(props.get("umsatz_text") == "1.234,50" for props in rows)
    assert any(props["lastname"].startswith(("von ", "de ", "van ")) for props in rows)
    assert any("ß" in props["lastname"] or "ü" in props["lastname"] for props in rows)
    assert any(props.get("country") in ("Germany", "deutschland", "DE") for props in rows)
    assert any("gmx.de" in props.get("email", "") for props in rows)
    assert {props.get("jobtitle") for props in rows} >= {
        "Geschäftsführer",
        "Leiterin Einkauf",
        "Werkstudent",
        "Head of Marketing",
    }


def test_some_are_archived_merged_opted_out_bounced(grown, read):
    assert read.get(f"{LIST}?archived=true&limit=100").json()["results"]
    rows = list(grown.truth("contacts").values())
    for name in ("hs_merged_object_ids", "hs_email_optout", "hs_email_hard_bounce_reason_enum"):
        assert any(name in props for props in rows), name


def test_times_are_in_order(grown):
    today = "2026-11-22T00:00:00.000Z"
    for props in grown.truth("contacts").values():
        assert props["createdate"] <= props["lastmodifieddate"] <= today
        assert props.get("hs_email_first_send_date", "") <= props.get("hs_email_last_send_date", "")


def test_counters_agree_with_the_events(grown, read):
    events, offset = [], "0"
    while True:
        page = read.get(f"/email/public/v1/events?limit=1000&offset={offset}").json()
        events += page["events"]
        if not page["hasMore"]:
            break
        offset = page["offset"]
    human = [e for e in events if e["type"] == "OPEN" and not e["filteredEvent"]]
    counted = {}
    for event in human:
        counted[event["recipient"].lower()] = counted.get(event["recipient"].lower(), 0) + 1
    shown = {
        p["email"].lower(): int(p.get("hs_email_open", 0)) for p in grown.truth("contacts").values() if "email" in p
    }
    merged = {
        p["email"].lower() for p in grown.truth("contacts").values() if "hs_merged_object_ids" in p and "email" in p
    }
    assert {e: n for e, n in shown.items() if n and e not in merged} == {
        e: n for e, n in counted.items() if e in shown and e not in merged
    }


def test_buyers_warm_up(grown):
    rows = grown.truth("contacts")
    bought = [rows[i] for i in grown.buyers if i in rows]
    rest = [props for ident, props in rows.items() if ident not in grown.buyers]
    assert 0.02 < len(bought) / len(rows) < 0.25
    for name in ("hs_analytics_num_page_views", "hs_email_click", "num_conversion_events"):
        assert mean(int(p.get(name, 0)) for p in bought) > 1.3 * mean(int(p.get(name, 0)) for p in rest), name


def test_students_read_much_and_buy_nothing(grown):
    students = [i for i, p in grown.truth("contacts").items() if p.get("jobtitle") in ("Werkstudent", "Praktikantin")]
    assert sum(i in grown.buyers for i in students) / len(students) < 0.03


def test_known_forms_and_pages(grown, read):
    names = {row["name"] for row in read.get("/marketing/v3/forms/").json()["results"]}
    assert names == {
        "White Paper Anforderung", "E-Book Download", "Newsletter Anmeldung", "Kontaktanfrage",
        "Webinar Anmeldung", "Demo Anfrage",
    }  # fmt: skip
    urls = {url for person in range(300) for _, url in grown.activity.views_of(person)}
    for start in ("/blog/", "/produkte/", "/preise", "/karriere"):
        assert any(url.startswith(f"https://www.example-werke.de{start}") for url in urls)


def test_the_whole_list_is_the_truth(grown, read):
    names = [row["name"] for row in read.get("/crm/v3/properties/contacts").json()["results"]]
    seen, after = {}, "0"
    while after:
        page = read.get(f"{LIST}?limit=100&after={after}&properties={','.join(names)}").json()
        seen |= {
            int(row["id"]): {n: v for n, v in row["properties"].items() if v is not None} for row in page["results"]
        }
        after = page.get("paging", {}).get("next", {}).get("after")
    assert seen == grown.truth("contacts")


def test_an_empty_portal_has_definitions_owners_and_pipelines():
    twin = Twin.empty(dials=Dials(burst=None))
    client = twin.app().test_client()
    auth = {"Authorization": f"Bearer {twin.token}"}
    for path in ("/crm/v3/properties/deals", "/crm/v3/owners", "/crm/v3/pipelines/deals"):
        assert client.get(path, headers=auth).get_json()["results"]
    assert client.get(LIST, headers=auth).get_json() == {"results": []}
