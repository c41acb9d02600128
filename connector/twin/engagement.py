"""Routes that show what single people did: e-mail events v1, the events API, form submissions (hubspot-api.md 6)."""

from __future__ import annotations

import uuid
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Any

from flask import Response, request

from connector.twin.activity import MAIL_KINDS, SITE, Activity, Submission
from connector.twin.clock import iso, parse_moment
from connector.twin.definitions import object_name
from connector.twin.errors import JSON, not_found, refused
from connector.twin.records import Record
from connector.twin.state import State
from connector.twin.web import Url, answer, next_link, number, payload_dict

MAIL = "/email/public/v1"
EVENT_TYPES = ("e_visited_page", "e_submitted_form", "e_clicked_marketing_email", "e_opened_marketing_email")
MAIL_NAMESPACE = uuid.UUID("6a3de0c2-0000-4000-8000-2741806300aa")
SUBMITTED = ("email", "firstname", "lastname", "company", "jobtitle")


class EngagementRoutes:
    """Reading histories; posting a form as a visitor would."""

    def __init__(self, state: State, activity: Activity, take_form: Callable[[str, str, dict[str, str]], int]) -> None:
        self._state = state
        self._activity = activity
        self._take_form = take_form

    def urls(self) -> list[Url]:
        return [
            Url("GET", f"{MAIL}/events", self.mail_events),
            Url("GET", f"{MAIL}/events/<created>/<ident>", self.mail_event),
            Url("GET", f"{MAIL}/campaigns", self.campaigns), Url("GET", f"{MAIL}/campaigns/by-id", self.campaigns),
            Url("GET", f"{MAIL}/campaigns/<ident>", self.campaign),
            Url("GET", "/events/v3/events", self.events), Url("GET", "/events/v3/events/event-types", self.event_types),
            Url("GET", "/form-integrations/v1/submissions/forms/<guid>", self.submissions),
            Url("POST", "/submissions/v3/integration/submit/<portal>/<guid>", self.submit),
            Url("POST", "/submissions/v3/integration/secure/submit/<portal>/<guid>", self.submit),
        ]  # fmt: skip

    # -- e-mail events v1 ----------------------------------------------------------------------------------------

    def mail_events(self) -> Response:
        """Newest first, in windows; ``offset`` continues."""
        args = request.args
        limit = number("limit", 10, 1000)
        rows = self._mail_rows(int(args.get("startTimestamp") or 0), int(args.get("endTimestamp") or 1 << 42))
        wanted = self._mail_filter()
        found: list[JSON] = []
        at = int(args.get("offset") or 0)
        while at < len(rows) and len(found) < limit:
            event = self._mail_shape(rows[-1 - at]) if wanted(rows[-1 - at]) else None
            if event is not None:
                found.append(event)
            at += 1
        return answer({"hasMore": at < len(rows), "offset": str(at), "events": found})

    def _mail_rows(self, start: int, end: int) -> list[int]:
        mail = self._activity.mail
        return mail[bisect_left(mail, start << 32) : bisect_right(mail, (end << 32) | 0xFFFFFFFF)]

    def _mail_filter(self) -> Any:
        args = request.args
        kind, campaign, recipient = args.get("eventType"), args.get("campaignId"), args.get("recipient", "").lower()
        unfiltered = args.get("excludeFilteredEvents", "false").lower() == "true"
        kinds = {at for at, name in enumerate(MAIL_KINDS) if kind in (None, name.removesuffix("_MACHINE"))}
        if unfiltered:
            kinds -= {at for at, name in enumerate(MAIL_KINDS) if name.endswith("_MACHINE")}
        campaigns = self._activity.catalogue.campaigns

        def wanted(row: int) -> bool:
            return (
                row & 63 in kinds
                and (campaign is None or str(campaigns[(row >> 6) & 63]["id"]) == campaign)
                and (not recipient or self._activity.emails[(row >> 12) & 0xFFFFF].lower() == recipient)
            )

        return wanted

    def _mail_shape(self, row: int) -> JSON | None:
        """None once the person was erased."""
        created, person, number_, kind = row >> 32, (row >> 12) & 0xFFFFF, (row >> 6) & 63, MAIL_KINDS[row & 63]
        if self._activity.contact_of(person) is None:
            return None
        campaign = self._activity.catalogue.campaigns[number_]
        event: JSON = {
            "id": str(uuid.uuid5(MAIL_NAMESPACE, str(row))), "created": created, "type": kind.removesuffix("_MACHINE"),
            "recipient": self._activity.emails[person], "portalId": self._state.portal_id, "appId": 113,
            "appName": "Batch",
            "emailCampaignId": campaign["id"], "filteredEvent": kind.endswith("_MACHINE"),
        }  # fmt: skip
        return {**event, **self._mail_details(kind.removesuffix("_MACHINE"), campaign, created, person, number_)}

    def _mail_details(self, kind: str, campaign: JSON, created: int, person: int, number_: int) -> JSON:
        if kind == "SENT":
            return {"subject": campaign["subject"], "from": "Example Werke <news@example-werke.de>"}
        sent = campaign["sent"] + (person % 1800) * 1000
        packed = Activity.pack_mail(sent, person, number_, 0)
        cause = {"id": str(uuid.uuid5(MAIL_NAMESPACE, str(packed))), "created": sent}
        found: JSON = {"sentBy": cause} if sent <= created else {}
        if kind == "CLICK":
            found["url"] = SITE + campaign["url"]
        if kind in ("OPEN", "CLICK"):
            found |= {"deviceType": "COMPUTER", "userAgent": "Mozilla/5.0", "browser": {"name": "Firefox"}}
        if kind == "BOUNCE":
            found |= {"category": "UNKNOWN_USER", "response": "550 5.1.1 user unknown", "status": "5.1.1"}
        if kind == "STATUSCHANGE":
            found |= {
                "portalSubscriptionStatus": "UNSUBSCRIBED", "requestedBy": "RECIPIENT",
                "source": "SOURCE_LISTUNSUBSCRIBE",
                "subscriptions": [{"id": campaign["subscription"], "status": "UNSUBSCRIBED"}], "bounced": False,
            }  # fmt: skip
        return found

    def mail_event(self, created: str, ident: str) -> Response:
        for row in self._mail_rows(int(created), int(created)):
            event = self._mail_shape(row)
            if event is not None and event["id"] == ident:
                return answer(event)
        raise not_found()

    def _campaign(self, row: JSON) -> JSON:
        return {
            "id": row["id"], "name": row["name"], "subject": row["subject"], "appId": 113, "appName": "Batch",
            "contentId": row["id"] * 10, "lastUpdatedTime": row["sent"], "type": "BATCH_EMAIL",
        }  # fmt: skip

    def campaigns(self) -> Response:
        rows = self._activity.catalogue.campaigns
        limit, offset = number("limit", 100, 500), int(request.args.get("offset") or 0)
        page = [self._campaign(row) for row in rows[offset : offset + limit]]
        return answer({"hasMore": offset + limit < len(rows), "offset": str(offset + len(page)), "campaigns": page})

    def campaign(self, ident: str) -> Response:
        for row in self._activity.catalogue.campaigns:
            if str(row["id"]) == ident:
                return answer(self._campaign(row))
        raise not_found()

    # -- events API ----------------------------------------------------------------------------------------------

    def event_types(self) -> Response:
        return answer({"eventTypes": list(EVENT_TYPES)})

    def events(self) -> Response:
        """One record a query."""
        record = self._asked_record()
        args = request.args
        low = parse_moment(args["occurredAfter"]) if "occurredAfter" in args else 0
        high = parse_moment(args["occurredBefore"]) if "occurredBefore" in args else 1 << 50
        rows = [
            row for row in self._history(record) if args.get("eventType") in (None, row[1]) and low <= row[0] <= high
        ]
        rows.sort(key=lambda row: row[0], reverse=args.get("sort", "-occurredAt").startswith("-"))
        limit, after = number("limit", 20, 1000), int(args.get("after") or 0)
        page = rows[after : after + limit]
        body: JSON = {"results": [self._event_shape(record, row) for row in page]}
        if after + limit < len(rows):
            body["paging"] = next_link(str(after + limit))
        return answer(body)

    def _asked_record(self) -> Record:
        args = request.args
        table = self._state.table("contacts")
        ident = table.by_email.get(args.get("objectProperty.email", "").lower())
        if args.get("objectId"):
            if object_name(args.get("objectType", "contact")) != "contacts":
                raise refused("only contacts have events here")
            ident = int(args["objectId"])
        elif "objectProperty.email" not in args:
            raise refused("objectType and objectId, or an objectProperty, are required")
        record = table.live(-1 if ident is None else ident)
        if record is None:
            raise not_found()
        return record

    def _history(self, record: Record) -> list[tuple[int, str, JSON, int]]:
        """(time, kind, details, the contact it was told of first): an event keeps its id when contacts are merged."""
        rows: list[tuple[int, str, JSON, int]] = []
        for person in self._activity.persons_of(record.id):
            whose = self._activity.contact_ids[person]
            for at, url in self._activity.views_of(person):
                rows.append((at, "e_visited_page", {"hs_url": url, "hs_path": url.removeprefix(SITE)}, whose))
            for form in self._activity.catalogue.forms:
                details = {"hs_form_id": form["id"], "hs_form_name": form["name"]}
                rows += [
                    (one.at, "e_submitted_form", details, whose)
                    for one in self._activity.submissions[form["id"]]
                    if one.person == person
                ]
        return rows

    def _event_shape(self, record: Record, row: tuple[int, str, JSON, int]) -> JSON:
        ident = uuid.uuid5(MAIL_NAMESPACE, f"{row[3]}{row[:2]}{row[2].get('hs_url', '')}")
        return {
            "id": str(ident), "eventType": row[1], "objectId": str(record.id), "objectType": "CONTACT",
            "occurredAt": iso(row[0]), "properties": row[2],
        }  # fmt: skip

    # -- forms ---------------------------------------------------------------------------------------------------

    def submissions(self, guid: str) -> Response:
        form = self._activity.form(guid)
        if form is None:
            raise not_found("form does not exist")
        limit, after = number("limit", 20, 50), int(request.args.get("after") or 0)
        rows = self._activity.submissions[form["id"]]
        found: list[JSON] = []
        while after < len(rows) and len(found) < limit:
            shape = self._submission(form, rows[after])
            found += [shape] if shape else []
            after += 1
        body: JSON = {"results": found}
        if after < len(rows):
            body["paging"] = {"next": {"after": str(after)}}
        return answer(body)

    def _submission(self, form: JSON, one: Submission) -> JSON | None:
        contact_id = self._activity.contact_of(one.person)
        if contact_id is None:
            return None
        values = one.values
        if values is None:
            props = self._state.table("contacts").records[contact_id].props
            values = {name: props[name] for name in SUBMITTED if name in props} | {
                "email": self._activity.emails[one.person]
            }
        return {
            "conversionId": str(uuid.uuid5(MAIL_NAMESPACE, f"{form['id']}{one.at}{one.person}")), "submittedAt": one.at,
            "values": [{"name": name, "value": value, "objectTypeId": "0-1"} for name, value in values.items()],
            "pageUrl": SITE + form["page"],
        }  # fmt: skip

    def submit(self, portal: str, guid: str) -> Response:
        """A visitor sends a form."""
        form = self._activity.form(guid)
        if form is None or portal != str(self._state.portal_id):
            raise not_found("form does not exist")
        fields = {str(one["name"]): str(one["value"]) for one in payload_dict().get("fields", [])}
        self._take_form(guid, fields.pop("email", ""), fields)
        return answer({"inlineMessage": "Vielen Dank."})
