"""Consent and tokens over HTTP (hubspot-api.md 1.2 to 1.4): the page that asks, the token endpoints, the uninstall.

The person consents at once (dial ``oauth_consent``). All generations are answered; v1 has errors of its own shape.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from connector.twin.access import Access
from connector.twin.errors import JSON, PortalError, correlation, not_found
from connector.twin.web import Url, answer

USER_ID, USER = 7001, "admin@example-werke.de"
HUB_DOMAIN = "www.example-werke.de"


class OauthRoutes:
    """What HubSpot's consent page and token endpoints do."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def urls(self) -> list[Url]:
        return [
            Url("GET", "/oauth/authorize", self.authorize), Url("GET", "/oauth/<hub>/authorize", self.authorize),
            Url("POST", "/oauth/v3/token", self.token), Url("POST", "/oauth/v1/token", self.token),
            Url("POST", "/oauth/v3/token/introspect", self.introspect),
            Url("POST", "/oauth/v3/token/revoke", self.revoke),
            Url("GET", "/oauth/v1/access-tokens/<secret>", self.access_token),
            Url("GET", "/oauth/v1/refresh-tokens/<secret>", self.refresh_token),
            Url("DELETE", "/oauth/v1/refresh-tokens/<secret>", self.forget),
            Url("DELETE", "/appinstalls/v3/external-install", self.uninstall),
        ]  # fmt: skip

    # -- consent -------------------------------------------------------------------------------------------------

    def authorize(self, hub: str = "") -> Response:
        """Consent given (or refused) at once: a redirect with a code, or with the error."""
        asked, target = request.args, request.args.get("redirect_uri", "")
        if asked.get("client_id") != self._access.client_id or not target:
            return _page("This app cannot be installed: its client id or redirect URL is unknown.", 400)
        if hub and hub != str(self._access.portal_id):
            return _page("You are not signed in to that account.", 403)
        if self._access.dials.oauth_consent:
            words = f"{asked.get('scope', '')} {asked.get('optional_scope', '')}".split()
            told = {"code": self._access.issue_code(target, frozenset(words) or None, asked.get("code_challenge", ""))}
        else:
            told = {"error": "access_denied", "error_description": "User denied access"}
        told |= {"state": asked["state"]} if asked.get("state") else {}
        response = answer({}, 302)
        response.headers["Location"] = f"{target}?{urlencode(told)}"
        return response

    # -- tokens --------------------------------------------------------------------------------------------------

    def token(self) -> Response:
        form = request.form
        self._check_client(form)
        grant = form.get("grant_type")
        if grant == "authorization_code":
            scopes = self._redeem(form)
            return self._granted(scopes, self._access.issue_refresh(scopes))
        if grant == "refresh_token":
            refresh = form.get("refresh_token", "")
            if refresh not in self._access.refresh_tokens:
                raise self._gone()
            scopes = self._access.refresh_tokens[refresh]
            return self._granted(scopes, self._access.renew(refresh))
        raise self._refusal("BAD_GRANT_TYPE", "invalid_request", f"unknown grant_type {grant}")

    def _gone(self) -> PortalError:
        status = self._access.dials.oauth_gone
        error = "access_denied" if status == "BAD_HUB" else "invalid_grant"
        return self._refusal(status, error, "missing or invalid refresh token")

    def _check_client(self, form: Any) -> None:
        if form.get("client_id") != self._access.client_id:
            raise self._refusal("BAD_CLIENT_ID", "invalid_client", "missing or unknown client id")
        if form.get("client_secret") != self._access.client_secret:
            raise self._refusal("BAD_CLIENT_SECRET", "invalid_client", "missing or invalid client secret")

    def _redeem(self, form: Any) -> frozenset[str] | None:
        found = self._access.codes.pop(form.get("code", ""), None)
        if found is None or found.expires_at <= self._access.clock.now():
            raise self._refusal("BAD_AUTH_CODE", "invalid_grant", "missing or unknown auth code")
        if found.redirect_uri != form.get("redirect_uri"):
            raise self._refusal("BAD_REDIRECT_URI", "invalid_request", "redirect_uri does not match initial")
        if not found.proven(form.get("code_verifier", "")):
            raise self._refusal("BAD_CODE_VERIFIER", "invalid_request", "code_verifier does not match")
        return found.scopes

    def _granted(self, scopes: frozenset[str] | None, refresh: str) -> Response:
        body: JSON = {
            "access_token": self._access.issue_access(scopes), "refresh_token": refresh,
            "expires_in": int(self._access.dials.oauth_life), "token_type": "bearer",
        }  # fmt: skip
        if not _is_v1():
            body |= {
                "token_use": "access",
                "hub_id": self._access.portal_id,
                "scopes": sorted(scopes or []),
                "user_id": USER_ID,
            }
        return answer(body)

    def _refusal(self, status: str, error: str, message: str) -> PortalError:
        if _is_v1():
            return PortalError(400, {"status": status, "message": message, "correlationId": correlation()})
        body = {"error": error, "error_description": message, "status": status, "message": message}
        return PortalError(400, body)

    # -- asking about tokens, giving them up -----------------------------------------------------------------------

    def _describe(self, secret: str) -> JSON | None:
        token = self._access.tokens.get(secret)
        now = self._access.clock.now()
        if token is None or (token.expires_at is not None and token.expires_at <= now):
            return None
        left = int((token.expires_at - now).total_seconds()) if token.expires_at else 0
        return {
            "token": secret, **self._whose(), "app_id": token.app_id, "scopes": sorted(token.scopes or []),
            "expires_in": left, "token_type": "access",
        }  # fmt: skip

    def _describe_refresh(self, secret: str) -> JSON | None:
        if secret not in self._access.refresh_tokens:
            return None
        scopes = self._access.refresh_tokens[secret]
        return {"token": secret, **self._whose(), "scopes": sorted(scopes or []), "token_type": "refresh"}

    def _whose(self) -> JSON:
        return {
            "hub_id": self._access.portal_id, "user_id": USER_ID, "user": USER, "hub_domain": HUB_DOMAIN,
            "client_id": self._access.client_id,
        }  # fmt: skip

    def introspect(self) -> Response:
        self._check_client(request.form)
        secret = request.form.get("token", "")
        found = self._describe(secret) or self._describe_refresh(secret)
        return answer({"active": True, "token_use": found["token_type"], **found} if found else {"active": False})

    def revoke(self) -> Response:
        """Access tokens that were issued live on until they expire."""
        self._check_client(request.form)
        self._access.refresh_tokens.pop(request.form.get("token", ""), None)
        return answer({})

    def access_token(self, secret: str) -> Response:
        return answer(_found(self._describe(secret)))

    def refresh_token(self, secret: str) -> Response:
        return answer(_found(self._describe_refresh(secret)))

    def forget(self, secret: str) -> Response:
        self._access.refresh_tokens.pop(secret, None)
        return answer(status=204)

    def uninstall(self) -> Response:
        """The app takes itself out of the portal its token belongs to."""
        self._access.uninstall()
        return answer(status=204)


def _is_v1() -> bool:
    return "/oauth/v1/" in request.path


def _found(described: JSON | None) -> JSON:
    if described is None:
        raise not_found("token not found")
    return described


def _page(words: str, status: int) -> Response:
    return Response(f"<html><body><p>{words}</p></body></html>", status, mimetype="text/html")
