"""Why something does not happen to a contact: every gate that says no, by topic, each with its sentence and remedy.

Not here: the sentences themselves (``sentences.py``), the gates (``lifecycle.py``, ``gate.py``), what stands against a
decision besides the rules (``connector/sync/holding.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from connector.model.judgement import Gate, Hold, Judgement, MoveStage
from connector.rules.compiled import Compiled
from connector.rules.conditions import unread_of
from connector.rules.lifecycle import BEFORE_MQL, UNKNOWN_STAGE
from connector.rules.sentences import EXCLUSION, HELD, SENTENCES, Topic
from connector.rules.words import Language, translate

NOT_YET = BEFORE_MQL | {"disqualified", UNKNOWN_STAGE}


@dataclass(frozen=True, slots=True)
class WhyNot:
    """One reason why something does not happen."""

    topic: Topic
    gate: str
    text: str
    remedy: str


@dataclass(frozen=True, slots=True)
class State:
    """What the mirror knows beside the judgement: sources that are off, values that could not be read, an owner."""

    live: bool = True
    owned: bool = False
    sources_off: frozenset[str] = frozenset()
    unreadable: Sequence[tuple[str, str]] = ()


def why_not(
    judgement: Judgement, compiled: Compiled, state: State, language: Language | None = None
) -> tuple[WhyNot, ...]:
    """Every reason, topic by topic, in the order in which the gates are passed; nothing where all may happen."""
    lang = language or compiled.language
    reasons = [
        *_mql(judgement, compiled),
        *_enrolment(judgement, compiled),
        *_write(judgement, state),
        *_sync(judgement, state),
        *_routing(judgement, state),
    ]
    return tuple(dict.fromkeys(sentence(topic, gate, lang, values) for topic, gate, values in reasons))


def sentence(topic: Topic, gate: str, language: Language, values: Mapping[str, str]) -> WhyNot:
    """The gate's sentences with the values that they name."""
    at = 0 if language == "en" else 1
    text, remedy = SENTENCES[topic][gate]
    filled = _Values(values)
    return WhyNot(topic, gate, text[at].format_map(filled), remedy[at].format_map(filled))


class _Values(dict[str, str]):
    """A value nobody gave is shown as a dash, so that no sentence is lost."""

    def __missing__(self, key: str) -> str:
        return "–"


Reason = tuple[Topic, str, Mapping[str, str]]


def _mql(judgement: Judgement, compiled: Compiled) -> Iterator[Reason]:
    receipt = judgement.receipt
    if receipt.stage not in NOT_YET:
        return
    own = {one.name for one in compiled.documents.lifecycle.exclusions}
    for gate in receipt.gates:
        if compiled.machine.blocking((gate,)) is None:
            continue
        unknown = gate.met is None and gate.name != "stage"
        name = EXCLUSION if gate.name in own else "unknown" if unknown else gate.name
        yield "mql", name, _of_gate(gate, receipt.score, compiled.machine.threshold)
    for hold in _holds(judgement, "stage:mql", "write:lifecyclestage"):
        if hold.gate in HELD:
            yield "mql", hold.gate, _of_hold(hold)


def _enrolment(judgement: Judgement, compiled: Compiled) -> Iterator[Reason]:
    if not compiled.workflows:
        yield "enrolment", "no_workflow", {}
    held = [one for one in judgement.decisions if isinstance(one, Hold) and one.effect.startswith("enrol:")]
    moves = any(isinstance(one, MoveStage) for one in judgement.decisions)
    if not held and not moves and judgement.receipt.stage in NOT_YET:
        yield "enrolment", "not_mql", {}
    yield from (("enrolment", one.gate, _of_hold(one)) for one in held)


def _write(judgement: Judgement, state: State) -> Iterator[Reason]:
    if not state.live:
        yield "write", "observe", {}
    for one in judgement.decisions:
        if isinstance(one, Hold) and one.effect.startswith(("set:", "write:")):
            yield "write", one.gate, _of_hold(one)


def _sync(judgement: Judgement, state: State) -> Iterator[Reason]:
    for source in sorted(state.sources_off):
        yield "sync", "source_off", {"source": source}
    for prop, why in state.unreadable:
        yield "sync", "unreadable", {"property": prop, "why": why}
    if unread := {name for one in judgement.receipt.unknown for name in unread_of(one.missing)}:
        yield "sync", "no_lists", {"lists": ", ".join(sorted(unread))}


def _routing(judgement: Judgement, state: State) -> Iterator[Reason]:
    if state.owned:
        yield "routing", "owned", {}
        return
    if judgement.receipt.stage in NOT_YET:
        yield "routing", "not_mql", {}
    yield "routing", "no_rules", {}


def _holds(judgement: Judgement, *effects: str) -> Iterator[Hold]:
    yield from (one for one in judgement.decisions if isinstance(one, Hold) and one.effect in effects)


def _of_gate(gate: Gate, score: int, threshold: int) -> Mapping[str, str]:
    return {
        "score": str(score),
        "threshold": str(threshold),
        "short": str(max(threshold - score, 0)),
        "missing": gate.remedy.removeprefix("Find out: "),
        "why": gate.why,
    }


def _of_hold(hold: Hold) -> Mapping[str, str]:
    return {"why": hold.why, "why_de": translate(hold.why, "de"), "property": hold.effect.partition(":")[2]}
