"""Where the concrete executor is picked and loaded."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, cast

from connector.engine.claims import take_free
from connector.engine.records import Place

if TYPE_CHECKING:
    from connector.engine.dbos_engine import DbosEngine
    from connector.engine.dbos_worker import DbosWorker

WORKER = "worker"


def open_engine(front_url: str) -> DbosEngine:
    """The executor's books beside the front store at that URL; made when they are missing."""
    return cast("DbosEngine", _library("dbos_engine").DbosEngine(Place.of(front_url)))


def open_worker(engine: DbosEngine, host: str, *, concurrency: int | None = None) -> DbosWorker:
    """A worker with a free name of this machine (``host/worker-1``, ``-2`` …), held until the process ends."""
    claim = take_free(engine.place, f"{host}/{WORKER}")
    size = {} if concurrency is None else {"concurrency": concurrency}
    return cast("DbosWorker", _library("dbos_worker").DbosWorker(engine, claim, **size))


def _library(name: str) -> Any:
    # Late, because the library behind these modules costs 60 MB and a third of a second, and a plain command, or
    # `leadwright --help`, never needs it.
    return importlib.import_module(f"connector.engine.{name}")
