"""The people of an installation through its pages: invited, given roles, shut out; every sentence in two languages."""

from __future__ import annotations

import ast
import re

import pytest

from connector.admin.areas import DOORS
from connector.admin.doors import EVERYWHERE
from connector.admin.people import MAY
from connector.admin.words import catalogue
from connector.errors import ConfigError
from connector.model.people import COMMAND_LINE
from connector.rules import passwords, staff
from tests.admin.hall import PASSWORD, open_hall, path_of
from tests.house.code import HOUSE

OWNER, ADMIN, BO = "owner@agency.example", "admin@agency.example", "bo@client.example"


@pytest.fixture
def hall(tmp_path):
    with open_hall(tmp_path) as made:
        made.acme, made.globex = made.portal("acme", 11), made.portal("globex", 12)
        yield made


@pytest.fixture
def owner(hall):
    return hall.person(OWNER)


@pytest.fixture
def admin(hall, owner):
    return hall.person(ADMIN, "admin")


def link_on(page: str) -> str:
    return path_of(re.search(r"https://leads\.example\.test/admin/link/[\w-]+", page)[0])


class TestInviting:
    """A link to hand over; nothing is sent, nobody has a password that somebody else chose."""

    def test_from_the_form_to_the_first_page(self, hall, owner):
        page = owner.send("/people", 200, email=" Bo@Client.example ", name="Bo", role="viewer", where="acme")
        bo = hall.surfer(BO)
        bo.send(link_on(page), 303, password=PASSWORD, repeat=PASSWORD)
        assert bo.inside()
        person = hall.people.named(BO)
        assert (person.name, person.roles) == ("Bo", {hall.acme: "viewer"})
        assert hall.deeds()[-2:] == [
            (OWNER, "Invited a person", "", "bo@client.example: viewer in acme"),
            (BO, "Set the password by a one-time link", "", ""),
        ]

    def test_several_portals_or_all(self, hall, owner):
        owner.send("/people", 200, email=BO, role="editor", where=["acme", "globex"])
        assert hall.people.named(BO).roles == {hall.acme: "editor", hall.globex: "editor"}
        owner.send("/people", 200, email="c@client.example", role="analyst", where=["acme", "everywhere"])
        assert hall.people.named("c@client.example").roles == {EVERYWHERE: "analyst"}

    @pytest.mark.parametrize(
        ("form", "why"),
        [
            ({"email": "no address", "role": "viewer", "where": "acme"}, "not an e-mail address"),
            ({"email": BO, "role": "emperor", "where": "acme"}, "no such role"),
            ({"email": BO, "where": "acme"}, "no such role"),
            ({"email": BO, "role": "viewer"}, "at least one portal"),
            ({"email": BO, "role": "viewer", "where": "initech"}, "at least one portal"),
            ({"email": OWNER, "role": "viewer", "where": "acme"}, "invited already"),
        ],
    )
    def test_what_is_wrong_stands_above_the_form_with_what_was_typed(self, hall, owner, form, why):
        before = len(hall.people.every())
        page = owner.send("/people", 422, **form)
        assert why in page
        assert f'value="{form["email"]}"' in page
        assert len(hall.people.every()) == before

    def test_the_link_is_shown_once(self, hall, owner):
        link = link_on(owner.send("/people", 200, email=BO, role="viewer", where="acme"))
        number = hall.id_of(BO)
        for path in ("/people", f"/people/{number}", "/audit", "/me"):
            assert link not in owner.get(path)

    def test_a_markup_in_a_name_is_text(self, hall, owner):
        owner.send("/people", 200, email=BO, name="<script>alert(1)</script>", role="viewer", where="acme")
        owner.ask("GET", "/people")
        assert "<script>alert" not in owner.last.text
        assert "&lt;script&gt;" in owner.last.text


class TestTheList:
    """Everybody, with what they may do where."""

    def test_who_is_there(self, hall, owner):
        hall.invited(BO, {hall.acme: "viewer", hall.globex: "admin"})
        page = owner.get("/people")
        for told in (OWNER, BO, "viewer in acme", "admin in globex", "owner in all portals", "invited", "active"):
            assert told in page
        one = owner.get(f"/people/{hall.id_of(BO)}")
        assert "has not set a password yet" in one

    def test_somebody_who_is_nobody(self, owner):
        for number in ("99", "x", "-1", "1" * 30):
            assert "There is no such person" in owner.get(f"/people/{number}", 400)

    def test_it_is_for_admins_of_everything(self, hall, owner):
        for role in ("viewer", "analyst", "editor"):
            hall.person(f"{role}@x.example", role).get("/people", 404)
        hall.person("boss@x.example", "owner", hall.acme).get("/people", 404)
        hall.person("adm@x.example", "admin").get("/people")

    def test_in_german(self, hall, owner):
        owner.send("/me", page="/me", name="Anna", language="de", time_zone="Europe/Berlin")
        hall.invited(BO, {hall.acme: "viewer"})
        page = owner.get("/people")
        assert "Personen" in page
        assert "Leser in acme" in page
        assert "Inhaber in allen Portalen" in page
        assert "Hat eine Person eingeladen" in owner.get("/audit")


class TestChanging:
    """Roles hold from the next page on; each deed leaves one entry."""

    def test_roles_per_portal_and_for_all(self, hall, owner):
        bo = hall.person(BO, "viewer", hall.acme)
        bo.get("/people", 404)
        here = f"/people/{hall.id_of(BO)}"
        form = {"role-0": "admin", f"role-{hall.acme}": "", f"role-{hall.globex}": "editor", "role-99": "owner"}
        owner.send(f"{here}/roles", page=here, **form)
        assert hall.people.named(BO).roles == {EVERYWHERE: "admin", hall.globex: "editor"}
        bo.get("/people")
        assert hall.deeds()[-1] == (
            OWNER, "Changed roles", "bo@client.example: viewer in acme", "admin everywhere; editor in globex",
        )  # fmt: skip

    def test_all_roles_can_be_taken(self, hall, owner):
        hall.person(BO, "viewer", hall.acme)
        here = f"/people/{hall.id_of(BO)}"
        owner.send(f"{here}/roles", page=here)
        assert hall.people.named(BO).roles == {}

    def test_shut_out_and_let_in_again(self, hall, owner):
        bo = hall.person(BO, "viewer", hall.acme)
        here = f"/people/{hall.id_of(BO)}"
        owner.send(f"{here}/disable", page=here)
        assert not bo.inside()
        assert "disabled since" in owner.get(here)
        assert "disabled" in owner.send(f"{here}/link", 422, page=here)
        owner.send(f"{here}/enable", page=here)
        assert hall.surfer(BO).sign_in().status_code == 303
        assert [deed[1] for deed in hall.deeds()[-2:]] == ["Disabled a person", "Enabled a person"]
        assert hall.deeds()[-2][3] == "disabled; sessions ended: 1"

    @pytest.mark.parametrize(("reset", "label"), [("", "Sign in by this link"), ("yes", "Set a new password")])
    def test_a_new_link(self, hall, owner, reset, label):
        hall.person(BO, "viewer", hall.acme)
        here = f"/people/{hall.id_of(BO)}"
        link = link_on(owner.send(f"{here}/link", 200, page=here, reset=reset))
        assert label in hall.surfer().get(link)

    def test_every_deed_has_exactly_one_entry(self, hall, owner):
        hall.person(BO, "viewer", hall.acme)
        here = f"/people/{hall.id_of(BO)}"
        deeds = {
            f"{here}/roles": {"role-0": "viewer"}, f"{here}/sessions/end": {}, f"{here}/link": {},
            f"{here}/second-factor/remove": {}, f"{here}/disable": {}, f"{here}/enable": {},
        }  # fmt: skip
        for number, (path, form) in enumerate(deeds.items(), len(hall.deeds()) + 1):
            owner.send(path, None, page=here, **form)
            assert len(hall.deeds()) == number, path
        before = len(hall.deeds())
        owner.send("/me", page="/me", name="A", language="en", time_zone="UTC")
        owner.send("/me/password", page="/me", old=PASSWORD, password="noch ein Satz mehr", repeat="noch ein Satz mehr")
        assert [deed[1] for deed in hall.deeds()[before:]] == ["Changed the own profile", "Changed the own password"]

    def test_what_was_refused_leaves_none(self, hall, owner):
        before = hall.deeds()
        here = f"/people/{hall.id_of(OWNER)}"
        owner.send(f"{here}/disable", 422, page=here)
        owner.send("/people", 422, email="no", role="viewer", where="acme")
        assert hall.deeds() == before


class TestOwners:
    """Only an owner looks after owners; one is always left."""

    def test_the_last_one_cannot_be_shut_out_nor_become_less(self, hall, owner):
        here = f"/people/{hall.id_of(OWNER)}"
        assert "last owner" in owner.send(f"{here}/disable", 422, page=here)
        assert "last owner" in owner.send(f"{here}/roles", 422, page=here, **{"role-0": "admin"})
        assert owner.inside()
        assert hall.people.named(OWNER).roles == {EVERYWHERE: "owner"}

    def test_one_of_two_can(self, hall, owner):
        hall.person(BO)
        here = f"/people/{hall.id_of(OWNER)}"
        owner.send(f"{here}/roles", page=here, **{"role-0": "viewer"})
        assert hall.people.named(OWNER).roles == {EVERYWHERE: "viewer"}

    def test_two_who_shut_each_other_out_at_the_same_time_leave_one(self, hall, owner):
        import threading

        hall.person(BO)
        wrong = []

        def shut(email: str) -> None:
            try:
                hall.people.disable(COMMAND_LINE, hall.id_of(email))
            except ConfigError as fault:
                wrong.append(fault.reason)

        threads = [threading.Thread(target=shut, args=(email,)) for email in (OWNER, BO)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == ["last_owner"]

    def test_an_admin_makes_no_owner_and_touches_none(self, hall, admin):
        assert '<option value="owner"' not in admin.get("/people")
        form = {"email": BO, "role": "owner", "where": "acme"}
        assert "Only an owner" in admin.send("/people", 422, **form)
        hall.person(BO, "viewer", hall.acme)
        here = f"/people/{hall.id_of(BO)}"
        assert "Only an owner" in admin.send(f"{here}/roles", 422, page=here, **{f"role-{hall.acme}": "owner"})
        boss = f"/people/{hall.id_of(OWNER)}"
        assert "only an owner can change" in admin.get(boss)
        for act in ("roles", "disable", "enable", "sessions/end", "second-factor/remove", "link"):
            assert "Only an owner" in admin.send(f"{boss}/{act}", 422, page=boss)
        assert hall.people.named(OWNER).roles == {EVERYWHERE: "owner"}

    def test_an_admin_looks_after_everybody_else(self, hall, admin):
        admin.send("/people", 200, email=BO, role="admin", where="everywhere")
        here = f"/people/{hall.id_of(BO)}"
        admin.send(f"{here}/disable", page=here)
        assert hall.people.named(BO).disabled_ms is not None


class TestOneself:
    """Name, language, time zone."""

    def test_language_and_time_zone_hold_at_once(self, hall, owner):
        owner.send("/me", page="/me", name="Anna", language="de", time_zone="Europe/Berlin")
        page = owner.get("/me")
        assert "Gespeichert." in page
        assert "Europe/Berlin" in page
        assert "Gespeichert." not in owner.get("/me")
        assert hall.people.named(OWNER).name == "Anna"

    @pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "UTC\x00"])
    def test_a_time_zone_that_is_none(self, hall, owner, zone):
        assert "no such time zone" in owner.send("/me", 422, page="/me", name="A", time_zone=zone)
        assert hall.people.named(OWNER).time_zone == "UTC"

    def test_without_any_role_there_is_still_oneself(self, hall, owner):
        bo = hall.person(BO, None)
        assert BO in bo.get("/me")
        bo.get("/people", 404)
        bo.get("/audit", 404)


class TestWords:
    """Every sentence of every page is there in German too."""

    SAID = re.compile(r"\bt\(\s*(?:\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)')")

    def told(self) -> set[str]:
        found = set()
        for file in (HOUSE / "connector" / "admin" / "templates").rglob("*.html"):
            found |= {a or b for a, b in self.SAID.findall(file.read_text(encoding="utf-8"))}
        for file in (HOUSE / "connector" / "admin").glob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "t" and node.args:
                    found |= {a.value for a in node.args[:1] if isinstance(a, ast.Constant)}
        return found

    def test_of_the_templates_and_views(self):
        assert len(self.told()) > 100
        assert sorted(self.told() - set(catalogue("de"))) == []

    def test_of_what_flows_say(self):
        """Sentences that views hand on: of roles, passwords, refusals, and entries of the audit log."""
        said = {*MAY.values(), staff.NOT_YOURS, staff.LAST_OWNER, staff.NO_ADDRESS, staff.NO_ROLE}
        said |= {passwords.TOO_SHORT, passwords.TOO_LONG, passwords.TOO_PLAIN, passwords.TOO_NEAR}
        for name in ("people", "own_account", "entrance"):
            tree = ast.parse((HOUSE / "connector" / "sync" / f"{name}.py").read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                if isinstance(node, ast.Call):
                    called = ast.unparse(node.func)
                    at = {"self._books.book": 2, "self._change": 2, "ConfigError": 0}.get(called)
                    found = node.args[at] if at is not None else None
                    said |= {found.value} if isinstance(found, ast.Constant) else set()
        assert len(said) > 25
        assert sorted(said - set(catalogue("de"))) == []

    def test_placeholders_are_the_same(self):
        for english, german in catalogue("de").items():
            assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", german)), english


def test_no_door_is_open_to_everybody_but_those_of_the_entrance():
    assert {door.path for door in DOORS if door.least == "anybody"} == {"/sign-in", "/sign-in/code", "/link/<token>"}
