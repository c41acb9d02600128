"""A workflow runs our action, end to end: registered by command, called by the portal with its signature, answered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from pydantic import SecretStr
from werkzeug.serving import make_server

from connector.clock import VirtualClock
from connector.errors import StoreError, UnknownContact
from connector.rules.actions import FAILURES
from connector.serving.actions import CODES, REMEMBERED, Rescoring
from connector.serving.web import Parts, create_app
from connector.sync.rescoring import Score
from connector.twin import Twin
from tests.journeys.steps import go_live
from tests.rig import Rig, rig
from webhooks.actions import Asked, Failure


class House:
    """An installation with its web process, and the portal that calls it."""

    def __init__(self, made: Rig, address: str) -> None:
        self.rig = made
        self.twin: Twin = made.twin
        self.address = address

    def ran(self, contact: int, **more: Any) -> dict[str, Any]:
        """What the workflow got; the call must have been understood."""
        found = self.twin.actions.run(contact, **more)
        assert found.status == 200, found
        return {**found.outputs, "meaning": found.meaning, "ms": found.ms}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with rig(tmp_path_factory.mktemp("actions"), contacts=30) as made:
        go_live(made)
        server = make_server("127.0.0.1", 0, None, threaded=True)
        address = f"http://127.0.0.1:{server.server_port}"
        given = {
            "public_url": address, "hubspot_url": made.url, "hubspot_app_id": "4711",
            "hubspot_client_secret": SecretStr(made.twin.access.client_secret),
            "hubspot_developer_key": SecretStr(made.twin.access.developer_key),
        }  # fmt: skip
        made = replace(made, settings=made.settings.model_copy(update=given))
        parts = Parts.open(made.settings, lambda _front: lambda _u, _portal: None, clock=made.clock)
        server.app = create_app(parts)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        with made.service() as service:
            assert service.action_register()["done"] == "made"
        yield House(made, address)
        server.shutdown()
        server.server_close()
        thread.join(5)
        parts.close()


@pytest.fixture
def house(shared: House) -> House:
    shared.rig.clock.advance(60)
    return shared


class TestEndToEnd:
    """The portal signs, we answer, the workflow goes on."""

    @pytest.mark.parametrize("v3", [False, True])
    def test_the_score_is_that_of_the_bill(self, house: House, v3: bool) -> None:
        contact = house.twin.ids("contacts")[3]
        bill, told = house.rig.run("explain", str(contact)), house.ran(contact, v3=v3)
        assert told["leadwright_score"] == bill["score"]
        assert told["leadwright_grade"] == bill["grade"]
        assert told["leadwright_stage"] == bill["stage"]
        assert (told["hs_execution_state"], told["meaning"]) == ("SUCCESS", "SUCCESS")

    def test_a_change_of_this_very_second_counts(self, house: House) -> None:
        contact = house.twin.create_contact({"email": "neu@werk.example", "jobtitle": "Azubi"})
        before = house.ran(contact)
        house.twin.edit("contacts", contact, {"jobtitle": "Leiterin Einkauf"})
        assert house.ran(contact)["leadwright_score"] > before["leadwright_score"]

    def test_a_repeated_callback_gets_the_same_answer(self, house: House) -> None:
        contact = house.twin.create_contact({"email": "wieder@werk.example", "jobtitle": "Azubi"})
        first = house.ran(contact, callback_id="ap-1-2-3-4")
        house.twin.edit("contacts", contact, {"jobtitle": "Leiterin Einkauf"})
        calls = house.twin.ledger.count()
        again = house.ran(contact, callback_id="ap-1-2-3-4")
        assert again["leadwright_score"] == first["leadwright_score"]
        assert house.twin.ledger.count() == calls

    def test_it_answers_within_a_few_hundred_milliseconds(self, house: House) -> None:
        house.ran(house.twin.ids("contacts")[0])
        took = sorted(house.ran(contact)["ms"] for contact in house.twin.ids("contacts")[:9])
        assert took[4] < 500

    def test_who_is_unknown_goes_on_without_a_score_and_with_a_reason(self, house: House) -> None:
        told = house.ran(999_999_999)
        assert (told["hs_execution_state"], told["errorCode"]) == ("FAIL_CONTINUE", "UNKNOWN_CONTACT")
        assert told["leadwright_reason"] == FAILURES["UNKNOWN_CONTACT"][0]
        assert "leadwright_score" not in told

    def test_a_paused_portal_says_so(self, house: House) -> None:
        house.rig.run("pause")
        told = house.ran(house.twin.ids("contacts")[0])
        house.rig.run("resume")
        assert (told["hs_execution_state"], told["errorCode"]) == ("FAIL_CONTINUE", "PAUSED")

    def test_a_portal_nobody_connected_says_so(self, house: House) -> None:
        number, house.twin.state.portal_id = house.twin.state.portal_id, 987_654
        told = house.ran(house.twin.ids("contacts")[0])
        house.twin.state.portal_id = number
        assert told["errorCode"] == "UNKNOWN_PORTAL"

    def test_another_secret_is_refused(self, house: House) -> None:
        secret, house.twin.access.client_secret = house.twin.access.client_secret, "another"
        found = house.twin.actions.run(house.twin.ids("contacts")[0])
        house.twin.access.client_secret = secret
        assert (found.status, found.meaning) == (401, "failed")

    def test_outcomes_are_counted(self, house: House) -> None:
        house.ran(house.twin.ids("contacts")[0])
        text = requests.get(f"{house.address}/metrics", timeout=10).text
        assert 'leadwright_actions_answered_total{outcome="success"}' in text


class Stub:
    """A service that answers as it is told."""

    def __init__(self, reply: Any) -> None:
        self.reply = reply
        self.asked = 0
        self.closed = False

    def rescore(self, *_: Any) -> Score:
        self.asked += 1
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply

    def __exit__(self, *_: object) -> None:
        self.closed = True


class TestAnswering:
    """What is kept, what is asked again."""

    ASKED = Asked("rescore", 11, 501, "ap-1")

    def test_the_service_is_opened_with_the_first_question_and_closed_with_the_process(self) -> None:
        opened: list[Stub] = []
        rescoring = Rescoring(lambda: opened.append(Stub(Score(1, "A", "lead", True))) or opened[0])  # type: ignore[arg-type,func-returns-value,return-value]
        assert opened == []
        rescoring.answer(self.ASKED)
        rescoring.answer(replace(self.ASKED, callback_id="ap-2"))
        rescoring.close()
        assert (len(opened), opened[0].asked, opened[0].closed) == (1, 2, True)

    @pytest.mark.parametrize("fault", [StoreError("The database is away."), StoreError("x", reason="busy")])
    def test_while_the_database_is_away_hubspot_comes_again_and_is_not_held_to_it(self, fault: Exception) -> None:
        stub = Stub(fault)
        rescoring = Rescoring(lambda: stub)  # type: ignore[arg-type,return-value]
        assert rescoring.answer(self.ASKED) is None
        stub.reply = Score(7, "B", "lead", True)
        found = rescoring.answer(self.ASKED)
        assert isinstance(found, dict)
        assert found["leadwright_score"] == 7

    def test_a_failure_is_not_kept(self) -> None:
        stub = Stub(UnknownContact("Nobody."))
        rescoring = Rescoring(lambda: stub)  # type: ignore[arg-type,return-value]
        assert rescoring.answer(self.ASKED) == Failure("UNKNOWN_CONTACT", FAILURES["UNKNOWN_CONTACT"][0])
        stub.reply = Score(7, "B", "lead", True)
        assert isinstance(rescoring.answer(self.ASKED), dict)

    def test_portals_do_not_share_callbacks(self) -> None:
        stub = Stub(Score(7, "B", "lead", True))
        rescoring = Rescoring(lambda: stub)  # type: ignore[arg-type,return-value]
        rescoring.answer(self.ASKED)
        rescoring.answer(replace(self.ASKED, portal_id=12))
        assert stub.asked == 2

    def test_what_is_kept_has_an_end(self) -> None:
        stub = Stub(Score(7, "B", "lead", True))
        rescoring = Rescoring(lambda: stub)  # type: ignore[arg-type,return-value]
        for number in range(REMEMBERED + 50):
            rescoring.answer(replace(self.ASKED, callback_id=f"ap-{number}"))
        assert len(rescoring._answers) == REMEMBERED

    def test_every_refusal_has_its_sentence(self) -> None:
        assert set(CODES.values()) <= set(FAILURES)


def test_without_a_key_hubspot_comes_again(tmp_path: Path) -> None:
    with rig(tmp_path, connect=False) as made:
        bare = made.settings.model_copy(update={"secret_key": None})
        parts = Parts.open(bare, lambda _front: lambda _u, _portal: None, clock=VirtualClock(made.clock.now_ms()))
        assert parts.rescoring.answer(Asked("rescore", 11, 501)) is None
        parts.close()
