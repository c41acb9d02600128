"""Views of ``init``, ``db``, ``serve``, ``twin`` and a finished ``export``."""

from __future__ import annotations

from connector.commands.contract import Result
from connector.commands.views.drawing import lines
from connector.commands.views.people import opened
from connector.commands.words import many


def made(result: Result) -> None:
    said = {"made": "A new secret key was made", "present": "The secret key was there already"}
    lines(
        f"Database  {result['database']} (revision {result['revision']})",
        f"Key       {said[result['secret_key']]} ({result['env_file']}).",
        "          Keep it safe: without it the stored tokens cannot be read.",
    )
    if "link" in result:
        opened(result["link"])
    else:
        lines("First person for the pages: leadwright people invite EMAIL")
    lines("Next: leadwright portal add NAME --token-stdin < token.txt")


def revision(result: Result) -> None:
    if result["ok"]:
        lines(f"The database is at revision {result['revision']}, the one this Leadwright needs.")
    else:
        lines(
            f"The database is at revision {result['revision'] or 'none'}, this Leadwright needs {result['head']}.",
            "Next: leadwright db upgrade",
        )


def rotated(result: Result) -> None:
    lines(result["text"])


def exported(result: Result) -> None:
    lines(f"{many(result['rows'], 'row')} of {result['what']} written to {result['file']} ({result['format']}).")


def served(result: Result) -> None:
    does = ", ".join(result["roles"])
    lines(f"Leadwright serves at {result['url']} ({does})" if result["url"] else f"Leadwright serves ({does})")


def serving(result: Result) -> None:
    lines(
        f"A simulated portal with {many(result['contacts'], 'contact')} answers at {result['url']}",
        f"Token  {result['token']}",
        f"Connect it: echo {result['token']} | leadwright portal add twin --token-stdin --base-url {result['url']}",
        *_calls_back(result),
        "Ctrl-C ends it; nothing is kept.",
    )


def _calls_back(result: Result) -> list[str]:
    """Where its webhooks go, and the settings with which their signatures hold."""
    if not result.get("webhooks"):
        return []
    return [
        f"Webhooks of all contacts go to {result['webhooks']}",
        f"Their signatures hold with LEADWRIGHT_HUBSPOT_CLIENT_SECRET={result['client_secret']}",
    ]


def backed_up(result: Result) -> None:
    size = result["packed_bytes"] / 1_000_000
    lines(
        f"Backup of {result['made'][:16].replace('T', ' ')} UTC written to {result['file']} ({size:,.1f} MB).",
        result["text"],
    )


def restored(result: Result) -> None:
    lines(
        f"Restored: the state of {result['made'][:16].replace('T', ' ')} UTC, revision {result['revision']}.",
        f"Erased again: {many(result['erased_again'], 'person', 'people')} who had been erased since.",
        f"Set aside: {many(result['enrolments_set_aside'], 'enrolment')} that waited in the backup.",
        result["text"],
    )
