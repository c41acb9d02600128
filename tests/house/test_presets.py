"""The shipped presets and their YAML: they parse, they agree with each other, and reading them is safe and light."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from connector.errors import ConfigError, DocumentInvalid
from connector.presets import FOLDERS, load_yaml, preset_names, preset_text, shipped
from connector.rules.documents import KINDS, parse_document
from connector.rules.documents.kinds import canonical
from connector.rules.documents.mapping import properties_used

ALL = [(kind, name) for kind in FOLDERS for name in preset_names(kind)]


def parsed(kind, name):
    return parse_document(kind, *load_yaml(preset_text(kind, name), f"{name}.yaml"), f"{name}.yaml")


class TestShipped:
    """What comes with the package."""

    @pytest.mark.parametrize(("kind", "name"), ALL)
    def test_every_preset_parses_and_names_itself(self, kind, name):
        document = parsed(kind, name)
        assert document.name == name
        assert document.description

    def test_every_kind_of_document_has_a_preset(self):
        assert {kind for kind, _ in ALL} == set(FOLDERS)
        assert set(KINDS) <= set(FOLDERS)
        assert "standard-b2b" in preset_names("mapping")
        assert preset_names("activities") == ["standard"]

    def test_the_folders_hold_no_code(self):
        for kind in ("config", "mappings"):
            found = [file.name for file in shipped(kind).joinpath("presets").iterdir()]
            assert found
            assert not [name for name in found if name.endswith(".py")]

    def test_the_shipped_rules_count_kinds_that_the_catalogue_knows(self):
        """A rule about a kind no event ever gets would silently give nothing."""
        scoring, lifecycle = parsed("scoring", "standard-b2b"), parsed("lifecycle", "standard")
        counted = {kind for rule in scoring.rules for kind in getattr(rule, "activities", ())}
        counted |= set(lifecycle.career_activities) | set(lifecycle.mql.depth.activities)
        assert {kind for kind in counted if canonical(kind) != kind} == set()

    def test_the_default_mapping_reads_hubspots_own_properties(self):
        used = properties_used(parsed("mapping", "standard-b2b"))
        assert {"email", "firstname", "lastname", "jobtitle", "hs_buying_role", "lifecyclestage"} <= used["contacts"]
        assert {"industry", "numberofemployees", "annualrevenue", "country", "name"} <= used["companies"]

    def test_no_shipped_mapping_writes_anything(self):
        for name in preset_names("mapping"):
            assert not [row.property for row in parsed("mapping", name).rows if row.writes()]


class TestOverlay:
    """An operator's own files hide the shipped ones."""

    def test_an_own_preset_comes_first(self, tmp_path):
        (tmp_path / "mapping").mkdir()
        (tmp_path / "mapping" / "standard-b2b.yaml").write_text("name: mine\n", encoding="utf-8")
        (tmp_path / "mapping" / "acme.yaml").write_text("name: acme\n", encoding="utf-8")
        assert preset_text("mapping", "standard-b2b", tmp_path) == "name: mine\n"
        assert {"acme", "german-b2b", "standard-b2b"} <= set(preset_names("mapping", tmp_path))
        assert "jobtitle" in preset_text("mapping", "german-b2b", tmp_path)

    def test_a_name_nobody_has_is_refused_with_a_hint(self, tmp_path):
        with pytest.raises(ConfigError, match='Did you mean "german-b2b"'):
            preset_text("mapping", "german-b2c", tmp_path)
        with pytest.raises(ConfigError, match="Kinds: "):
            preset_text("mappings", "standard-b2b")

    @pytest.mark.parametrize("name", ["../scoring/standard-b2b", "/etc/passwd", "", "a/b", "standard-b2b.yaml", "A"])
    def test_a_name_is_no_path(self, name):
        with pytest.raises(ConfigError, match="no preset"):
            preset_text("mapping", name)


class TestYaml:
    """Text to plain data with lines; what YAML should not hold is refused."""

    def test_only_true_and_false_are_booleans_and_nothing_is_a_date(self):
        text = "- [yes, no, on, off, y, True, FALSE]\n"
        text += "- [2026-11-22, 12:30, 007, 0x1F, 1_000, 0o7]\n- [1, -2.5, 1e3, ~, '']\n"
        data, _ = load_yaml(text, "x")
        assert data == [
            ["yes", "no", "on", "off", "y", True, False],
            ["2026-11-22", "12:30", "007", "0x1F", "1_000", "0o7"],
            [1, -2.5, 1000.0, None, ""],
        ]

    def test_every_node_has_its_line(self):
        _, lines = load_yaml("a: 1\nb:\n  - x\n  - {c: 2,\n     d: 3}\n", "x")
        assert lines == {(): 1, ("a",): 1, ("b",): 2, ("b", 0): 3, ("b", 1): 4, ("b", 1, "c"): 4, ("b", 1, "d"): 5}

    @pytest.mark.parametrize(
        ("text", "line", "sentence"),
        [
            ("a: &x 1\n", 1, "Anchors"),
            ("a: 1\nb: *x\n", 2, "Aliases"),
            ("a: 1\nb: 2\na: 3\n", 3, "stands here twice"),
            ("a: 1\n5: x\n", 2, "The key `5` is not text"),
            ("true: x\n", 1, "The key `true` is not text"),
            ("? [a]\n: x\n", 1, "is not text"),
            ("a: !!python/object/apply:os.system [x]\n", 1, "Tags"),
            ("a: 1\n---\nb: 2\n", 2, "One file holds one document"),
            ("a: [1\nb: 2\n", 2, "no valid YAML"),
            ("a: 1\n b: 2\n", 2, "no valid YAML"),
            ("a: {{ x }}\n", 1, "is not text"),
            ("a: \x00\n", 1, "no valid YAML"),
            ("a: \ud800\n", 1, "Unicode"),
            ("[" * 40 + "]" * 40, 1, "Nested deeper"),
            ("a: " + "x" * 1_000_001, 1, "larger than 1 MB"),
        ],
        ids=lambda value: str(value)[:20],
    )
    def test_what_is_refused_and_where(self, text, line, sentence):
        with pytest.raises(DocumentInvalid) as caught:
            load_yaml(text, "x.yaml")
        found = [fault for fault in caught.value.faults if sentence in fault.message]
        assert found, str(caught.value)
        assert found[0].line == line
        assert found[0].remedy

    def test_several_faults_come_together(self):
        with pytest.raises(DocumentInvalid) as caught:
            load_yaml("a: &x 1\nb: *x\na: 2\n", "x.yaml")
        assert [fault.line for fault in caught.value.faults] == [1, 2, 3]

    def test_an_alias_bomb_and_deep_nesting_are_refused_at_once(self):
        """A13: refused within a second."""
        bomb = "a: &a [x]\n" + "".join(
            f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)},*{chr(97 + i)}]\n" for i in range(20)
        )
        began = time.perf_counter()
        for text in (bomb, "[" * 400_000, "{a: " * 200_000, "- " * 400_000):
            with pytest.raises(DocumentInvalid):
                load_yaml(text, "bomb.yaml")
        assert time.perf_counter() - began < 4

    def test_an_empty_file_is_no_document(self):
        with pytest.raises(DocumentInvalid, match="set of keys"):
            parse_document("mapping", *load_yaml("# nothing\n", "x.yaml"), "x.yaml")


def test_the_mapping_brings_no_heavy_library_along():
    """Phones, countries, dates and locales are imported by the step that needs them."""
    code = (
        "import sys, connector.rules.mapping, connector.rules.activities\n"
        "heavy = {'babel', 'phonenumbers', 'pycountry', 'dateparser', 'email_validator', 'yaml'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
