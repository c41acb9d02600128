"""The Flask app of a twin: gathers the routes of every area behind the gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from connector.twin.app_api import AppRoutes
from connector.twin.associations import AssociationRoutes
from connector.twin.automation import AutomationRoutes
from connector.twin.batches import BatchRoutes
from connector.twin.consent import ConsentRoutes
from connector.twin.control import ControlRoutes
from connector.twin.engagement import EngagementRoutes
from connector.twin.errors import envelope
from connector.twin.gate import Gate
from connector.twin.lists import ListRoutes
from connector.twin.marketing import MarketingRoutes
from connector.twin.oauth import OauthRoutes
from connector.twin.objects import ObjectRoutes
from connector.twin.properties import PropertyRoutes
from connector.twin.web import Url, answer, guarded

if TYPE_CHECKING:
    from connector.twin.twin import Twin


def _urls(twin: Twin) -> list[Url]:
    objects = ObjectRoutes(twin.state, twin.counters)
    areas = (
        objects, BatchRoutes(twin.state, objects), PropertyRoutes(twin.state),
        AssociationRoutes(twin.state, twin.counters),
        EngagementRoutes(twin.state, twin.activity, twin.submit_form), MarketingRoutes(twin.state, twin.activity),
        AutomationRoutes(twin.state, twin.workflows), twin.account, OauthRoutes(twin.access),
        ListRoutes(twin.state, twin.lists),
        ConsentRoutes(twin.state, twin.consent), AppRoutes(twin), ControlRoutes(twin),
    )  # fmt: skip
    return [url for area in areas for url in area.urls()]


def make_app(twin: Twin) -> Flask:
    """Routes, and around them the gate (token, limits, faults, ledger)."""
    app = Flask("connector.twin", static_folder=None)
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = False
    for number, url in enumerate(_urls(twin)):
        app.add_url_rule(url.rule, f"{number}", guarded(url.view), methods=[url.method])
    app.register_error_handler(HTTPException, _no_route)
    app.before_request(twin.settle)
    app.wsgi_app = Gate(app.wsgi_app, twin.state, twin.access, twin.limits, twin.lock)  # type: ignore[method-assign]
    return app


def _no_route(error: HTTPException) -> Response:
    code = error.code or 500
    return answer(envelope(error.name, "OBJECT_NOT_FOUND" if code == 404 else "METHOD_NOT_ALLOWED"), code)
