"""An in-memory service with the methods the commands speak to, and a way to run one command line against it.

It is handed in through ``App(parts=…)``; nothing is patched. What was asked is kept in ``heard``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connector.commands.app import App
from connector.errors import ConnectorError

CHECKS = [
    {"check": "token", "ok": True, "text": "HubSpot accepts the token.", "remedy": ""},
    {"check": "page views", "ok": False, "text": "business-intelligence is missing.", "remedy": "Grant it."},
    {"check": "limits", "ok": None, "text": "The portal does not tell.", "remedy": ""},
]
PROPERTIES = [
    {"name": "lw_score", "label": "Lead score", "type": "number", "state": "exists"},
    {"name": "lw_grade", "label": "Grade", "type": "string", "state": "missing"},
]
DRAFT = {
    "portal": "acme", "kind": "mapping", "author": "kim", "base": 1, "revision": 2, "body": "rows: []\n", "saved_ms": 0,
    "faults": [{"file": "draft", "line": 1, "path": "rows", "message": "It is empty.", "remedy": "Add a row."}],
    "overtaken": {"base": 1, "published": 2, "by": "jo", "reason": "webinars", "theirs": [], "mine": []},
}  # fmt: skip
SIGNED = {
    "portal": "acme", "kind": "scoring", "hash": "3f9c0a1b77aa0a1b", "side": "sales", "who": "jo",
    "signatures": [{"side": "sales", "who": "jo", "at_ms": 1_795_305_600_000, "remark": "agreed"}],
    "missing": ["marketing"], "text": "jo signed this scoring for sales. Missing yet: marketing.",
}  # fmt: skip
SHEET_OUT = {"portal": "acme", "kind": "scoring", "version": 3, "revision": None, "rows": 16, "file": "rules.csv"}
SHEET_IN = {
    "portal": "acme", "kind": "scoring", "author": "kim", "file": "rules.csv", "version": 3, "revision": 2,
    "rows": [
        {"model": "", "row": "white_paper", "change": "changed", "keys": ["points", "cap"]},
        {"model": "second", "row": "silence", "change": "removed", "keys": []},
        {"model": "", "row": "webinar", "change": "added", "keys": []},
    ],
    "overtaken": None, "text": "Your draft of scoring is saved; nothing is published.",
}  # fmt: skip
LEFT = {
    "file": "people.csv", "lines": 5, "found": 3, "same": 1, "ok": False,
    "unknown": [{"line": 4, "who": "nobody@x.example"}],
    "unused": [{"column": "shoe_size", "why": "there is no such field or property", "remedy": "Written are: phone."}],
    "faults": [{"file": "people.csv", "line": 5, "path": "phone (B5)", "message": '"x" is no number.',
                "remedy": "Write it in another way."}],
}  # fmt: skip
SCORES = {
    "portal": "acme", "contacts": 100_000, "never_judged": 12, "score": {"up": 4_300, "down": 210},
    "grade": {"up": 55, "down": 0}, "grades": {"A": 900, "B": 8_000, "C": 31_100, "D": 60_000}, "threshold": 50,
    "over_threshold": {"before": 2_100, "after": 2_160}, "newly_over": 62, "no_longer_over": 2,
    "ids": {"newly_over": [1], "no_longer_over": []}, "people": [],
}  # fmt: skip
DRY_RUN = {
    "portal": "acme", "kind": "mapping", "base": 1, "version": 2, "judges": True, "contacts": 120, "never_judged": 0,
    "score": {"up": 12, "down": 3}, "grade": {"up": 2, "down": 0}, "stage": {"up": 0, "down": 0, "aside": 0},
    "new_mqls": 4, "lost_mqls": 1, "moves": [{"from": "lead", "to": "mql", "contacts": 4}],
    "enrolments": {"hand-over": 4}, "written": 15, "by_property": {"city": 9, "lw_score": 15}, "calls": 5,
    "held_by_gate": {"consent": 2}, "seconds": 0.5, "limit": 25, "over_limit": False, "live": True,
    "hash": "3f9c0a0123456789", "at": "2026-11-22T09:30:00.000Z", "people": [],
    "ids": {"new_mqls": [1], "lost_mqls": [], "score_up": [], "score_down": []},
    "rows": [
        {"row": 1, "field": "email", "property": "email", "object": "contact", "reads": {"same": 120}, "writes": {}},
        {"row": 6, "field": "city", "property": "city", "object": "contact", "reads": {"same": 100, "nothing": 20},
         "writes": {"change": 9, "fail": 1, "same": 110}},
        {"row": 0, "field": "age", "property": "", "object": "", "reads": {"clear": 7}, "writes": {}},
    ],
}  # fmt: skip
SYNC = {
    "portal": "acme", "run": "r1", "ok": True, "seconds": 3.2, "quarantined": 1, "dirty": 2,
    "calls": {"made": 12, "list": 12}, "left_out": {"count": 2, "examples": ["contacts.fax", "contacts.twitter"]},
    "streams": [
        {"stream": "contacts", "read": 12345, "created": 12345, "changed": 0, "deleted": 0, "merged": 0, "calls": 12,
         "off": None, "seconds": 3.1},
        {"stream": "page_views", "read": 0, "created": 0, "changed": 0, "deleted": 0, "merged": 0, "calls": 0,
         "off": "the scope business-intelligence is missing", "seconds": 0.0},
    ],
}  # fmt: skip
PLAN = {
    "portal": "acme", "hash": "3f9c0a", "judged": 120, "contacts": 1, "calls": 1, "limit": 500, "over_limit": False,
    "new_mqls": 1, "mode": "live", "enrolments": [], "enrolled": 0,
    "changes": [
        {"contact": "4711", "email": "jane@example.com", "properties": {"lw_score": {"before": None, "after": "63"}}}
    ],
    "held": [{"contact": "9", "effect": "enrol", "gate": "consent", "why": "no double opt-in", "remedy": ""}],
    "held_by_gate": {"consent": 1},
}  # fmt: skip
APPLY = {
    "portal": "acme", "run": "r2", "hash": "3f9c0a", "written": 1, "refused": [], "dropped": 0, "enrolled": 0,
    "held": 1, "calls": 2, "read_back": {"checked": 1, "equal": 1, "different": 0}, "seconds": 0.4, "ok": True,
}  # fmt: skip
CERTIFICATE = {
    "portal": "acme", "at_ms": 1_795_305_600_000, "off": {}, "complete": True, "percent": 100.0, "calls": 7,
    "digest": "9b1c…",
    "counts": {"contacts": {"portal": 120, "mirror": 120}}, "sample": {"contacts": 20, "fields": 400, "equal": 400},
    "repaired": {"added": 0, "updated": 2, "deleted": 0, "merged": 0, "fields": 3}, "text": "The mirror is complete.",
    "ok": True,
}  # fmt: skip
BILL = {
    "contact": "4711", "at": "2026-11-22T09:30:00.000Z", "email": "jane@example.com", "grade_text": "Call today.",
    "model": {"name": "starter", "version": 3}, "score": 63, "grade": "A2", "stage": "mql",
    "families": {"demographic": 30, "engagement": 38, "readiness": -5},
    "opt_in": {
        "step": "asked", "state": "", "confirmed": None, "expires": "2026-12-20T09:30:00.000Z",
        "requested": {
            "at": "2026-11-20T09:30:00.000Z", "source": "form", "what": "Newsletter", "wording": "autumn",
        },
        "missing": "Asked on 2026-11-20 by form “Newsletter”, not confirmed",
    },
    "lines": [
        {"rule": "role", "family": "demographic", "points": 30, "evidence": "jobtitle = CTO", "reason": "decides"},
        {"rule": "white_paper", "family": "engagement", "points": 38, "evidence": "2 in 30 days", "reason": "reads up"},
        {"rule": "silence", "family": "readiness", "points": -5, "evidence": "40 days", "reason": "has gone quiet"},
    ],
    "unknown": [{"rule": "industry", "family": "firmographic", "points": 8, "missing": "the company's industry"}],
    "told": [{"field": "company_size", "value": 1250, "provider": "firms", "at": "2026-11-22T09:30:00.000Z"}],
    "gates": [
        {"name": "persona", "met": True, "why": "role fits", "remedy": ""},
        {"name": "region", "met": False, "why": "outside", "remedy": "a company address in the region"},
        {"name": "problem", "met": None, "why": "nobody asked", "remedy": "ask on the phone"},
    ],
    "next": [{"rule": "webinar", "points": 20, "text": "attends a webinar"}],
    "outlook": {
        "stage": "mql", "short": 8, "ways": [{"acts": ["E-book", "Site visited"], "points": 55, "effort": 3}],
        "falls": [{"at": "2026-12-24T09:00:00.000Z", "before": 42, "after": 20, "rules": ["visits"], "loses": ["mql"]}],
        "risks": [{"act": "Newsletter cancelled", "points": -10, "loses": []}],
    },
    "why_not": [{"topic": "mql", "gate": "threshold", "text": "It has 42 of 50 points.", "remedy": "8 more points."}],
}  # fmt: skip
RECEIPT = {
    "portal": "acme", "contact": "4711", "ids": ["4711", "12"], "cause": "privacy erase",
    "at": "2026-11-22T09:30:00.000Z", "answer_by": "2026-12-22T09:30:00.000Z", "rows": 15, "journal": True,
    "places": {"contacts": 1, "activities": 14}, "residue": "", "overwritten": True, "last_backup": None,
    "passed_on": [{"workflow": "91001", "name": "Welcome", "at": "2026-11-01T09:30:00.000Z", "certain": True}],
    "out_of_reach": ["Files that were exported from here."],
}  # fmt: skip
ROWS = [
    {"id": "1", "email": "=cmd()", "properties": {"a": "-15"}},
    {"id": "2", "email": None, "properties": {"b": "ü"}},
]


ENRICHED = {
    "portal": "acme", "provider": "firms", "asked": 12, "found": 9, "not_found": 2, "failed": 1, "from_cache": 1_340,
    "waiting": 3, "would_ask": [], "why": "", "ok": True,
}  # fmt: skip
NOTICES = {
    "ok": False, "mode": "api", "app": "4711", "portals": ["acme"], "wanted": 9, "fitting": 6,
    "target": {"wanted": "https://x.example/webhooks/hubspot", "present": "", "fits": False},
    "missing": [
        {"event": "contact.propertyChange", "property": "jobtitle", "object_type_id": ""},
        {"event": "contact.propertyChange", "property": "city", "object_type_id": ""},
    ],
    "paused": [{"event": "contact.merge", "property": "", "object_type_id": "", "id": "7", "active": False}],
    "superfluous": [{"event": "ticket.creation", "property": "", "object_type_id": "", "id": "8", "active": True}],
    "no_room": [], "text": "6 subscriptions are there and active; 2 missing, 1 paused, the target address differs.",
}  # fmt: skip


OPENING = {
    "email": "anna@agency.example", "purpose": "sign_in", "url": "https://leads.example/admin/link/k7Qx",
    "good_until": "2026-11-22T09:45:00.000Z",
}  # fmt: skip


def _documents() -> dict[str, Any]:
    mode = {"portal": "acme", "mode": "live", "text": "acme: it is so."}
    version = {"portal": "acme", "kind": "scoring", "version": 4, "text": "scoring version 4 is published."}
    provisioned = {"portal": "acme", "group": "leadwright", "properties": PROPERTIES, "created": 0}
    return {
        "add_portal": {
            "portal": "acme", "hub_id": 27, "time_zone": "Europe/Berlin", "currency": "EUR", "account_type": "STANDARD",
            "base_url": "http://x", "mode": "observe", "warnings": ["page views are switched off"],
            "features": [{"feature": "contacts", "scope": "crm.objects.contacts.read", "ok": True, "why": ""}],
        },
        "list_portals": {
            "portals": [
                {"portal": "acme", "hub_id": 27, "mode": "observe", "state": "All current.", "contacts": 120,
                 "last_sync": "2026-11-22T09:30:00.000Z", "last_apply": None, "waiting": 0}
            ]
        },
        "check_portal": {"portal": "acme", "ok": False, "checks": CHECKS},
        "pause": mode, "resume": mode, "live": mode, "remove": mode,
        "provision_preview": provisioned, "provision": {**provisioned, "created": 1},
        "sync": SYNC, "plan": PLAN, "apply": APPLY, "verify": CERTIFICATE, "explain": BILL,
        "import_plan": {
            **PLAN, **LEFT, "options": {},
            "held": [{"contact": "9", "line": 3, "effect": "write:city", "gate": "undone", "why": "taken back",
                      "remedy": "Release it."}]},
        "import_apply": {**APPLY, **LEFT},
        "cycle": {"portal": "acme", "sync": SYNC, "plan": PLAN, "apply": APPLY, "mode": "live", "calls": 14,
                  "text": "1 contacts written.", "ok": True},
        "subscriptions": NOTICES,
        "subscriptions_apply": {**NOTICES, "ok": True, "created": 2, "activated": 1, "deleted": 0, "aimed": True,
                                "refused": [], "text": "2 made, 1 switched on. Nothing differs."},
        "enrich": ENRICHED, "enrich_preview": {**ENRICHED, "asked": 0, "would_ask": ["works.example"], "waiting": 7},
        "enrich_secret": {"portal": "acme", "provider": "firms", "origin": "https://api.firms.example:443",
                          "text": "It is sent to https://api.firms.example:443 alone, in the header X-Key."},
        "undo": {"portal": "acme", "run": "r2", "restored": 1, "calls": 3, "ok": False,
                 "kept": [{"contact": "4711", "why": "lw_score was changed by somebody since"}]},
        "config_lint": {
            "portal": "acme", "missing": ["consent"], "ok": False,
            "documents": [
                {"kind": "scoring", "version": 3, "warnings": [
                    {"file": "s", "line": 7, "path": "threshold", "message": "Out of reach.", "remedy": "Lower it."},
                ]},
                {"kind": "lifecycle", "version": 1, "warnings": []},
            ],
            "answers": [{"question": "Can ten?", "answer": "No: 62 points.", "fine": True}],
        },
        "config_show": {"portal": "acme", "kind": "scoring", "version": 3, "body": "kind: scoring\n"},
        "config_diff": {"portal": "acme", "kind": "scoring", "version": 3, "diff": ["-points: 5", "+points: 10"]},
        "config_export_csv": SHEET_OUT, "config_import_csv": SHEET_IN,
        "config_draft_save": DRAFT, "config_draft_show": DRAFT, "config_draft_publish": version,
        "config_draft_discard": {"portal": "acme", "kind": "scoring", "author": "kim", "text": "It is discarded."},
        "config_sign": SIGNED,
        "config_dry_run_file": DRY_RUN, "config_scores_file": SCORES,
        "config_publish": version, "config_rollback": version,
        "config_history": {"portal": "acme", "kind": "scoring", "versions": [
            {"version": 3, "state": "published", "author": "kim", "reason": "webinars", "at_ms": 1_795_305_600_000}]},
        "config_validate": {"ok": True, "files": [{"file": "s.yaml", "kind": "scoring", "ok": True, "faults": []}]},
        "examine": {"checks": [{"check": "inbox", "ok": True, "text": "reachable and writable", "remedy": ""}]},
        "erase": RECEIPT, "person": {"portal": "acme", "contact": "4711", "rows": 1, "kinds": {
            "contacts": {"source": "HubSpot", "rows": [{"id": 4711, "props": {"email": "jane@example.com"}}]}}},
        "backup": {"file": "a.backup", "made": "2026-11-22T09:30:00.000Z", "packed_bytes": 12_300_000,
                   "text": "The secret key is not in it."},
        "restore_preview": {"made": "2026-11-22T09:30:00.000Z", "replaces": ["acme"]},
        "restore": {"made": "2026-11-22T09:30:00.000Z", "revision": "0003", "erased_again": 2,
                    "enrolments_set_aside": 0, "text": "Nothing is written before it was read again.", "ok": True},
        "people_invite": {**OPENING, "purpose": "invite"},
        "people_link": OPENING,
        "people_list": {"people": [
            {"email": "anna@agency.example", "name": "Anna", "roles": "owner everywhere", "state": "active",
             "second_factor": True, "sessions": 2},
            {"email": "bo@client.example", "name": "", "roles": "viewer in acme", "state": "invited",
             "second_factor": False, "sessions": 0}]},
        "token_add": {"id": "3f9c0a1b", "name": "crm-sync", "role": "editor", "portal": "acme",
                      "token": "lw_k7Qx", "good_until": "2027-02-20T09:30:00.000Z"},
        "token_list": {"tokens": [
            {"id": "3f9c0a1b", "name": "crm-sync", "role": "editor", "portal": "acme", "person": "",
             "made_by": "command line", "made": "2026-11-22T09:30:00.000Z",
             "good_until": "2027-02-20T09:30:00.000Z", "last_used": None, "state": "good"},
            {"id": "77aa0a1b", "name": "nightly", "role": "viewer", "portal": "", "person": "anna@agency.example",
             "made_by": "command line", "made": "2026-08-22T09:30:00.000Z",
             "good_until": "2026-11-20T09:30:00.000Z", "last_used": "2026-11-19T09:30:00.000Z", "state": "expired"},
        ]},
        "token_remove": {"id": "3f9c0a1b", "name": "crm-sync", "text": "The token crm-sync opens nothing any more."},
        "people_disable": {"email": "bo@client.example", "disabled": True, "text": "bo@client.example is shut out."},
        "init": {"database": "sqlite:///x.db", "revision": "0001", "secret_key": "made", "env_file": ".env"},
        "db_upgrade": {"revision": "0001", "head": "0001", "ok": True},
        "db_current": {"revision": "0001", "head": "0001", "ok": True},
    }  # fmt: skip


@dataclass
class Desk:
    """Answers every method with its document, raises what is laid in ``faults``, and remembers what it was asked."""

    answers: dict[str, Any] = field(default_factory=lambda: deepcopy(_documents()))
    faults: dict[str, BaseException] = field(default_factory=dict)
    heard: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=lambda: list(ROWS))
    progress: Any = None
    booked: list[tuple[str, str]] = field(default_factory=list)

    def stance(self, _name: str) -> str:
        return "live"

    def book_deed(self, what: str, *, portal: str = "", before: str = "", after: str = "") -> None:
        self.booked.append((what, portal))

    def __getattr__(self, name: str) -> Any:
        if name not in self.answers:
            raise AttributeError(name)

        def method(*args: Any, **options: Any) -> Any:
            self.heard.append((name, args, options))
            if name in self.faults:
                raise self.faults[name]
            return deepcopy(self.answers[name])

        return method

    @contextmanager
    def open(self, settings: Any, *, progress: Any) -> Iterator[Desk]:
        self.progress = progress
        if "open" in self.faults:
            raise self.faults["open"]
        yield self

    def export(self, name: str, what: str) -> Iterator[dict[str, Any]]:
        self.heard.append(("export", (name, what), {}))
        yield from self.rows
        if "export" in self.faults:
            raise self.faults["export"]

    def asked(self, name: str) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
        return [(args, options) for heard, args, options in self.heard if heard == name]

    def app(self, *, interactive: bool = False) -> App:
        return App(parts=lambda: self, interactive=interactive)  # type: ignore[arg-type,return-value]


@dataclass
class Said:
    """What one command line left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def process(*arguments: str, cwd: Path | None = None, stdin: bytes = b"", **env: str) -> Said:
    """The real thing: a process of its own."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "connector.cli", *arguments],
        input=stdin, capture_output=True, cwd=cwd, env={**os.environ, **env}, timeout=240, check=False,
    )  # fmt: skip
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode())


def refused(reason: str = "refused") -> ConnectorError:
    return ConnectorError("It cannot be done.", remedy="Do it otherwise.", reason=reason)
