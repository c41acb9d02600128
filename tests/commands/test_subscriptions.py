"""``subscriptions``: shows, asks before it changes anything, and says by its exit code whether something differs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.commands.desk import Desk, Said

Say = Callable[..., Said]
BY_HAND = {
    "ok": None, "mode": "by_hand", "why": "LEADWRIGHT_HUBSPOT_DEVELOPER_KEY is not set.", "app": "",
    "portals": ["acme"],
    "wanted": 3, "target": {"wanted": "https://x.example/webhooks/hubspot", "present": None, "fits": None},
    "by_hand": [{"object": "contact", "events": ["creation", "privacyDeletion"], "properties": ["email"]}],
    "project_file": {"uid": "webhooks", "type": "webhooks", "config": {}}, "text": "3 subscriptions to enter by hand.",
}  # fmt: skip


@pytest.fixture
def settled(desk: Desk) -> Desk:
    """Nothing differs."""
    shown = desk.answers["subscriptions"]
    target = {**shown["target"], "present": shown["target"]["wanted"], "fits": True}
    told = {"ok": True, "missing": [], "paused": [], "superfluous": [], "target": target, "text": "Nothing differs."}
    desk.answers["subscriptions"] = {**shown, **told}
    return desk


def test_the_difference_is_a_table_and_exit_code_3(say: Say, desk: Desk) -> None:
    said = say("subscriptions")
    assert said.code == 3
    for words in ("jobtitle, city", "paused", "ticket", "should be https://x.example/webhooks/hubspot", "--apply"):
        assert words in said.out
    assert desk.asked("subscriptions_apply") == []


def test_where_nothing_differs_one_sentence_says_so(say: Say, settled: Desk) -> None:
    said = say("subscriptions")
    assert (said.code, said.out.strip()) == (0, "Nothing differs.")


def test_apply_refuses_without_a_terminal_and_without_yes(say: Say, desk: Desk) -> None:
    said = say("subscriptions", "--apply")
    assert said.code == 2
    assert "--yes" in said.err
    assert desk.heard == []


def test_apply_shows_asks_and_does_it(say: Say, desk: Desk) -> None:
    said = say("subscriptions", "--apply", answer="y\n")
    assert said.code == 0
    assert "jobtitle, city" in said.out
    assert "App 4711: make 2, switch on 1, set the target address? [y/N]" in said.err
    assert desk.asked("subscriptions_apply") == [((), {"prune": False})]


def test_apply_does_nothing_after_a_no(say: Say, desk: Desk) -> None:
    assert say("subscriptions", "--apply", answer="n\n").code == 1
    assert desk.asked("subscriptions_apply") == []


def test_apply_where_nothing_differs_asks_nobody(say: Say, settled: Desk) -> None:
    assert say("subscriptions", "--apply", answer="").code == 0
    assert settled.asked("subscriptions_apply") == []


def test_pruning_names_what_it_deletes(say: Say, desk: Desk) -> None:
    said = say("subscriptions", "--apply", "--prune", answer="y\n")
    assert "delete 1" in said.err
    assert desk.asked("subscriptions_apply") == [((), {"prune": True})]


def test_pruning_alone_is_wrong_usage(say: Say, desk: Desk) -> None:
    assert say("subscriptions", "--prune").code == 2
    assert desk.heard == []


def test_a_refused_one_is_named_with_its_reason(say: Say, desk: Desk) -> None:
    row = {"event": "contact.propertyChange", "property": "x", "object_type_id": "", "why": "The portal refused."}
    desk.answers["subscriptions_apply"] |= {"ok": False, "refused": [row]}
    said = say("subscriptions", "--apply", "--yes")
    assert said.code == 3
    assert "Refused: contact.propertyChange x: The portal refused." in said.out


def test_by_hand_the_exact_list_is_printed(say: Say, desk: Desk) -> None:
    desk.answers["subscriptions"] = BY_HAND
    said = say("subscriptions")
    assert said.code == 0
    for words in ("DEVELOPER_KEY", "deleted for privacy", "email", "webhooks-hsmeta.json", '"uid": "webhooks"'):
        assert words in said.out


def test_by_hand_apply_does_only_part(say: Say, desk: Desk) -> None:
    desk.answers["subscriptions"] = BY_HAND
    assert say("subscriptions", "--apply", "--yes").code == 3
    assert desk.asked("subscriptions_apply") == []


def test_json_is_one_document_even_while_asking(say: Say, desk: Desk) -> None:
    assert say("subscriptions", "--json").json["missing"][0]["property"] == "jobtitle"
    assert say("subscriptions", "--apply", "--json", answer="y\n").json["created"] == 2
