"""Routes of marketing: form definitions, marketing events with their participations, marketing e-mails."""

from __future__ import annotations

from flask import Response, request

from connector.twin.activity import SITE, WEBINAR_STATES, Activity, Webinar
from connector.twin.clock import iso
from connector.twin.definitions import BORN
from connector.twin.errors import JSON, not_found, refused
from connector.twin.state import State
from connector.twin.web import Url, answer, next_link, number, payload_dict

EVENTS = "/marketing/v3/marketing-events"
FIELDS = ("email", "firstname", "lastname", "company", "jobtitle")
STATE_WORDS = {"register": "REGISTERED", "attend": "ATTENDED", "cancel": "CANCELLED"}


class MarketingRoutes:
    """Forms, webinars, mails as things (not as what people did with them)."""

    def __init__(self, state: State, activity: Activity) -> None:
        self._state = state
        self._activity = activity

    def urls(self) -> list[Url]:
        parts = f"{EVENTS}/participations"
        return [
            Url("GET", "/marketing/v3/forms", self.forms), Url("GET", "/marketing/v3/forms/<guid>", self.form),
            Url("GET", EVENTS, self.events), Url("GET", f"{EVENTS}/<ident>", self.event),
            Url("GET", f"{parts}/<ident>", self.totals), Url("GET", f"{parts}/<ident>/breakdown", self.breakdown),
            Url("GET", f"{parts}/contacts/<contact>/breakdown", self.of_contact),
            Url("POST", f"{EVENTS}/<ident>/attendance/<word>/create", self.attend),
            Url("GET", "/marketing/v3/emails", self.mails), Url("GET", "/marketing/v3/emails/<ident>", self.mail),
        ]  # fmt: skip

    def _paged(self, rows: list[JSON], most: int, default: int) -> Response:
        limit, after = number("limit", default, most), int(request.args.get("after") or 0)
        body: JSON = {"results": rows[after : after + limit], "total": len(rows)}
        if after + limit < len(rows):
            body["paging"] = next_link(str(after + limit))
        return answer(body)

    # -- forms ---------------------------------------------------------------------------------------------------

    def _form(self, row: JSON) -> JSON:
        fields: list[JSON] = [
            {"objectTypeId": "0-1", "name": name, "label": name, "required": name == "email", "hidden": False,
             "fieldType": "email" if name == "email" else "single_line_text", "validation": {}}
            for name in FIELDS
        ]  # fmt: skip
        return {
            "id": row["id"], "name": row["name"], "formType": "hubspot", "createdAt": BORN, "updatedAt": BORN,
            "archived": False,
            "fieldGroups": [{"groupType": "default_group", "richTextType": "text", "fields": fields}],
            "configuration": {"language": "de", "cloneable": True, "editable": True, "archivable": True},
        }  # fmt: skip

    def forms(self) -> Response:
        return self._paged([self._form(row) for row in self._activity.catalogue.forms], 500, 20)

    def form(self, guid: str) -> Response:
        row = next((row for row in self._activity.catalogue.forms if row["id"] == guid), None)
        if row is None:
            raise not_found()
        return answer(self._form(row))

    # -- marketing events ----------------------------------------------------------------------------------------

    def _webinar(self, ident: str) -> Webinar:
        found = self._activity.webinar(ident)
        if found is None:
            raise not_found(f"Marketing event {ident} does not exist")
        return found

    def _counts(self, webinar: Webinar) -> JSON:
        latest = self._latest(webinar)
        return {
            "attended": sum(state == "ATTENDED" for _, state in latest.values()),
            "registered": sum(1 for _, _, state in webinar.rows if state == "REGISTERED"),
            "cancelled": sum(state == "CANCELLED" for _, state in latest.values()),
            "noShows": sum(state == "NO_SHOW" for _, state in latest.values()),
        }

    def _latest(self, webinar: Webinar) -> dict[int, tuple[int, str]]:
        """Each person's last state."""
        found: dict[int, tuple[int, str]] = {}
        for at, person, state in webinar.rows:
            if person not in found or WEBINAR_STATES.index(state) > 0 or at >= found[person][0]:
                found[person] = (at, state)
        return found

    def _event(self, webinar: Webinar) -> JSON:
        counts = self._counts(webinar)
        return {
            "objectId": str(webinar.ident), "eventName": webinar.name, "eventType": "WEBINAR",
            "eventOrganizer": "Example Werke",
            "externalEventId": f"webinar-{webinar.ident}", "startDateTime": iso(webinar.starts),
            "endDateTime": iso(webinar.starts + 3_600_000), "eventUrl": f"{SITE}/webinare", "eventCancelled": False,
            "eventCompleted": webinar.starts < self._state.now_ms(), "createdAt": BORN, "updatedAt": BORN,
            "registrants": counts["registered"], "attendees": counts["attended"], "cancellations": counts["cancelled"],
            "noShows": counts["noShows"], "customProperties": [],
        }  # fmt: skip

    def events(self) -> Response:
        return self._paged([self._event(webinar) for webinar in self._activity.catalogue.webinars], 100, 10)

    def event(self, ident: str) -> Response:
        return answer(self._event(self._webinar(ident)))

    def totals(self, ident: str) -> Response:
        return answer(self._counts(self._webinar(ident)))

    def _row(self, webinar: Webinar, person: int, at: int, state: str) -> JSON | None:
        contact_id = self._activity.contact_of(person)
        if contact_id is None:
            return None
        email = self._state.table("contacts").records[contact_id].props.get("email")
        came = state == "ATTENDED"
        return {
            "id": f"{webinar.ident}-{person}-{WEBINAR_STATES.index(state)}", "createdAt": iso(at),
            "properties": {
                "occurredAt": at, "attendanceState": state, "attendanceDurationSeconds": 3000 if came else None,
                "attendancePercentage": "0.83" if came else None,
            },
            "associations": {
                "contact": {"contactId": str(contact_id), "email": email},
                "marketingEvent": {
                    "marketingEventId": str(webinar.ident), "name": webinar.name,
                    "externalEventId": f"webinar-{webinar.ident}", "externalAccountId": "twin",
                },
            },
        }  # fmt: skip

    def _filtered(self, rows: list[JSON | None]) -> Response:
        state, who = request.args.get("state"), request.args.get("contactIdentifier")
        kept = [
            row for row in rows
            if row is not None and state in (None, row["properties"]["attendanceState"])
            and who in (None, *row["associations"]["contact"].values())
        ]  # fmt: skip
        return self._paged(kept, 100, 10)

    def breakdown(self, ident: str) -> Response:
        webinar = self._webinar(ident)
        return self._filtered([self._row(webinar, person, at, state) for at, person, state in webinar.rows])

    def of_contact(self, contact: str) -> Response:
        table = self._state.table("contacts")
        record = table.live(int(contact) if contact.isdigit() else table.by_email.get(contact.lower(), -1))
        if record is None:
            raise not_found()
        persons = set(self._activity.persons_of(record.id))
        return self._filtered([
            self._row(webinar, person, at, state)
            for webinar in self._activity.catalogue.webinars
            for at, person, state in webinar.rows
            if person in persons
        ])  # fmt: skip

    def attend(self, ident: str, word: str) -> Response:
        """Attendance written by an integration; the same contact and time twice is one row."""
        webinar, state = self._webinar(ident), STATE_WORDS.get(word.lower(), word.upper())
        if state not in WEBINAR_STATES:
            raise refused(f"unknown attendance state {word}")
        for one in payload_dict().get("inputs") or []:
            row = (int(one["interactionDateTime"]), self._activity.person(int(one["vid"])), state)
            if row not in webinar.rows:
                webinar.rows.append(row)
        return answer({"status": "COMPLETE", "results": []})

    # -- marketing e-mails ---------------------------------------------------------------------------------------

    def _mail(self, row: JSON) -> JSON:
        return {
            "id": str(row["id"] * 10), "name": row["name"], "subject": row["subject"], "type": "BATCH_EMAIL",
            "state": "PUBLISHED",
            "emailCampaignGroupId": str(row["id"]), "primaryEmailCampaignId": str(row["id"]),
            "allEmailCampaignIds": [str(row["id"])],
            "subscriptionDetails": {"subscriptionId": str(row["subscription"])},
            "publishDate": iso(row["sent"]), "isPublished": True,
            "createdAt": BORN, "updatedAt": iso(row["sent"]), "archived": False,
        }  # fmt: skip

    def mails(self) -> Response:
        return self._paged([self._mail(row) for row in self._activity.catalogue.campaigns], 300, 10)

    def mail(self, ident: str) -> Response:
        for row in self._activity.catalogue.campaigns:
            if str(row["id"] * 10) == ident:
                return answer(self._mail(row))
        raise not_found()
