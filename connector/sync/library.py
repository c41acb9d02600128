"""A portal's documents: validate, advise, show, compare, publish, roll back. Every version stays."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from connector.errors import ConfigError, DocumentInvalid, Fault
from connector.presets import load_yaml, preset_names, preset_text
from connector.rules import lint
from connector.rules.activities import classify, compile_activities
from connector.rules.documents import KINDS
from connector.store import Unit, activities, definitions, documents, records
from connector.store.portals import PortalRow
from connector.sync import signing
from connector.sync.nursing import republish
from connector.sync.rulebook import JUDGING, MAPPED, SHIPPED, parse_text

NO_VERSION = "no_version"


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


def read(path: Path) -> tuple[str, str]:
    """The kind a file holds, and its text, whether it validates or not."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{path} cannot be read as UTF-8 text.", remedy="Check the path and the file.") from None
    return kind_of(path, text), text


def validate(paths: Iterable[Path]) -> dict[str, Any]:
    """Check each file; all faults of all files at once."""
    files, read = [], {}
    for path in paths:
        file = _validated(path)
        files.append(file)
        if file["ok"]:
            read[file["kind"]] = path
    _advise(files, read)
    return {"files": files, "ok": all(file["ok"] for file in files)}


def _validated(path: Path) -> dict[str, Any]:
    kind, faults = "", []
    try:
        kind, text = read(path)
        parse_text(kind, text, str(path))
    except DocumentInvalid as invalid:
        faults = [asdict(fault) for fault in invalid.faults]
    except ConfigError as fault:
        faults = [{"file": str(path), "line": 0, "path": "", "message": fault.message, "remedy": fault.remedy}]
    return {"file": str(path), "kind": kind, "ok": not faults, "faults": faults, "warnings": []}


def _advise(files: list[dict[str, Any]], read: Mapping[str, Path]) -> None:
    """What is unwise about the sound ones, looked at together; of the rules that are not there, the shipped ones."""
    texts = {kind: path.read_text(encoding="utf-8") for kind, path in read.items()}
    parsed = {kind: parse_text(kind, text, str(read[kind])) for kind, text in texts.items()}
    found = lint.lint(_papers(parsed, {}))
    for file in files:
        kind = file["kind"]
        if file["ok"] and read[kind] == Path(file["file"]):
            lines = load_yaml(texts[kind], file["file"])[1]
            file["warnings"] = [asdict(one) for one in lint.as_faults(found, kind, lines, file["file"])]


def advise(u: Unit, row: PortalRow) -> dict[str, Any]:
    """What is unwise about a portal's published documents, and the answers to what every model should be asked."""
    rows = {kind: found for kind in JUDGING if (found := documents.current(u, row.id, kind)) is not None}
    parsed = {kind: parse_text(kind, found.body, kind) for kind, found in rows.items()}
    papers = _papers(parsed, _known_properties(u, row))
    advice = lint.lint(papers)
    told = []
    for kind, one in rows.items():
        lines = load_yaml(one.body, kind)[1]
        warnings = [asdict(fault) for fault in lint.as_faults(advice, kind, lines, kind)]
        told.append({"kind": kind, "version": one.version, "warnings": warnings})
    missing = [kind for kind in JUDGING if kind not in rows]
    return {
        "portal": row.name,
        "documents": told,
        "missing": missing,
        "answers": [asdict(one) for one in lint.answers(papers)],
        "ok": not missing and not any(one["warnings"] for one in told),
    }


def _papers(parsed: Mapping[str, Any], known: Mapping[str, frozenset[str]]) -> lint.Papers:
    """The documents to look at together; without a model or its gates the shipped ones stand in."""
    return lint.Papers(
        scoring=parsed.get("scoring") or _shipped("scoring"),
        lifecycle=parsed.get("lifecycle") or _shipped("lifecycle"),
        mapping=parsed.get("mapping"),
        activities=parsed.get("activities"),
        workflows=parsed.get("workflows"),
        known=known,
    )


def _shipped(kind: str) -> Any:
    return parse_text(kind, preset_text(*SHIPPED[kind]), kind)


def _known_properties(u: Unit, row: PortalRow) -> dict[str, frozenset[str]]:
    """The names of the portal's properties, as far as they are mirrored."""
    return {kind: frozenset(names) for kind in MAPPED if (names := definitions.properties(u, row.id, kind))}


def presets(kind: str, preset: str | None, folder: Path | None) -> dict[str, Any]:
    """The presets of a kind with their descriptions; or the one that is named, as YAML."""
    if preset is not None:
        return {"kind": kind, "preset": preset, "body": preset_text(kind, preset, folder)}
    found = []
    for name in preset_names(kind, folder):
        data, _ = load_yaml(preset_text(kind, name, folder), f"{name}.yaml")
        told = data.get("description") if isinstance(data, dict) else None
        found.append({"name": name, "description": str(told or "")})
    return {"kind": kind, "presets": found}


def show(u: Unit, row: PortalRow, kind: str) -> dict[str, Any]:
    """The published text of a kind."""
    found = documents.current(u, row.id, known(kind))
    if found is None:
        raise ConfigError(f"{row.name} has no published {kind}.", remedy="Publish one: leadwright config publish.")
    return {"portal": row.name, "kind": kind, "version": found.version, "body": found.body}


def history(u: Unit, row: PortalRow, kind: str) -> dict[str, Any]:
    """Versions, newest first, each with the signatures it was published under."""
    found = documents.history(u, row.id, known(kind))
    signed = signing.of_versions(u, row, kind, found)
    versions = [
        {"version": v.version, "state": v.state, "author": v.author, "reason": v.reason, "at_ms": v.published_ms,
         "signatures": [signing.shown(one) for one in signed[v.version]]}
        for v in found
    ]  # fmt: skip
    return {"portal": row.name, "kind": kind, "versions": versions}


def diff(u: Unit, row: PortalRow, path: Path) -> dict[str, Any]:
    """The line difference between what is published and a file, after the file was validated."""
    kind, text = read(path)
    parse_text(kind, text, str(path))
    found = documents.current(u, row.id, kind)
    before = found.body if found else ""
    lines = unified(before, text, "published", str(path))
    return {"portal": row.name, "kind": kind, "version": found.version if found else 0, "diff": lines}


def read_valid(path: Path) -> tuple[str, str]:
    """The kind a file holds and its text, which validates."""
    kind, text = read(path)
    parse_text(kind, text, str(path))
    return kind, text


def publish(u: Unit, row: PortalRow, path: Path, author: str, reason: str, now_ms: int) -> dict[str, Any]:
    """Publish a valid file as the next version and mark every contact to be judged anew."""
    kind, text = read_valid(path)
    warnings = [asdict(one) for one in advice(u, row, kind, text, str(path))]
    return {**put_in_force(u, row, kind, text, author, reason, now_ms), "warnings": warnings}


def advice(u: Unit, row: PortalRow, kind: str, text: str, file: str = "draft") -> tuple[Fault, ...]:
    """What is unwise about a sound document beside the portal's other ones, at its lines."""
    if kind not in JUDGING:
        return ()
    rows = {other: documents.current(u, row.id, other) for other in JUDGING if other != kind}
    parsed = {other: parse_text(other, one.body, other) for other, one in rows.items() if one is not None}
    found = lint.lint(_papers({**parsed, kind: parse_text(kind, text, file)}, _known_properties(u, row)))
    return tuple(lint.as_faults(found, kind, load_yaml(text, file)[1], file))


def rollback(
    u: Unit, row: PortalRow, kind: str, version: int, author: str, now_ms: int, *, expected: int | None = None
) -> dict[str, Any]:
    """Publish the text of an old version as a new one. ``expected``: the version the person saw published."""
    old = version_of(u, row, kind, version)
    why = f"back to version {version}"
    return put_in_force(u, row, kind, old.body, author, why, now_ms, expected=expected)


def sign_version(
    u: Unit, row: PortalRow, kind: str, version: int, side: signing.Side, who: str, remark: str, now_ms: int
) -> dict[str, Any]:
    """Sign the text of an earlier version, so that it can be published again."""
    return signing.sign(u, row, kind, version_of(u, row, kind, version).body, side, who, remark, now_ms)


def version_of(u: Unit, row: PortalRow, kind: str, version: int) -> documents.DocumentRow:
    """One version of a document, published now or once."""
    old = documents.get(u, row.id, known(kind), version)
    if old is None:
        message, remedy = f"{row.name} has no version {version} of {kind}.", "See: leadwright config history."
        raise ConfigError(message, remedy=remedy, reason=NO_VERSION)
    return old


def difference(u: Unit, row: PortalRow, kind: str, left: int, right: int) -> list[str]:
    """The line difference between two versions; version 0 is the empty text."""
    one, other = (version_of(u, row, kind, n).body if n else "" for n in (left, right))
    return unified(one, other, f"version {left}", f"version {right}")


def unified(before: str, after: str, name_before: str, name_after: str) -> list[str]:
    """The difference of two texts, line by line, with a little of what stands around."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), name_before, name_after, lineterm="")
    return list(lines)


def faults_of(kind: str, text: str, file: str = "draft") -> tuple[Fault, ...]:
    """Everything that is wrong with a text, each with its line; nothing when it could be published."""
    try:
        parse_text(known(kind), text, file)
    except DocumentInvalid as invalid:
        return invalid.faults
    return ()


def put_in_force(
    u: Unit,
    row: PortalRow,
    kind: str,
    text: str,
    author: str,
    reason: str,
    now_ms: int,
    *,
    expected: int | None = None,
) -> dict[str, Any]:
    """Publish a text that validates and has the signatures the portal asks for; judge anew whom it concerns."""
    signing.refuse_unsigned(u, row, kind, text)
    version = documents.publish(u, row.id, kind, text, author, reason, now_ms, expected=expected)
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


def known(kind: str) -> str:
    """The kind, if it is one."""
    if kind not in KINDS:
        raise ConfigError(f'"{kind}" is no kind of document.', remedy=f"Kinds: {', '.join(KINDS)}.")
    return kind
