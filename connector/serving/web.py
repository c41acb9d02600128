"""The web process: its parts, opened after the fork, and the app made of them. The pages themselves are ``admin``'s.

``/webhooks/hubspot`` receives, ``/livez`` says that the process answers, ``/readyz`` whether all is fit, ``/metrics``
gives the numbers, ``/oauth/hubspot/`` connects portals by consent, ``/admin/`` are the pages for people, ``/api/`` is
the interface for programs. Every other answer is JSON without anything of the inside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self

import structlog
from flask import Flask, Response, jsonify, redirect
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from connector.admin.areas import DOORS
from connector.admin.frame import PREFIX, Frame
from connector.admin.pages import admin_blueprint
from connector.admin.porter import HousePorter
from connector.api.areas import ROUTES
from connector.api.entry import api_blueprint
from connector.api.routes import Frame as ApiFrame
from connector.clock import Clock, SystemClock
from connector.engine.opening import open_engine
from connector.engine.port import KINDS, Engine
from connector.errors import SecretKeyMissing, StoreError
from connector.portal.gateway import Rates
from connector.service import Service
from connector.serving import gunicorn_server, health, metrics
from connector.serving.actions import Rescoring, action_blueprint
from connector.serving.counting import Counting
from connector.serving.heart import Heart
from connector.serving.oauth import oauth_blueprint
from connector.settings import Settings
from connector.store import Store
from connector.store.front import Front, front_url
from connector.store.group_commit import Wake
from connector.sync.receive import Receiver
from connector.sync.schedule import run_now
from connector.sync.waking import wake
from connector.vault import Vault
from webhooks.receiver import receiver as webhook_blueprint

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
HSTS = "max-age=31536000"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the app is made of; ``close`` in the reverse order of opening. ``service`` None: no key, so no pages."""

    settings: Settings
    store: Store
    front: Front
    counting: Counting
    receiver: Receiver
    heart: Heart
    rescoring: Rescoring
    clock: Clock
    expected: tuple[str, ...] = health.ROLES
    service: Service | None = None

    @classmethod
    def open(
        cls,
        settings: Settings,
        wake: Callable[[Front], Wake],
        *,
        clock: Clock | None = None,
        expected: tuple[str, ...] = health.ROLES,
        engine: Engine | None = None,
    ) -> Self:
        """Open both stores and what stands on them. ``wake`` makes, for the front store, what wakes a portal.

        ``engine`` is lent to the pages; without one the first page that needs it opens its own."""
        time = clock or SystemClock()
        store = Store.open(settings.database_url)
        try:
            front = Front.beside(settings.database_url)
        except BaseException:
            store.close()
            raise
        counting = Counting()
        receiver = Receiver(store, front, wake=wake(front), clock=time, tally=counting)
        heart = Heart(store, front, receiver, counting, time)
        rescoring = Rescoring(lambda: Service.open(settings, clock=time, lasting=True))
        service = _service(settings, store, front, time, engine)
        return cls(settings, store, front, counting, receiver, heart, rescoring, time, expected, service)

    def close(self) -> None:
        """Commit what waits, keep the counts, let go."""
        self.rescoring.close()
        self.receiver.close()
        self.heart.stop()
        if self.service is not None:
            self.service.leave()
        self.front.close()
        self.store.close()


def _service(settings: Settings, store: Store, front: Front, clock: Clock, engine: Engine | None) -> Service | None:
    """What the pages act through, over what is open already; without a usable key there are no pages."""
    if settings.secret_key is None:
        return None
    try:
        vault = Vault(settings.secret_key.get_secret_value())
    except SecretKeyMissing:
        log.warning("no_pages", reason="secret_key")
        return None
    rates = Rates(burst=settings.calls_per_10s) if settings.calls_per_10s else None
    return Service(store, vault, settings, clock=clock, rates=rates, lasting=True, front=front, engine=engine)


def run(settings: Settings, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT: the app with the engine's way of waking a portal."""

    def build() -> tuple[Flask, Callable[[], None]]:
        engine = open_engine(front_url(settings.database_url))
        parts = Parts.open(settings, lambda _front: wake(engine), engine=engine)
        parts.heart.start()

        def close() -> None:
            parts.close()
            engine.close()

        return create_app(parts), close

    gunicorn_server.serve(build, host, port, workers=gunicorn_server.processes(settings))


def create_app(parts: Parts) -> Flask:
    """The app of one web process. It starts nothing: whoever runs it starts ``parts.heart``."""
    app = Flask("leadwright", static_folder=None)
    app.register_blueprint(
        webhook_blueprint(
            parts.receiver.accept,
            secrets=parts.settings.client_secrets,
            public_url=parts.settings.public_url,
            now_ms=parts.clock.now_ms,
            tally=parts.counting,
            allow_old_signatures=parts.settings.webhook_old_signatures,
        )
    )
    app.register_blueprint(action_blueprint(parts.settings, parts.clock, parts.counting, parts.rescoring))
    app.register_blueprint(oauth_blueprint(parts.settings, parts.store, parts.front, parts.clock))
    if parts.service is not None:
        _pages(app, parts.service, parts)
    _operation(app, parts)
    _errors(app)
    secure = parts.settings.public_url.startswith("https://")

    @app.after_request
    def headers(response: Response) -> Response:
        if response.status_code == HTTPStatus.NO_CONTENT:  # nothing to guard, and a thousand of them a second
            return response
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if secure:
            response.headers.setdefault("Strict-Transport-Security", HSTS)
        return response

    return app


def _pages(app: Flask, service: Service, parts: Parts) -> None:
    """The pages for people and the interface for programs. They share nothing that webhooks wait for."""
    porter = HousePorter(parts.store, service.entrance, service.books, parts.clock)

    def request_work(portal_id: int, kind: str) -> None:
        run_now(service.engine, portal_id, next(one for one in KINDS if one == kind))

    frame = Frame(parts.settings, parts.store, service, parts.clock, porter, request_work)
    app.register_blueprint(admin_blueprint(frame, DOORS))
    app.register_blueprint(api_blueprint(ApiFrame(parts.store, service, parts.clock, request_work), ROUTES))

    @app.get("/")
    def begin() -> BaseResponse:
        return redirect(f"{PREFIX}/")


def _operation(app: Flask, parts: Parts) -> None:
    numbers = metrics.registry(parts.store, parts.front, parts.counting, parts.clock)
    key_present = parts.settings.secret_key is not None

    @app.get("/livez")
    def livez() -> Response:
        return jsonify(alive=True)

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        told = health.readiness(
            parts.store, parts.front, parts.clock.now_ms(), key_present=key_present, expected=parts.expected
        )
        return jsonify(told), 200 if told["ready"] else 503

    @app.get("/metrics")
    def numbers_for_prometheus() -> Response:
        return Response(metrics.exposition(numbers), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _errors(app: Flask) -> None:
    @app.errorhandler(HTTPException)
    def refused(fault: HTTPException) -> Response:
        answer = problem(fault.code or 500)
        allowed = getattr(fault, "valid_methods", None)
        if allowed:
            answer.headers["Allow"] = ", ".join(sorted(allowed))
        return answer

    @app.errorhandler(StoreError)
    def unable(fault: StoreError) -> Response:
        log.warning("request_failed", reason=fault.reason)
        return problem(503, detail="The database cannot be used just now.")

    @app.errorhandler(Exception)
    def broken(fault: Exception) -> Response:
        """The text of an unforeseen error may quote anything; its kind is enough to find it."""
        log.error("request_broken", error=type(fault).__name__)
        return problem(500)


def problem(status: int, **more: Any) -> Response:
    """An error as problem+json (RFC 9457)."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status} | more
    answer = jsonify(body)
    answer.status_code = status
    answer.content_type = "application/problem+json"
    return answer
