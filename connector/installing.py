"""What ``leadwright init`` and ``leadwright db`` do: key in ``.env``, database and schema, the first owner."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from connector.clock import SystemClock
from connector.errors import ConfigError
from connector.settings import Settings
from connector.store import Store
from connector.store.migrations import HEAD
from connector.sync.people import People
from connector.vault import Vault

KEY = "LEADWRIGHT_SECRET_KEY"


def install(settings: Settings, env_file: Path, admin: str = "") -> dict[str, Any]:
    """Make the key (unless one is set) and the database (unless it is there). Nothing existing is overwritten.

    ``admin`` is an address: it becomes an owner, or, if it is known already, gets a new link.
    """
    revision = upgrade(settings)["revision"]
    made = settings.secret_key is None
    key = settings.secret_key.get_secret_value() if settings.secret_key is not None else Vault.new_key()
    if made:
        _keep_key(env_file, key)
    told = {
        "database": shown_url(settings.database_url),
        "revision": revision,
        "secret_key": "made" if made else "present",
        "env_file": str(env_file),
    }
    return {**told, "link": _first(settings, key, admin)} if admin else told


def _first(settings: Settings, key: str, admin: str) -> dict[str, Any]:
    """The link with which the first owner begins."""
    store = Store.open(settings.database_url)
    try:
        return People(store, Vault(key), SystemClock(), settings.public_url).first(admin).told()
    finally:
        store.close()


def _keep_key(env_file: Path, key: str) -> None:
    """Append the key to ``env_file``, readable by its owner alone. The key is never printed."""
    text = env_file.read_text(encoding="utf-8") if env_file.exists() else ""
    if any(line.startswith(f"{KEY}=") for line in text.splitlines()):
        raise ConfigError(
            f"{env_file} names {KEY}, but it was not read.", remedy="Run the command from the folder of that file."
        )
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    with os.fdopen(os.open(env_file, flags, 0o600), "a", encoding="utf-8") as handle:
        handle.write(("" if not text or text.endswith("\n") else "\n") + f"{KEY}={key}\n")


def upgrade(settings: Settings) -> dict[str, Any]:
    """Create or migrate the database."""
    store = Store.open(settings.database_url, create=True)
    try:
        return {"revision": store.revision(), "head": HEAD, "ok": True}
    finally:
        store.close()


def current(settings: Settings) -> dict[str, Any]:
    """The database's revision and the code's."""
    revision = Store.revision_of(settings.database_url)
    return {"revision": revision, "head": HEAD, "ok": revision == HEAD}


def shown_url(url: str) -> str:
    """A database URL without its password."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if "@" in rest else url
