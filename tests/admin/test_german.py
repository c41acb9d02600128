"""Every sentence of the portals', contacts', plan's and runs' pages is there in German, with the same values in it."""

from __future__ import annotations

import ast
import re
from importlib.resources import files

import pytest

from connector.admin import connect, figures, held, plain, plan, sheet_words, stories
from connector.admin.words import catalogue
from connector.portal.scopes import SCOPES
from connector.sync.rulebook import SHIPPED
from tests.admin.hands import best, text

MODULES = ("portals", "connect", "contacts", "stories", "plan", "held", "runs", "waiting", "plain", "figures", "sheets")
TEMPLATES = ("portal", "connect", "contact", "plan", "held", "runs", "reports", "sheet", "document_sheet", "failed")
SAME = {"HubSpot {number}", "MQL", "SAL", "SQL", "Subscriber", "Lead", "Plan", "Start", "“{words}”", "Live"}
CALL = re.compile(r'\bt\(\s*"((?:[^"\\]|\\.)*)"|\bt\(\s*\'([^\']*)\'')
PLACE = re.compile(r"\{(\w+)\}")


def of_templates() -> set[str]:
    folder = files("connector.admin") / "templates" / "admin"
    found = set()
    for file in folder.iterdir():
        if file.name.startswith(TEMPLATES):
            source = file.read_text(encoding="utf-8")
            found |= {one or other for one, other in CALL.findall(source)}
            for table in re.findall(r"t\((\{.*?\})[\[.]", source):
                found |= set(re.findall(r': "([^"]+)"', table))
    return found


def of_modules() -> set[str]:
    """The first argument of every ``t(…)``, where it is written out."""
    found = set()
    for name in MODULES:
        tree = ast.parse((files("connector.admin") / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "t"
            if called and node.args and isinstance(node.args[0], ast.Constant):
                found.add(node.args[0].value)
            if isinstance(node, ast.Tuple) and len(node.elts) == 2 and isinstance(node.elts[0], ast.Constant):
                word = node.elts[0].value
                if isinstance(word, str) and word.startswith("{count}"):
                    found.add(word)
                other = node.elts[1]
                if isinstance(other, ast.Constant) and str(other.value).startswith("{count}"):
                    found.add(other.value)
    return found


def of_tables() -> set[str]:
    tables = (plain.STAGES, plain.ENDINGS, plain.ONE, plain.FAMILIES, plain.KINDS_OF_RUN, plain.STATES_OF_RUN,
              connect.WITHOUT, connect.FEATURES, figures.KINDS, plan.GATES, held.KINDS, held.WHAT,
              stories.VERDICTS)  # fmt: skip
    found = {word for table in tables for word in table.values()}
    found |= {word for pair in plain.MEANT.values() for word in pair}
    found |= {word for _, word in stories.ENDINGS.values()} | {scope.reason for scope in SCOPES} | set(SHIPPED)
    return found | {
        "Paused",
        "Needs you",
        "Live",
        "Observe mode",
        "grade A",
        "grade B",
        "grade C",
        *sheet_words.PHRASES,
    }


ALL = sorted(of_templates() | of_modules() | of_tables())


def test_every_sentence_has_its_german():
    german = catalogue("de")
    assert len(ALL) > 300
    missing = [one for one in ALL if one not in german and one not in SAME]
    assert missing == []


@pytest.mark.parametrize("sentence", ALL)
def test_a_translation_names_the_same_values(sentence):
    german = catalogue("de").get(sentence, sentence)
    assert sorted(set(PLACE.findall(german))) == sorted(set(PLACE.findall(sentence)))
    assert not re.search(r"\b(du|dein|deine|dir|dich)\b", german.lower()), "Sie, not du"


def test_the_pages_speak_german_throughout(house):
    house.signed_in("owner", language="de")
    seen = text(house.get("/portals/acme"))
    assert "60 Kontakte gespiegelt" in seen
    assert "Beobachtungsmodus" in seen
    bill = text(house.get(f"/portals/acme/contacts/{best(house)}"))
    assert "Warum 94 Punkte?" in bill
    assert "E-Book heruntergeladen" in bill, "what the rules say is German, too"
    for path in ("/portals/acme/plan", "/portals/acme/held", "/portals/acme/runs", "/connect", "/portals/acme/start"):
        seen = text(house.get(path)).split("Kontakt für Kontakt")[0]  # values for HubSpot are not the page's words
        assert not re.search(r"\b(the|is|are|nothing|with|and)\b", seen), path
