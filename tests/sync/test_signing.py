"""Two signatures under a model: asked for by the lifecycle document, over one very text, by two people."""

from __future__ import annotations

import pytest

from connector.errors import ConfigError, DocumentInvalid
from connector.model.records import PortalIdentity
from connector.store import documents, portals, signatures
from connector.sync import copying, drafting
from connector.sync.signing import REFUSED, UNSIGNED
from tests import databases
from tests.rig import Rig, rig


@pytest.fixture(params=databases.KINDS)
def r(request, tmp_path):
    url = databases.fresh_url(request.param)
    with rig(tmp_path, database=url) as made:
        yield made
    databases.drop(url)


@pytest.fixture
def both(r, tmp_path):
    """A portal that asks for both signatures."""
    r.run("config_publish", file(tmp_path, asking(r), "lifecycle"), "kim", "sales has a say")
    return r


def body(r: Rig, kind: str = "scoring") -> str:
    return r.run("config_show", kind)["body"]


def asking(r: Rig) -> str:
    return body(r, "lifecycle").replace("signatures: none", "signatures: marketing_and_sales")


def other(r: Rig, points: int = 60) -> str:
    return body(r).replace("threshold: 50", f"threshold: {points}")


def file(folder, text: str, kind: str = "scoring"):
    made = folder / f"{kind}.yaml"
    made.write_text(text, encoding="utf-8")
    return made


def draft(r: Rig, folder, text: str, kind: str = "scoring", revision: int | None = None) -> None:
    r.run("config_draft_save", file(folder, text, kind), "kim", revision)


def missing(r: Rig, kind: str = "scoring") -> list[str]:
    return r.run("config_draft_show", kind, "kim")["missing"]


def refused(r: Rig, reason: str, *call, **more) -> ConfigError:
    with pytest.raises(ConfigError) as told:
        r.run(*call, **more)
    assert told.value.reason == reason
    assert told.value.remedy
    assert told.value.exit_code == 2
    return told.value


def test_who_does_not_ask_publishes_as_ever_and_cannot_be_signed_for(r, tmp_path):
    draft(r, tmp_path, other(r))
    assert missing(r) == []
    refused(r, REFUSED, "config_sign", "scoring", "sales", "jo")
    assert r.run("config_draft_publish", "scoring", "kim", "harder")["version"] == 2


def test_both_sides_sign_and_then_it_is_published(both, tmp_path):
    draft(both, tmp_path, other(both))
    assert missing(both) == ["marketing", "sales"]
    first = both.run("config_sign", "scoring", "marketing", "kim", "agreed on Tuesday")
    assert first["missing"] == ["sales"]
    told = refused(both, UNSIGNED, "config_draft_publish", "scoring", "kim", "harder")
    assert "sales is missing" in told.message
    assert "--for sales" in told.remedy
    assert missing(both) == ["sales"], "a refused publishing takes nothing away"
    assert both.run("config_sign", "scoring", "sales", "jo")["missing"] == []
    assert both.run("config_draft_publish", "scoring", "kim", "harder")["version"] == 2
    newest, oldest = both.run("config_history", "scoring")["versions"]
    assert [(s["side"], s["who"], s["remark"]) for s in newest["signatures"]] == [
        ("marketing", "kim", "agreed on Tuesday"), ("sales", "jo", "")]  # fmt: skip
    assert all(s["at_ms"] <= newest["at_ms"] for s in newest["signatures"])
    assert oldest["signatures"] == []


@pytest.mark.parametrize("again", ["kim", " KIM "])
def test_nobody_signs_for_both_sides(both, tmp_path, again):
    draft(both, tmp_path, other(both))
    both.run("config_sign", "scoring", "marketing", "kim")
    told = refused(both, REFUSED, "config_sign", "scoring", "sales", again)
    assert "nobody signs for both sides" in told.message
    assert missing(both) == ["sales"]


def test_a_side_has_one_signature_and_the_same_one_twice_is_one(both, tmp_path):
    draft(both, tmp_path, other(both))
    both.run("config_sign", "scoring", "marketing", "kim", "first")
    assert len(both.run("config_sign", "scoring", "marketing", "kim", "second")["signatures"]) == 1
    assert "kim signed this text for marketing already" in refused(
        both, REFUSED, "config_sign", "scoring", "marketing", "jo"
    ).message  # fmt: skip
    refused(both, REFUSED, "config_sign", "scoring", "sales", "  ")


def test_whoever_changes_the_draft_needs_new_signatures(both, tmp_path):
    draft(both, tmp_path, other(both, 60))
    both.run("config_sign", "scoring", "marketing", "kim")
    both.run("config_sign", "scoring", "sales", "jo")
    draft(both, tmp_path, other(both, 61), revision=1)
    assert missing(both) == ["marketing", "sales"]
    refused(both, UNSIGNED, "config_draft_publish", "scoring", "kim", "harder")
    assert "threshold: 50" in body(both)


def test_a_draft_is_signed_as_it_was_seen_and_only_when_it_is_sound(both, tmp_path):
    draft(both, tmp_path, other(both).replace("threshold: 60", "threshold: high"))
    with pytest.raises(DocumentInvalid):
        both.run("config_sign", "scoring", "sales", "jo")
    draft(both, tmp_path, other(both), revision=1)
    with both.service() as service, service.store.unit() as u:
        row = portals.by_name(u, "acme")
        found = drafting.own(u, row, "scoring", "kim")
        with pytest.raises(ConfigError, match="you looked at 1"):
            drafting.sign(u, row, found, "sales", seen=1, who="jo", remark="", now_ms=1)
        assert signatures.every(u, row.id, "scoring") == ()


def test_a_file_is_published_when_its_very_text_was_signed(both, tmp_path):
    path = file(tmp_path, other(both))
    assert "marketing and sales are missing" in refused(both, UNSIGNED, "config_publish", path, "kim", "x").message
    draft(both, tmp_path, other(both))
    both.run("config_sign", "scoring", "marketing", "kim")
    both.run("config_sign", "scoring", "sales", "jo")
    assert both.run("config_publish", path, "bo", "as signed")["version"] == 2


def test_switching_it_off_needs_both_signatures_too(both, tmp_path):
    without = body(both, "lifecycle").replace("signatures: marketing_and_sales", "signatures: none")
    path = file(tmp_path, without, "lifecycle")
    refused(both, UNSIGNED, "config_publish", path, "kim", "we are in a hurry")
    draft(both, tmp_path, without, "lifecycle")
    both.run("config_sign", "lifecycle", "marketing", "kim")
    both.run("config_sign", "lifecycle", "sales", "jo")
    assert both.run("config_publish", path, "kim", "agreed")["version"] == 3
    assert both.run("config_publish", file(tmp_path, other(both)), "kim", "alone again")["version"] == 2


def test_other_kinds_and_what_is_in_force_already_need_none(both, tmp_path):
    remark = body(both, "mapping") + "\n# a remark\n"
    assert both.run("config_publish", file(tmp_path, remark, "mapping"), "kim", "remark")["version"] == 2
    assert both.run("config_publish", file(tmp_path, body(both)), "kim", "the same")["version"] == 1


def test_going_back_needs_signatures_under_that_version(r, tmp_path):
    r.run("config_publish", file(tmp_path, other(r)), "kim", "harder")
    r.run("config_publish", file(tmp_path, asking(r), "lifecycle"), "kim", "sales has a say")
    refused(r, UNSIGNED, "config_rollback", "scoring", 1, "kim")
    r.clock.advance(60)
    for side, who in (("marketing", "kim"), ("sales", "jo")):
        r.run("config_sign", "scoring", side, who, version=1)
    assert r.run("config_rollback", "scoring", 1, "kim")["version"] == 3
    versions = r.run("config_history", "scoring")["versions"]
    assert [len(one["signatures"]) for one in versions] == [2, 0, 0], "signed later is not signed then"


def test_copying_from_another_portal_is_no_way_round(both, tmp_path):
    with both.service() as service, service.store.unit() as u:
        row = portals.by_name(u, "acme")
        source = portals.add(u, "proven", "http://x", None, _identity(), 1)
        for kind in ("scoring", "lifecycle"):
            text = documents.current(u, row.id, kind).body.replace("threshold: 50", "threshold: 61")
            documents.publish(u, source.id, kind, text, "a", "b", 5)
        with pytest.raises(ConfigError) as told:
            copying.copy(u, row, source, ["scoring"], "kim", 6)
        assert told.value.reason == UNSIGNED


def test_whose_draft_must_be_said_when_there_are_several(both, tmp_path):
    assert "has no drafts" in refused(both, "no_draft", "config_sign", "scoring", "sales", "jo").message
    draft(both, tmp_path, other(both, 60))
    both.run("config_draft_save", file(tmp_path, other(both, 70)), "bo")
    assert "bo, kim" in refused(both, "no_draft", "config_sign", "scoring", "sales", "jo").message.replace(
        "kim, bo", "bo, kim"
    )  # fmt: skip
    both.run("config_sign", "scoring", "sales", "jo", draft_of="bo")
    assert missing(both) == ["marketing", "sales"]
    assert both.run("config_draft_show", "scoring", "bo")["missing"] == ["marketing"]


def _identity() -> PortalIdentity:
    return PortalIdentity(99, "UTC", "EUR", "STANDARD", "app.hubspot.com", "2025")
