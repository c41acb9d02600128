"""Signing in as a browser does it: links, passwords, the second factor; sessions that end; guesses lead nowhere."""

from __future__ import annotations

import time

import pytest

from connector.errors import ConfigError, ConnectorError
from connector.model.people import COMMAND_LINE, EVERYWHERE
from connector.rules import totp
from connector.store import users
from connector.sync import entrance as flow
from connector.sync.entrance import Browser
from connector.sync.hashing import WITH_THOSE_WHO_WAIT, Hasher
from tests import databases
from tests.admin.hall import COOKIE, HOST, PASSWORD, PUBLIC, Hall, open_hall, path_of

ANNA = "anna@agency.example"
HOUR, MINUTE = 3600, 60


@pytest.fixture
def hall(tmp_path):
    with open_hall(tmp_path) as made:
        yield made


@pytest.fixture(params=databases.KINDS)
def either(request, tmp_path):
    with open_hall(tmp_path, request.param) as made:
        yield made


class TestTheFirstPerson:
    """Nobody has a password that somebody else chose."""

    def test_an_empty_installation_says_how_to_let_somebody_in(self, hall):
        page = hall.surfer().get("/sign-in")
        assert "leadwright people invite" in page
        assert 'name="password"' not in page

    def test_no_account_is_there_from_the_start(self, hall):
        for email in ("admin", "admin@localhost", "root@localhost", ""):
            for password in ("admin", "password", "leadwright", ""):
                assert not hall.service.entrance.by_password(email, password, "", Browser()).cookie

    def test_the_first_page_sends_to_sign_in(self, hall):
        answer = hall.app.test_client().get("/", base_url=PUBLIC)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
        hall.surfer().get("/me", 303)

    def test_the_pages_need_a_key(self, hall):
        from connector.serving.web import Parts, create_app

        for key in (None, "no key"):
            bare = hall.settings.model_copy(update={"secret_key": key and type(hall.settings.secret_key)(key)})
            parts = Parts.open(bare, lambda _front: lambda _u, _portal: None, clock=hall.clock)
            client = create_app(parts).test_client()
            assert client.get("/admin/sign-in").status_code == 404
            assert client.get("/livez").status_code == 200
            parts.close()


class TestLinks:
    """Good once, for a while, for one person; looking spends nothing."""

    def test_it_lets_in_and_sets_the_password(self, either):
        surfer = either.surfer(ANNA)
        link = either.invited(ANNA, {EVERYWHERE: "owner"})
        for _ in range(3):
            assert "Welcome" in surfer.get(link)
            assert not surfer.inside()
        surfer.send(link, 303, password=PASSWORD, repeat=PASSWORD)
        assert surfer.inside()
        other = either.surfer(ANNA)
        assert other.sign_in().status_code == 303
        assert other.inside()

    def test_it_is_good_once(self, hall):
        link = hall.invited(ANNA, {EVERYWHERE: "owner"})
        hall.surfer().send(link, 303, password=PASSWORD, repeat=PASSWORD)
        thief = hall.surfer()
        assert "used already" in thief.get(link, 404)
        thief.ask("POST", link, data={"password": PASSWORD, "repeat": PASSWORD})
        assert not thief.inside()

    @pytest.mark.parametrize(("purpose", "hours"), [("invite", 24), ("sign_in", 0.25)])
    def test_it_grows_old(self, hall, purpose, hours):
        link = hall.invited(ANNA, {EVERYWHERE: "owner"})
        if purpose == "sign_in":
            hall.surfer().send(link, 303, password=PASSWORD, repeat=PASSWORD)
            link = path_of(hall.people.link(COMMAND_LINE, hall.id_of(ANNA)).url)
        hall.clock.advance(hours * HOUR - 1)
        hall.surfer().get(link)
        hall.clock.advance(2)
        assert "too old" in hall.surfer().get(link, 404)

    def test_a_new_one_makes_the_old_one_worthless(self, hall):
        old = hall.invited(ANNA, {EVERYWHERE: "owner"})
        new = path_of(hall.people.link(COMMAND_LINE, hall.id_of(ANNA)).url)
        assert "used already" in hall.surfer().get(old, 404)
        assert "Welcome" in hall.surfer().get(new)

    @pytest.mark.parametrize("token", ["x", "x" * 43, "ä", "%00", "a" * 5000])
    def test_an_invented_one_opens_nothing(self, hall, token):
        assert "opens nothing" in hall.surfer().get(f"/link/{token}", 404)

    def test_it_opens_nothing_for_who_was_shut_out(self, hall):
        hall.person("owner@agency.example")
        link = hall.invited(ANNA, {EVERYWHERE: "viewer"})
        hall.people.disable(COMMAND_LINE, hall.id_of(ANNA))
        hall.surfer().get(link, 404)

    def test_a_link_to_sign_in_leaves_the_password_alone(self, hall):
        hall.person(ANNA)
        surfer = hall.surfer(ANNA)
        link = path_of(hall.people.link(COMMAND_LINE, hall.id_of(ANNA)).url)
        assert 'name="password"' not in surfer.get(link)
        surfer.send(link, 303, password="another password altogether", repeat="another password altogether")
        assert surfer.inside()
        assert hall.surfer(ANNA).sign_in().status_code == 303

    def test_a_link_to_reset_sets_another_and_ends_what_was_open(self, hall):
        before = hall.person(ANNA)
        link = path_of(hall.people.link(COMMAND_LINE, hall.id_of(ANNA), reset=True).url)
        surfer = hall.surfer(ANNA)
        surfer.send(link, 303, password="ein ganz anderer Satz", repeat="ein ganz anderer Satz")
        assert surfer.inside()
        assert not before.inside()
        assert hall.surfer(ANNA).sign_in().status_code == 422

    @pytest.mark.parametrize(
        ("password", "repeat", "why"),
        [
            ("short", "short", "fewer than 12"),
            ("x" * 129, "x" * 129, "more than 128"),
            ("password123456", "password123456", "would be guessed"),
            ("anna mag ihre Katze", "anna mag ihre Katze", "your name or your address"),
            (PASSWORD, PASSWORD + "!", "differ"),
        ],
    )
    def test_a_bad_password_is_refused_and_the_link_stays_good(self, hall, password, repeat, why):
        link = hall.invited(ANNA, {EVERYWHERE: "owner"})
        surfer = hall.surfer(ANNA)
        assert why in surfer.send(link, 422, password=password, repeat=repeat)
        assert not surfer.inside()
        surfer.send(link, 303, password=PASSWORD, repeat=PASSWORD)

    def test_used_twice_at_the_same_moment_it_lets_one_in(self, either):
        link = either.invited(ANNA, {EVERYWHERE: "owner"}).removeprefix("/link/")
        entrance = either.service.entrance
        looked = entrance.look
        entrance.look = lambda token: (looked(token), entrance.__dict__.pop("look"), other())[0]  # between look and use
        inside = []

        def other() -> None:
            inside.append(entrance.by_link(link, PASSWORD, Browser()))

        with pytest.raises(ConfigError, match="used already"):
            entrance.by_link(link, PASSWORD, Browser())
        assert [bool(answer.cookie) for answer in inside] == [True]


class TestPasswords:
    """One sentence for every failure."""

    def test_whatever_is_wrong_the_page_is_the_same(self, hall):
        hall.person(ANNA)
        hall.person("gone@agency.example", "viewer")
        hall.people.disable(COMMAND_LINE, hall.id_of("gone@agency.example"))
        hall.invited("new@agency.example", {EVERYWHERE: "viewer"})
        pages = []
        for email, password in (
            (ANNA, "wrong"), ("nobody@agency.example", PASSWORD), ("gone@agency.example", PASSWORD),
            ("new@agency.example", PASSWORD), (ANNA, PASSWORD + "x" * 200), (ANNA, ""),
        ):  # fmt: skip
            surfer = hall.surfer(email)
            surfer.sign_in(password, status=422)
            pages.append(surfer.last.text.replace(email, "").replace(surfer.tokens(surfer.last.text)["form"], ""))
            assert not surfer.inside()
        assert len(set(pages)) == 1
        assert "is not right" in pages[0]

    def test_the_address_may_be_typed_in_any_case(self, hall):
        hall.person(ANNA)
        assert hall.surfer(f"  {ANNA.upper()} ").sign_in().status_code == 303

    def test_the_same_letters_from_another_keyboard_are_the_same_password(self, hall):
        surfer = hall.surfer(ANNA)
        link = hall.invited(ANNA, {EVERYWHERE: "owner"})
        surfer.send(link, 303, password="Fünf Bären gähnen", repeat="Fünf Bären gähnen")
        assert hall.surfer(ANNA).sign_in("Fünf Bären gähnen").status_code == 303

    def test_it_is_kept_as_argon2id_and_made_anew_when_the_parameters_grow(self, hall):
        hall.person(ANNA)
        before = hall.people.named(ANNA).password_hash
        assert before.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        weak = flow.Entrance(hall.parts.store, hall.service._vault, hall.clock, hasher=Hasher(rounds=3, kib=8192))
        assert weak.by_password(ANNA, PASSWORD, "", Browser()).cookie
        assert "m=8192,t=3" in hall.people.named(ANNA).password_hash
        assert hall.surfer(ANNA).sign_in().status_code == 303

    def test_a_crowd_at_the_entrance_is_told_to_wait(self, hall):
        hasher = Hasher()
        taken = [hasher._room.acquire(blocking=False) for _ in range(WITH_THOSE_WHO_WAIT)]
        assert all(taken)
        with pytest.raises(ConnectorError) as caught:
            hasher.fits(None, "x")
        assert caught.value.reason == "busy"
        for _ in taken:
            hasher._room.release()
        assert hasher.fits(hasher.make("x"), "x")


class TestFromAnotherSite:
    """A form that does not come from our own page does nothing (login CSRF)."""

    @pytest.mark.parametrize("path", ["/sign-in", "/sign-in/code"])
    def test_without_the_cookie_of_the_form_nobody_is_signed_in(self, hall, path):
        hall.person(ANNA)
        surfer = hall.surfer(ANNA)
        for form in ("", "a" * 43):
            answer = surfer.ask("POST", path, data={"email": ANNA, "password": PASSWORD, "form": form})
            assert answer.status_code == 403
        assert not surfer.inside()

    def test_another_browsers_token_does_not_fit(self, hall):
        hall.person(ANNA)
        mine, theirs = hall.surfer(ANNA), hall.surfer()
        foreign = theirs.tokens(theirs.ask("GET", "/sign-in").text)["form"]
        mine.get("/sign-in")
        assert (
            mine.ask("POST", "/sign-in", data={"email": ANNA, "password": PASSWORD, "form": foreign}).status_code == 403
        )

    def test_a_link_is_not_spent_by_another_site(self, hall):
        link = hall.invited(ANNA, {EVERYWHERE: "owner"})
        answer = hall.surfer().ask("POST", link, data={"password": PASSWORD, "repeat": PASSWORD})
        assert answer.status_code == 403
        hall.surfer().send(link, 303, password=PASSWORD, repeat=PASSWORD)


class TestSessions:
    """A05: they end when they should, everywhere and at once."""

    def test_the_cookie_is_for_this_host_alone_and_out_of_reach_of_scripts(self, hall):
        surfer = hall.person(ANNA)
        other = hall.surfer(ANNA)
        made = next(h for h in other.sign_in().headers.getlist("Set-Cookie") if h.startswith(f"{COOKIE}="))
        for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"):
            assert part in made
        assert "Domain" not in made
        assert surfer.cookie != other.cookie

    def test_a_cookie_from_before_is_worth_nothing_after(self, hall):
        """Fixation: whatever the browser held, it gets another one."""
        surfer = hall.surfer(ANNA)
        surfer.cookie = "chosen-by-somebody-else"
        link = hall.invited(ANNA, {EVERYWHERE: "owner"})
        surfer.send(link, 303, password=PASSWORD, repeat=PASSWORD)
        assert surfer.cookie != "chosen-by-somebody-else"
        assert hall.service.entrance.session("chosen-by-somebody-else") is None
        old = surfer.cookie
        again = path_of(hall.people.link(COMMAND_LINE, hall.id_of(ANNA)).url)
        surfer.send(again, 303)
        assert hall.service.entrance.session(old) is None
        assert surfer.inside()

    def test_signing_out_ends_it_for_whoever_has_the_cookie(self, hall):
        surfer = hall.person(ANNA)
        stolen = surfer.cookie
        surfer.send("/sign-out", page="/me")
        assert surfer.cookie == ""
        surfer.cookie = stolen
        assert not surfer.inside()
        assert surfer.ask("POST", "/me", data={}).status_code == 401

    def test_half_an_hour_of_silence_ends_it(self, either):
        surfer = either.person(ANNA)
        for _ in range(5):
            either.clock.advance(29 * MINUTE)
            assert surfer.inside()
        either.clock.advance(30 * MINUTE + 1)
        assert not surfer.inside()

    def test_twelve_hours_end_it_however_busy(self, hall):
        surfer = hall.person(ANNA)
        for _ in range(12 * 3 - 1):
            hall.clock.advance(20 * MINUTE)
            assert surfer.inside()
        hall.clock.advance(20 * MINUTE + 1)
        assert not surfer.inside()

    def test_who_is_shut_out_is_out_at_once(self, hall):
        owner, surfer = hall.person("owner@agency.example"), hall.person(ANNA, "viewer")
        owner.send(f"/people/{hall.id_of(ANNA)}/disable", page=f"/people/{hall.id_of(ANNA)}")
        assert not surfer.inside()
        assert hall.surfer(ANNA).sign_in().status_code == 422

    def test_another_password_ends_all_other_sessions(self, hall):
        here = hall.person(ANNA)
        there = hall.surfer(ANNA)
        there.sign_in(status=303)
        new = "ein Satz den niemand errät"
        here.send("/me/password", page="/me", old=PASSWORD, password=new, repeat=new)
        assert here.inside()
        assert not there.inside()
        assert hall.surfer(ANNA).sign_in().status_code == 422
        assert hall.surfer(ANNA).sign_in(new).status_code == 303

    def test_the_old_password_is_asked_for(self, hall):
        surfer = hall.person(ANNA)
        new = "ein Satz den niemand errät"
        assert "not your present" in surfer.send("/me/password", 422, page="/me", old="x", password=new, repeat=new)
        assert "differ" in surfer.send("/me/password", 422, page="/me", old=PASSWORD, password=new, repeat="x")
        weak = surfer.send("/me/password", 422, page="/me", old=PASSWORD, password="a" * 12, repeat="a" * 12)
        assert "would be guessed" in weak
        assert hall.surfer(ANNA).sign_in().status_code == 303

    def test_own_sessions_are_listed_and_one_is_ended(self, hall):
        here = hall.person(ANNA)
        there = hall.surfer(ANNA)
        there.address = "198.51.100.9"
        there.sign_in(status=303)
        page = here.get("/me")
        assert "198.51.100.9" in page
        assert page.count("this one") == 1
        assert there.cookie not in page
        known = hall.people.named(ANNA)
        ident = next(s.ident for s in hall.service.own_account.sessions(known) if s.address == "198.51.100.9")
        here.send(f"/me/sessions/{ident}/end", page="/me")
        assert not there.inside()
        assert here.inside()

    def test_a_session_of_somebody_else_cannot_be_ended(self, hall):
        mine, theirs = hall.person(ANNA), hall.person("bo@agency.example", "viewer")
        known = hall.people.named("bo@agency.example")
        ident = hall.service.own_account.sessions(known)[0].ident
        mine.send(f"/me/sessions/{ident}/end", page="/me")
        assert "had ended already" in mine.get("/me")
        assert theirs.inside()

    def test_all_sessions_of_somebody_end_at_once(self, hall):
        owner, one = hall.person("owner@agency.example"), hall.person(ANNA, "viewer")
        other = hall.surfer(ANNA)
        other.sign_in(status=303)
        number = hall.id_of(ANNA)
        owner.send(f"/people/{number}/sessions/end", page=f"/people/{number}")
        assert not one.inside()
        assert not other.inside()
        assert owner.inside()

    def test_a_restored_database_knows_no_session(self, either, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        surfer = either.person(ANNA)
        either.person("bo@agency.example", "viewer")
        link = path_of(either.people.link(COMMAND_LINE, either.id_of(ANNA)).url)
        file = tmp_path / "a.backup"
        either.service.backup(file)
        either.people.disable(COMMAND_LINE, either.id_of("bo@agency.example"))
        either.parts.close()
        either.clock.advance(2 * MINUTE)
        type(either.service).restore(either.settings, file, replace=True, clock=either.clock)
        again = Hall(either.settings, either.clock)
        try:
            back = again.surfer(ANNA)
            back.cookie = surfer.cookie
            assert not back.inside()
            back.get(link, 404)
            assert back.sign_in().status_code == 303
            assert again.surfer("bo@agency.example").sign_in().status_code == 422  # shut out since the backup
            assert again.deeds()[-1][:2] == ("command line", "Restored the database from a backup")
            assert again.service.audit_log().verdict.ok
        finally:
            again.parts.close()


class TestGuesses:
    """A06: on a virtual clock; the hasher counts what was really checked."""

    @staticmethod
    def counted(hall, monkeypatch) -> list[str]:
        checked: list[str] = []
        real = hall.service.entrance._hasher

        class Counting:
            """The real one, with a list of what it was asked."""

            make, outdated = staticmethod(real.make), staticmethod(real.outdated)

            @staticmethod
            def fits(kept, password):
                checked.append("real" if kept else "nobody's")
                return False if password == "guess" else real.fits(kept, password)

        monkeypatch.setattr(hall.service.entrance, "_hasher", Counting())
        return checked

    @pytest.mark.parametrize("email", [ANNA, "nobody@agency.example"])
    def test_twenty_an_hour_are_checked_whoever_it_is(self, either, monkeypatch, email):
        either.person(ANNA)
        checked = self.counted(either, monkeypatch)
        answers = []
        for _ in range(60):
            either.clock.advance(1)
            answers.append(either.service.entrance.by_password(email, "guess", "", Browser()))
        assert len(checked) == 20
        assert not any(answer.cookie for answer in answers)
        assert [bool(answer.wait_until_ms) for answer in answers[18:22]] == [False, False, True, True]
        either.clock.advance(HOUR)
        either.service.entrance.by_password(email, "guess", "", Browser())
        assert len(checked) == 21

    def test_in_any_hour_not_only_in_those_of_the_clock(self, hall, monkeypatch):
        checked = self.counted(hall, monkeypatch)
        times = []
        for _ in range(400):
            hall.clock.advance(45)
            before = len(checked)
            hall.service.entrance.by_password(ANNA, "guess", "", Browser())
            times += [hall.clock.now_ms()] if len(checked) > before else []
        assert len(times) > 60
        assert max(sum(t <= one < t + HOUR * 1000 for one in times) for t in times) == 20

    def test_many_accounts_are_each_checked_on_their_own(self, hall, monkeypatch):
        checked = self.counted(hall, monkeypatch)
        for number in range(60):
            for _ in range(5):
                hall.service.entrance.by_password(f"p{number}@agency.example", "guess", "", Browser())
        assert checked == ["nobody's"] * 300

    def test_known_and_unknown_take_as_long(self, hall):
        hall.person(ANNA)
        entrance, took = hall.service.entrance, {ANNA: [], "nobody@agency.example": []}
        for _ in range(15):
            for email, times in took.items():
                began = time.perf_counter()
                entrance.by_password(email, "guess", "", Browser())
                times.append(time.perf_counter() - began)
        known, unknown = (min(times) for times in took.values())  # what the work takes, without other work
        assert abs(known - unknown) < 0.005

    def test_the_page_tells_how_long_to_wait_and_is_the_same_for_all(self, hall):
        hall.person(ANNA)
        pages = []
        for email in (ANNA, "nobody@agency.example"):
            for _ in range(20):
                hall.service.entrance.by_password(email, "guess", "", Browser())
            surfer = hall.surfer(email)
            surfer.sign_in(status=422)
            pages.append(surfer.last.text.replace(email, "").replace(surfer.tokens(surfer.last.text)["form"], ""))
        assert pages[0] == pages[1]
        assert "too many attempts" in pages[0]

    def test_the_victim_gets_in_by_a_link(self, hall):
        hall.person(ANNA)
        for _ in range(25):
            hall.service.entrance.by_password(ANNA, "guess", "", Browser())
        assert hall.surfer(ANNA).sign_in().status_code == 422
        surfer = hall.surfer(ANNA)
        surfer.send(path_of(hall.people.link(COMMAND_LINE, hall.id_of(ANNA)).url), 303)
        assert surfer.inside()

    def test_the_victim_gets_in_with_the_second_factor(self, hall):
        secret = with_factor(hall, hall.person(ANNA))
        for _ in range(25):
            hall.service.entrance.by_password(ANNA, "guess", "", Browser())
        hall.clock.advance(60)
        assert hall.surfer(ANNA).sign_in().status_code == 422
        surfer = hall.surfer(ANNA)
        assert surfer.sign_in(code=code_now(hall, secret)).status_code == 303
        assert surfer.inside()

    def test_the_right_password_makes_up_for_wrong_ones(self, hall):
        hall.person(ANNA)
        for _ in range(3):
            for _ in range(15):
                hall.service.entrance.by_password(ANNA, "guess", "", Browser())
            assert hall.surfer(ANNA).sign_in().status_code == 303


def with_factor(hall: Hall, surfer) -> bytes:
    """Switch the second factor on, as a person does; the secret."""
    page = surfer.get("/me/second-factor")
    text = page.split('<p class="code">')[1].split("</p>")[0]
    import base64

    told = text.replace(" ", "")
    secret = base64.b32decode(told + "=" * (-len(told) % 8))
    surfer.ask("POST", "/me/second-factor", data=surfer.tokens(page) | {"code": code_now(hall, secret)})
    assert surfer.last.status_code == 200, surfer.last.text
    assert surfer.last.text.count("-") >= 30
    return secret


def code_now(hall: Hall, secret: bytes) -> str:
    return totp.code_at(secret, totp.step_of(hall.clock.now_ms()))


class TestSecondFactor:
    """Asked for after the password and after a link; each code once."""

    @pytest.fixture
    def anna(self, either):
        surfer = either.person(ANNA)
        secret = with_factor(either, surfer)
        surfer.codes = [line for line in surfer.last.text.split("<pre>")[1].split("</pre>")[0].splitlines() if line]
        either.clock.advance(60)
        surfer.secret = secret
        return surfer

    def test_a_password_alone_opens_nothing(self, either, anna):
        surfer = either.surfer(ANNA)
        assert surfer.sign_in().headers["Location"] == "/admin/sign-in/code"
        assert not surfer.inside()
        surfer.get("/me", 303)
        assert "not right" in surfer.send("/sign-in/code", 422, code="000000")
        surfer.send("/sign-in/code", 303, code=code_now(either, anna.secret))
        assert surfer.inside()

    def test_a_link_alone_opens_nothing_either(self, either, anna):
        surfer = either.surfer(ANNA)
        surfer.send(path_of(either.people.link(COMMAND_LINE, either.id_of(ANNA)).url), 303)
        assert not surfer.inside()
        surfer.send("/sign-in/code", 303, code=code_now(either, anna.secret))
        assert surfer.inside()

    def test_password_and_code_at_once(self, either, anna):
        surfer = either.surfer(ANNA)
        assert surfer.sign_in(code=code_now(either, anna.secret)).headers["Location"] == "/admin/"
        assert surfer.inside()

    def test_the_right_code_with_a_wrong_password_opens_nothing(self, either, anna):
        surfer = either.surfer(ANNA)
        assert surfer.sign_in("wrong", code=code_now(either, anna.secret)).status_code == 422
        assert not surfer.inside()

    def test_a_code_is_good_once(self, either, anna):
        code = code_now(either, anna.secret)
        either.surfer(ANNA).sign_in(code=code)
        thief = either.surfer(ANNA)
        assert thief.sign_in(code=code).headers["Location"] == "/admin/sign-in/code"
        thief.send("/sign-in/code", 422, code=code)
        assert not thief.inside()

    def test_a_recovery_code_is_good_once_in_any_spelling(self, either, anna):
        surfer, thief = either.surfer(ANNA), either.surfer(ANNA)
        for one in (surfer, thief):
            one.sign_in(status=303)
        surfer.send("/sign-in/code", 303, code=f" {anna.codes[0].upper().replace('-', ' ')} ")
        assert surfer.inside()
        thief.send("/sign-in/code", 422, code=anna.codes[0])
        assert len(either.people.named(ANNA).recovery) == 9
        assert "9 recovery codes" in surfer.get("/me")
        assert (ANNA, "Signed in with a recovery code", "", "9 codes left") in either.deeds()

    def test_codes_cannot_be_guessed(self, either, anna):
        surfer = either.surfer(ANNA)
        surfer.sign_in(status=303)
        for number in range(15):
            surfer.send("/sign-in/code", 422, code=f"{number:06}")
        assert "too many attempts" in surfer.last.text
        surfer.send("/sign-in/code", 422, code=code_now(either, anna.secret))
        surfer.send("/sign-in/code", 303, code=anna.codes[3])
        assert surfer.inside()

    def test_the_step_between_is_short(self, either, anna):
        surfer = either.surfer(ANNA)
        surfer.sign_in(status=303)
        either.clock.advance(10 * MINUTE + 1)
        surfer.send("/sign-in/code", 303, code=code_now(either, anna.secret))
        assert surfer.last.headers["Location"] == "/admin/sign-in"
        assert not surfer.inside()

    def test_it_is_switched_on_by_a_right_code_alone(self, either):
        surfer = either.person("bo@agency.example")
        page = surfer.get("/me/second-factor")
        assert "otpauth://totp/Leadwright:bo%40agency.example?secret=" in page
        wrong = surfer.ask("POST", "/me/second-factor", data=surfer.tokens(page) | {"code": "000000"})
        assert wrong.status_code == 422
        assert page.split('<p class="code">')[1].split("<")[0] in wrong.text  # the same key once more
        assert not either.people.named("bo@agency.example").second_factor

    def test_the_form_of_another_person_switches_nothing_on(self, either, anna):
        bo = either.person("bo@agency.example")
        foreign = bo.tokens(bo.get("/me/second-factor"))["sealed"]
        carl = either.person("carl@agency.example")
        mine = carl.tokens(carl.get("/me/second-factor")) | {"sealed": foreign, "code": "123456"}
        carl.ask("POST", "/me/second-factor", data=mine)
        assert carl.last.status_code == 303
        assert not either.people.named("carl@agency.example").second_factor

    def test_it_is_switched_off_and_new_codes_are_made(self, either, anna):
        anna.send("/me/second-factor/codes", 200, page="/me")
        fresh = [line for line in anna.last.text.split("<pre>")[1].split("</pre>")[0].splitlines() if line]
        assert not set(fresh) & set(anna.codes)
        anna.send("/me/second-factor/remove", page="/me")
        assert either.surfer(ANNA).sign_in().headers["Location"] == "/admin/"

    def test_whoever_looks_after_people_removes_it_for_who_lost_the_phone(self, either, anna):
        owner = either.person("owner@agency.example")
        number = either.id_of(ANNA)
        owner.send(f"/people/{number}/second-factor/remove", page=f"/people/{number}")
        assert not anna.inside()
        assert either.surfer(ANNA).sign_in().headers["Location"] == "/admin/"

    def test_it_survives_a_new_key(self, either, anna):
        from pydantic import SecretStr

        from connector.vault import Vault

        old, new = either.settings.secret_key.get_secret_value(), Vault.new_key()
        both = either.settings.model_copy(update={"secret_key": SecretStr(f"{new},{old}")})
        with type(either.service).open(both, clock=either.clock) as service:
            told = service.rotate_key()
            assert (told["second_factors_sealed_again"], told["audit_log_sealed_again"]) == (1, True)
        with type(either.service).open(both.model_copy(update={"secret_key": SecretStr(new)})) as service:
            with service.store.view() as u:
                ((_, sealed),) = users.sealed(u)
            assert service._vault.current(sealed)
            assert service.audit_log().verdict.ok


class TestProvingAgain:
    """What matters asks for the password once more, a quarter of an hour after the last time."""

    def test_it_comes_before_and_leads_back(self, hall):
        surfer = hall.person(ANNA)
        hall.clock.advance(16 * MINUTE)
        surfer.send("/people", 303, email="x@agency.example", role="viewer", where="everywhere")
        assert surfer.last.headers["Location"] == "/admin/again?then=/people"
        assert [line.person.email for line in hall.people.every()] == [ANNA]
        assert "not your password" in surfer.send("/again", 422, page="/again?then=/people", password="wrong")
        surfer.send("/again", 303, page="/again?then=/people", password=PASSWORD)
        assert surfer.last.headers["Location"] == "/admin/people"
        surfer.send("/people", 200, email="x@agency.example", role="viewer", where="everywhere")

    @pytest.mark.parametrize(
        "then",
        [
            "https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a/../../x", "",
            "/people?x=//evil", "/%2f%2fevil.example", "/people\r\nX: y", "/" + "a" * 500, "http:/evil", "@evil",
        ],
    )  # fmt: skip
    def test_the_way_back_never_leads_elsewhere(self, hall, then):
        """A09: an address of somebody else's choosing becomes our own first page."""
        surfer = hall.person(ANNA)
        page = surfer.ask("GET", "/again", query_string={"then": then})
        assert 'name="then" value="/"' in page.text
        surfer.ask("POST", "/again", data=surfer.tokens(page.text) | {"then": then, "password": PASSWORD})
        assert surfer.last.headers["Location"] == "/admin/"

    def test_guesses_are_few_here_too(self, hall):
        surfer = hall.person(ANNA)
        person = hall.people.named(ANNA)
        for _ in range(20):
            hall.service.entrance.prove(person, b"", "guess")
        assert "too many attempts" in surfer.send("/again", 422, page="/again", password=PASSWORD)


def test_a_page_of_a_session_is_kept_by_nobody(hall):
    surfer = hall.person(ANNA)
    surfer.get("/me")
    assert surfer.last.headers["Cache-Control"] == "no-store"
    assert surfer.client.get_cookie(COOKIE, domain=HOST) is not None
