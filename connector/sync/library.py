"""A portal's documents: validate, show, compare, publish, roll back. Every version stays."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from connector.errors import ConfigError, DocumentInvalid
from connector.presets import load_yaml
from connector.rules.activities import classify, compile_activities
from connector.rules.documents import KINDS
from connector.store import Unit, activities, documents, records
from connector.store.portals import PortalRow
from connector.sync.nursing import republish
from connector.sync.rulebook import JUDGING, parse_text


def kind_of(path: Path, text: str) -> str:
    """The kind a file holds: its top-level ``kind``, else its file name, else its folder (``scoring/model.yaml``)."""
    data, _ = load_yaml(text, str(path))
    named = data.get("kind") if isinstance(data, dict) else None
    for candidate in (named, path.stem, path.parent.name):
        if candidate in KINDS:
            return str(candidate)
    raise ConfigError(
        f"{path} does not say which document it is.",
        remedy=f"Name the file or its folder after its kind: {', '.join(KINDS)}.",
    )


def _read(path: Path) -> tuple[str, str]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{path} cannot be read as UTF-8 text.", remedy="Check the path and the file.") from None
    return kind_of(path, text), text


def validate(paths: Iterable[Path]) -> dict[str, Any]:
    """Check each file; all faults of all files at once."""
    files = [_validated(path) for path in paths]
    return {"files": files, "ok": all(file["ok"] for file in files)}


def _validated(path: Path) -> dict[str, Any]:
    kind, faults = "", []
    try:
        kind, text = _read(path)
        parse_text(kind, text, str(path))
    except DocumentInvalid as invalid:
        faults = [asdict(fault) for fault in invalid.faults]
    except ConfigError as fault:
        faults = [{"file": str(path), "line": 0, "path": "", "message": fault.message, "remedy": fault.remedy}]
    return {"file": str(path), "kind": kind, "ok": not faults, "faults": faults}


def show(u: Unit, row: PortalRow, kind: str) -> dict[str, Any]:
    """The published text of a kind."""
    found = documents.current(u, row.id, _known(kind))
    if found is None:
        raise ConfigError(f"{row.name} has no published {kind}.", remedy="Publish one: leadwright config publish.")
    return {"portal": row.name, "kind": kind, "version": found.version, "body": found.body}


def history(u: Unit, row: PortalRow, kind: str) -> dict[str, Any]:
    """Versions, newest first."""
    versions = [
        {"version": v.version, "state": v.state, "author": v.author, "reason": v.reason, "at_ms": v.published_ms}
        for v in documents.history(u, row.id, _known(kind))
    ]
    return {"portal": row.name, "kind": kind, "versions": versions}


def diff(u: Unit, row: PortalRow, path: Path) -> dict[str, Any]:
    """The line difference between what is published and a file, after the file was validated."""
    kind, text = _read(path)
    parse_text(kind, text, str(path))
    found = documents.current(u, row.id, kind)
    before = found.body if found else ""
    lines = difflib.unified_diff(before.splitlines(), text.splitlines(), "published", str(path), lineterm="")
    return {"portal": row.name, "kind": kind, "version": found.version if found else 0, "diff": list(lines)}


def publish(u: Unit, row: PortalRow, path: Path, author: str, reason: str, now_ms: int) -> dict[str, Any]:
    """Publish a valid file as the next version and mark every contact to be judged anew."""
    kind, text = _read(path)
    parse_text(kind, text, str(path))
    return _published(u, row, kind, text, author, reason, now_ms)


def rollback(u: Unit, row: PortalRow, kind: str, version: int, author: str, now_ms: int) -> dict[str, Any]:
    """Publish the text of an old version as a new one."""
    old = documents.get(u, row.id, _known(kind), version)
    if old is None:
        raise ConfigError(f"{row.name} has no version {version} of {kind}.", remedy="See: leadwright config history.")
    return _published(u, row, kind, old.body, author, f"back to version {version}", now_ms)


def _published(u: Unit, row: PortalRow, kind: str, text: str, author: str, reason: str, now_ms: int) -> dict[str, Any]:
    version = documents.publish(u, row.id, kind, text, author, reason, now_ms)
    if kind == "activities":
        _classify_anew(u, row, text)
    if kind == "workflows":
        republish(u, row.id, text, version, now_ms)
    if kind in JUDGING:
        records.mark_dirty(u, row.id, None)
    return {"portal": row.name, "kind": kind, "version": version, "text": f"{kind} version {version} is published."}


def _classify_anew(u: Unit, row: PortalRow, text: str) -> None:
    """What people did before gets its kind from the document in force, too."""
    compiled = compile_activities(parse_text("activities", text, "activities"))
    for page in activities.events_of(u, row.id):
        activities.set_kinds(u, row.id, [classify(compiled, event, event.contact_id or 0) for event in page])


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise ConfigError(f'"{kind}" is no kind of document.', remedy=f"Kinds: {', '.join(KINDS)}.")
    return kind
