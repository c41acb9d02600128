"""What providers said, on both databases: the latest, the past, wishes that wait, secrets by origin."""

from dataclasses import replace

from connector.model.enrichment import Told
from connector.store import enrichments, portals, records
from connector.store.enrichments import Wish
from connector.store.sandbox import sandbox
from tests.store.builders import IDENTITY, T0, snapshot

NAMES = frozenset({"size", "branch"})
WORKS = Told("firms", "works.example", T0, {"size": "200"}, NAMES, T0, T0 + 30)
NOBODY = replace(WORKS, domain="nobody.example", values={})


def later(told: Told, by: int, **changes) -> Told:
    return replace(told, at_ms=T0 + by, checked_ms=T0 + by, until_ms=T0 + by + 30, **changes)


def test_an_answer_is_found_by_its_domain_and_its_provider(u, portal):
    assert enrichments.keep(u, portal, [WORKS, NOBODY]) == {"works.example"}
    assert enrichments.known(u, portal, "firms", ["works.example", "strange.example"]) == {"works.example": WORKS}
    assert enrichments.known(u, portal, "others", ["works.example"]) == {}
    assert enrichments.known(u, portal, "firms", []) == {}
    assert enrichments.known(u, portal, "firms", ["nobody.example"])["nobody.example"].values == {}


def test_the_same_answer_again_is_the_old_one_looked_at_again(u, portal):
    enrichments.keep(u, portal, [WORKS])
    assert enrichments.keep(u, portal, [later(WORKS, 100)]) == set()
    (told,) = enrichments.past(u, portal, "firms", ["works.example", "strange.example"])["works.example"]
    assert (told.at_ms, told.checked_ms, told.until_ms) == (T0, T0 + 100, T0 + 130)


def test_another_answer_leaves_the_old_one_to_the_past(u, portal):
    enrichments.keep(u, portal, [WORKS])
    assert enrichments.keep(u, portal, [later(WORKS, 100, values={"size": "300"})]) == {"works.example"}

    def size(at: int | None) -> str:
        return enrichments.known(u, portal, "firms", ["works.example"], at)["works.example"].values["size"]

    assert (size(None), size(T0 + 100), size(T0 + 99)) == ("300", "300", "200")
    assert enrichments.known(u, portal, "firms", ["works.example"], T0 - 1) == {}


def test_what_was_known_and_is_known_no_more_is_a_change(u, portal):
    enrichments.keep(u, portal, [WORKS])
    assert enrichments.keep(u, portal, [later(WORKS, 100, values={})]) == {"works.example"}


def test_an_answer_fulfils_the_wish(u, portal):
    enrichments.wish(
        u, portal, "firms", [Wish("works.example", T0, T0), Wish("nobody.example", T0 + 1, T0 + 5, 2, "x")]
    )
    assert enrichments.due(u, portal, "firms", T0 + 9, 10) == ["works.example", "nobody.example"]
    assert enrichments.due(u, portal, "firms", T0 + 4, 10) == ["works.example"]
    assert enrichments.due(u, portal, "firms", T0 + 9, 1) == ["works.example"]
    enrichments.keep(u, portal, [WORKS])
    assert enrichments.waiting(u, portal, "firms") == 1
    assert enrichments.wishes(u, portal, "firms", ["nobody.example"])["nobody.example"].failures == 2
    assert enrichments.give_up(u, portal, "firms", ["nobody.example"]) == 1
    assert enrichments.waiting(u, portal, "firms") == 0


def test_who_belongs_to_a_domain(u, portal):
    records.upsert(u, portal, "contacts", [
        snapshot(1, 1, email="Anna@Works.example"), snapshot(2, 1, email="bo@notworks.example"),
        snapshot(3, 1, email=None), snapshot(4, 1, email="works.example"),
        snapshot(5, 1, email="x@other.works.example"),
    ], T0)  # fmt: skip
    assert enrichments.people_of(u, portal, ["works.example", "a_b.example"]) - {4} == {1}
    assert enrichments.people_of(u, portal, []) == set()


def test_which_companies_may_have_a_domain_however_it_is_written(u, portal):
    written = ["Works.example", "https://www.works.example/de", "www.works.example", "networks.example", None, ""]
    firms = [snapshot(n, 1, object_type="companies", domain=one) for n, one in enumerate(written, 1)]
    records.upsert(u, portal, "companies", firms, T0)
    assert enrichments.companies_of(u, portal, ["works.example"]) == dict(enumerate(written[:3], 1))
    assert set(enrichments.companies_of(u, portal, ["networks.example"])) == {2, 3, 4}


def test_every_portal_has_answers_and_secrets_of_its_own(store, portal):
    with store.unit() as u:
        other = portals.add(u, "other", "https://api.hubapi.com", b"", replace(IDENTITY, hub_id=4712), T0).id
        enrichments.keep(u, portal, [WORKS])
        enrichments.keep_secret(u, portal, "https://a.example:443", b"one")
        enrichments.keep_secret(u, portal, "https://a.example:443", b"two")
        assert enrichments.secret(u, portal, "https://a.example:443") == b"two"
        assert enrichments.secrets(u, portal) == {"https://a.example:443": b"two"}
        assert enrichments.secret(u, portal, "https://b.example:443") is None
        assert enrichments.secret(u, other, "https://a.example:443") is None
        assert enrichments.known(u, other, "firms", ["works.example"]) == {}
        portals.remove(u, portal)
        assert enrichments.known(u, portal, "firms", ["works.example"]) == {}
        assert enrichments.secrets(u, portal) == {}


def test_the_laboratory_knows_the_answers_and_no_secret(store, portal):
    with store.unit() as u:
        enrichments.keep(u, portal, [WORKS])
        enrichments.keep_secret(u, portal, "https://a.example:443", b"one")
    with sandbox(store, portal) as copy, copy.view() as u:
        assert enrichments.known(u, portal, "firms", ["works.example"]) == {"works.example": WORKS}
        assert enrichments.secrets(u, portal) == {}
