"""R02: what somebody writes who hopes that a document is a program, in every place where an admin may write.

A text is refused with the document, or it is a text like any other: compared, copied and shown, never carried out.
"""

from __future__ import annotations

import json
import os
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.errors import DocumentInvalid
from connector.model.judgement import Known
from connector.presets import load_yaml
from connector.rules.compiled import compile_documents
from connector.rules.documents import parse_document
from connector.rules.mapping import compile_mapping, to_fields
from connector.rules.receipt import receipt_json
from tests.rules.judging.build import contact, documents, judged
from tests.trials.harness import Count, Outcome
from tests.trials.stage import folder

LONGEST_S, MOST_MIB = 0.2, 50
CANARY = "what only the environment knows"
DEEP = 50_000
BIG = "a" * 65_536

CALLS = (
    "__import__('os').system('touch {canary}')", "import os; os.system('touch {canary}')",
    "exec('open(\"{canary}\", \"w\")')",
    "eval(compile('1', 'x', 'eval'))", "open('{canary}', 'w').close()", "os.environ['CANARY_OF_THE_ENVIRONMENT']",
    "subprocess.run(['touch', '{canary}'])", "$(touch {canary})", "`touch {canary}`", "; touch {canary} #",
    "| touch {canary}", "breakpoint()",
)  # fmt: skip
WALKS = (
    "().__class__.__bases__[0].__subclasses__()", "{0.__class__.__mro__}", "{field.__init__.__globals__}",
    "{0.__class__.__init__.__globals__[os].environ}", "{self.__dict__}", "{city.__class__}", "city.__class__",
    "getattr(city, '__class__')", "{0!r}", "{0.__reduce_ex__(2)}", "[].__class__.__base__", "{portal}",
)  # fmt: skip
TEMPLATES = (
    "${7919*7919}", "{{7919*7919}}", "{% for x in range(10**9) %}x{% endfor %}", "<%= 7919*7919 %>", "#{7919*7919}",
    "${jndi:ldap://127.0.0.1/a}",
    "{{ config.items() }}", "{{ ''.__class__.__mro__[1].__subclasses__() }}", "[[${7919*7919}]]", "@(7919*7919)",
)  # fmt: skip
WIDTHS = (
    "%999999999d", "%s%s%s%n", "%(city)999999999s", "{:999999999}", "{0:>999999999}", "{0:{0}}", "{0:.999999999f}",
    "f'{city:999999999}'", "%*d", "{:,}", "{0[0]}", "{}" * 1_000,
)  # fmt: skip
SUMS = (
    "9**9**9", "2**1000000000", "'a'*10**9", "[0]*10**9", "10**10**10", "1e999999999", "9" * 100_000,
    "0x" + "f" * 50_000,
    "1_000_000_000_000", "1/0", "lambda: 0", "(lambda f: f(f))(lambda f: f(f))", "[x for x in iter(int, 1)]",
    "{'a': {'a': 1}}",
)  # fmt: skip
LARGE = (
    BIG,
    "{{" + BIG + "}}",
    "{% macro a() %}" + BIG + "{% endmacro %}",
    "(" * DEEP,
    "[" * DEEP,
    "not " * DEEP,
    "\\" * len(BIG),
)
TEXTS = (*CALLS, *WALKS, *TEMPLATES, *WIDTHS, *SUMS, *LARGE)

WHOLE = (
    "!!python/object/apply:os.system ['touch {canary}']", "!!python/name:os.system", "!!python/module:os", "!!map {}",
    "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]", "&a [*a]", "rules: !!binary aGk=", "<<: {name: x}",
    "[" * DEEP, "{a: " * DEEP, "- " * DEEP + "x", "? " * DEEP,
    "rules: " + "[" * DEEP + "]" * DEEP, "x: |\n" + "  a\n" * 10_000,
    "%YAML 9.9\n---\na: 1", "--- a\n--- b", "a: \x00", "{" + ", ".join(f"k{n}: 1" for n in range(2_000)) + "}",
)  # fmt: skip
GROWING: dict[str, list[dict[str, Any]]] = {
    "replace by twice as much": [{"step": "replace", "old": "a", "new": "aa"}],
    "replace nothing": [{"step": "replace", "old": "", "new": "x"}],
    "split and join": [{"step": "split", "by": "a"}, {"step": "join", "by": "aa"}],
}


@dataclass(frozen=True, slots=True)
class Attack:
    """One text in one place; ``act`` gives what came of it as text, or is refused."""

    where: str
    text: str
    act: Callable[[], str]


def expressions(scale: float, seed: int) -> Outcome:
    """Each refused or harmless, at most 0.2 s and 50 MB; no file made, no word of the process told."""
    count = Count()
    with folder() as place:
        canary = place / "touched"
        os.environ["CANARY_OF_THE_ENVIRONMENT"] = CANARY
        for attack in corpus(canary):
            count.runs, count.faults = count.runs + 1, count.faults + 1
            seconds, told = _timed(attack)
            count.took(seconds)
            count.most(f"MiB ({attack.where}: {attack.text[:30]!r})", _memory(attack), MOST_MIB)
            count.must(CANARY not in told and not _inside(told, attack.text), f"{attack.where}: {attack.text[:40]!r}")
        count.most_here("seconds", count.worst or 0.0, LONGEST_S)
        count.must(not canary.exists(), "a text was carried out")
        count.least("attacks", count.runs, 150)
    return count.outcome()


def corpus(canary: Path) -> Iterator[Attack]:
    """Every text as a value, as a name and as a step; whole documents; trees and chains that grow."""
    for text in (one.replace("{canary}", str(canary)) for one in TEXTS):
        yield Attack("value of a condition", text, lambda text=text: _rule(_leaf(text), text))
        step = {"step": "replace", "old": "a", "new": text}
        yield Attack("step of a transform", text, lambda text=text, step=step: _chain([step], text))
        yield Attack("label", text, lambda text=text: _rule(_leaf("Bonn"), "Bonn", label=text))
    for text in (one.replace("{canary}", str(canary)) for one in WHOLE):
        yield Attack("whole document", text, lambda text=text: _document(text))
    for name in ("all", "any"):
        nested = "rules: [{name: r, when: " + f"{{{name}: [" * DEEP
        yield Attack("nested conditions", name, lambda text=nested: _document(text))
        yield Attack("many conditions", name, lambda name=name: _rule({name: [_leaf("x")] * 4_000}, "x"))
    for name, steps in GROWING.items():
        for often in (20, 60, 200):
            yield Attack("growing value", f"{name} × {often}", lambda steps=steps * often: _chain(steps, "aaaa"))


def _leaf(text: str) -> dict[str, Any]:
    return {"field": "city", "equals": text}


def _rule(when: dict[str, Any], value: str, **more: Any) -> str:
    rule = {"name": "r", "kind": "property", "family": "engagement", "points": 1, "when": when, **more}
    compiled = compile_documents(documents(scoring={"rules": [rule]}))
    judgement = judged(contact(fields={"city": Known(value)}), compiled)
    return json.dumps(receipt_json(judgement.receipt))


def _chain(steps: list[dict[str, Any]], value: str) -> str:
    body = {"name": "x", "rows": [{"field": "city", "property": "city", "transforms": steps}]}
    document = parse_document("mapping", *load_yaml(json.dumps(body), "x.yaml"), "x.yaml")
    fields = to_fields(compile_mapping(document, {}), {"city": value}, None)
    return str(fields.fields["city"])


def _document(text: str) -> str:
    return str(parse_document("scoring", *load_yaml(text, "x.yaml"), "x.yaml"))


def _outcome(attack: Attack) -> str:
    try:
        return attack.act()
    except DocumentInvalid as refusal:
        return "\n".join(f"{fault.path} {fault.message} {fault.remedy}" for fault in refusal.faults)


def _timed(attack: Attack) -> tuple[float, str]:
    began = time.perf_counter()
    told = _outcome(attack)
    return time.perf_counter() - began, told


def _memory(attack: Attack) -> float:
    tracemalloc.start()
    try:
        _outcome(attack)
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def _inside(told: str, text: str) -> bool:
    """Whether an answer shows something of the process that the text itself did not hold."""
    return any(
        word in told and word not in text for word in ("<class '", "<module '", "built-in", "object at 0x", "62710561")
    )
