"""The web process as others see it: webhooks end in the store, readiness names what is wrong, errors tell nothing."""

from __future__ import annotations

import pytest
from flask import Flask

from connector.store import deliveries
from tests.serving.conftest import Place
from webhooks.receiver import PATH


def states(place: Place) -> dict[str, int]:
    with place.parts.front.view() as u:
        return deliveries.counts(u)


class TestWebhooks:
    """From the request to the row."""

    def test_a_signed_delivery_is_stored_and_its_portal_woken(self, place: Place) -> None:
        acme = place.connect("acme", 11)
        assert place.post(11) == 204
        assert states(place)["new"] == 1
        assert place.woken == [acme]

    def test_a_forged_one_is_refused_and_stored_nowhere(self, place: Place) -> None:
        place.connect("acme", 11)
        assert place.post(11, **{"X-HubSpot-Signature-v3": "forged"}) == 401
        assert place.client.post(PATH, data=b"[]").status_code == 401
        assert sum(states(place).values()) == 0

    def test_what_cannot_be_stored_is_asked_for_again(self, place: Place) -> None:
        place.connect("acme", 11)
        place.parts.receiver._writer.close()
        assert place.post(11) == 503

    def test_a_flood_of_forgeries_writes_nothing_but_its_count_with_the_next_beat(self, place: Place) -> None:
        for _ in range(300):
            place.client.post(PATH, data=b"[]")
        assert place.numbers()['webhooks_refused_total{reason="no_signature"}'] == 300
        place.parts.heart.beat()
        assert place.parts.counting.peek() == {}
        assert place.numbers()['webhooks_refused_total{reason="no_signature"}'] == 300
        assert sum(states(place).values()) == 0


class TestReadiness:
    """503 with every reason at once, 200 when all is well."""

    def test_when_all_is_well(self, place: Place) -> None:
        place.parts.heart.beat()
        place.alive("worker", "clock")
        answer = place.client.get("/readyz")
        assert answer.status_code == 200
        assert answer.json == {"ready": True, "reasons": [], "roles": {"web": 0.0, "worker": 0.0, "clock": 0.0}}

    def test_a_role_never_heard_of_and_one_that_fell_silent_are_named(self, place: Place) -> None:
        place.alive("worker")
        place.clock.advance(121)
        place.parts.heart.beat()
        answer = place.client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json["reasons"] == [
            "no worker process was heard of for 121 s",
            "no clock process was ever heard of",
        ]
        assert answer.json["roles"] == {"web": 0.0, "worker": 121.0, "clock": None}

    def test_a_database_that_is_gone_is_a_reason_and_no_crash(self, place: Place) -> None:
        if place.parts.store.file is None:
            pytest.skip("a file can be taken away, a server cannot")
        place.parts.store.file.unlink()
        answer = place.client.get("/readyz")
        assert answer.status_code == 503
        assert "database: the database file is missing" in answer.json["reasons"]

    def test_a_database_of_another_revision_is_a_reason(self, place: Place) -> None:
        import sqlalchemy as sa

        with place.parts.store.unit() as u:
            u.run(sa.text("UPDATE leadwright_revision SET version_num = '0002'"))
        assert "database: the database is at revision 0002" in str(place.client.get("/readyz").json["reasons"])

    def test_a_missing_key_is_a_reason(self, place: Place) -> None:
        from connector.serving import health

        told = health.readiness(place.parts.store, place.parts.front, 0, key_present=False, expected=())
        assert told["reasons"] == ["LEADWRIGHT_SECRET_KEY is not set"]

    def test_being_alive_needs_no_database(self, place: Place) -> None:
        place.parts.store.close()
        assert place.client.get("/livez").json == {"alive": True}


class TestMetrics:
    """The numbers an operator watches."""

    def test_deliveries_portals_and_their_lag(self, place: Place) -> None:
        acme = place.connect("acme", 11)
        place.post(11)
        place.clock.advance(30)
        place.post(11)
        place.post(999)
        told = place.numbers()
        assert told['deliveries{state="new"}'] == 2
        assert told["oldest_undrained_seconds"] == 30
        assert told[f'portal_deliveries_waiting{{portal="{acme}"}}'] == 2
        assert told[f'portal_lag_seconds{{portal="{acme}"}}'] == 30
        assert told[f'outbox_waiting{{portal="{acme}"}}'] == 0
        assert told['portals{mode="observe"}'] == 1
        assert told["portals_unknown_total"] == 1

    def test_no_name_of_a_portal_or_a_person_is_told(self, place: Place) -> None:
        place.connect("acme", 11)
        place.post(11)
        text = place.client.get("/metrics").text
        assert "acme" not in text
        assert "example" not in text

    def test_an_empty_installation_has_numbers_too(self, place: Place) -> None:
        assert place.numbers()["oldest_undrained_seconds"] == 0


class TestErrors:
    """Whatever goes wrong: JSON, a status, nothing of the inside."""

    @pytest.mark.parametrize(("method", "path", "status"), [("get", "/nothing", 404), ("get", PATH, 405)])
    def test_what_is_not_there(self, place: Place, method: str, path: str, status: int) -> None:
        answer = getattr(place.client, method)(path)
        assert (answer.status_code, answer.json["status"]) == (status, status)
        assert answer.content_type == "application/problem+json"
        assert status != 405 or "POST" in answer.headers["Allow"]

    def test_an_unforeseen_fault_tells_nothing(self, place: Place) -> None:
        app: Flask = place.app
        app.config["PROPAGATE_EXCEPTIONS"] = False
        app.view_functions["livez"] = lambda: 1 / 0
        answer = place.client.get("/livez")
        assert answer.status_code == 500
        assert answer.json == {"type": "about:blank", "title": "Internal Server Error", "status": 500}

    def test_a_database_that_fails_is_unavailable_not_broken(self, place: Place) -> None:
        if place.parts.store.file is None:
            pytest.skip("a file can be taken away, a server cannot")
        place.parts.store.close()
        place.parts.store.file.unlink()
        place.parts.store.file.mkdir()
        answer = place.client.get("/metrics")
        place.parts.store.file.rmdir()
        assert (answer.status_code, answer.json["detail"]) == (503, "The database cannot be used just now.")

    @pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/nothing"])
    def test_every_answer_is_guarded(self, place: Place, path: str) -> None:
        headers = place.client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "Strict-Transport-Security" in headers
        assert headers["Cache-Control"] == "no-store"
