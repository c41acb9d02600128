"""When something last went wrong in a portal: for the page that says that nothing waits."""

from __future__ import annotations

from connector.store import Unit, runs

LOOKED_AT = 500
BAD = frozenset({"failed", "part"})


def last_failure_ms(u: Unit, portal_id: int) -> int | None:
    """When the newest run ended that failed or was done in part; None where none of the latest did."""
    bad = (run for run in runs.recent(u, portal_id, LOOKED_AT) if run.state in BAD)
    found = next(bad, None)
    return (found.finished_ms or found.started_ms) if found else None
