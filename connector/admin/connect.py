"""Connecting a portal into observe mode: what it is asked for and why, the token or the consent, the documents, go.

    /connect  → token, or HubSpot and back →  /portals/<name>/start  → the first sync →  /portals/<name>

A token goes from the form into the vault: it stands in no address, no log and no page, not even in the form again.
"""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect

from connector.admin import plain
from connector.admin.doors import Door
from connector.admin.frame import SEE_OTHER, Ask
from connector.errors import ConfigError, ConnectorError, FatalError, MissingScope, RetryableError
from connector.portal.scopes import SCOPES
from connector.store import portals, records
from connector.store.portals import PortalRow
from connector.sync.rulebook import SHIPPED

UNPROCESSABLE = 422
LONGEST_TOKEN = 4096
# What a feature is for, said as what is missing without it.
WITHOUT = {
    "contacts": "Nothing can be mirrored.",
    "companies": "Industry, size and country of a contact's company stay unknown to the rules.",
    "deals": "Customers and running deals cannot be told from leads.",
    "owners": "Leads carry the number of their owner, not the name.",
    "properties": "The portal's own properties cannot be mapped.",
    "forms": "Downloads, requests and sign-ups do not count.",
    "email events": "Opened and clicked mails do not count.",
    "marketing events": "Webinars do not count.",
    "page views and custom events": "Visits of single pages do not count.",
    "subscriptions": "Who left a newsletter is not seen there.",
    "lists": "Who is on a list stays unknown to the rules that ask for it.",
    "workflows": "Workflows cannot be checked, and nobody is enrolled in them.",
}
FEATURES = {
    "contacts": "Contacts", "companies": "Companies", "deals": "Deals", "owners": "Owners", "properties": "Properties",
    "forms": "Forms", "email events": "Marketing e-mails", "marketing events": "Webinars and events",
    "page views and custom events": "Page views", "subscriptions": "Subscriptions", "workflows": "Workflows",
    "lists": "Lists", "calls": "Calls", "meetings": "Meetings", "notes": "Notes", "sales e-mails": "Sales e-mails",
    "tasks": "Tasks", "property rules": "Rules of properties",
}  # fmt: skip


def connect(ask: Ask, *, error: tuple[str, str] | None = None, field: str = "", status: int = 200) -> Response:
    """Why each scope, and the two ways in. After an error the name is kept, the token never."""
    return ask.page(
        "connect.html", status=status, scopes=SCOPES, consent=_consent(ask), error=error, field=field,
        name=ask.form.get("name", "").strip(),
    )  # fmt: skip


def _consent(ask: Ask) -> bool:
    """Whether this installation has an app of its own, and an address to come back to."""
    settings = ask.frame.settings
    return bool(settings.hubspot_client_id and settings.client_secrets and settings.public_url)


def by_token(ask: Ask) -> Response:
    """Connect with a private app's token; nothing is kept unless the portal accepts it."""
    name, token = ask.form.get("name", "").strip(), ask.form.get("token", "").strip()
    if not token or len(token) > LONGEST_TOKEN or any(c.isspace() or not c.isprintable() for c in token):
        told = ask.t("That is not a token: it is empty or holds blanks."), ask.t("Copy it once more.")
        return connect(ask, error=told, field="token", status=UNPROCESSABLE)
    try:
        done = ask.frame.service.add_portal(name, token)
    except (ConfigError, FatalError, RetryableError) as fault:
        field = "name" if fault.reason in ("portal_name", "other_portal", "name_taken") else "token"
        return connect(ask, error=_told(ask, fault), field=field, status=UNPROCESSABLE)
    _book(ask, name, str(done["hub_id"]))
    said = ask.t("{name} is connected, in observe mode: nothing is written to it.", name=name)
    return ask.go("/start", said, portal=name)


def _told(ask: Ask, fault: ConnectorError) -> tuple[str, str]:
    if fault.reason == "portal_name":
        told = ask.t("A portal's name is 1 to 40 lower-case letters, digits and hyphens.")
        return told, ask.t("For example: acme-gmbh")
    if isinstance(fault, MissingScope):
        told = ask.t("This token lacks a permission without which nothing can be mirrored.")
        scopes = ", ".join(fault.scopes)
        return told, ask.t("In HubSpot, give the private app {scopes}, then enter its token here again.", scopes=scopes)
    if fault.reason == "other_portal":
        told = ask.t("Another HubSpot portal is connected under this name.")
        return told, ask.t("Choose another name for this one, or enter a token of the portal that has it.")
    if fault.reason == "connected_already":
        told = ask.t("This HubSpot portal is connected already, under another name.")
        return told, ask.t("Open it in the list of portals.")
    return plain.plainly(ask.words, fault)


def by_consent(ask: Ask) -> Response:
    """Make a link for this one person and follow it to HubSpot's own page."""
    name = ask.form.get("name", "").strip()
    try:
        link = ask.frame.service.connect_link(name)
    except (ConfigError, FatalError) as fault:
        field = "name" if fault.reason == "portal_name" else "consent"
        return connect(ask, error=_told(ask, fault), field=field, status=UNPROCESSABLE)
    ask.book(ask.t("Began to connect a portal by consent"), after=name)
    return make_response(redirect(link["url"], SEE_OTHER))


def _book(ask: Ask, name: str, hub_id: str) -> None:
    with ask.frame.store.view() as u:
        ask.portal_row = portals.by_name(u, name)
    ask.book(ask.t("Connected the portal"), after=ask.t("HubSpot {number}", number=hub_id))


# the portal is there: what it gives, which documents, go --------------------------------------------------------------


def start(ask: Ask) -> Response:
    """What the token gives, the choice of documents, and what the first sync will do."""
    found, error = _features(ask)
    with ask.frame.store.view() as u:
        mirrored = records.count(u, ask.portal.id, "contacts")
    return ask.page(
        "connect_start.html", found=found, error=error, without=WITHOUT, names=FEATURES, others=_others(ask),
        mirrored=mirrored,
        rates=ask.portal.settings.get("rates") or {},
        off=[one for one in found if one["ok"] is False],
    )  # fmt: skip


def _features(ask: Ask) -> tuple[list[dict[str, Any]], tuple[str, str] | None]:
    try:
        return list(ask.frame.service.features(ask.portal.name)["features"]), None
    except ConnectorError as fault:
        return [], plain.plainly(ask.words, fault)


def check(ask: Ask) -> Response:
    """Ask the portal once more what its token may do."""
    try:
        ask.frame.service.features(ask.portal.name, anew=True)
    except ConnectorError as fault:
        message, remedy = plain.plainly(ask.words, fault)
        return ask.go("/start", f"{message} {remedy}", portal=ask.portal.name)
    return ask.go("/start", ask.t("Checked again."), portal=ask.portal.name)


def _others(ask: Ask) -> list[PortalRow]:
    """Portals whose documents this person may read."""
    with ask.frame.store.view() as u:
        rows = portals.every(u)
    return [row for row in rows if row.id != ask.portal.id and ask.who.may("analyst", row.id)]


def before_copy(ask: Ask, *, error: tuple[str, str] | None = None, status: int = 200) -> Response:
    """Every difference to another portal's documents, before any is taken over."""
    source = ask.args.get("from", "") or ask.form.get("from", "")
    if source not in {row.name for row in _others(ask)}:
        return ask.go("/start", ask.t("Choose the portal to copy from."), portal=ask.portal.name)
    try:
        found = ask.frame.service.copy_preview(ask.portal.name, source)
    except ConnectorError as fault:
        return ask.page(
            "connect_copy.html", status=UNPROCESSABLE, found=None, source=source,
            error=plain.plainly(ask.words, fault),
        )  # fmt: skip
    return ask.page("connect_copy.html", status=status, found=found, source=source, error=error)


def copy(ask: Ask) -> Response:
    """Publish the chosen documents of the other portal here."""
    source, kinds = ask.form.get("from", ""), [k for k in ask.form.getlist("kind") if k in SHIPPED]
    if source not in {row.name for row in _others(ask)}:
        return ask.go("/start", ask.t("Choose the portal to copy from."), portal=ask.portal.name)
    try:
        done = ask.frame.service.copy_documents(ask.portal.name, source, kinds, ask.who.email)
    except ConfigError as fault:
        if fault.reason != "nothing_to_copy":
            raise
        told = ask.t("No document was chosen."), ask.t("Tick at least one.")
        return before_copy(ask, error=told, status=UNPROCESSABLE)
    copied = ", ".join(done["copied"]) or ask.t("nothing; all were the same")
    ask.book(ask.t("Copied documents from {source}", source=source), after=copied)
    said = ask.t("Taken over from {source}: {documents}.", source=source, documents=copied)
    return ask.go("/start", said, portal=ask.portal.name)


def begin(ask: Ask) -> Response:
    """Start the first sync. In observe mode a cycle reads and judges, and writes nothing."""
    ask.frame.request_work(ask.portal.id, "cycle")
    ask.book(ask.t("Started the first sync"))
    return ask.go("", ask.t("The first sync begins within seconds."), portal=ask.portal.name)


DOORS: tuple[Door, ...] = (
    Door("GET", "/connect", "admin", connect),
    Door("POST", "/connect/token", "admin", by_token),
    Door("POST", "/connect/consent", "admin", by_consent),
    Door("GET", "/portals/<portal>/start", "admin", start),
    Door("POST", "/portals/<portal>/start", "admin", begin),
    Door("POST", "/portals/<portal>/check", "admin", check),
    Door("GET", "/portals/<portal>/copy", "admin", before_copy),
    Door("POST", "/portals/<portal>/copy", "admin", copy),
)
