"""``docs/api.md`` holds: its calls are made, in order, as curl would; its table is the table of routes."""

from __future__ import annotations

import json
import re
import shlex

from connector.api.areas import ROUTES
from connector.api.describing import SAID
from connector.api.limits import BURST, PER_SECOND
from connector.api.problems import MEDIA_TYPE
from connector.sync.tokens import MOST_DAYS, USUAL_DAYS
from tests.api.conftest import ACME
from tests.house.code import HOUSE

PAGE = (HOUSE / "docs" / "api.md").read_text(encoding="utf-8")
URL = "https://leads.example.test"


def calls() -> list[str]:
    """Every curl line, in the order of the page."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("curl ")]


def curl(desk, line: str, known: dict[str, str]):
    """The call that the line makes, with the shell's variables put in."""
    words = shlex.split(line)
    words = [re.sub(r"\$([A-Z]+)", lambda found: known[found[1]], word) for word in words[1:]]
    method, headers, data, url = "", {}, None, ""
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word in ("-d", "--data-binary"):
            data = words.pop(0)
        else:
            url = word
    assert url.startswith(URL)
    return desk.browser.open(url.removeprefix(URL), method=method or ("POST" if data else "GET"),
                             headers=headers, data=data)  # fmt: skip


def test_the_calls_of_the_page_in_order(desk):
    desk.service.live(ACME)
    who = desk.program("admin")
    known = {
        "TOKEN": who.token,
        "URL": URL,
        "CONTACT": desk.contact,
        "HASH": "",
        "ERRAND": "",
        "DRAFT": "",
        "SHEET": "",
    }
    made = calls()
    assert len(made) >= 12
    for line in made:
        answer = curl(desk, line, known)
        assert answer.status_code in (200, 202), f"{line}\n{answer.text}"
        if answer.content_type.startswith("text/csv"):
            known["SHEET"] = answer.text.replace("\r\ncity,city,", "\r\ncity,town,")
            assert known["SHEET"] != answer.text
            continue
        told = answer.json
        known["HASH"] = told.get("hash") or known["HASH"]
        known["ERRAND"] = told.get("errand") or known["ERRAND"]
        if line.endswith("/draft") and "-X" not in line:
            changed = re.sub(r"points: (\d+)", lambda f: f"points: {int(f[1]) + 1}", told["body"], count=1)
            known["DRAFT"] = json.dumps({"body": changed})
        desk.work()
    assert desk.service.config_show(ACME, "scoring")["version"] == 3
    assert [deed[1] for deed in desk.deeds()][-2:] == ["Went back in scoring to version 1", "Saved a draft of mapping"]


def test_the_shown_error_is_the_real_one(shared):
    shown = json.loads(re.search(r"```json\n(\{\"type\".*?)```", PAGE, re.DOTALL)[1])
    answer = shared.program("viewer").ask("GET", f"/portals/{ACME}/contacts?min_score=5.0")
    assert answer.json == shown
    assert answer.content_type == MEDIA_TYPE


def test_the_shown_answer_has_the_members_of_a_real_one(shared):
    shown = json.loads(re.search(r"```json\n(\{\"portals\".*?)```", PAGE, re.DOTALL)[1])["portals"][0]
    told = shared.program("viewer").get("/portals")["portals"][0]
    assert {name: told[name] for name in shown} == {**shown, "state": told["state"]}


def test_every_call_is_in_the_table_with_its_role():
    rows = re.findall(r"^\| `(GET|POST|PUT|DELETE)(?: ([^`]+))?`[^|]*\| (\w+) \|", PAGE, re.MULTILINE)
    told = {(method, path if path == "/portals" else f"/portals/{{portal}}{path}", role) for method, path, role in rows}
    assert told == {(one.method, one.path, one.least) for one in ROUTES}


def test_every_status_is_in_the_table():
    rows = re.findall(r"^\| ([\d, ]+) \|", PAGE, re.MULTILINE)
    assert {int(one) for row in rows for one in row.split(", ")} == {*SAID, 502}


def test_the_numbers_are_the_ones_in_force():
    assert f"{BURST} at once, then {PER_SECOND:.0f} a second" in PAGE
    assert f"{USUAL_DAYS} unless said otherwise, {MOST_DAYS} at most" in PAGE
