"""Routes about the account itself: details, usage, owners, pipelines, OAuth."""

from __future__ import annotations

from flask import Response, request

from connector.twin.clock import DAY, iso
from connector.twin.definitions import BORN, load_yaml, object_name
from connector.twin.errors import JSON, not_found
from connector.twin.limits import Limits
from connector.twin.state import State
from connector.twin.web import Url, answer, flag, next_link, number

ZONE = "Europe/Berlin"


class AccountRoutes:
    """Account info, owners and pipelines."""

    def __init__(self, state: State, limits: Limits) -> None:
        self._state = state
        self._limits = limits
        self.owners: list[JSON] = [_owner(row) for row in load_yaml("world.yaml")["owners"]]
        self.pipelines: dict[str, list[JSON]] = {"deals": [_deal_pipeline()]}
        options = state.definitions.properties
        for kind in ("contacts", "companies", "deals", "calls", "emails", "meetings", "notes", "tasks"):
            found = [
                {
                    "label": f"{o['firstName']} {o['lastName']}",
                    "value": o["id"],
                    "displayOrder": at,
                    "hidden": o["archived"],
                }
                for at, o in enumerate(self.owners)
            ]
            options[kind]["hubspot_owner_id"]["options"] = found

    def urls(self) -> list[Url]:
        pipes = "/crm/v3/pipelines/<word>"
        return [
            Url("GET", "/account-info/v3/details", self.details),
            Url("GET", "/account-info/v3/api-usage/daily/private-apps", self.usage),
            Url("GET", "/crm/v3/owners", self.owner_page), Url("GET", "/crm/v3/owners/<ident>", self.owner),
            Url("GET", pipes, self.pipeline_page), Url("GET", f"{pipes}/<ident>", self.pipeline),
            Url("GET", f"{pipes}/<ident>/stages", self.stages),
            Url("GET", f"{pipes}/<ident>/stages/<stage>", self.stage),
        ]  # fmt: skip

    def details(self) -> Response:
        offset = self._state.clock.now().astimezone(self._limits.zone).utcoffset()
        millis = int(offset.total_seconds() * 1000) if offset else 0
        return answer({
            "portalId": self._state.portal_id, "accountType": "STANDARD", "timeZone": ZONE, "companyCurrency": "EUR",
            "additionalCurrencies": [], "utcOffset": f"{millis // 3_600_000:+03d}:00", "utcOffsetMilliseconds": millis,
            "uiDomain": "app-eu1.hubspot.com", "dataHostingLocation": "eu1",
        })  # fmt: skip

    def usage(self) -> Response:
        now = self._state.now_ms()
        return answer({"results": [{
            "name": "private-apps-api-calls-daily", "usageLimit": self._state.dials.daily or 0,
            "currentUsage": self._limits.used_today, "collectedAt": iso(now), "fetchStatus": "SUCCESS",
            "resetsAt": iso(now - now % DAY + DAY),
        }]})  # fmt: skip

    def owner_page(self) -> Response:
        limit, after = number("limit", 100, 500), int(request.args.get("after") or 0)
        email, archived = request.args.get("email"), flag("archived")
        rows = [o for o in self.owners if o["archived"] == archived and email in (None, o["email"])]
        body: JSON = {"results": rows[after : after + limit]}
        if after + limit < len(rows):
            body["paging"] = next_link(str(after + limit))
        return answer(body)

    def owner(self, ident: str) -> Response:
        key = request.args.get("idProperty", "id")
        found = next((o for o in self.owners if str(o[key]) == ident and o["archived"] == flag("archived")), None)
        if found is None:
            raise not_found()
        return answer(found)

    # -- pipelines -----------------------------------------------------------------------------------------------

    def _pipelines(self, word: str) -> list[JSON]:
        kind = object_name(word)
        return [self._lifecycle_pipeline()] if kind == "contacts" else self.pipelines.get(kind, [])

    def _lifecycle_pipeline(self) -> JSON:
        options = self._state.definitions.properties["contacts"]["lifecyclestage"]["options"]
        stages = [_stage(o["value"], o["label"], at, {}) for at, o in enumerate(options)]
        return _pipeline("contacts-lifecycle-pipeline", "Lifecycle Stage Pipeline", stages)

    def _pipeline(self, word: str, ident: str) -> JSON:
        for row in self._pipelines(word):
            if row["id"] == ident:
                return row
        raise not_found()

    def pipeline_page(self, word: str) -> Response:
        return answer({"results": self._pipelines(word)})

    def pipeline(self, word: str, ident: str) -> Response:
        return answer(self._pipeline(word, ident))

    def stages(self, word: str, ident: str) -> Response:
        return answer({"results": self._pipeline(word, ident)["stages"]})

    def stage(self, word: str, ident: str, stage: str) -> Response:
        for row in self._pipeline(word, ident)["stages"]:
            if row["id"] == stage:
                return answer(row)
        raise not_found()


def _owner(row: JSON) -> JSON:
    first, last = str(row["name"]).split(" ", 1)
    inactive = bool(row.get("inactive"))
    return {
        "id": str(row["id"]), "email": row["email"], "firstName": first, "lastName": last, "type": "PERSON",
        "userId": None if inactive else row["user"], "userIdIncludingInactive": row["user"],
        "teams": [] if inactive else [{"id": "51", "name": "Vertrieb DACH", "primary": True}],
        "createdAt": BORN, "updatedAt": BORN, "archived": inactive,
    }  # fmt: skip


def _stage(ident: str, label: str, at: int, metadata: JSON) -> JSON:
    return {
        "id": ident, "label": label, "displayOrder": at, "metadata": metadata, "createdAt": BORN, "updatedAt": BORN,
        "archived": False, "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
    }  # fmt: skip


def _pipeline(ident: str, label: str, stages: list[JSON]) -> JSON:
    return {
        "id": ident, "label": label, "displayOrder": 0, "stages": stages, "createdAt": BORN, "updatedAt": BORN,
        "archived": False,
    }  # fmt: skip


def _deal_pipeline() -> JSON:
    rows = load_yaml("world.yaml")["deal_stages"]
    stages = [
        _stage(
            row["id"],
            row["label"],
            at,
            {"isClosed": str(row["p"] in (0, 1)).lower(), "probability": str(float(row["p"]))},
        )
        for at, row in enumerate(rows)
    ]
    return _pipeline("default", "Vertriebspipeline", stages)
