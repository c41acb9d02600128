"""The faulty wire does what its modes say."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
import requests

from connector.twin import Dials, Twin, serve_twin
from tests.faults.proxy import FaultyProxy

CONTACTS = "/crm/v3/objects/contacts"


@pytest.fixture
def twin() -> Twin:
    return Twin.empty(dials=Dials())


@pytest.fixture
def wire(twin) -> Iterator[FaultyProxy]:
    with serve_twin(twin) as url, FaultyProxy(int(url.rpartition(":")[2])) as proxy:
        yield proxy


def create(wire: FaultyProxy, twin: Twin, timeout: float = 10) -> requests.Response:
    headers = {"Authorization": f"Bearer {twin.token}"}
    body = {"properties": {"email": "anna@example.org"}}
    return requests.post(wire.url + CONTACTS, json=body, headers=headers, timeout=timeout, allow_redirects=False)


def test_a_plain_wire_changes_nothing(wire, twin):
    made = create(wire, twin)
    assert made.status_code == 201
    assert twin.get("contacts", made.json()["id"])["email"] == "anna@example.org"


def test_a_reset_comes_in_the_middle_of_an_answer_to_a_request_that_was_carried_out(wire, twin):
    wire.fault("reset")
    with pytest.raises(requests.ConnectionError):
        create(wire, twin)
    assert len(twin.ids()) == 1


@pytest.mark.parametrize("mode", ["half_open", "drip"])
def test_an_answer_that_never_comes_ends_with_the_callers_patience(wire, twin, mode):
    wire.fault(mode)
    with pytest.raises(requests.RequestException):
        create(wire, twin, timeout=0.3)
    assert [applied for applied, _ in wire.seen] == [mode]


def test_cut_json_has_a_length_that_fits(wire, twin):
    wire.fault("cut")
    made = create(wire, twin)
    assert made.status_code == 201
    with pytest.raises(requests.JSONDecodeError):
        made.json()


@pytest.mark.parametrize(("mode", "status"), [("html", 200), ("redirect", 302), ("error", 502)])
def test_somebody_on_the_way_answers_instead_of_the_portal(wire, twin, mode, status):
    wire.fault(mode)
    answer = create(wire, twin)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "text/html"
    assert twin.ids() == []


def test_a_bomb_is_small_on_the_wire(wire, twin):
    wire.bomb_bytes = 64 * 1024 * 1024
    wire.fault("bomb")
    with requests.get(wire.url + CONTACTS, stream=True, timeout=10) as answer:
        packed = answer.raw.read(decode_content=False)
    assert len(packed) < 200_000
    assert len(gzip.decompress(packed)) > 64 * 1024 * 1024


def test_a_refused_connection_is_refused_at_once(wire, twin):
    wire.fault("refuse")
    with pytest.raises(requests.ConnectionError):
        create(wire, twin)
    assert twin.ids() == []


def test_a_fault_can_be_told_how_often_and_where(wire, twin):
    wire.fault("error", times=1, match=CONTACTS)
    assert [create(wire, twin).status_code for _ in range(2)] == [502, 201]
    assert [mode for mode, _ in wire.seen] == ["error", "plain"]
