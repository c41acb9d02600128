"""Items of deliveries as HubSpot writes them (reference 11.3), for the tests of the wire."""

from __future__ import annotations

from typing import Any

import orjson

PORTAL = 987654
T0 = 1_795_305_600_000


def item(number: int = 501, **fields: Any) -> dict[str, Any]:
    """One change of one property of one contact; ``fields`` replaces or, by ``...``, takes away."""
    whole = {
        "eventId": 100,
        "subscriptionId": 25,
        "portalId": PORTAL,
        "appId": 4242,
        "occurredAt": T0,
        "subscriptionType": "contact.propertyChange",
        "attemptNumber": 0,
        "objectId": number,
        "changeSource": "CRM_UI",
        "propertyName": "lifecyclestage",
        "propertyValue": "customer",
    } | fields
    return {name: value for name, value in whole.items() if value is not ...}


def plain(subscription_type: str, **fields: Any) -> dict[str, Any]:
    """An item without the fields of a property change."""
    return item(subscriptionType=subscription_type, propertyName=..., propertyValue=...) | fields


def merge(**fields: Any) -> dict[str, Any]:
    told = {"objectId": 900, "primaryObjectId": 501, "mergedObjectIds": [502, 503], "newObjectId": 900}
    return plain("contact.merge") | told | {"numberOfPropertiesMoved": 3} | fields


def association(**fields: Any) -> dict[str, Any]:
    told = {"fromObjectId": 501, "toObjectId": 701, "associationType": "CONTACT_TO_COMPANY"}
    bare = plain("contact.associationChange", associationRemoved=False, isPrimaryAssociation=True) | told
    del bare["objectId"]
    return bare | fields


def body(*items: Any) -> bytes:
    return orjson.dumps(list(items))
