"""Which persona a contact resembles most, and how much: targets met, not met and unknown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connector.model.judgement import PersonaMatch
from connector.rules.conditions import Probe, Question
from connector.rules.documents.scoring import Persona
from connector.rules.view import Answer, View


@dataclass(frozen=True, slots=True)
class PersonaFit:
    """How a contact compares with its best persona; ``index`` is the persona's place in the document.

    ``match`` is the same as it stands on the receipt; None where no persona is described.
    """

    index: int
    name: str
    met: int
    failed: int
    unknown: int
    match: PersonaMatch | None = None

    def reaches(self, share: float) -> bool | None:
        """Whether that share of the targets is met; None when the unknown ones decide."""
        wanted = share * (self.met + self.failed + self.unknown)
        if self.met >= wanted - 1e-9:
            return True
        return None if self.met + self.unknown >= wanted - 1e-9 else False


NO_PERSONA = PersonaFit(0, "", 0, 0, 0)


class Personas:
    """The personas of a model, compiled."""

    def __init__(self, personas: Sequence[Persona]) -> None:
        self._fits: dict[tuple[int, int, int], PersonaFit] = {}
        self.names = tuple(persona.name for persona in personas)
        self._probes: tuple[tuple[tuple[str, Probe[Answer]], ...], ...] = tuple(
            tuple((name, Probe(Question(condition), _same)) for name, condition in persona.targets.items())
            for persona in personas
        )

    def best(self, view: View) -> PersonaFit:
        """The persona with the most targets met, then the fewest failed, then the first; notes its answers."""
        found = [self._fit(index, view) for index in range(len(self._probes))]
        if not found:
            return NO_PERSONA
        fit, view.answers = found[0] if len(found) == 1 else max(found, key=_closeness)
        return fit

    def edges(self, view: View) -> Iterator[int]:
        for _, probe in (one for probes in self._probes for one in probes):
            yield from probe.question.edges(view)

    def _fit(self, index: int, view: View) -> tuple[PersonaFit, dict[str, Answer]]:
        met = unknown = 0
        answers: dict[str, Answer] = {}
        for name, probe in self._probes[index]:
            answer = answers[name] = probe.look(view)
            if answer.verdict:
                met += 1
            elif answer.verdict is None:
                unknown += 1
        key = (index, met, unknown)
        fit = self._fits.get(key)
        if fit is None:
            failed = len(answers) - met - unknown
            name = self.names[index]
            match = PersonaMatch(name, met, failed, unknown)
            fit = self._fits[key] = PersonaFit(index, name, met, failed, unknown, match)
        return fit, answers


def _closeness(found: tuple[PersonaFit, dict[str, Answer]]) -> tuple[int, int, int]:
    fit = found[0]
    return fit.met, -fit.failed, -fit.index


def _same(answer: Answer) -> Answer:
    return answer
