"""Everything about the simulated portal that can be turned while it runs. No behaviour lives here."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass
class Dials:
    """Lag, latency, limits, faults and the choices where HubSpot's behaviour is uncertain."""

    search_lag: float = 0.0
    counters_lag: float = 0.0
    latency: float | dict[str, float] = 0.0
    burst: int | None = 190
    burst_window: float = 10.0
    limiter: str = "rolling"
    search_per_second: int | None = 5
    daily: int | None = 625_000
    retry_after: bool = False
    faults: list[dict[str, Any]] = field(default_factory=list)
    fault_rate: float = 0.0
    fault_seed: int = 1
    fault_statuses: tuple[int, ...] = (500, 502, 503, 504)
    shuffle_batch_results: bool = True
    survivor: str = "new"
    list_cursor: str = "id"  # opaque; a lying portal: repeats, circles, skips
    dated_errors_in_200: bool = True
    unknown_property_write: str = "reject"
    read_only_write: str = "reject"
    url_limit: int = 16_300
    validations: dict[str, dict[str, Any]] = field(default_factory=dict)
    lifecycle_backward: str = "keep"
    default_stage: str = "lead"
    features_off: set[str] | dict[str, int] = field(default_factory=set)
    workflow_off_status: int = 400
    merge_tells_deletion: bool = False  # some portals send deletions of the merged records, too
    webhooks_down: bool = False  # HubSpot's own outage: nothing is sent, nothing is lost
    webhook_echo: bool = True  # an app hears of its own writes
    webhook_delay: float = 0.0  # seconds from the change to its first delivery
    webhook_shuffle: float = 0.0  # seconds over which notices and deliveries are strewn, out of order
    webhook_batch: int = 100  # most items of a delivery
    webhook_split: float = 0.0  # share of deliveries cut in two
    webhook_doubles: float = 0.0  # further copies of each delivery: 0.2 every fifth twice, 9 each one ten times
    webhook_drop: float = 0.0  # share of notices lost for good
    webhook_bad_signature: float = 0.0  # share of attempts signed with another secret
    webhook_stale: float = 0.0  # share of attempts whose timestamp is six minutes old
    webhook_concurrency: int = 10
    webhook_timeout: float = 5.0
    webhook_attempts: int = 11  # the first and ten more
    webhook_attempt_spacing: float = 84.0  # seconds before the first retry; doubled each time, ten make a day
    webhook_unknown_property: str = "accept"  # or "reject"; unsubscribable ones are always refused
    oauth_life: float = 1800  # seconds an access token is good for
    oauth_rotates: bool = False  # a refresh hands out another refresh token, and the old one is dead
    oauth_consent: bool = True  # False: the person says no
    oauth_gone: str = "BAD_REFRESH_TOKEN"  # what a refresh answers after an uninstall; some are told BAD_HUB
    app_kind: str = "public"  # "private" and "project" apps keep their subscriptions elsewhere

    def turn(self, changes: dict[str, Any]) -> None:
        """Set several dials by name; an unknown name is refused."""
        known = {entry.name for entry in fields(self)}
        unknown = sorted(set(changes) - known)
        if unknown:
            raise ValueError(f"no such dial: {', '.join(unknown)}")
        for name, value in changes.items():
            setattr(self, name, set(value) if name == "features_off" and isinstance(value, list) else value)

    def latency_of(self, kind: str) -> float:
        if isinstance(self.latency, dict):
            return float(self.latency.get(kind, self.latency.get("default", 0.0)))
        return float(self.latency)

    def as_json(self) -> dict[str, Any]:
        """The dials as plain JSON values."""
        plain = asdict(self)
        if isinstance(self.features_off, set):
            plain["features_off"] = sorted(self.features_off)
        return plain
