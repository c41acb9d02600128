"""The two steps of a sign-up on a contact's page: when, by what, in which wording, and which one is missing."""

from __future__ import annotations

from tests.admin.hands import text

DAY = 24 * 3600
STATUS = "hs_emailconfirmationstatus"
PENDING, CLICKED = "Confirmation Pending", "User clicked confirmation"


def signed_up(house) -> int:
    """Somebody who has just sent off the newsletter's form; HubSpot waits for the confirmation."""
    who = house.rig.twin.submit_form("Newsletter Anmeldung", "neu@werk.example")
    turned(house, who, PENDING)
    return who


def turned(house, who: int, status: str, days: float = 0) -> None:
    house.rig.clock.advance(days * DAY)
    house.rig.twin.edit("contacts", who, {STATUS: status})
    house.service.sync("acme")
    house.service.plan("acme")


def page(house, who: int) -> str:
    return text(house.get(f"/portals/acme/contacts/{who}"))


def test_a_request_that_waits_says_until_when(house):
    seen = page(house, signed_up(house))
    assert "Sign-up in two steps not confirmed yet Asked on 2026-11-22 by form “Newsletter Anmeldung”" in seen
    assert "can be confirmed until Dec 22, 2026" in seen
    assert "form: Newsletter Anmeldung wording not on record" in seen
    assert "Confirmed not on record" in seen


def test_a_confirmed_one_shows_both_steps(house):
    who = signed_up(house)
    turned(house, who, CLICKED, days=2)
    seen = page(house, who)
    assert "Sign-up in two steps confirmed Requested Nov 22, 2026" in seen
    assert "– HubSpot's confirmation status: User clicked confirmation" in seen
    assert "can be confirmed until" not in seen


def test_an_expired_one_says_so_in_german_too(house):
    who = signed_up(house)
    turned(house, who, CLICKED, days=40)
    assert "expired on 2026-12-22, the confirmation of 2027-01-01 came too late" in page(house, who)
    house.signed_in("owner", language="de")
    seen = page(house, who)
    assert (
        "Anmeldung in zwei Schritten ohne gültige Bestätigung verfallen Am 22.11.2026 angefragt durch Formular" in seen
    )
    assert "am 22.12.2026 verfallen, die Bestätigung vom 01.01.2027 kam zu spät" in seen
    assert "Wortlaut nicht festgehalten" in seen
    assert "Eine neue Anmeldung" in seen


def test_a_confirmation_of_before_the_mirror_has_no_day(house):
    who = house.rig.twin.create_contact({"email": "alt@werk.example", STATUS: "Confirmed"})
    house.service.sync("acme")
    house.service.plan("acme")
    assert "Requested not on record Confirmed on a day that is not on record Confirmed" in page(house, who)


def test_who_never_signed_up_has_no_such_card(house):
    who = house.rig.twin.create_contact({"email": "nie@werk.example"})
    house.service.sync("acme")
    house.service.plan("acme")
    assert "Sign-up in two steps" not in page(house, who)
