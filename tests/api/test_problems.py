"""Every error of ours as a problem: a status that fits, a sentence and a remedy, nothing of the inside."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest

from connector import errors
from connector.api import problems
from connector.api.describing import SAID, ProblemBody
from connector.api.problems import Problem, problem_of
from connector.errors import ConnectorError, DocumentInvalid, Fault, RateLimited


def kinds(root: type[ConnectorError] = ConnectorError) -> Iterator[type[ConnectorError]]:
    """Every class of error there is, those in ``errors``."""
    yield root
    for one in root.__subclasses__():
        if one.__module__ == errors.__name__:
            yield from kinds(one)


def made(kind: type[ConnectorError]) -> ConnectorError:
    if kind is DocumentInvalid:
        return DocumentInvalid([Fault("/srv/acme/scoring.yaml", 7, "rules", "It is wrong.", "Mend it.")])
    if kind is RateLimited:
        return RateLimited("Too fast for anna@werk.example.", policy="SECONDLY", retry_after=2.2)
    return kind("It went wrong for anna@werk.example.")


@pytest.mark.parametrize("kind", list(kinds()), ids=lambda one: one.__name__)
def test_every_error_is_a_problem_as_described(kind):
    answer = problems.answer(problem_of(made(kind)))
    body = orjson.loads(answer.data)
    ProblemBody.model_validate(body)
    assert answer.content_type == "application/problem+json"
    assert body["status"] == answer.status_code
    assert answer.status_code in {*SAID, 502}
    assert answer.status_code != 500, "an error of ours is never unexpected"
    assert "anna@" not in str(body)
    assert "/srv/" not in str(body)
    assert body["type"].startswith("urn:leadwright:problem:")


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (errors.ConfigError("x", reason="plan_changed"), 409),
        (errors.ConfigError("x", reason="draft_overtaken"), 412),
        (errors.ConfigError("x", reason="document_overtaken"), 412),
        (errors.UnknownPortal("No portal named x is connected.", remedy="Connected: acme, globex."), 404),
        (errors.UnknownContact("x"), 404),
        (errors.StoreError("SELECT x"), 503),
        (errors.DiskFull("x"), 503),
        (errors.PortalUnavailable("x"), 503),
        (errors.TokenRejected("x"), 502),
        (errors.BlastRadiusExceeded("x"), 409),
        (ConnectorError("x"), 409),
    ],
)
def test_the_status_fits(fault, status):
    assert problem_of(fault).status == status


def test_whose_portals_there_are_is_never_told():
    told = problem_of(errors.UnknownPortal("No portal named x is connected.", remedy="Connected: acme, globex."))
    assert "acme" not in f"{told.message} {told.remedy}"


def test_what_may_be_tried_again_says_when():
    assert problem_of(made(RateLimited)).headers == {"Retry-After": "3"}
    assert problem_of(errors.PortalUnavailable("x")).headers == {"Retry-After": "30"}
    assert problem_of(errors.StoreError("x")).headers["Retry-After"]


def test_a_document_tells_each_fault_with_its_line():
    told = problem_of(made(DocumentInvalid))
    assert (told.status, told.message) == (422, "The document has 1 fault.")
    assert told.more["faults"] == [{"line": 7, "path": "rules", "message": "It is wrong.", "remedy": "Mend it."}]


def test_a_problem_stays_what_it_is():
    one = Problem(418, "teapot", "No coffee.", remedy="Ask for tea.")
    assert problem_of(one) is one
