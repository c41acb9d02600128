"""The doctor of one portal: does the token work, for what, how much is left, is the clock right, what ends soon."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from connector.clock import iso
from connector.errors import ConfigError, ConnectorError, DailyLimitReached, MissingScope
from connector.model.records import PortalIdentity
from connector.portal.gateway import ScopeReport
from connector.portal.oauth import TokenFacts
from connector.portal.versions import OLD, expiring
from connector.store.portals import PortalRow
from connector.sync.answering import answers_check
from connector.sync.breaker import check as provider_check
from connector.sync.context import Context
from connector.sync.credentials import SETTING, reconnect
from connector.sync.listing import lists_check

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
SKEW_MS = 60_000
# Nothing is mirrored or judged without these; every other feature may be missing.
NEEDED = frozenset({"contacts", "properties"})
EDITION = "Enterprise"
FEATURES = "features"
UNTIL_MIDNIGHT = "Background work pauses until the portal's midnight."


def check_name(name: str) -> None:
    """A portal's name is used in commands and addresses."""
    if not NAME.fullmatch(name):
        raise ConfigError(
            "A portal's name is 1 to 40 lower-case letters, digits and hyphens.",
            remedy="For example: acme-gmbh",
            reason="portal_name",
        )


def refuse_paused(row: PortalRow) -> None:
    """A paused portal is neither read nor written."""
    if row.paused_ms is not None:
        raise ConfigError(
            f"{row.name} is paused ({row.pause_reason}).",
            remedy=f"Go on with: leadwright portal resume {row.name}",
            reason="paused",
        )


def refuse_other_portal(row: PortalRow, identity: PortalIdentity, address: str) -> None:
    """A name that is taken may get a new token of the same portal, never another portal."""
    if row.base_url != address or row.hub_id != identity.hub_id:
        raise ConfigError(
            f"{row.name} is connected to HubSpot portal {row.hub_id}; this token belongs to {identity.hub_id}.",
            remedy="Connect the other portal under a name of its own.",
            reason="other_portal",
        )


def refuse_without_contacts(features: Iterable[ScopeReport]) -> None:
    """Without contacts there is nothing to mirror; every other feature may be missing."""
    for report in features:
        if report.feature == "contacts" and report.ok is False:
            raise MissingScope(
                "The token may not read contacts.",
                scopes=(report.scope,),
                remedy=f"Give it the scope {report.scope} in HubSpot and connect again.",
            )


def kept(features: Iterable[ScopeReport], now_ms: int) -> dict[str, Any]:
    """What a token may do, as the portal's settings keep it: found out by a dozen calls, looked at more often."""
    return {"at_ms": now_ms, "features": [_feature(report) for report in features]}


def added(row: PortalRow, identity: PortalIdentity, features: Iterable[ScopeReport]) -> dict[str, Any]:
    """What connecting found."""
    rows = [_feature(report) for report in features]
    off = [f"{r['feature']} is switched off: {r['why']}" for r in rows if r["ok"] is False]
    return {
        "portal": row.name,
        "hub_id": identity.hub_id,
        "time_zone": identity.time_zone,
        "currency": identity.currency,
        "account_type": identity.account_type,
        "base_url": row.base_url,
        "mode": "live" if row.live else "observe",
        "features": rows,
        "warnings": off,
    }


def _feature(report: ScopeReport) -> dict[str, Any]:
    return {"feature": report.feature, "scope": report.scope, "ok": report.ok, "why": report.why}


def check(ctx: Context, grant: Callable[[], TokenFacts] | None = None) -> dict[str, Any]:
    """All checks; the first that fails for good (token) ends the list, since nothing after it could tell more.

    ``grant`` asks HubSpot about a connection by consent; None for a token that was pasted.
    """
    rows: list[dict[str, Any]] = []
    try:
        identity = ctx.portal.identity()
    except ConnectorError as fault:
        rows.append(_row("token", False, fault.message, fault.remedy))
        return _document(ctx, rows)
    rows.append(_row("token", True, "HubSpot accepts the token."))
    rows.append(_identity(ctx, identity))
    rows += [_grant(ctx, grant)] if grant else []
    rows += [_scope(report) for report in ctx.portal.scopes_check()]
    rows += [_limits(ctx), _skew(ctx), *answers_check(ctx), *provider_check(ctx), *lists_check(ctx)]
    return _document(ctx, rows)


def _row(name: str, ok: bool | None, text: str, remedy: str = "") -> dict[str, Any]:
    return {"check": name, "ok": ok, "text": text, "remedy": remedy}


def _identity(ctx: Context, identity: PortalIdentity) -> dict[str, Any]:
    if ctx.row.hub_id and identity.hub_id and ctx.row.hub_id != identity.hub_id:
        return _row(
            "portal",
            False,
            f"The token belongs to portal {identity.hub_id}; {ctx.row.name} was connected as {ctx.row.hub_id}.",
            "Connect the other portal under a name of its own.",
        )
    text = f"Portal {identity.hub_id}, {identity.account_type or 'account'}, time zone {identity.time_zone}."
    return _row("portal", True, text)


def _scope(report: ScopeReport) -> dict[str, Any]:
    """What is missing is wrong only where nothing works without it; all else is off, which a portal may well be."""
    if report.ok:
        return _row(report.feature, True, f"{report.scope} is granted.")
    if report.ok is None:
        return _row(report.feature, None, report.why or "not found out")
    if report.feature in NEEDED:
        return _row(report.feature, False, report.why, f"Grant {report.scope}: nothing works without it.")
    return {**_row(report.feature, None, report.why, _to_have(report)), "off": True}


def _to_have(report: ScopeReport) -> str:
    """What would bring a feature that is off; a scope helps only where the portal has the endpoint at all."""
    if report.absent:
        return "Nothing to grant: this portal lacks it, whatever the token may do. Everything else goes on."
    if EDITION in report.scope:
        return f"It takes {report.scope}; everything else goes on."
    return f"Grant {report.scope} to use it; everything else goes on."


def _grant(ctx: Context, ask: Callable[[], TokenFacts]) -> dict[str, Any]:
    """What HubSpot itself says of a connection by consent: which app, which scopes, how long the token is good."""
    kept = ctx.row.settings.get(SETTING) or {}
    told: dict[str, Any] = {"scopes": sorted(kept.get("scopes") or ())}
    told["expires"] = iso(kept["expires_ms"]) if kept else None
    try:
        facts = ask()
    except ConnectorError as fault:
        text = f"HubSpot does not say what was granted: {fault.message}"
        return {**_row("grant", None, text, fault.remedy), **told, "app_id": None}
    if not facts.active:
        row = _row("grant", False, "HubSpot says that the token is not active.", reconnect(ctx.row.name))
        return {**row, **told, "app_id": facts.app_id or None}
    told["scopes"] = sorted(facts.scopes) or told["scopes"]
    until = f"the token is good until {told['expires'][11:16]} UTC and renewed by itself" if told["expires"] else ""
    text = "; ".join(part for part in (f"App {facts.app_id}", until, f"scopes: {', '.join(told['scopes'])}.") if part)
    return {**_row("grant", True, text), **told, "app_id": facts.app_id}


def _limits(ctx: Context) -> dict[str, Any]:
    try:
        usage = ctx.portal.daily_usage()
    except DailyLimitReached as reached:
        return _row("limits", False, reached.message, UNTIL_MIDNIGHT)
    except ConnectorError:
        usage = None
    if usage is None or not usage.limit:
        return _row("limits", None, "The portal does not tell its daily calls.")
    share = usage.left / usage.limit
    text = f"{usage.left:,} of {usage.limit:,} calls left today."
    return _row("limits", share > 0.1, text, "" if share > 0.1 else UNTIL_MIDNIGHT)


def _skew(ctx: Context) -> dict[str, Any]:
    skew = ctx.portal.now_ms() - ctx.clock.now_ms()
    if abs(skew) > SKEW_MS:
        return _row(
            "clock", False, f"This machine's clock is off by {abs(skew) // 1000} s.", "Switch time sync on (NTP)."
        )
    return _row("clock", True, "This machine's clock agrees with HubSpot's.")


def _document(ctx: Context, rows: list[dict[str, Any]]) -> dict[str, Any]:
    today = date.fromisoformat(iso(ctx.clock.now_ms())[:10])
    endings = expiring(today, generation=ctx.row.generation or OLD)
    versions = [
        {"operation": e.operation, "path": e.path, "ends": e.end.isoformat(), "replacement": e.replacement}
        for e in endings
    ]
    return {
        "portal": ctx.row.name,
        "ok": all(row["ok"] is not False for row in rows),
        "checks": rows,
        "off": [row["check"] for row in rows if row.get("off")],
        "versions": versions,
    }
