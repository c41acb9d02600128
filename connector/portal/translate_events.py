"""From HubSpot's engagement JSON to portal events, forms, marketing events and workflows. As tolerant as ``translate``.

An event's ``id`` is unique within its source and holds no personal data: where HubSpot gives none, it is a digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from connector.model.records import PortalEvent
from connector.portal.bodies import objects, text
from connector.portal.gateway import Form, MarketingEvent, SubscriptionDefinition, Workflow
from connector.portal.translate import Json, millis, whole

_MAX_DETAIL = 1_000
_MAX_PROPERTIES = 25


def digest(*parts: object) -> str:
    """A stable short id of what identifies an event that has none."""
    joined = "\x1f".join(text(part) for part in parts)
    return hashlib.sha256(joined.encode()).hexdigest()[:32]


def _detail(**values: object) -> dict[str, str]:
    return {name: text(value)[:_MAX_DETAIL] for name, value in values.items() if value not in (None, "", [], {})}


def _email(value: object) -> str | None:
    return text(value).strip() or None


def email_event_of(raw: Json) -> PortalEvent | None:
    """A marketing e-mail event; its key is id *and* created (HubSpot docs: email events v1)."""
    at = millis(raw.get("created"))
    if at is None:
        return None
    sent = raw.get("sentBy") if isinstance(raw.get("sentBy"), dict) else {}
    return PortalEvent(
        source="email_event",
        id=f"{at}:{text(raw.get('id'))}",
        at_ms=at,
        type=text(raw.get("type")),
        email=_email(raw.get("recipient")),
        ref=text(raw.get("emailCampaignId")),
        title=text(raw.get("subject")),
        url=text(raw.get("url")),
        detail=_email_detail(raw, sent if isinstance(sent, dict) else {}),
    )


def _email_detail(raw: Json, sent: Json) -> dict[str, str]:
    return _detail(
        filtered=raw.get("filteredEvent"),
        user_agent=raw.get("userAgent"),
        device_type=raw.get("deviceType"),
        duration_ms=raw.get("duration"),
        link_id=raw.get("linkId"),
        sent_ms=sent.get("created"),
        bounced=raw.get("bounced"),
        category=raw.get("category"),
        drop_reason=raw.get("dropReason"),
        status=raw.get("portalSubscriptionStatus"),
        campaign_group=raw.get("emailCampaignGroupId"),
        app=raw.get("appName"),
    )


def subscription_events_of(raw: Json) -> list[PortalEvent]:
    """One event per change of a timeline entry (HubSpot docs: email subscriptions v1)."""
    recipient = _email(raw.get("recipient"))
    found = []
    for change in objects(raw.get("changes")):
        at = millis(change.get("timestamp")) or millis(raw.get("timestamp"))
        if at is not None:
            found.append(_subscription_event(change, at, recipient))
    return found


def _subscription_event(change: Json, at: int, recipient: str | None) -> PortalEvent:
    subscription, word = text(change.get("subscriptionId")), text(change.get("change"))
    return PortalEvent(
        source="subscription",
        id=f"{at}:{digest(recipient or '', subscription, word, change.get('changeType'))}",
        at_ms=at,
        type=word,
        email=recipient,
        ref=subscription,
        detail=_detail(
            change_type=change.get("changeType"),
            source=change.get("source"),
            legal_basis=change.get("legalBasis"),
        ),
    )


def submission_of(form: Form, raw: Json) -> PortalEvent | None:
    """A form submission: HubSpot names no contact, so the e-mail among its values says whose it is."""
    at = millis(raw.get("submittedAt"))
    if at is None:
        return None
    values = objects(raw.get("values"))
    emails = (_email(value.get("value")) for value in values if text(value.get("name")) == "email")
    pairs = sorted((text(value.get("name")), text(value.get("value"))) for value in values)
    return PortalEvent(
        source="form_submission",
        id=text(raw.get("conversionId")) or digest(form.id, at, *(part for pair in pairs for part in pair)),
        at_ms=at,
        type="SUBMITTED",
        email=next((email for email in emails if email), None),
        ref=form.id,
        title=form.name,
        url=text(raw.get("pageUrl")),
    )


def behaviour_of(source: str, raw: Json, contact_id: int) -> PortalEvent | None:
    """An occurrence of the events API; property names differ by event type, so several are tried."""
    at = millis(raw.get("occurredAt"))
    if at is None:
        return None
    properties = raw.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    kind = text(raw.get("eventType"))
    return PortalEvent(
        source=source,
        id=text(raw.get("id")) or digest(contact_id, kind, at, *sorted(map(text, properties.values()))),
        at_ms=at,
        type=kind,
        contact_id=whole(raw.get("objectId")) or contact_id,
        ref=_first(properties, "hs_page_id", "hs_content_id", "page_id") or ("" if source == "page_view" else kind),
        title=_first(properties, "hs_title", "hs_page_title", "title", "page_title"),
        url=_first(properties, "hs_url", "hs_page_url", "url", "page_url"),
        detail=_detail(**_few(properties)),
    )


def _few(properties: Mapping[str, Any]) -> dict[str, object]:
    return dict(sorted(properties.items())[:_MAX_PROPERTIES])


def _first(properties: Mapping[str, Any], *names: str) -> str:
    return next((text(properties[name]) for name in names if properties.get(name)), "")


def participation_of(event: MarketingEvent, raw: Json) -> PortalEvent | None:
    """Who registered for, attended, cancelled or missed a marketing event."""
    said = raw.get("properties") if isinstance(raw.get("properties"), dict) else {}
    links = raw.get("associations") if isinstance(raw.get("associations"), dict) else {}
    said, links = said or {}, links or {}
    contact = links.get("contact") if isinstance(links.get("contact"), dict) else {}
    contact = contact or {}
    at = millis(said.get("occurredAt")) or millis(raw.get("createdAt"))
    if at is None:
        return None
    state = text(said.get("attendanceState"))
    return PortalEvent(
        source="marketing_event",
        id=text(raw.get("id")) or digest(event.id, contact.get("contactId"), state, at),
        at_ms=at,
        type=state,
        contact_id=whole(contact.get("contactId")),
        email=_email(contact.get("email")),
        ref=event.id,
        title=event.name,
        url=event.url,
        detail=_detail(
            duration_seconds=said.get("attendanceDurationSeconds"), percentage=said.get("attendancePercentage")
        ),
    )


def form_of(raw: Json) -> Form:
    updated = millis(raw.get("updatedAt"))
    return Form(text(raw.get("id", raw.get("guid"))), text(raw.get("name")), bool(raw.get("archived")), updated)


def marketing_event_of(raw: Json) -> MarketingEvent:
    return MarketingEvent(
        id=text(raw.get("objectId", raw.get("id"))),
        name=text(raw.get("eventName")),
        type=text(raw.get("eventType")),
        start_ms=millis(raw.get("startDateTime")),
        end_ms=millis(raw.get("endDateTime")),
        url=text(raw.get("eventUrl")),
        external_id=text(raw.get("externalEventId")),
        updated_ms=millis(raw.get("updatedAt")),
    )


def subscription_definition_of(raw: Json) -> SubscriptionDefinition:
    return SubscriptionDefinition(
        id=text(raw.get("id")),
        name=text(raw.get("name")),
        purpose=text(raw.get("purpose")),
        method=text(raw.get("communicationMethod")),
        active=bool(raw.get("isActive", True)),
        internal=bool(raw.get("isInternal")),
    )


def workflow_of(raw: Json) -> Workflow:
    """A workflow of the v3 listing; its id is the one enrolment takes."""
    migration = raw.get("migrationStatus")
    migration = migration if isinstance(migration, dict) else {}
    return Workflow(
        id=text(raw.get("id")),
        name=text(raw.get("name")),
        enabled=bool(raw.get("enabled")),
        type=text(raw.get("type")),
        flow_id=text(raw.get("flowId") or migration.get("flowId")),
    )


def flow_of(raw: Json, legacy: Mapping[str, str]) -> Workflow | None:
    """A contact workflow of the v4 listing; without a legacy id nothing can be enrolled in it, so ``id`` is ''."""
    if text(raw.get("objectTypeId")) not in {"", "0-1"}:
        return None
    flow = text(raw.get("id"))
    name = text(raw.get("name"))
    return Workflow(legacy.get(flow, ""), name, bool(raw.get("isEnabled")), text(raw.get("flowType")), flow)
