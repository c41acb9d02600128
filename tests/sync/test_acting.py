"""The app's workflow action: missing at first, registered once, put right after a move, by hand where it must be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from connector.errors import ConfigError
from connector.twin import Twin
from tests.rig import Rig, rig

PUBLIC = "https://hooks.example.test"


class App:
    """An installation that holds the developer's key."""

    def __init__(self, made: Rig) -> None:
        self.rig = made
        self.twin: Twin = made.twin

    def ask(self, what: str = "action", **more: Any) -> dict[str, Any]:
        given = {
            "public_url": PUBLIC, "hubspot_url": self.rig.url, "hubspot_app_id": "4711",
            "hubspot_developer_key": SecretStr(self.twin.access.developer_key), **more,
        }  # fmt: skip
        keyed = replace(self.rig, settings=self.rig.settings.model_copy(update=given))
        with keyed.service() as service:
            return getattr(service, what)()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with rig(tmp_path, connect=False) as made:
        yield App(made)


def test_missing_at_first_registered_once(app: App) -> None:
    assert (app.ask()["state"], app.ask()["ok"]) == ("missing", False)
    done = app.ask("action_register")
    assert (done["done"], done["state"], done["ok"], done["revision"]) == ("made", "registered", True, "1")
    again = app.ask("action_register")
    assert (again["done"], again["id"], len(app.twin.actions.all)) == ("", done["id"], 1)


def test_what_is_registered_is_what_is_shown(app: App) -> None:
    app.ask("action_register")
    [made] = app.twin.actions.all.values()
    assert made.definition == app.ask()["definition"]
    assert made.definition["actionUrl"] == f"{PUBLIC}/webhooks/hubspot/actions/rescore"


def test_after_a_move_the_same_action_gets_the_new_address(app: App) -> None:
    first = app.ask("action_register")
    moved = {"public_url": "https://new.example.test"}
    assert app.ask(**moved)["state"] == "differs"
    done = app.ask("action_register", **moved)
    assert (done["done"], done["id"], done["revision"]) == ("changed", first["id"], "2")
    assert [one.definition["actionUrl"] for one in app.twin.actions.all.values()] == [
        "https://new.example.test/webhooks/hubspot/actions/rescore"
    ]


def test_somebody_elses_action_of_the_same_app_is_left_alone(app: App) -> None:
    other = app.twin.actions.define({**app.ask()["definition"], "actionUrl": "https://elsewhere.example.test/x"})
    assert app.ask("action_register")["done"] == "made"
    assert app.twin.actions.get(str(other.id)).revision == 1


@pytest.mark.parametrize("why", [{"hubspot_developer_key": None}, {"hubspot_developer_key": SecretStr("")}])
def test_without_a_key_the_definition_is_there_to_be_entered(app: App, why: dict[str, Any]) -> None:
    for what in ("action", "action_register"):
        shown = app.ask(what, **why)
        assert (shown["state"], shown["ok"]) == ("by_hand", None)
        assert shown["definition"]["labels"]["en"]["actionName"]
    assert app.twin.actions.all == {}


def test_where_hubspot_keeps_actions_elsewhere(app: App) -> None:
    app.twin.dials.app_kind = "project"
    assert app.ask()["state"] == "by_hand"
    assert app.ask("action_register")["done"] == ""


def test_without_a_public_address_nothing_is_registered(app: App) -> None:
    assert "LEADWRIGHT_PUBLIC_URL" in app.ask(public_url="")["text"]
    with pytest.raises(ConfigError, match="LEADWRIGHT_PUBLIC_URL"):
        app.ask("action_register", public_url="")
