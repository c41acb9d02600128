"""Errands: what a person asked for is done once by the worker, in order, and what came of it is kept."""

from __future__ import annotations

import pytest

from connector.errors import ConfigError, PortalUnavailable, TokenRejected
from connector.store import portals
from connector.sync import errands
from tests.rig import rig


@pytest.fixture
def at(tmp_path):
    with rig(tmp_path, contacts=20) as r, r.service() as service:
        yield service, r


def row(service):
    with service.store.view() as u:
        return portals.by_name(u, "acme")


def standing(service, kind="apply"):
    with service.store.view() as u:
        return errands.latest(u, row(service).id)[kind]


def work(service, r, **do):
    return errands.work_off(service.store, row(service), do, r.clock)


def test_it_is_done_once_and_what_came_of_it_is_kept_without_people(at):
    service, r = at
    service.errand("acme", "apply", "h" * 64, "Anna")
    assert standing(service).state == "waiting"
    told = {"run": "apply-7", "written": 12, "refused": [{"contact": "1", "why": "anna@x.example"}], "hash": "h"}
    assert work(service, r, apply=lambda what: told if what == "h" * 64 else {}) == 1
    done = standing(service)
    assert (done.state, done.who) == ("done", "Anna")
    assert dict(done.told) == {"run": "apply-7", "hash": "h", "written": 12, "refused": 1}
    assert work(service, r, apply=lambda _: pytest.fail("done already")) == 0


def test_what_was_asked_first_is_done_first(at):
    service, r = at
    service.errand("acme", "undo", "apply-1", "Anna")
    r.clock.advance(1)
    service.errand("acme", "plan", "", "Ben")
    order = []
    work(service, r, plan=lambda _: order.append("plan") or {}, undo=lambda _: order.append("undo") or {})
    assert order == ["undo", "plan"]


def test_one_of_a_kind_stands_at_a_time(at):
    service, r = at
    service.errand("acme", "apply", "a", "Anna")
    with pytest.raises(ConfigError, match="Anna asked for the same already"):
        service.errand("acme", "apply", "b", "Ben")
    assert standing(service).what == "a"
    service.errand("acme", "plan", "", "Ben")
    service.errand("acme", "plan", "", "Eva")  # asking for a fresh look twice is no matter
    r.clock.advance(3601)
    service.errand("acme", "apply", "b", "Ben")  # the first was lost
    assert standing(service).what == "b"


def test_a_no_is_kept_with_its_words_and_the_worker_goes_on(at):
    service, r = at
    service.errand("acme", "apply", "a", "Anna")

    def changed(_):
        raise ConfigError("The plan is another one.", remedy="Look again.", reason="plan_changed")

    assert work(service, r, apply=changed) == 0
    told = standing(service)
    assert (told.state, told.message, told.remedy, told.reason) == (
        "refused", "The plan is another one.", "Look again.", "plan_changed"
    )  # fmt: skip
    service.errand("acme", "apply", "b", "Anna")


def test_hubspot_not_answering_leaves_it_waiting(at):
    service, r = at
    service.errand("acme", "apply", "a", "Anna")

    def away(_):
        raise PortalUnavailable("gone")

    with pytest.raises(PortalUnavailable):
        work(service, r, apply=away)
    assert standing(service).state == "waiting"
    assert work(service, r, apply=lambda _: {"written": 1}) == 1


def test_a_fatal_answer_ends_it_and_is_passed_on_so_that_the_portal_is_paused(at):
    service, r = at
    service.errand("acme", "undo", "apply-1", "Anna")

    def rejected(_):
        raise TokenRejected("no")

    with pytest.raises(TokenRejected):
        work(service, r, undo=rejected)
    assert standing(service, "undo").state == "refused"


def test_a_worker_that_died_in_the_middle_is_followed_by_another(at):
    service, r = at
    service.errand("acme", "apply", "a", "Anna")

    def dies(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work(service, r, apply=dies)
    assert standing(service).state == "working"
    assert work(service, r, apply=lambda _: {"written": 3}) == 1


def test_a_paused_portal_takes_no_errand(at):
    service, _ = at
    service.pause("acme")
    with pytest.raises(ConfigError, match="paused"):
        service.errand("acme", "plan", "", "Anna")


def test_the_service_carries_them_out(at):
    service, r = at
    service.sync("acme")
    service.provision("acme")
    service.live("acme")
    service.errand("acme", "apply", service.plan("acme")["hash"], "Anna")
    assert service.errands("acme")["done"] == 1
    done = standing(service)
    assert done.told["written"] == 20
    service.errand("acme", "undo", done.told["run"], "Anna")
    service.errands("acme")
    assert standing(service, "undo").told["restored"] == 20
    assert not any(values.get("leadwright_score") for values in r.twin.truth().values())
