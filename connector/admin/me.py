"""The pages about oneself: name, language and time zone, the password, the second factor, one's own sessions."""

from __future__ import annotations

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from flask import Response

from connector.admin.again import prove_first
from connector.admin.doors import Door
from connector.admin.frame import Ask
from connector.errors import ConfigError
from connector.model.people import Language, User
from connector.sync.own_account import NewFactor

ME = "/me"
FACTOR = "/me/second-factor"


def show(ask: Ask) -> Response:
    return _me(ask)


def _me(ask: Ask, *, status: int = 200, **errors: Any) -> Response:
    person = _self(ask)
    own = ask.frame.service.own_account
    return ask.page(
        "people_me.html", status=status, person=person, sessions=own.sessions(person), here=ask.who.session,
        zones=_zones(), now=ask.frame.clock.now_ms(), **errors,
    )  # fmt: skip


def save(ask: Ask) -> Response:
    zone = ask.form.get("time_zone", "")
    if zone not in _zones():
        return _me(ask, status=422, zone_error=ask.t("There is no such time zone."))
    language: Language = "de" if ask.form.get("language") == "de" else "en"
    ask.frame.service.own_account.set_profile(_self(ask), ask.form.get("name", ""), language, zone, ask.address)
    return ask.go(ME, type(ask.words)(language, zone).t("Saved."))


def password(ask: Ask) -> Response:
    person, service = _self(ask), ask.frame.service
    new = ask.form.get("password", "")
    if new != ask.form.get("repeat", ""):
        return _me(ask, status=422, password_error=ask.t("The two new passwords differ."))
    if person.password_hash is not None:
        proof = service.entrance.prove(person, _digest(ask), ask.form.get("old", ""))
        if not proof.cookie:
            return _me(ask, status=422, old_error=ask.t("That is not your present password."))
    if weak := service.own_account.change_password(person, new, _digest(ask), ask.address):
        return _me(ask, status=422, password_error=ask.t(weak))
    return ask.go(ME, ask.t("The password was changed. All other sessions were ended."))


def end_session(ask: Ask, session: str) -> Response:
    ended = ask.frame.service.own_account.end_session(_self(ask), session, ask.address)
    return ask.go(ME, ask.t("The session was ended.") if ended else ask.t("That session had ended already."))


# the second factor ----------------------------------------------------------------------------------------------------


def factor(ask: Ask) -> Response:
    if asked := prove_first(ask, FACTOR):
        return asked
    person = _self(ask)
    if person.second_factor:
        return ask.go(ME)
    return _factor(ask, ask.frame.service.own_account.new_factor(person))


def confirm_factor(ask: Ask) -> Response:
    if asked := prove_first(ask, FACTOR):
        return asked
    person, own, sealed = _self(ask), ask.frame.service.own_account, ask.form.get("sealed", "")
    try:
        codes = own.confirm_factor(person, sealed, ask.form.get("code", ""), _digest(ask), ask.address)
        if not codes:
            return _factor(ask, own.same_factor(person, sealed), wrong=True, status=422)
    except ConfigError:
        return ask.go(FACTOR, ask.t("That form was too old. Here is a new one."))
    return ask.page("people_codes.html", codes=codes)


def new_codes(ask: Ask) -> Response:
    if asked := prove_first(ask, ME):
        return asked
    person = _self(ask)
    if not person.second_factor:
        return ask.go(ME)
    return ask.page("people_codes.html", codes=ask.frame.service.own_account.new_codes(person, ask.address))


def remove_factor(ask: Ask) -> Response:
    if asked := prove_first(ask, ME):
        return asked
    ask.frame.service.own_account.remove_factor(_self(ask), ask.address)
    return ask.go(ME, ask.t("The second factor is off."))


def _factor(ask: Ask, made: NewFactor, *, wrong: bool = False, status: int = 200) -> Response:
    return ask.page("people_factor.html", status=status, factor=made, wrong=wrong)


def _self(ask: Ask) -> User:
    return ask.frame.service.people.person(ask.who.id)


def _digest(ask: Ask) -> bytes:
    return bytes.fromhex(ask.who.session)


@cache
def _zones() -> tuple[str, ...]:
    return tuple(sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC"))


DOORS = (
    Door("GET", ME, "signed_in", show),
    Door("POST", ME, "signed_in", save),
    Door("POST", "/me/password", "signed_in", password),
    Door("POST", "/me/sessions/<session>/end", "signed_in", end_session),
    Door("GET", FACTOR, "signed_in", factor),
    Door("POST", FACTOR, "signed_in", confirm_factor),
    Door("POST", "/me/second-factor/codes", "signed_in", new_codes),
    Door("POST", "/me/second-factor/remove", "signed_in", remove_factor),
)
