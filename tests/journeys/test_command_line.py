"""The real command as people script it: exit codes, one JSON document on stdout, everything else on stderr."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from connector.service import Service
from connector.twin import Dials, Twin, serve_twin
from tests.rig import settings_for

COMMAND = str(Path(sys.executable).parent / "leadwright")


@pytest.fixture
def desk(tmp_path):
    """An installation without a portal, a portal somewhere, and the command."""
    twin = Twin.from_seed(7, 40, dials=Dials(burst=None, search_per_second=None))
    settings = settings_for(tmp_path)
    Service.init(settings, tmp_path / ".env")
    env = {name: value for name, value in os.environ.items() if not name.startswith("LEADWRIGHT_")}
    env["LEADWRIGHT_DATABASE_URL"] = settings.database_url
    env["LEADWRIGHT_SECRET_KEY"] = settings.secret_key.get_secret_value()

    def call(*words: str, told: str = "") -> tuple[int, Any]:
        done = subprocess.run(
            [COMMAND, *words],
            cwd=tmp_path,
            env=env,
            input=told,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr
        assert twin.token not in done.stdout + done.stderr
        return done.returncode, json.loads(done.stdout) if "--json" in words else done.stdout + done.stderr

    with serve_twin(twin) as url:
        call.url, call.twin, call.settings = url, twin, settings
        yield call


def test_a_day_in_a_shell(desk):
    """0 done, 1 failed, 2 wrong usage, 3 done in part."""
    assert desk("portal", "add", "acme", "--base-url", desk.url, "--token-stdin", "--json", told="falsch")[0] == 1
    code, added = desk("portal", "add", "acme", "--base-url", desk.url, "--token-stdin", "--json", told=desk.twin.token)
    assert (code, added["mode"]) == (0, "observe")
    with Service.open(desk.settings) as service:
        for step in (service.sync, service.provision, service.live):
            step("acme")
    plan = desk("plan", "acme", "--json")[1]
    unlucky = next(c for c in plan["changes"] if "leadwright_score" in c["properties"])
    desk.twin.edit("contacts", unlucky["contact"], {"jobtitle": "gesperrt"})
    rule = {"property": "jobtitle", "value": "gesperrt", "requires": "fax"}
    desk.twin.dials.validations = {"leadwright_score": {"required_when": rule}}
    code, ran = desk("apply", "acme", "--hash", plan["hash"], "--json")
    assert (code, ran["ok"]) == (3, False)
    assert [row["contact"] for row in ran["refused"]] == [unlucky["contact"]]
    code, fault = desk("explain", "acme", "niemand@nirgends.example", "--json")
    assert (code, fault["error"]["reason"]) == (2, "unknown_contact")
