"""From published documents to an app's subscriptions: compared, applied, idempotent; by hand where it must be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from connector.errors import ConfigError
from connector.serving.counting import Counting
from connector.serving.metrics import exposition, registry
from connector.twin import Twin, serve_twin
from tests.rig import Rig, rig

PUBLIC = "https://hooks.example.test"
TARGET = f"{PUBLIC}/webhooks/hubspot"


@dataclass
class App:
    """An installation that holds the developer's key, and the app's own state."""

    rig: Rig

    def keyed(self, **more) -> Rig:
        given = {
            "public_url": PUBLIC, "hubspot_url": self.rig.url, "hubspot_app_id": "4711",
            "hubspot_developer_key": SecretStr(self.rig.twin.access.developer_key), **more,
        }  # fmt: skip
        return replace(self.rig, settings=self.rig.settings.model_copy(update=given))

    def compare(self, **more) -> dict:
        with self.keyed(**more).service() as service:
            return service.subscriptions()

    def apply(self, *, prune: bool = False, **more) -> dict:
        with self.keyed(**more).service() as service:
            return service.subscriptions_apply(prune=prune)

    @property
    def present(self) -> dict[tuple[str, str | None], bool]:
        return {(one.event_type, one.property_name): one.active for one in self.rig.twin.subscriptions.all.values()}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with rig(tmp_path) as made:
        yield App(made)
        made.twin.webhooks.close()


def named(shown: dict) -> set[tuple[str, str]]:
    return {(one["event"], one["property"]) for one in shown["missing"]}


def test_what_the_documents_read_is_missing_at_first(app):
    shown = app.compare()
    assert {("contact.privacyDeletion", ""), ("contact.propertyChange", "jobtitle")} <= named(shown)
    assert ("contact.propertyChange", "leadwright_updated_at") not in named(shown)
    assert any(event == "company.propertyChange" for event, _ in named(shown))
    assert not any(event.startswith("deal.") for event, _ in named(shown))
    assert (shown["ok"], shown["target"]) == (False, {"wanted": TARGET, "present": "", "fits": False})


def test_once_mirrored_only_what_the_portal_has_is_wanted_and_new_properties_follow(app):
    app.rig.run("sync")
    before = named(app.compare())
    assert ("contact.propertyChange", "leadwright_score") not in before
    app.rig.run("provision")
    assert ("contact.propertyChange", "leadwright_score") in named(app.compare()) - before


def test_comparing_changes_nothing(app):
    app.compare()
    assert app.present == {}
    assert app.rig.twin.subscriptions.settings is None


def test_applied_everything_is_there_active_and_aimed(app):
    done = app.apply()
    assert (done["ok"], done["aimed"], done["refused"]) == (True, True, [])
    assert done["created"] == done["wanted"] == len(app.present)
    assert all(app.present.values())
    assert app.rig.twin.subscriptions.settings.target_url == TARGET


def test_applied_again_nothing_is_done(app):
    app.apply()
    app.rig.twin.reset_ledger()
    again = app.apply()
    assert (again["created"], again["activated"], again["aimed"]) == (0, 0, False)
    assert again["text"].endswith("nothing differs.")
    assert app.rig.twin.ledger.writes() == []


def test_paused_ones_are_switched_on(app):
    app.apply()
    for one in app.rig.twin.subscriptions.all.values():
        one.active = False
    assert len(app.compare()["paused"]) == len(app.present)
    done = app.apply()
    assert (done["activated"], done["created"], done["ok"]) == (len(app.present), 0, True)


def test_what_others_made_stays_unless_it_is_pruned(app):
    app.rig.twin.subscriptions.create("ticket.creation", active=True)
    kept = app.apply()
    assert kept["ok"] is True
    assert [one["event"] for one in kept["superfluous"]] == ["ticket.creation"]
    assert ("ticket.creation", None) in app.present
    assert app.apply(prune=True)["deleted"] == 1
    assert ("ticket.creation", None) not in app.present


def test_one_refused_subscription_does_not_stop_the_others(app):
    app.rig.twin.dials.webhook_unknown_property = "reject"  # leadwright_* is not provisioned yet
    done = app.apply()
    assert done["ok"] is False
    assert "leadwright_score" in {one["property"] for one in done["refused"]}
    assert ("contact.propertyChange", "jobtitle") in app.present
    assert app.rig.twin.access.developer_key not in repr(done)


def test_documents_of_all_portals_count(app, tmp_path):
    alone = app.compare()
    assert ("contact.propertyChange", "fax") not in named(alone)
    with serve_twin(Twin.empty(portal_id=4242)) as url, app.rig.service() as service:
        service.add_portal("second", app.rig.twin.token, url)
        wider = tmp_path / "mapping.yaml"
        body = service.config_show("second", "mapping")["body"]
        wider.write_text(body.replace("read_more: used", "read_more: [fax]"), encoding="utf-8")
        service.config_publish("second", wider, "kim", "faxes count")
    both = app.compare()
    assert both["portals"] == ["acme", "second"]
    assert named(both) - named(alone) == {("contact.propertyChange", "fax")}


@pytest.mark.parametrize("kind", ["private", "project"])
def test_an_app_that_keeps_them_elsewhere_gets_a_list_to_enter(app, kind):
    app.rig.twin.dials.app_kind = kind
    shown = app.compare()
    assert (shown["mode"], shown["ok"]) == ("by_hand", None)
    assert [group["object"] for group in shown["by_hand"]] == ["contact", "company"]
    rows = shown["project_file"]["config"]["subscriptions"]
    assert len(rows["legacyCrmObjects"]) + len(rows["hubEvents"]) == shown["wanted"]
    assert app.apply()["ok"] is False
    assert app.present == {}


def test_without_a_key_the_list_says_so(app):
    shown = app.compare(hubspot_developer_key=None)
    assert shown["mode"] == "by_hand"
    assert "LEADWRIGHT_HUBSPOT_DEVELOPER_KEY" in shown["why"]
    assert shown["project_file"]["config"]["settings"]["targetUrl"] == TARGET


def test_without_a_public_address_nothing_is_applied(app):
    with pytest.raises(ConfigError, match="LEADWRIGHT_PUBLIC_URL"):
        app.apply(public_url="")
    assert app.present == {}


def test_a_wrong_key_is_a_fault_of_the_settings(app):
    with pytest.raises(ConfigError, match="does not accept the developer key"):
        app.compare(hubspot_developer_key=SecretStr("wrong"))


def test_without_a_portal_there_is_nothing_to_derive(tmp_path):
    with rig(tmp_path, connect=False) as bare, pytest.raises(ConfigError, match="No portal is connected"):
        App(bare).compare()


class TestTheDailyLook:
    """What was lost is told within a day, where an operator looks; nothing is changed by looking (P22)."""

    def watch(self, app, **more) -> dict:
        with app.keyed(**more).service() as service:
            return service.subscriptions_watched("acme")

    def seen(self, app) -> tuple[dict, dict, str]:
        """The check of the doctor, the line under the list, the numbers."""
        with app.keyed().service() as service:
            rows = {row["check"]: row for row in service.examine()["checks"]}
            numbers = registry(service.store, service.front, Counting(), app.rig.clock)
            return rows.get("webhooks", {}), service.list_portals()["webhooks"], exposition(numbers).decode()

    def test_before_the_first_look_nothing_is_claimed(self, app):
        check, line, numbers = self.seen(app)
        assert (check, line) == ({}, None)
        assert "subscriptions_differing" not in numbers

    def test_one_that_was_lost_is_told_everywhere_and_changed_nowhere(self, app):
        app.apply()
        gone = next(iter(app.rig.twin.subscriptions.all))
        app.rig.twin.subscriptions.delete(gone)
        before = app.present
        self.watch(app)
        check, line, numbers = self.seen(app)
        assert check["ok"] is None
        assert "1 missing" in check["text"]
        assert check["remedy"] == "leadwright subscriptions --apply"
        assert (line["ok"], line["differing"]) == (False, 1)
        assert "leadwright_subscriptions_differing 1.0" in numbers
        assert app.present == before

    def test_once_applied_the_difference_is_gone_at_once(self, app):
        self.watch(app)
        assert self.seen(app)[1]["ok"] is False
        app.apply()
        check, line, numbers = self.seen(app)
        assert (check["ok"], line["ok"]) == (True, True)
        assert "leadwright_subscriptions_differing 0.0" in numbers

    def test_a_comparison_that_is_days_old_is_no_comfort(self, app):
        app.apply()
        app.rig.clock.advance(3 * 24 * 3600)
        assert self.seen(app)[0]["ok"] is None

    def test_where_nothing_can_be_compared_nobody_is_bothered(self, app):
        self.watch(app, hubspot_developer_key=None)
        check, line, numbers = self.seen(app)
        assert (check, line["ok"]) == ({}, None)
        assert "subscriptions_differing" not in numbers
