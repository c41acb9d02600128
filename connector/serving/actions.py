"""What answers our custom workflow actions: HubSpot asks → a fresh judgement → output fields, or why there are none.

The same callback gets the same answer for a while, whatever happened meanwhile: HubSpot repeats what it believes lost.
Nothing is written here. The service behind it is opened with the first question.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from flask import Blueprint

from connector.clock import Clock
from connector.errors import ConfigError, SecretKeyMissing, StoreError
from connector.rules.actions import FAILURES, NAMES
from connector.service import Service
from connector.settings import Settings
from connector.sync.rescoring import Reader
from webhooks.actions import Asked, Failure, Output, actions
from webhooks.wire import Tally

REMEMBERED = 5_000
CODES = {
    "unknown_portal": "UNKNOWN_PORTAL",
    "paused": "PAUSED",
    "not_mirrored": "NOT_MIRRORED",
    "unknown_contact": "UNKNOWN_CONTACT",
}
Fields = dict[str, Output]


class Rescoring:
    """Answers ``rescore``. One for each web process; ``close`` it with the process."""

    def __init__(self, open_service: Callable[[], Service], reader: Reader | None = None) -> None:
        self._open = open_service
        self._service: Service | None = None
        self._reader = reader or Reader()
        self._answers: OrderedDict[tuple[int, str], Fields] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, asked: Asked) -> Fields | Failure | None:
        """None: the database or the key is not to be had now, HubSpot must come again."""
        key = (asked.portal_id, asked.callback_id)
        if asked.callback_id and (known := self._answers.get(key)) is not None:
            return known
        try:
            found = self._opened().rescore(asked.portal_id, asked.contact_id, self._reader)
        except (StoreError, SecretKeyMissing):
            return None
        except ConfigError as fault:
            code = CODES.get(fault.reason)
            if code is None:
                raise
            return Failure(code, FAILURES[code][0])
        fields: Fields = {"leadwright_score": found.score, "leadwright_grade": found.grade}
        fields["leadwright_stage"] = found.stage
        if asked.callback_id:
            self._remember(key, fields)
        return fields

    def _opened(self) -> Service:
        with self._lock:
            if self._service is None:
                self._service = self._open()
            return self._service

    def _remember(self, key: tuple[int, str], fields: Fields) -> None:
        with self._lock:
            self._answers[key] = fields
            while len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)

    def close(self) -> None:
        self._reader.close()
        if self._service is not None:
            self._service.__exit__(None, None, None)


def action_blueprint(settings: Settings, clock: Clock, tally: Tally, rescoring: Rescoring) -> Blueprint:
    """The addresses of all our actions."""
    return actions(
        rescoring.answer,
        names=NAMES,
        secrets=settings.client_secrets,
        public_url=settings.public_url,
        now_ms=clock.now_ms,
        tally=tally,
    )
