"""The erasure journal: a file beside the database that only ever grows, so that a restored backup forgets again.

One JSON object a line: ids and keyed hashes, never a name or an address. It survives the database on purpose; not here:
what is done with it (``connector/sync/restoring.py``).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from connector.store.engine import normal_url, sqlite_file
from connector.store.erasures import Grave

NAME = "erasures.log"


@dataclass(frozen=True, slots=True)
class Buried:
    """One line: whose portal (our number and HubSpot's, both must fit), and the grave."""

    portal_id: int
    hub_id: int
    grave: Grave


def journal_of(url: str) -> Path:
    """Beside a SQLite file, under its name; with PostgreSQL in ``var`` of the working folder."""
    file = sqlite_file(normal_url(url))
    return Path("var") / NAME if file is None else file.with_name(f"{file.stem}-{NAME}")


def append(file: Path, lines: Iterable[Buried]) -> bool:
    """Add lines and wait for the disk; False when the file cannot be written (the erasure goes on without it)."""
    text = b"".join(_line(one) for one in lines)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
    except OSError:
        return False
    return True


def _line(one: Buried) -> bytes:
    g = one.grave
    body = {
        "portal": one.portal_id,
        "hub": one.hub_id,
        "id": g.object_id,
        "email": g.email_hmac.hex() if g.email_hmac else None,
        "also": list(g.receipt.get("also", ())),
        "at_ms": g.at_ms,
        "cause": g.cause,
    }
    return orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE)


def read(file: Path) -> Iterator[Buried]:
    """Every line that is whole; one that a power cut tore is passed over."""
    if not file.exists():
        return
    with file.open("rb") as lines:
        for line in lines:
            try:
                body = orjson.loads(line)
                also = {"also": [str(one) for one in body["also"]]} if body["also"] else {}
                email = bytes.fromhex(body["email"]) if body["email"] else None
                grave = Grave(int(body["id"]), email, int(body["at_ms"]), None, str(body["cause"]), also)
                yield Buried(int(body["portal"]), int(body["hub"]), grave)
            except (ValueError, KeyError, TypeError):
                continue
