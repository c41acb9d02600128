"""Every door there is, walked by everybody: the table of doors is read here, so that a new page is walked as well.

Rows A01, A03, A07, A10, A15 and A16 of what the pages must withstand. A door with a new part in its path needs a
plausible value in ``VALUES``.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
import structlog
from flask import Flask

from connector.admin.areas import DOORS
from connector.admin.doors import EVERYWHERE, ROLES, Door, reaches
from connector.admin.frame import Frame
from connector.admin.pages import admin_blueprint
from connector.admin.porter import HousePorter
from connector.errors import StoreError
from connector.model.people import COMMAND_LINE
from connector.store.people_schema import ATTEMPTS, LINKS, SESSIONS
from connector.store.schema import METADATA, PORTALS, TENANT_TABLES
from connector.twin import Dials, Twin, serve_twin
from tests.admin.hall import PASSWORD, PUBLIC, Hall, Surfer, path_of
from tests.rig import OFF, rig

ACME, OTHER, NONE = "acme", "globex-7f3a", "nowhere-at-all"
CANARY = "Kanarienvogel7f3a"
VALUES = {
    "portal": ACME, "person": "2", "session": "00" * 8, "token": "x" * 43, "contact": "{contact}", "kind": "mapping",
    "version": "1", "run": "01JD3K", "run_id": "01JD3K", "hash": "3f9c0a", "object": "contacts",
    "object_type": "contacts", "property": "email", "field": "email", "row": "email", "name": "email", "number": "1",
    "id": "1", "cause": "notices", "what": "funnel", "thing": "1", "stage": "mql", "rule": "role",
    "document": "mapping", "draft": "1", "step": "1",
    "ident": "{contact}",
    "job": "1", "page": "1", "tab": "all", "entry": "1", "certificate": "1", "index": "0", "key": "email",
}  # fmt: skip
BY_PORTAL = [door for door in DOORS if door.of_portal]
OF_HOUSE = [door for door in DOORS if not door.of_portal]
POSTS = [door for door in DOORS if door.method == "POST"]


def named(door: Door) -> str:
    return f"{door.method} {door.path}"


@dataclass
class Town:
    """Two portals of two clients in one installation, and somebody with each role in one, in the other, everywhere."""

    hall: Hall
    contact: int
    other_contact: int
    acme: int
    other: int

    def __post_init__(self) -> None:
        self.everywhere = {role: self.hall.person(f"{role}@agency.example", role) for role in ROLES}
        self.of_acme = {role: self.hall.person(f"{role}@acme.example", role, self.acme) for role in ROLES}
        self.nobody = self.hall.surfer()
        self.roleless = self.hall.person("new@agency.example", None)

    def path(self, door: Door, portal: str = ACME) -> str:
        def value(found: re.Match[str]) -> str:
            name = found[1].rpartition(":")[2]
            assert name in VALUES, f"{named(door)}: give VALUES a plausible <{name}>"
            return VALUES[name].format(contact=self.contact if portal == ACME else self.other_contact)

        return re.sub(r"<([^>]+)>", value, door.path.replace("<portal>", portal))

    def knock(self, who: Surfer, door: Door, portal: str = ACME, **more):
        """As the page's own form would send it, with the token of the session."""
        data = {"csrf": csrf(who), **more} if door.method == "POST" else None
        return who.ask(door.method, self.path(door, portal), **({"data": data} if data else {"query_string": more}))

    def rows(self, *without: sa.Table, portal: int | None = None) -> dict[str, list[str]]:
        """Everything that is kept, or everything of one portal."""
        found = {}
        with self.hall.parts.store.view() as u:
            for table in METADATA.sorted_tables if portal is None else (*TENANT_TABLES, PORTALS):
                if table not in without:
                    which = table.c.get("portal_id", table.c.get("id"))
                    query = sa.select(table) if portal is None else sa.select(table).where(which == portal)
                    found[table.name] = sorted(map(repr, u.rows(query)))
        return found


def csrf(who: Surfer) -> str:
    from connector.sync.entrance import csrf_of

    return csrf_of(who.cookie)


@pytest.fixture(scope="module")
def town(tmp_path_factory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with ExitStack() as stack:
        r = stack.enter_context(rig(folder, contacts=20))
        theirs = Twin.empty(clock=r.clock, dials=Dials(**OFF))
        secret = theirs.create_contact({"email": f"{CANARY}@globex.example", "lastname": CANARY, "firstname": CANARY})
        url = stack.enter_context(serve_twin(theirs))
        with r.service() as service:
            service.add_portal(OTHER, theirs.token, url)
            for name in (ACME, OTHER):
                service.sync(name)
                service.plan(name)
            contact = next(int(row["id"]) for row in service.export(ACME, "contacts"))
            ids = {line["portal"]: service._row(line["portal"]).id for line in service.list_portals()["portals"]}
        hall = Hall(r.settings.model_copy(update={"public_url": PUBLIC}), r.clock)
        try:
            yield Town(hall, contact, int(secret), ids[ACME], ids[OTHER])
        finally:
            hall.parts.close()
            structlog.configure(**before)


@pytest.fixture(autouse=True)
def fresh(town):
    """Whoever an earlier walk has signed out is let in again."""
    people = {**{f"{role}@agency.example": who for role, who in town.everywhere.items()}}
    people |= {f"{role}@acme.example": who for role, who in town.of_acme.items()} | {
        "new@agency.example": town.roleless
    }
    for email, who in people.items():
        if not who.inside():
            who.send(path_of(town.hall.people.link(COMMAND_LINE, town.hall.id_of(email)).url), 303)


def silent(text: str) -> None:
    assert CANARY not in text
    assert OTHER not in text


class TestTenants:
    """A01: another client's portal does not exist for who has no role in it."""

    @pytest.mark.parametrize("door", BY_PORTAL, ids=named)
    def test_anothers_portal_is_not_there_whatever_the_role_at_home(self, town, door):
        before = town.rows(portal=town.other)
        for role in ROLES:
            answer = town.knock(town.of_acme[role], door, OTHER)
            assert answer.status_code == 404, role
            silent(answer.text)
            assert answer.text == town.knock(town.of_acme[role], door, NONE).text
        assert town.rows(portal=town.other) == before

    @pytest.mark.parametrize("door", BY_PORTAL, ids=named)
    def test_a_lesser_role_at_home_is_not_told_either(self, town, door):
        for role in ROLES:
            if not reaches(role, door.least):
                for who in (town.of_acme[role], town.everywhere[role]):
                    answer = town.knock(who, door)
                    assert answer.status_code == 404, role
                    assert answer.text == town.knock(who, door, NONE).text

    @pytest.mark.parametrize("door", [door for door in BY_PORTAL if door.method == "GET"], ids=named)
    def test_a_page_of_ones_own_opens_and_shows_nothing_of_the_other(self, town, door):
        ids = {"portal": OTHER, "portal_id": str(town.other), "contact": str(town.other_contact), "q": CANARY[:6]}
        for role in ROLES:
            if reaches(role, door.least):
                for more in ({}, ids):
                    answer = town.knock(town.of_acme[role], door, **more)
                    assert answer.status_code < 500, (role, answer.text[:500])
                    silent(answer.text.replace(CANARY[:6], "") if CANARY not in answer.text else answer.text)

    @pytest.mark.parametrize("door", OF_HOUSE, ids=named)
    def test_a_door_without_a_portal_wants_a_role_everywhere(self, town, door):
        if door.least in ("anybody", "signed_in"):
            pytest.skip("open to everybody who is signed in, or to everybody")
        for role in ROLES:
            assert town.knock(town.of_acme[role], door).status_code == 404, f"{role} in one portal"
            if not reaches(role, door.least):
                assert town.knock(town.everywhere[role], door).status_code == 404, f"{role} everywhere"
        assert town.knock(town.roleless, door).status_code == 404

    @pytest.mark.parametrize("door", [door for door in OF_HOUSE if door.method == "GET"], ids=named)
    def test_pages_of_the_house_open_for_whom_they_are_and_show_only_ones_own(self, town, door):
        for role, who in town.of_acme.items():
            if door.least in ("anybody", "signed_in"):
                answer = town.knock(who, door, portal=OTHER, portal_id=str(town.other), contact=str(town.other_contact))
                assert answer.status_code < 500, role
                silent(answer.text)
        assert town.knock(town.everywhere["owner"], door).status_code < 500

    @pytest.mark.parametrize("door", DOORS, ids=named)
    def test_nobody_gets_in_without_a_session(self, town, door):
        answer = town.nobody.ask(door.method, town.path(door))
        silent(answer.text)
        if door.least != "anybody":
            assert answer.status_code == (303 if door.method == "GET" else 401)
        if answer.status_code == 303:
            assert answer.headers["Location"].startswith("/admin/sign-in")

    def test_the_table_of_doors_leaves_no_way_around(self, town):
        """What the app serves below /admin is the doors and the styles, nothing else."""
        served = {
            (method, rule.rule.removeprefix("/admin"))
            for rule in town.hall.app.url_map.iter_rules() if rule.rule.startswith("/admin")
            for method in rule.methods - {"HEAD", "OPTIONS"}
        }  # fmt: skip
        assert served - {(door.method, door.path or "/") for door in DOORS} == {
            ("GET", "/static/<digest>/<path:name>"),
            ("GET", "/<path:missing>"),  # the page that says there is none
        }
        assert len({(door.method, door.path) for door in DOORS}) == len(DOORS)


class TestForms:
    """A03, A07: only a form of this very session does anything, and only what the page offers."""

    @pytest.mark.parametrize("door", POSTS, ids=named)
    def test_a_form_without_the_token_of_this_session_changes_nothing(self, town, door):
        who, other = town.everywhere["owner"], town.of_acme["owner"]
        before = town.rows(SESSIONS, ATTEMPTS)
        for token in (None, "", "x" * 43, csrf(other), csrf(who)[:-1], csrf(who) + "x"):
            data = {"name": "changed", "role": "owner"} | ({} if token is None else {"csrf": token})
            assert who.ask("POST", town.path(door), data=data).status_code == 403
        assert town.rows(SESSIONS, ATTEMPTS) == before
        assert who.inside()

    @pytest.mark.parametrize("door", POSTS, ids=named)
    def test_nor_does_the_token_in_the_address(self, town, door):
        who = town.everywhere["owner"]
        assert who.ask("POST", f"{town.path(door)}?csrf={csrf(who)}").status_code == 403

    @pytest.mark.parametrize("door", [d for d in POSTS if d.least in ("anybody", "signed_in")], ids=named)
    def test_fields_that_no_page_offers_change_nothing(self, town, door):
        """Whatever a person without a role adds to a form: nobody has another role afterwards."""
        with town.hall.parts.store.view() as u:
            before = u.rows(sa.select(METADATA.tables["roles"]))
        smuggled = {
            "role": "owner", "roles": "owner", "role-0": "owner", f"role-{town.other}": "owner", "is_admin": "true",
            "portal_id": str(town.other), "user_id": "1", "id": "1", "disabled_ms": "", "email": "evil@x.example",
            "password_hash": "x", "name": "New", "language": "en", "time_zone": "UTC", "points_cap": "999",
        }  # fmt: skip
        town.knock(town.roleless, door, **smuggled)
        with town.hall.parts.store.view() as u:
            assert u.rows(sa.select(METADATA.tables["roles"])) == before
        assert town.hall.people.named("new@agency.example").strongest is None

    @pytest.mark.parametrize("door", [door for door in DOORS if door.method == "GET"], ids=named)
    def test_looking_changes_nothing(self, town, door):
        if door.path.endswith("/plan"):
            town.knock(town.everywhere["owner"], door)  # where there is no plan yet, the first look makes one
        before = town.rows(SESSIONS, ATTEMPTS)
        town.knock(town.everywhere["owner"], door)
        assert town.rows(SESSIONS, ATTEMPTS) == before


class TestFaults:
    """A15: what breaks says nothing of the inside, on every door."""

    INSIDE = "SELECT secret FROM users WHERE x"

    @pytest.fixture
    def broken(self, town):
        def view(ask, **parts):
            raise RuntimeError(self.INSIDE)

        return self.app(town, [replace(door, view=view) for door in DOORS])

    @staticmethod
    def app(town, doors, **more):
        hall, service = town.hall, town.hall.service
        porter = HousePorter(hall.parts.store, service.entrance, service.books, hall.clock)
        parts = {"porter": porter} | more
        app = Flask("broken", static_folder=None)
        app.register_blueprint(
            admin_blueprint(
                Frame(hall.settings, hall.parts.store, service, hall.clock, request_work=print, **parts), doors
            )
        )
        return app

    def test_a_view_that_breaks(self, town, broken):
        who = Surfer(town.hall)
        who.client = broken.test_client()
        who.cookie = town.everywhere["owner"].cookie
        for door in DOORS:
            answer = town.knock(who, door)
            assert answer.status_code == 500, named(door)
            assert re.search(r"Ask for the number [0-9a-f]{8}", answer.text)
            for word in (self.INSIDE, "RuntimeError", "Traceback", "connector/", ".py", "SQL"):
                assert word not in answer.text

    @pytest.mark.parametrize("fault", [StoreError(INSIDE), RuntimeError(INSIDE)], ids=["store", "unforeseen"])
    def test_a_porter_that_breaks(self, town, fault):
        class Broken(HousePorter):
            def visitor(self, cookie):
                raise fault

        service = town.hall.service
        porter = Broken(town.hall.parts.store, service.entrance, service.books, town.hall.clock)
        client = self.app(town, DOORS, porter=porter).test_client()
        for door in DOORS:
            answer = client.open(f"/admin{town.path(door)}", method=door.method, base_url=PUBLIC)
            assert answer.status_code == (503 if isinstance(fault, StoreError) else 500)
            assert self.INSIDE not in answer.text
            assert "<h1>" in answer.text

    def test_a_database_that_fails_behind_the_door(self, town, monkeypatch):
        who = town.everywhere["owner"]
        found = town.hall.service.entrance.session(who.cookie)
        monkeypatch.setattr(town.hall.service.entrance, "session", lambda cookie: found)

        def fail(*_a, **_k):
            raise StoreError(self.INSIDE)

        for name in ("view", "unit"):
            monkeypatch.setattr(town.hall.parts.store, name, fail)
        for door in DOORS:
            answer = town.knock(who, door)
            assert answer.status_code < 600
            assert self.INSIDE not in answer.text


class TestHeaders:
    """A16: what a browser may do with our answers, on every door, whatever the answer is."""

    @pytest.mark.parametrize("door", DOORS, ids=named)
    def test_on_every_answer(self, town, door):
        answers = [town.knock(town.roleless, door), town.nobody.ask(door.method, town.path(door))]
        if door.method == "GET":
            answers.append(town.knock(town.everywhere["owner"], door))
        else:
            answers.append(town.everywhere["owner"].ask("POST", town.path(door), data={"csrf": "no"}))
        for answer in answers:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["X-Frame-Options"] == "DENY"
            assert not re.search(r"<[^>]+ style=|<script(?![^>]+src=)|<style| on[a-z]+=\"", answer.text)
            for cookie in answer.headers.getlist("Set-Cookie"):
                assert cookie.startswith("__Host-")
                for part in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
                    assert part in cookie

    def test_without_tls_the_cookie_has_a_plain_name_and_nothing_is_promised(self, tmp_path):
        from tests.admin.hall import open_hall

        with open_hall(tmp_path, public="http://127.0.0.1:8000") as hall:
            link = hall.invited("anna@agency.example", {EVERYWHERE: "owner"})
            client = hall.app.test_client()
            page = client.get(f"/admin{link}")
            assert "Strict-Transport-Security" not in page.headers
            form = re.search(r'name="form" value="([^"]+)"', page.text)[1]
            answer = client.post(f"/admin{link}", data={"form": form, "password": PASSWORD, "repeat": PASSWORD})
            assert answer.headers.getlist("Set-Cookie")[0].startswith("leadwright=")
            assert client.get("/admin/me").status_code == 200


def test_no_secret_is_to_be_found_anywhere(town, tmp_path, capfd):
    """A10: what opens a door is in no file, no log, no page and no number, neither as it is nor in another spelling."""
    import base64

    from tests.admin.test_signing_in import code_now, with_factor

    hall, email = town.hall, "vera@agency.example"
    before = structlog.get_config()
    events: list[str] = []

    def note(_logger, _method, event):
        events.append(repr(event))
        raise structlog.DropEvent

    structlog.configure(processors=[note], wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG))
    try:
        token = hall.invited(email, {EVERYWHERE: "admin"}).removeprefix("/link/")
        word = "Zwölf Möwen über Kiel 7f3a"
        who = hall.surfer(email)
        who.send(f"/link/{token}", 303, password=word, repeat=word)
        factor = with_factor(hall, who)
        codes = [line for line in who.last.text.split("<pre>")[1].split("</pre>")[0].splitlines() if line]
        hall.clock.advance(60)
        other = hall.surfer(email)
        other.sign_in(word, code=code_now(hall, factor))
        other.sign_in("wrong " + word)
        pages = [town.knock(who, door).text for door in DOORS if door.method == "GET" and door.least != "anybody"]
        pages += [
            hall.app.test_client().get(path, base_url=PUBLIC).text for path in ("/metrics", "/readyz", "/nothing")
        ]
        hall.service.backup(tmp_path / "a.backup")
    finally:
        structlog.configure(**before)
    secrets = [
        token,
        word,
        who.cookie,
        other.cookie,
        base64.b32encode(factor).decode(),
        base64.b64encode(factor).decode(),
    ]
    secrets += [codes[0], codes[0].replace("-", ""), hall.settings.secret_key.get_secret_value()]
    folder = hall.parts.store.file.parent
    kept = b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file() and file.name != ".env")
    assert b"SQLite format 3" in kept
    assert email.encode() in kept
    log = "\n".join(events) + "".join(capfd.readouterr())
    assert "signed_in" in log
    for secret in secrets:
        assert len(secret) >= 16
        assert secret.encode() not in kept
        assert factor not in kept
        assert secret not in log
        assert all(secret not in page for page in pages)
    assert email not in log
    with sqlite3.connect(f"file:{hall.parts.store.file}?mode=ro", uri=True) as read:
        told = [
            repr(row) for table in (SESSIONS, LINKS, ATTEMPTS) for row in read.execute(f"SELECT * FROM {table.name}")
        ]
    assert told
    assert not any(secret in row for row in told for secret in secrets)


INWARD = [
    "http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://0.0.0.0/", "http://127.1/", "http://0177.0.0.1/",
    "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://[::ffff:127.0.0.1]/", "http://[::]/",
    "http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://metadata.google.internal/",
    "http://100.100.100.200/", "http://10.0.0.1/", "http://10.255.255.255/", "http://172.16.0.1/", "http://172.31.9.9/",
    "http://192.168.0.1/", "http://192.0.2.1/", "http://[fe80::1]/", "http://[fc00::1]/", "http://224.0.0.1/",
    "http://127.0.0.1.nip.io/", "http://localtest.me/", "http://rebind.test/", "http://a@127.0.0.1/",
    "http://hub.example@127.0.0.1/", "http://127.0.0.1#hub.example", "http://127.0.0.1\\@hub.example/",
    "https://127.0.0.1/", "//127.0.0.1/", "http:127.0.0.1", "http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/",
    "gopher://127.0.0.1:6379/_x", "file:///etc/passwd", "ftp://127.0.0.1/", "dict://127.0.0.1:11211/",
]  # fmt: skip
FIELDS = (
    "url", "base_url", "address", "host", "callback", "redirect", "redirect_uri", "return_to", "next", "target", "logo",
    "webhook", "journal", "public_url", "hubspot_url", "link", "source", "name", "token", "text", "value", "body",
    "reason", "q",
)  # fmt: skip


class TestAddresses:
    """A08: no field of any page makes the service call an address; it calls where its operator said, nowhere else.

    There is no resolver to fool and no redirect to follow: an address that is typed in is never called.
    """

    def test_forty_of_them(self):
        assert len(set(INWARD)) == 40

    @pytest.mark.parametrize("door", POSTS, ids=named)
    def test_nobody_is_called(self, town, monkeypatch, door):
        asked: list[tuple[str, int]] = []

        def refused(where, *_, **__):
            asked.append((str(where[0]), int(where[1])))
            raise OSError("this test lets nobody out")

        monkeypatch.setattr("urllib3.util.connection.create_connection", refused)
        monkeypatch.setattr("socket.create_connection", refused)
        place = POSTS.index(door)
        given = {name: INWARD[(place * 7 + number) % 40] for number, name in enumerate(FIELDS)}
        if door.path == "/connect/token":
            given["name"] = "neu"  # so that the token is tried
        town.knock(town.everywhere["owner"], door, **given)
        if door.path.endswith("/disable"):  # somebody the other walks need
            town.knock(town.everywhere["owner"], next(one for one in POSTS if one.path.endswith("/enable")))
        with town.hall.parts.store.view() as u:
            connected = [row[0] for row in u.rows(sa.select(PORTALS.c.base_url))]
        known = [urlsplit(one) for one in (*connected, town.hall.settings.hubspot_url)]
        assert asked or door.path not in ("/connect/token", "/portals/<portal>/properties")  # or nothing was looked at
        assert set(asked) <= {(one.hostname, one.port or 443) for one in known}
