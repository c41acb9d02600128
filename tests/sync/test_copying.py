"""Documents of one portal for another: every difference first, with what the target lacks; then new versions."""

from __future__ import annotations

import pytest

from connector.errors import ConfigError
from connector.model.records import PortalIdentity
from connector.store import documents, portals, records
from connector.sync import copying
from connector.sync.rulebook import SHIPPED, publish_shipped
from tests.rig import rig

OTHER = PortalIdentity(4711, "Europe/Vienna", "EUR", "STANDARD", "app.hubspot.com", "v3")


@pytest.fixture
def at(tmp_path):
    """``acme`` beside ``proven``, which has a mapping, a scoring and a workflow of its own."""
    with rig(tmp_path, contacts=20) as r, r.service() as service:
        with service.store.unit() as u:
            proven = portals.add(u, "proven", "https://x.example", b"sealed", OTHER, 5)
            publish_shipped(u, proven.id, None, 5)
            change(u, proven.id, "scoring", "threshold: 50", "threshold: 61")
            change(u, proven.id, "mapping", "property: jobtitle", "property: position_at_work")
        yield service, r, proven.id


def change(u, portal_id, kind, old, new):
    body = documents.current(u, portal_id, kind).body
    assert old in body
    documents.publish(u, portal_id, kind, body.replace(old, new, 1), "a", "b", 6)


def bodies(service, portal_id):
    with service.store.view() as u:
        return {kind: documents.current(u, portal_id, kind).body for kind in SHIPPED}


def acme(service):
    with service.store.view() as u:
        return portals.by_name(u, "acme")


def test_every_document_is_compared_and_the_lines_named(at):
    service, _, _ = at
    found = service.copy_preview("acme", "proven")
    by_kind = {one["kind"]: one for one in found["documents"]}
    assert set(by_kind) == set(SHIPPED)
    assert [kind for kind, one in by_kind.items() if not one["same"]] == ["mapping", "scoring"]
    lines = by_kind["scoring"]["lines"]
    assert any(line.startswith("-threshold: 50") for line in lines)
    assert any(line.startswith("+threshold: 61") for line in lines)
    assert (by_kind["scoring"]["added"], by_kind["scoring"]["removed"]) == (1, 1)


def test_properties_that_the_target_lacks_are_named_and_those_we_create_are_not(at):
    service, _, _ = at
    lacking = service.copy_preview("acme", "proven")["lacking"]
    assert {"object": "contacts", "property": "position_at_work"} in lacking
    assert not [one for one in lacking if one["property"].startswith("leadwright_")]
    assert "email" not in {one["property"] for one in lacking}


def test_workflows_of_the_other_portal_are_named(at):
    service, _, proven = at
    with service.store.unit() as u:
        body = documents.current(u, proven, "workflows").body
        old = next(line for line in body.splitlines() if "workflow_id:" in line and not line.strip().startswith("#"))
        head = old.split("workflow_id:")[0]
        tail = old.split("workflow_id:")[1]
        new = old.replace(f"workflow_id:{tail}", 'workflow_id: "4711"' + ("}" if tail.rstrip().endswith("}") else ""))
        assert head is not None
        change(u, proven, "workflows", old, new)
    assert [one["id"] for one in service.copy_preview("acme", "proven")["workflows"]] == ["4711"]


def test_looking_changes_nothing(at):
    service, _, _ = at
    before = bodies(service, acme(service).id)
    service.copy_preview("acme", "proven")
    assert bodies(service, acme(service).id) == before


def test_what_is_copied_is_the_other_ones_to_the_letter_and_everybody_is_judged_anew(at):
    service, _, proven = at
    service.sync("acme")
    number = acme(service).id
    with service.store.unit() as u:
        records.clear_dirty(u, number, records.dirty_or_due(u, number, 0))
    done = service.copy_documents("acme", "proven", ["scoring", "mapping", "consent"], "anna@x.example")
    assert done["copied"] == ["mapping", "scoring"], "what is the same makes no version"
    ours, theirs = bodies(service, number), bodies(service, proven)
    assert {kind: ours[kind] == theirs[kind] for kind in ("scoring", "mapping")} == {"scoring": True, "mapping": True}
    with service.store.view() as u:
        assert documents.current(u, number, "scoring").reason == "copied from proven"
        assert records.dirty_count(u, number) == 20
    assert all(one["same"] for one in service.copy_preview("acme", "proven")["documents"])


@pytest.mark.parametrize("kinds", [[], ["nothing"], ["scoring", "passwords"]])
def test_what_there_is_not_cannot_be_copied(at, kinds):
    service, _, _ = at
    with service.store.unit() as u, pytest.raises(ConfigError) as refused:
        copying.copy(u, portals.by_name(u, "acme"), portals.by_name(u, "proven"), kinds, "a", 9)
    assert refused.value.reason == "nothing_to_copy"
