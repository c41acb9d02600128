"""Every route there is, walked: the table the server itself uses is read here, so a new route is walked as well.

Rows R04, A07, A14 and A15 of what the service must withstand. A route with a body needs a good one in ``BODIES``.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.api.areas import ROUTES
from connector.api.describing import ProblemBody
from connector.api.entry import MOST_BYTES, api_blueprint
from connector.api.limits import Pace
from connector.api.routes import PREFIX, Frame, Route
from connector.api.shapes import Csv, Nothing, Out
from connector.errors import StoreError
from connector.presets import preset_text
from connector.rules import staff
from connector.sheet import USUAL, read
from connector.sync.rulebook import SHIPPED
from connector.sync.sheets.documents import sheet_of
from tests.api.conftest import ACME, OTHER, Desk, Program

VALUES = {"portal": ACME, "contact": "{contact}", "kind": "scoring", "version": "1", "errand": "plan-1",
          "cause": "0" * 24, "report": "kpis", "run": "apply-1"}  # fmt: skip
BODIES: dict[str, dict[str, Any]] = {
    "sync_now": {}, "make_plan": {}, "apply_plan": {"hash": "3f9c"},
    "save_draft": {"body": preset_text(*SHIPPED["scoring"])},
    "dry_run_draft": {}, "scores_of_draft": {}, "undo_run": {}, "publish_draft": {"revision": 1, "reason": "because"},
    "sign_draft": {"side": "sales", "revision": 1},
    "revert_document": {"version": 1, "expected": 1}, "retry_held": {"how": "all"},
}  # fmt: skip
OF_PORTAL = [route for route in ROUTES if route.of_portal]
SHEET = sheet_of("scoring", preset_text(*SHIPPED["scoring"]).replace("points: 15", "points: 20"))
WITH_BODY = [route for route in ROUTES if route.body not in (None, Csv)]
WITH_SHEET = [route for route in ROUTES if route.body is Csv]
INSIDE = re.compile(
    r"Traceback|\.py\b|sqlalchemy|sqlite|psycopg|SELECT |INSERT |pydantic|line \d+, in|(?<![\w/])/\w+/\w+/"
)


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


def address(desk: Desk, route: Route, portal: str = ACME) -> str:
    values = {name: value.format(contact=desk.contact) for name, value in VALUES.items()} | {"portal": portal}
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], route.path)


def good(route: Route) -> dict[str, Any]:
    """A good body for the route, if it takes one."""
    if route.body is Csv:
        return {"data": SHEET, "content_type": "text/csv"}
    return {"json": BODIES[route.name]} if route.body is not None else {}


def fits(route: Route, answer: Any) -> None:
    """The answer is of the kind that is described."""
    if route.answer is Csv:
        assert answer.content_type == "text/csv; charset=utf-8"
        read(answer.data, "x.csv")
    else:
        assert issubclass(route.answer, Out)
        route.answer.model_validate(answer.json)


def knock(desk: Desk, who: Program, route: Route, portal: str = ACME, **more: Any) -> Any:
    """As a program would, with a good body."""
    if not {"json", "data"} & more.keys():
        more |= good(route)
    if route.if_match:
        more["headers"] = {"If-Match": '"0"'} | more.get("headers", {})
    return who.ask(route.method, address(desk, route, portal), **more)


def problem(answer: Any, *statuses: int) -> dict[str, Any]:
    """The answer is a problem as promised, and tells nothing of the inside."""
    assert answer.status_code in statuses, answer.text[:1000]
    assert answer.content_type == "application/problem+json"
    body = answer.json
    ProblemBody.model_validate(body)
    assert body["status"] == answer.status_code
    assert body["detail"]
    assert body["remedy"]
    assert not INSIDE.search(answer.text), answer.text
    return body


def kept(desk: Desk) -> tuple[Any, ...]:
    """What calls could have changed."""
    from connector.store import cursors, documents, drafts

    with desk.service.store.view() as u:
        return tuple(
            (documents.versions(u, one), drafts.every(u, one),
             sorted(row.stream for row in cursors.every(u, one) if row.stream.startswith("errand/")))
            for one in (desk.acme, desk.other)
        ), len(desk.woken), len(desk.deeds())  # fmt: skip


class TestWhoComesIn:
    """A token, its portal, its role; and nothing beside."""

    @pytest.mark.parametrize("route", ROUTES, ids=named)
    @pytest.mark.parametrize("token", ["", "lw_" + "x" * 43, "nonsense"])
    def test_without_a_good_token_401(self, shared, route, token):
        before = kept(shared)
        answer = knock(shared, Program(shared, token), route)
        problem(answer, 401)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert kept(shared) == before

    @pytest.mark.parametrize("route", ROUTES, ids=named)
    def test_a_cookie_or_a_parameter_is_no_token(self, shared, route):
        token = shared.program("admin").token
        shared.browser.set_cookie("leadwright", token)
        for more in ({}, {"headers": {"Authorization": f"Basic {token}"}}, {"headers": {"X-Api-Key": token}}):
            problem(knock(shared, Program(shared, ""), route, **more), 401)
        problem(knock(shared, Program(shared, ""), route, query_string={"token": token}), 401)
        shared.browser.delete_cookie("leadwright")

    @pytest.mark.parametrize("route", OF_PORTAL, ids=named)
    def test_another_portal_is_404_as_if_there_were_none(self, shared, route):
        before = kept(shared)
        there = problem(knock(shared, shared.program("admin"), route, OTHER), 404)
        nowhere = problem(knock(shared, shared.program("admin"), route, "nowhere-at-all"), 404)
        assert there == nowhere
        assert OTHER not in str(there)
        assert kept(shared) == before

    @pytest.mark.parametrize("route", [one for one in ROUTES if one.least != "viewer"], ids=named)
    def test_too_small_a_role_is_403(self, shared, route):
        before = kept(shared)
        for role in ("viewer", "analyst", "editor"):
            if not staff.reaches(role, route.least):
                assert route.least in problem(knock(shared, shared.program(role), route), 403)["detail"]
        assert kept(shared) == before

    @pytest.mark.parametrize("route", ROUTES, ids=named)
    def test_the_role_it_needs_is_let_in(self, shared, route):
        for portal in (ACME, ""):
            answer = knock(shared, shared.program(route.least, portal), route)
            assert answer.status_code not in (401, 403, 422, 500), answer.text
            if answer.status_code < 300:
                fits(route, answer)
                assert answer.status_code == route.status

    @pytest.mark.parametrize("route", ROUTES, ids=named)
    def test_too_many_calls_are_429(self, shared, route):
        app = Flask("paced", static_folder=None)
        frame = Frame(shared.service.store, shared.service, shared.clock, lambda *_: None)
        app.register_blueprint(api_blueprint(frame, ROUTES, Pace(burst=0, per_second=0.5)))
        headers = {"Authorization": f"Bearer {shared.program('admin').token}"}
        answer = app.test_client().open(PREFIX + address(shared, route), method=route.method, headers=headers)
        problem(answer, 429)
        assert answer.headers["Retry-After"] == "2"


class TestWhatIsSent:
    """Only what fits; everything else is named, changes nothing and never breaks anything."""

    @pytest.mark.parametrize("route", WITH_BODY, ids=named)
    @pytest.mark.parametrize(
        ("data", "kind", "statuses"),
        [
            (b"{", "application/json", (400,)),
            (b"", "application/json", (400,)),
            (b"\xff\xfe", "application/json", (400,)),
            (b'{"a": NaN}', "application/json", (400,)),
            (b'"\\ud800"', "application/json", (400,)),
            (b"[" * 100_000, "application/json", (400,)),
            (b"[]", "application/json", (422,)),
            (b"null", "application/json", (422,)),
            (b"{}", "text/plain", (415,)),
            (b"{}", "application/json; charset=utf-16", (415,)),
            (b"a=1", "application/x-www-form-urlencoded", (415,)),
            (b"{}", "multipart/form-data; boundary=x", (415,)),
            (b" " * (MOST_BYTES + 1), "application/json", (413,)),
        ],
    )
    def test_bodies_that_are_none(self, shared, route, data, kind, statuses):
        before = kept(shared)
        answer = knock(shared, shared.program("admin"), route, data=data, content_type=kind)
        problem(answer, *statuses)
        assert kept(shared) == before

    @pytest.mark.parametrize("route", WITH_SHEET, ids=named)
    @pytest.mark.parametrize(
        ("data", "kind", "statuses"),
        [
            (b"", "text/csv", (422,)),
            (b"\xff\xfe", "text/csv", (422,)),
            (b"\x00", "text/csv", (422,)),
            (b'name,points\n"a', "text/csv", (422,)),
            (b"name\n" + b"a\n" * 6000, "text/csv; charset=utf-8", (422,)),
            (SHEET, "text/csv; charset=windows-1252", (415,)),
            (SHEET, "application/json", (415,)),
            (b"{}", "application/json", (415,)),
            (SHEET, "text/plain", (415,)),
            (SHEET, "multipart/form-data; boundary=x", (415,)),
            (b" " * (USUAL.bytes + 1), "text/csv", (413,)),
        ],
    )
    def test_sheets_that_are_none(self, shared, route, data, kind, statuses):
        before = kept(shared)
        answer = knock(shared, shared.program("admin"), route, data=data, content_type=kind)
        problem(answer, *statuses)
        assert kept(shared) == before

    @pytest.mark.parametrize("route", WITH_BODY, ids=named)
    @pytest.mark.parametrize("name", ["role", "portal_id", "portal", "is_admin", "points_cap", "id", "__proto__"])
    def test_a_field_nobody_knows_is_refused_and_named(self, shared, route, name):
        before = kept(shared)
        body = BODIES[route.name] | {name: 1}
        told = problem(knock(shared, shared.program("admin"), route, json=body), 422)
        assert told["errors"] == [{"field": name, "message": "is unknown here"}]
        assert kept(shared) == before

    @pytest.mark.parametrize("route", ROUTES, ids=named)
    def test_so_is_a_parameter_nobody_knows_or_that_comes_twice(self, shared, route):
        who = shared.program("admin")
        for query in ({"portal_id": "2"}, [("order", "score"), ("order", "score")]):
            assert problem(knock(shared, who, route, query_string=query), 422)["errors"][0]["field"]

    @pytest.mark.parametrize(
        ("name", "body", "field"),
        [
            (route.name, BODIES[route.name] | {field: wrong}, field)
            for route in WITH_BODY
            for field, shape in route.body.model_fields.items()
            for wrong in (
                [False, True, "5", 5.0, 5.5, -1, 1e400, 10**12, [], {}, *([None] if shape.is_required() else [])]
                if "int" in str(shape.annotation)
                else [False, 5, 5.0, [], {}, ["a"], *([None] if shape.is_required() else [])]
            )
            if wrong != 1e400
        ],
    )
    def test_a_value_of_another_kind_is_refused_and_its_field_named(self, shared, name, body, field):
        route = next(one for one in ROUTES if one.name == name)
        before = kept(shared)
        told = problem(knock(shared, shared.program("admin"), route, json=body), 422)
        assert {one["field"] for one in told["errors"]} == {field}
        assert kept(shared) == before

    @pytest.mark.parametrize("value", ["5.0", "0x5", "1_000", " 5", "+5", "٥", "1e3", "true", "", "9" * 30, "5;--"])
    def test_a_number_in_an_address_is_digits(self, shared, value):
        who = shared.program("admin")
        for path, name in ((f"/portals/{ACME}/contacts", "min_score"), (f"/portals/{ACME}/runs", "before"),
                           (f"/portals/{ACME}/plan/changes", "after")):  # fmt: skip
            told = problem(who.ask("GET", path, query_string={name: value}), 422)
            assert [one["field"] for one in told["errors"]] == [name]

    def test_no_value_is_repeated_in_an_error(self, shared):
        canary = "Kanarienvogel7f3a"
        who = shared.program("admin")
        for route in ROUTES:
            for field in route.query.model_fields:
                answer = knock(shared, who, route, query_string={field: canary})
                assert canary not in answer.text
        for route in WITH_BODY:
            answer = knock(shared, who, route, json={name: [canary] for name in route.body.model_fields})
            assert canary not in answer.text


INJECTED = [
    "' OR 1=1 --", '"; DROP TABLE contacts; --', "1 UNION SELECT 1", "score; --", "(SELECT 1)", "%27", "\x00",
    "../../etc/passwd", "{{7*7}}", "$" + "{7*7}", "é" * 50, "\ud800", "A" * 5000, "-0", "0x1", "score desc",
]  # fmt: skip
ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=40) | st.sampled_from(INJECTED[:13]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


class TestAnything:
    """Whatever is sent: an answer of the kind that is promised, never a broken one, never another portal's row."""

    @pytest.mark.parametrize("value", INJECTED)
    def test_injections_in_every_place(self, shared, value):
        who = shared.program("admin")
        for route in ROUTES:
            for field in route.query.model_fields:
                name = route.query.model_fields[field].alias or field
                answer = knock(shared, who, route, query_string={name: value.encode("utf-8", "replace")})
                assert answer.status_code in (200, 202, 404, 409, 422), f"{named(route)} {name}: {answer.text}"
                assert OTHER not in answer.text
            for part in route.parts:
                path = re.sub(r"\{(\w+)\}", lambda f, p=part: "@@" if f[1] == p else VALUES[f[1]], route.path)
                path = path.replace("{contact}", "1").replace("@@", value.encode("utf-8", "replace").decode())
                answer = who.ask(route.method, path, json={})
                assert answer.status_code in (301, 308, 400, 404, 405, 422, 428), f"{path}: {answer.text[:300]}"

    @pytest.mark.parametrize("route", ROUTES, ids=named)
    def test_fuzzed(self, shared, route):
        who = shared.program("admin")
        path = address(shared, route)
        names = [f.alias or n for n, f in route.query.model_fields.items()] or ["x"]
        fields = list((route.body if route in WITH_BODY else Nothing).model_fields) or ["x"]

        @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(
            query=st.dictionaries(st.sampled_from(names), st.text(st.characters(codec="utf-8"), max_size=30)),
            body=st.dictionaries(st.sampled_from(fields), ANY) | ANY,
            match=st.sampled_from(["", '"0"', '"1"', "*", 'W/"1"', '"' + "9" * 40 + '"']),
        )
        def fuzz(query, body, match):
            more = {"json": body} if route in WITH_BODY else {}
            if route in WITH_SHEET:
                more = {"data": str(body).encode("utf-8", "replace"), "content_type": "text/csv"}
            headers = {"If-Match": match} if match else {}
            answer = who.ask(route.method, path, query_string=query, headers=headers, **more)
            assert answer.status_code < 500, answer.text
            if answer.status_code >= 400:
                problem(answer, answer.status_code)
            assert OTHER not in answer.text

        fuzz()


class TestForcedErrors:
    """A15: whatever breaks inside, the answer is a reference or a plain sentence, on every route."""

    WORDS = "SELECT secret FROM tokens at /srv/leadwright/connector/store/engine.py line 42"

    @pytest.mark.parametrize("route", ROUTES, ids=named)
    def test_an_unforeseen_fault_is_a_reference(self, shared, route):
        from dataclasses import replace

        def broken(_call):
            raise RuntimeError(self.WORDS)

        broken.__name__ = route.name
        told = problem(self._served(shared, replace(route, view=broken)), 500)
        assert re.fullmatch(r"[0-9a-f]{8}", told["reference"])
        assert "SELECT" not in str(told)

    @pytest.mark.parametrize("route", ROUTES, ids=named)
    def test_an_answer_that_is_not_as_described_is_our_fault(self, shared, route):
        from dataclasses import replace

        def lying(_call):
            return {"portal": 5, "contact": None}

        lying.__name__ = route.name
        problem(self._served(shared, replace(route, view=lying)), 500)

    @pytest.mark.parametrize("route", ROUTES, ids=named)
    def test_a_database_that_fails_is_503(self, shared, route, monkeypatch):
        token = shared.program("admin").token
        path = address(shared, route)
        caller = shared.service.tokens.caller(token)
        monkeypatch.setattr(shared.service.tokens, "caller", lambda _secret: caller)

        def fail(*_a, **_k):
            raise StoreError(self.WORDS)

        for name in ("view", "unit"):
            monkeypatch.setattr(shared.service.store, name, fail)
        headers = {"Authorization": f"Bearer {token}", "If-Match": '"0"'}
        more = good(route)
        answer = shared.browser.open(PREFIX + path, method=route.method, headers=headers, **more)
        assert "SELECT" not in problem(answer, 503)["detail"]
        assert answer.headers["Retry-After"]

    def _served(self, desk, route):
        app = Flask("broken", static_folder=None)
        frame = Frame(desk.service.store, desk.service, desk.clock, lambda *_: None)
        app.register_blueprint(api_blueprint(frame, [route]))
        headers = {"Authorization": f"Bearer {desk.program('admin').token}", "If-Match": '"0"'}
        more = good(route)
        return app.test_client().open(PREFIX + address(desk, route), method=route.method, headers=headers, **more)

    def test_an_address_or_a_method_that_is_none(self, shared):
        who = shared.program("admin")
        for path in ("/", "/portal", f"/portals/{ACME}/nothing", "/portals//contacts", f"/portals/{ACME}/../{OTHER}"):
            problem(who.ask("GET", path), 404)
        assert who.ask("DELETE", f"/portals/{ACME}").status_code in (404, 405)


def test_what_a_viewer_may_do_changes_nothing():
    assert {route.method for route in ROUTES if route.least == "viewer"} == {"GET"}
    assert {route.least for route in ROUTES if route.method == "GET"} <= {"viewer", "analyst", "editor"}
