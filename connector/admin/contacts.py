"""The list of contacts, and one contact: its score as a bill, what is held and why, its story.

Addresses and telephone numbers are hidden until somebody asks for those of one contact, which is booked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Response
from werkzeug.datastructures import MultiDict

from connector.admin import plain, stories
from connector.admin.doors import Door
from connector.admin.frame import Ask
from connector.errors import ConnectorError
from connector.reports.bill import bill
from connector.reports.contact import Head, erased_ms, head
from connector.reports.contacts import COUNTED, contact_page, wanted_words
from connector.reports.timeline import timeline
from connector.reports.wording import masked, masked_email, masked_phone, masked_value
from connector.store.finding import Wanted

LONGEST = 9


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of the list, as it stands in the form, and what that means. ``names`` are the filters at work."""

    form: dict[str, str]
    wanted: Wanted
    names: tuple[str, ...]
    after: tuple[int, int] | None


def contacts(ask: Ask) -> Response:
    """Search, filters, sort; a page at a time."""
    asked = _asked(ask)
    with ask.frame.store.view() as u:
        page = contact_page(u, ask.portal.id, asked.wanted, asked.after)
    older = None
    if page.after is not None:
        onward = urlencode({**asked.form, "after": f"{page.after[0]}.{page.after[1]}"})
        older = f"{ask.url('/contacts', portal=ask.portal.name)}?{onward}"
    return ask.page(
        "contacts.html", page=page, asked=asked, older=older, plain=plain, stages=plain.STAGES, most=COUNTED,
        now=ask.frame.clock.now_ms(),
    )  # fmt: skip


def _asked(ask: Ask) -> Asked:
    """What cannot be read as what it should be is left out, never an error: addresses get cut in mails."""
    form = {name: ask.args.get(name, "").strip() for name in ("q", "stage", "grade", "least", "most", "since", "sort")}
    words, ident = wanted_words(form["q"])
    since = _moment(ask, form["since"])
    wanted = Wanted(
        words=words,
        ident=ident,
        stage=form["stage"] if form["stage"] in plain.STAGES else "",
        grade=form["grade"] if form["grade"] in ("A", "B", "C", "D") else "",
        least=_number(form["least"]),
        most=_number(form["most"]),
        mql_since_ms=since,
        order="changed" if form["sort"] == "changed" else "score",
    )
    return Asked({k: v for k, v in form.items() if v}, wanted, _names(ask, form, wanted), _after(ask.args))


def _names(ask: Ask, form: dict[str, str], wanted: Wanted) -> tuple[str, ...]:
    told = [
        (bool(wanted.words or wanted.ident), ask.t("“{words}”", words=form["q"])),
        (bool(wanted.stage), ask.t("stage {stage}", stage=plain.stage(ask.words, wanted.stage))),
        (bool(wanted.grade), ask.t("grade {grade}", grade=wanted.grade)),
        (wanted.least is not None, ask.t("at least {points} points", points=wanted.least)),
        (wanted.most is not None, ask.t("at most {points} points", points=wanted.most)),
        (wanted.mql_since_ms is not None, ask.t("MQL since {when}", when=ask.words.when(wanted.mql_since_ms, "short"))),
    ]
    return tuple(text for active, text in told if active)


def _number(text: str) -> int | None:
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdecimal() and len(digits) < LONGEST else None


def _after(args: MultiDict[str, str]) -> tuple[int, int] | None:
    key, dot, ident = args.get("after", "").partition(".")
    sound = dot and key.removeprefix("-").isdecimal() and ident.isdecimal() and len(key) < 17 and len(ident) < 19
    return (int(key), int(ident)) if sound and (key + ident).isascii() else None


def _moment(ask: Ask, text: str) -> int | None:
    """A day or a minute as a form sends it, in the reader's time zone."""
    try:
        zone = ZoneInfo(ask.words.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = ZoneInfo("UTC")
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return (moment - datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))) // timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        return None


# one contact ---------------------------------------------------------------------------------------------------------


def contact(ask: Ask, ident: str) -> Response:
    """One contact; addresses hidden."""
    return _contact(ask, ident, shown=False)


def unmask(ask: Ask, ident: str) -> Response:
    """The same with address and telephone number, booked: who looked at whose."""
    answer = _contact(ask, ident, shown=True)
    if answer.status_code == 200:
        ask.book(ask.t("Looked at the address and telephone number of contact {id}", id=ident))
    return answer


def _contact(ask: Ask, ident: str, *, shown: bool) -> Response:
    with ask.frame.store.view() as u:
        found = head(u, ask.portal, ident)
        erased = erased_ms(u, ask.portal, ident) if found is None else None
    if found is None:
        return ask.page("contact_gone.html", status=404, erased_ms=erased)
    at, wrong = _at(ask)
    try:
        receipt = ask.frame.service.explain(ask.portal.name, str(found.id), at)
    except ConnectorError as fault:
        return ask.page("contact_gone.html", status=404, erased_ms=None, fault=plain.plainly(ask.words, fault))
    with ask.frame.store.view() as u:
        story = timeline(u, ask.portal.id, found.id, ask.args.get("before", ""))
    mask = _open if shown else masked
    tell = stories.Teller(ask.words, mask, _same if shown else masked_value)
    return ask.page(
        "contact.html", head=_hidden(found, shown=shown), receipt=receipt, bill=bill(receipt), plain=plain, mask=mask,
        story=[tell.told(one) for one in story.happenings], older=story.before, shown=shown, at=at, wrong_at=wrong,
        asked_at=ask.args.get("at", ""), now=ask.frame.clock.now_ms(), first=not ask.args.get("before"),
    )  # fmt: skip


def _at(ask: Ask) -> tuple[int | None, str]:
    """The past minute that was asked for, and what is wrong with it."""
    text = ask.args.get("at", "").strip()
    if not text:
        return None, ""
    at = _moment(ask, text)
    if at is None:
        return None, ask.t("This is no moment; write for instance 2026-11-20T09:30.")
    if at > ask.frame.clock.now_ms():
        return None, ask.t("This moment has not come yet; here is the score as it is now.")
    return at, ""


def _hidden(found: Head, *, shown: bool) -> Head:
    if shown:
        return found
    return replace(found, email=masked_email(found.email), phone=masked_phone(found.phone), name=masked(found.name))


def _open(text: str) -> str:
    return text


def _same(name: str, value: str | None) -> str | None:  # noqa: ARG001 - the twin of ``masked_value``
    return value


def judge_again(ask: Ask, ident: str) -> Response:
    """Judge the contact anew from what the mirror holds, and keep the verdict. Nothing is written to HubSpot."""
    try:
        done = ask.frame.service.judge_again(ask.portal.name, ident)
    except ConnectorError as fault:
        told = plain.plainly(ask.words, fault)
        return ask.page("contact_gone.html", status=404, erased_ms=None, fault=told)
    ask.book(ask.t("Judged contact {id} again", id=ident), after=ask.t("{points} points", points=done["score"]))
    said = ask.t("Judged again: {points} points.", points=done["score"])
    return ask.go(f"/contacts/{quote(ident, safe='')}", said, portal=ask.portal.name)


DOORS: tuple[Door, ...] = (
    Door("GET", "/portals/<portal>/contacts", "viewer", contacts),
    Door("GET", "/portals/<portal>/contacts/<ident>", "viewer", contact),
    Door("POST", "/portals/<portal>/contacts/<ident>/shown", "analyst", unmask),
    Door("POST", "/portals/<portal>/contacts/<ident>/judge", "editor", judge_again),
)
