"""A portal that was just connected: nothing is mirrored, judged or planned yet, and every call says so plainly."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from connector.api.areas import ROUTES
from connector.api.describing import ProblemBody
from connector.store.schema import RECEIPTS
from tests.api.conftest import OTHER, PEOPLE
from tests.api.test_every_route import VALUES, fits, good, named


@pytest.mark.parametrize("route", [one for one in ROUTES if one.of_portal], ids=named)
def test_every_call_is_answered(shared, route):
    values = VALUES | {"portal": OTHER, "contact": "4711"}
    path = re.sub(r"\{(\w+)\}", lambda found: values[found[1]], route.path)
    headers = {"If-Match": '"0"'} if route.if_match else {}
    answer = shared.program("admin", "").ask(route.method, path, headers=headers, **good(route))
    assert answer.status_code in (route.status, 404, 409, 412), answer.text
    if answer.status_code == route.status:
        fits(route, answer)
    else:
        ProblemBody.model_validate(answer.json)


def test_nobody_yet(shared):
    who = shared.program("viewer", "")
    told = who.get(f"/portals/{OTHER}/contacts")
    assert (told["contacts"], told["total"], told["next"]) == ([], 0, None)
    assert "not mirrored yet" in who.get(f"/portals/{OTHER}")["state"]
    who.get(f"/portals/{OTHER}/contacts/{shared.contact}", 404)


def test_mirrored_and_not_judged_yet_they_stand_by_their_ids(desk):
    with desk.service.store.unit() as u:
        u.change(sa.delete(RECEIPTS).where(RECEIPTS.c.portal_id == desk.acme))
    who = desk.program("viewer")
    first = who.get("/portals/acme/contacts")
    second = who.get("/portals/acme/contacts", cursor=first["next"])
    ids = [int(one["contact"]) for one in first["contacts"] + second["contacts"]]
    assert ids == sorted(set(ids))
    assert len(ids) == PEOPLE
    assert {one["score"] for one in first["contacts"]} == {None}
