"""What people did: mails, page views, forms, webinars. Kept as packed integers, so that millions fit.

A *person* is the number under which a contact's history is kept; merges and deletions leave it as it is. The counters
on the contact are kept by ``counters``.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field

from connector.twin.clock import DAY
from connector.twin.definitions import load_yaml
from connector.twin.errors import JSON
from connector.twin.state import State

MAIL_KINDS = (
    "SENT", "DELIVERED", "OPEN", "CLICK", "BOUNCE", "STATUSCHANGE", "DROPPED", "DEFERRED", "SPAMREPORT", "FORWARD",
    "PROCESSED", "PRINT", "SUPPRESSED", "UNBOUNCE", "OPEN_MACHINE", "CLICK_MACHINE",
)  # fmt: skip
KIND_NUMBER = {name: at for at, name in enumerate(MAIL_KINDS)}
WEBINAR_STATES = ("REGISTERED", "ATTENDED", "CANCELLED", "NO_SHOW")
CAMPAIGNS = 39
SITE = "https://www.example-werke.de"


@dataclass
class Submission:
    """One form submission; without own values they are read from the contact."""

    at: int
    person: int
    values: dict[str, str] | None = None
    email: str | None = None

    def order(self) -> tuple[int, int]:
        return (-self.at, -self.person)


@dataclass
class Webinar:
    """One marketing event with its participations: (time, person, state)."""

    ident: int
    name: str
    starts: int
    rows: list[tuple[int, int, str]] = field(default_factory=list)


class Catalogue:
    """Forms, pages, mails and webinars of this world, with the times they have in this portal."""

    def __init__(self, as_of: int) -> None:
        world = load_yaml("world.yaml")
        self.pages: list[str] = [page for group in world["pages"].values() for page in group]
        self.page_number = {page: at for at, page in enumerate(self.pages)}
        self.groups: dict[str, list[int]] = {
            name: [self.page_number[page] for page in group] for name, group in world["pages"].items()
        }
        self.forms: list[JSON] = world["forms"]
        base = as_of - as_of % DAY + 9 * 3_600_000
        self.campaigns: list[JSON] = []
        for at in range(CAMPAIGNS):
            kind = world["campaigns"][at % len(world["campaigns"])]
            sent = base - (CAMPAIGNS - at) * 14 * DAY
            named = {**kind, "name": f"{kind['name']} {at + 1:02d}", "id": 330_000_100 + at * 17, "sent": sent}
            self.campaigns.append(named)
        self.webinars = [
            Webinar(880_001 + at * 13, f"{name} ({at + 1:02d})", base - (12 - at) * 40 * DAY + 5 * 3_600_000)
            for at, name in enumerate(world["webinars"] * 3)
        ]


class Activity:
    """All histories of the portal."""

    def __init__(self, state: State, as_of: int) -> None:
        self._state = state
        self.catalogue = Catalogue(as_of)
        self.contact_ids: list[int] = []
        self.emails: list[str] = []
        self._persons: dict[int, int] = {}
        self.mail: list[int] = []
        self.views: list[int] = []
        self.submissions: dict[str, list[Submission]] = {form["id"]: [] for form in self.catalogue.forms}

    # -- persons -------------------------------------------------------------------------------------------------

    def person(self, contact_id: int, email: str = "") -> int:
        """The number of a contact's history, made on first use."""
        found = self._persons.get(contact_id)
        if found is None:
            found = self._persons[contact_id] = len(self.contact_ids)
            self.contact_ids.append(contact_id)
            self.emails.append(email)
        if email and not self.emails[found]:
            self.emails[found] = email
        return found

    def contact_of(self, person: int) -> int | None:
        """The contact a person's history belongs to now; None once erased."""
        table = self._state.table("contacts")
        ident = table.resolve(self.contact_ids[person])
        return ident if ident in table.records else None

    def persons_of(self, contact_id: int) -> list[int]:
        """A contact's own history and those merged into it."""
        record = self._state.table("contacts").records.get(contact_id)
        merged = record.props.get("hs_merged_object_ids", "") if record else ""
        ids = [contact_id, *(int(part) for part in merged.split(";") if part)]
        return [self._persons[ident] for ident in ids if ident in self._persons]

    # -- mails ---------------------------------------------------------------------------------------------------

    @staticmethod
    def pack_mail(at: int, person: int, campaign: int, kind: int) -> int:
        return (at << 32) | (person << 12) | (campaign << 6) | kind

    def add_mail(self, at: int, person: int, campaign: int, kind: int) -> int:
        packed = self.pack_mail(at, person, campaign, kind)
        insort(self.mail, packed)
        return packed

    def mail_between(self, start: int, end: int) -> list[int]:
        return self.mail[bisect_left(self.mail, start << 32) : bisect_right(self.mail, (end << 32) | 0xFFFFFFFF)]

    def campaign_number(self, name: str | int | None) -> int:
        """A campaign by name, by id or by number; the newest when none is named."""
        rows = self.catalogue.campaigns
        for at, row in enumerate(rows):
            if name in (row["name"], row["id"]):
                return at
        if isinstance(name, str):
            rows.append({**rows[-1], "name": name, "subject": name, "id": rows[-1]["id"] + 17})
        return len(rows) - 1

    # -- page views ----------------------------------------------------------------------------------------------

    @staticmethod
    def pack_view(person: int, at: int, page: int) -> int:
        return (person << 56) | (at << 10) | page

    def page_of(self, url: str) -> int:
        path = url.removeprefix(SITE) or "/"
        catalogue = self.catalogue
        if path not in catalogue.page_number:
            catalogue.page_number[path] = len(catalogue.pages)
            catalogue.pages.append(path)
        return catalogue.page_number[path]

    def url_of(self, page: int) -> str:
        path = self.catalogue.pages[page]
        return path if path.startswith("http") else SITE + path

    def add_view(self, person: int, at: int, url: str) -> None:
        insort(self.views, self.pack_view(person, at, self.page_of(url)))

    def views_of(self, person: int) -> list[tuple[int, str]]:
        """(time, address), oldest first."""
        low, high = bisect_left(self.views, person << 56), bisect_left(self.views, (person + 1) << 56)
        return [((row >> 10) & 0x3FFFFFFFFFFF, self.url_of(row & 0x3FF)) for row in self.views[low:high]]

    # -- forms and webinars --------------------------------------------------------------------------------------

    def form(self, ident: str) -> JSON | None:
        """By GUID or by name."""
        return next((form for form in self.catalogue.forms if ident in (form["id"], form["name"])), None)

    def webinar(self, ident: int | str) -> Webinar | None:
        return next((w for w in self.catalogue.webinars if str(ident) in (str(w.ident), w.name)), None)

    def add_submission(self, form_id: str, submission: Submission) -> None:
        insort(self.submissions[form_id], submission, key=Submission.order)

    def settle(self) -> None:
        """Put what the seed added in bulk in order."""
        self.mail.sort()
        self.views.sort()
        for rows in self.submissions.values():
            rows.sort(key=Submission.order)
        for webinar in self.catalogue.webinars:
            webinar.rows.sort()
