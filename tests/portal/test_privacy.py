"""No token, value, e-mail or query in logs, records of calls, and errors with their tracebacks."""

from __future__ import annotations

import traceback

import pytest
import requests

from connector.errors import SyncError
from connector.portal.gateway import CallRecord, Filter, Update
from connector.portal.hubspot import connect
from tests.portal.conftest import TOKEN, URL

EMAIL, VALUE = "grace.hopper@example.org", "cobol-and-nanoseconds"
SECRETS = (EMAIL, "grace", VALUE, TOKEN, "lead_secret")


@pytest.fixture
def records() -> list[CallRecord]:
    return []


@pytest.fixture
def portal(clock, web, records):
    made = connect(URL, TOKEN, clock=clock, generation="v3", on_call=records.append)
    yield made
    made.close()


ACTS = {
    "enrol": lambda portal: portal.enrol("7", EMAIL),
    "read_one": lambda portal: portal.read_one("contacts", EMAIL, ["lead_secret"]),
    "write": lambda portal: portal.write("contacts", [Update(1, {"firstname": VALUE, "email": EMAIL})]),
    "search": lambda portal: portal.search(
        "contacts", groups=[[Filter("email", "EQ", EMAIL)]], sort="", properties=["lead_secret"]
    ),
    "owners": lambda portal: portal.owners(),
}
BODY = {
    "message": f'{EMAIL} with {VALUE} is wrong: [{{"name": "email", "message": "{EMAIL}", "error": "odd"}}]',
    "category": "VALIDATION_ERROR",
    "errors": [{"message": f'"{VALUE}" for {EMAIL}', "context": {"propertyName": ["firstname"]}}],
}
ANSWERS = {
    "400": {"status_code": 400, "json": BODY},
    "404": {"status_code": 404, "json": BODY},
    "409": {"status_code": 409, "json": BODY},
    "500": {"status_code": 500, "json": BODY},
    "401": {"status_code": 401, "json": BODY},
    "html": {"status_code": 200, "text": f"<html>{EMAIL} {VALUE}</html>"},
    "refused": {"exc": requests.ConnectionError(f"refused for url /contacts/{EMAIL} {TOKEN}")},
    "slow": {"exc": requests.ReadTimeout(f"{URL}/{EMAIL}")},
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_errors_and_their_tracebacks(portal, web, quiet_log, records, act, answer):
    web.register_uri(requests_any(), requests_any(), **ANSWERS[answer])
    text = ""
    try:
        ACTS[act](portal)
    except SyncError as error:
        text = f"{error!r} {error} {error.remedy} {getattr(error, 'faults', '')} {error.__cause__!r}"
        text += f"{[] if error.__suppress_context__ else error.__context__!r}"
        text += "".join(line for line in traceback.format_exception(error) if not line.lstrip().startswith("File"))
    seen = f"{text} {quiet_log} {records}"
    found = [secret for secret in SECRETS if secret in seen.replace("grace.", "grace.")]
    assert found == []
    assert records


def requests_any():
    import requests_mock

    return requests_mock.ANY


def test_a_successful_call_logs_its_template_only(portal, web, quiet_log, records):
    web.post(requests_any(), status_code=204)
    portal.enrol("7", EMAIL)
    (entry,) = quiet_log
    template = "/automation/v2/workflows/{workflow}/enrollments/contacts/{email}"
    assert (entry["event"], entry["path"], entry["status"], entry["log_level"]) == (
        "portal.call", template, 204, "debug"
    )  # fmt: skip
    assert records[0].path == template
    assert (records[0].kind, records[0].live, records[0].error) == ("write", True, "")


def test_typed_calls_log_no_names(portal, web, quiet_log):
    web.get(requests_any(), json={"results": []})
    portal.pipelines("deals")
    assert quiet_log[0]["path"] == "/crm/v3/pipelines/{…}"


def test_a_token_with_a_line_break_is_rejected_without_being_shown(clock, web):
    portal = connect(URL, f"{TOKEN}\nX-Other: 1", clock=clock)
    with pytest.raises(SyncError) as caught:
        portal.identity()
    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    portal.close()


def test_neither_portal_nor_transport_shows_the_token(portal):
    assert TOKEN not in repr(portal) + repr(vars(portal))
