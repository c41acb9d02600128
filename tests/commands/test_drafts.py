"""``config draft`` and ``config publish --dry-run``: the same drafts and counts as on the pages, in words."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from connector.errors import ConfigError
from tests.commands.desk import Desk, Said

Say = Callable[..., Said]


@pytest.fixture
def file(home) -> str:
    (home / "mapping.yaml").write_text("rows: []\n")
    return "mapping.yaml"


def test_saving_tells_the_faults_and_who_was_faster(say: Say, desk: Desk, file: str) -> None:
    said = say("config", "draft", "save", "acme", file, "--author", "kim", "--revision", "1")
    assert said.code == 0
    for words in ("saving 2", "line 1: rows: It is empty. Add a row.", "1 fault to mend", "published by jo since"):
        assert words in said.out
    ((name, path, author, revision), _) = desk.asked("config_draft_save")[0]
    assert (name, path.name, author, revision) == ("acme", file, "kim", 1)


def test_showing_prints_the_yaml_as_it_stands(say: Say) -> None:
    assert say("config", "draft", "show", "acme", "mapping").out == "rows: []\n"


def test_publishing_needs_a_reason(say: Say, desk: Desk) -> None:
    assert say("config", "draft", "publish", "acme", "scoring").code == 2
    assert desk.heard == [] or desk.asked("config_draft_publish") == []
    assert "version 4" in say("config", "draft", "publish", "acme", "scoring", "--reason", "webinars").out


def test_who_was_overtaken_gets_two_and_the_remedy(say: Say, desk: Desk) -> None:
    desk.faults["config_draft_publish"] = ConfigError(
        "The scoring document was published as version 2 in the meantime; you started from 1.",
        remedy="Compare the two and publish again.",
        reason="document_overtaken",
    )
    said = say("config", "draft", "publish", "acme", "scoring", "--reason", "x", "--json")
    assert said.code == 2
    assert said.json["error"]["reason"] == "document_overtaken"


def test_discarding_says_so(say: Say) -> None:
    assert "acme: It is discarded." in say("config", "draft", "discard", "acme", "scoring").out


def test_a_dry_run_publishes_nothing_and_tells_the_counts(say: Say, desk: Desk, file: str) -> None:
    said = say("config", "publish", "acme", file, "--dry-run")
    assert said.code == 0
    assert desk.asked("config_publish") == []
    for pattern in (
        r"nothing is published", r"scores\s+12 up, 3 down", r"grades\s+2 up, 0 down", r"MQLs\s+4 new, 1 no longer",
        r"enrolments\s+4", r"written\s+15 contacts", r"held\s+2 effects", r"cost\s+5 calls, about 0.5 s",
        r"city\s+9", r"6\s+city\s+city\s+same 100, nothing 20\s+change 9, fail 1, same 110", r"-\s+age\s+clear 7",
        r"3f9c0a012345",
    ):  # fmt: skip
        assert re.search(pattern, said.out), f"{pattern}\n{said.out}"
    assert "email" not in said.out, "rows that change nothing are left out"


def test_a_dry_run_as_json_is_the_whole_document(say: Say, file: str) -> None:
    said = say("config", "publish", "acme", file, "--dry-run", "--json")
    assert said.json["new_mqls"] == 4
    assert len(said.json["rows"]) == 3


def test_a_document_that_judges_nobody_says_so(say: Say, desk: Desk, file: str) -> None:
    desk.answers["config_dry_run_file"] = {"portal": "acme", "kind": "schedule", "judges": False, "contacts": 0}
    assert "judges nobody" in say("config", "publish", "acme", file, "--dry-run").out


def test_the_scores_alone_are_told_in_five_lines(say: Say, file: str) -> None:
    said = say("config", "publish", "acme", file, "--dry-run", "--scores")
    for pattern in (
        r"nothing is published", r"contacts\s+100,000, 12 of them never judged", r"scores\s+4,300 up, 210 down",
        r"grades\s+55 up, 0 down; then A 900, B 8,000, C 31,100, D 60,000",
        r"threshold\s+50 points: reached by 2,100 now, by 2,160 then", r"newly over\s+62; no longer 2",
    ):  # fmt: skip
        assert re.search(pattern, said.out), f"{pattern}\n{said.out}"


def test_scores_alone_belong_to_a_dry_run(say: Say, desk: Desk, file: str) -> None:
    said = say("config", "publish", "acme", file, "--reason", "more", "--scores")
    assert said.code == 2
    assert "--scores goes with --dry-run" in said.err
    assert desk.asked("config_publish") == []


def test_publishing_without_a_reason_is_wrong_usage(say: Say, desk: Desk, file: str) -> None:
    said = say("config", "publish", "acme", file)
    assert said.code == 2
    assert "--reason" in said.err
    assert desk.asked("config_publish") == []


def test_signing_tells_who_signed_and_who_is_missing(say: Say, desk: Desk) -> None:
    line = ("--for", "sales", "--draft-of", "kim", "--author", "jo", "--remark", "agreed")
    said = say("config", "sign", "acme", "scoring", *line)
    assert said.code == 0
    for words in ("jo signed this scoring for sales", "Missing yet: marketing", "3f9c0a1b77aa", "agreed"):
        assert words in said.out
    assert desk.asked("config_sign")[0][0] == ("acme", "scoring", "sales", "jo", "agreed", "kim", None)
    assert any("Signed scoring for sales as jo: agreed" in str(one) for one in desk.booked)


@pytest.mark.parametrize(
    "line",
    [("scoring",), ("scoring", "--for", "finance"), ("mapping", "--for", "sales"),
     ("scoring", "--for", "sales", "--draft-of", "kim", "--version", "2")],
)  # fmt: skip
def test_what_cannot_be_signed_is_wrong_usage(say: Say, desk: Desk, line: tuple[str, ...]) -> None:
    assert say("config", "sign", "acme", *line).code == 2
    assert desk.heard == []


def test_publishing_without_a_signature_ends_with_two_and_the_remedy(say: Say, desk: Desk) -> None:
    remedy = "leadwright config sign acme scoring --for sales"
    fault = ConfigError("sales is missing.", remedy=remedy, reason="unsigned")
    desk.faults["config_draft_publish"] = fault
    said = say("config", "draft", "publish", "acme", "scoring", "--reason", "x", "--json")
    assert (said.code, said.json["error"]["reason"], said.json["error"]["remedy"]) == (2, "unsigned", remedy)


def test_the_history_names_the_signatures(say: Say, desk: Desk) -> None:
    signature = {"side": "sales", "who": "jo", "at_ms": 0, "remark": "agreed"}
    desk.answers["config_history"]["versions"][0]["signatures"] = [signature]
    out = say("config", "history", "acme", "scoring").out
    assert "Version 3 was signed:" in out
    assert "sales: jo" in out
