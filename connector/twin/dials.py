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
