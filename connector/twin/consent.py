"""Communication preferences: who may be mailed about what (hubspot-api.md 10), in the v3 and the v4/dated shapes."""

from __future__ import annotations

from flask import Response, request

from connector.twin.clock import iso
from connector.twin.definitions import BORN, load_yaml
from connector.twin.errors import JSON, not_found, refused
from connector.twin.records import Record
from connector.twin.state import SYSTEM, State
from connector.twin.web import Url, answer, batch_answer, inputs, number, payload_dict

V3, V4 = "/communication-preferences/v3", "/communication-preferences/v4"
STATES = ("SUBSCRIBED", "UNSUBSCRIBED", "NOT_SPECIFIED")


class Consent:
    """Subscription statuses by contact, with who asked for them."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.types: list[JSON] = load_yaml("world.yaml")["subscriptions"]
        self._set: dict[tuple[int, int], tuple[str, int, bool]] = {}
        self.timeline: list[JSON] = []

    def status(self, record: Record, subscription_id: int) -> tuple[str, int]:
        """The status and since when."""
        own = self._set.get((record.id, subscription_id))
        if own:
            return own[0], own[1]
        if (
            record.props.get(f"hs_email_optout_{subscription_id}") == "true"
            or record.props.get("hs_email_optout") == "true"
        ):
            return "UNSUBSCRIBED", record.created
        granted = record.props.get("hs_legal_basis") == "Freely given consent from contact"
        return ("SUBSCRIBED" if granted else "NOT_SPECIFIED"), record.created

    def set(self, record: Record, subscription_id: int, status: str, *, own_wish: bool) -> str:
        """Change one status; somebody who left by himself cannot be brought back by the API. Returns the reason."""
        if status not in STATES:
            raise refused(f"{status} is not a subscription status")
        if all(row["id"] != subscription_id for row in self.types):
            raise not_found(f"no subscription type {subscription_id}")
        before, _ = self.status(record, subscription_id)
        left = self._set.get((record.id, subscription_id), ("", 0, False))
        opted_out = record.props.get("hs_email_optout") == "true" or (left[0] == "UNSUBSCRIBED" and left[2])
        if status == "SUBSCRIBED" and opted_out and not own_wish:
            raise refused(f"{record.props.get('email')} has opted out and cannot be subscribed through the API")
        if before == status:
            return "NO_STATUS_CHANGE"
        now = self._state.now_ms()
        self._set[(record.id, subscription_id)] = (status, now, own_wish)
        self.timeline.append({
            "timestamp": now, "recipient": record.props.get("email", ""), "portalId": self._state.portal_id,
            "changes": [{"change": status, "subscriptionId": subscription_id, "changeType": "SUBSCRIPTION_STATUS",
                         "source": "SOURCE_RECIPIENT" if own_wish else "SOURCE_API"}],
        })  # fmt: skip
        out = "true" if status == "UNSUBSCRIBED" else None
        self._state.write("contacts", record, {f"hs_email_optout_{subscription_id}": out}, SYSTEM)
        if not own_wish:
            self._state.effect(
                "subscription",
                "contacts",
                record.id,
                self._state.caller,
                now,
                name=str(subscription_id),
                before=before,
                after=status,
            )
        return "REQUESTED_CHANGE_OCCURRED"

    def leave_all(self, record: Record) -> None:
        for row in self.types:
            self.set(record, row["id"], "UNSUBSCRIBED", own_wish=True)
        self._state.write("contacts", record, {"hs_email_optout": "true"}, SYSTEM)


class ConsentRoutes:
    """Both generations of the subscription API."""

    def __init__(self, state: State, consent: Consent) -> None:
        self._state = state
        self._consent = consent

    def urls(self) -> list[Url]:
        return [
            Url("GET", f"{V3}/definitions", self.definitions), Url("GET", f"{V3}/status/email/<email>", self.v3_status),
            Url("POST", f"{V3}/subscribe", self.subscribe), Url("POST", f"{V3}/unsubscribe", self.unsubscribe),
            Url("GET", f"{V4}/statuses/<email>", self.v4_status), Url("POST", f"{V4}/statuses/<email>", self.v4_set),
            Url("GET", f"{V4}/statuses/<email>/unsubscribe-all", self.v4_all),
            Url("POST", f"{V4}/statuses/<email>/unsubscribe-all", self.v4_leave),
            Url("POST", f"{V4}/statuses/batch/read", self.batch_read),
            Url("GET", "/email/public/v1/subscriptions/timeline", self.timeline),
        ]  # fmt: skip

    def _contact(self, email: str) -> Record:
        table = self._state.table("contacts")
        record = table.live(table.by_email.get(email.lower(), -1))
        if record is None:
            raise not_found(f"no contact with email {email}")
        return record

    def definitions(self) -> Response:
        rows = [
            {**row, "id": str(row["id"]), "communicationMethod": "Email", "isActive": True, "isDefault": at == 0,
             "isInternal": False, "businessUnitId": 0, "createdAt": BORN, "updatedAt": BORN}
            for at, row in enumerate(self._consent.types)
        ]  # fmt: skip
        return answer({"subscriptionDefinitions": rows, "results": rows})

    def _v3(self, record: Record, row: JSON) -> JSON:
        status, _ = self._consent.status(record, row["id"])
        portal_wide = record.props.get("hs_email_optout") == "true"
        found = {
            "id": str(row["id"]), "name": row["name"], "description": row["description"],
            "status": "SUBSCRIBED" if status == "SUBSCRIBED" else "NOT_SUBSCRIBED",
            "sourceOfStatus": "PORTAL_WIDE_STATUS" if portal_wide else "SUBSCRIPTION_STATUS",
            "preferenceGroupName": None,
            "legalBasis": None, "legalBasisExplanation": None, "brandId": None,
        }  # fmt: skip
        if status == "SUBSCRIBED":
            found["legalBasis"] = "CONSENT_WITH_NOTICE"
        return found

    def v3_status(self, email: str) -> Response:
        record = self._contact(email)
        rows = [self._v3(record, row) for row in self._consent.types]
        return answer({"recipient": email, "subscriptionStatuses": rows})

    def _v3_change(self, status: str) -> Response:
        body = payload_dict()
        record = self._contact(str(body.get("emailAddress", "")))
        ident = int(body.get("subscriptionId", 0))
        self._consent.set(record, ident, status, own_wish=False)
        return answer(self._v3(record, next(row for row in self._consent.types if row["id"] == ident)))

    def subscribe(self) -> Response:
        return self._v3_change("SUBSCRIBED")

    def unsubscribe(self) -> Response:
        return self._v3_change("UNSUBSCRIBED")

    # -- v4 and dated --------------------------------------------------------------------------------------------

    def _v4(self, email: str, record: Record, row: JSON) -> JSON:
        status, since = self._consent.status(record, row["id"])
        return {
            "subscriberIdString": email, "subscriptionId": row["id"], "subscriptionName": row["name"],
            "channel": "EMAIL",
            "status": status, "source": "SUBSCRIPTION_STATUS", "timestamp": iso(since), "businessUnitId": 0,
        }  # fmt: skip

    def v4_status(self, email: str) -> Response:
        record = self._contact(email)
        return batch_answer(self._state, [self._v4(email, record, row) for row in self._consent.types])

    def v4_set(self, email: str) -> Response:
        body = payload_dict()
        record = self._contact(email)
        ident = int(body.get("subscriptionId", 0))
        reason = self._consent.set(record, ident, str(body.get("statusState")), own_wish=False)
        row = next(row for row in self._consent.types if row["id"] == ident)
        return answer({**self._v4(email, record, row), "setStatusSuccessReason": reason})

    def v4_all(self, email: str) -> Response:
        left = self._contact(email).props.get("hs_email_optout") == "true"
        status = "UNSUBSCRIBED" if left else "NOT_SPECIFIED"
        row = {"subscriberIdString": email, "channel": "EMAIL", "wideStatusType": "PORTAL_WIDE", "status": status}
        return batch_answer(self._state, [row])

    def v4_leave(self, email: str) -> Response:
        self._consent.leave_all(self._contact(email))
        return self.v4_status(email)

    def timeline(self) -> Response:
        """Changes of subscription state in a time window, oldest first."""
        args = request.args
        low, high = int(args.get("startTimestamp") or 0), int(args.get("endTimestamp") or 1 << 50)
        rows = [row for row in self._consent.timeline if low <= row["timestamp"] <= high]
        limit, offset = number("limit", 100, 1000), int(args.get("offset") or 0)
        page = rows[offset : offset + limit]
        return answer({"hasMore": offset + limit < len(rows), "offset": str(offset + len(page)), "timeline": page})

    def batch_read(self) -> Response:
        rows = []
        for one in inputs():
            email = str(one.get("subscriberIdString"))
            record = self._contact(email)
            rows.append(
                {"subscriberIdString": email, "statuses": [self._v4(email, record, row) for row in self._consent.types]}
            )
        return batch_answer(self._state, rows)
