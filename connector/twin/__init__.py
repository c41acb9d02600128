"""The twin: a stateful simulated HubSpot portal over HTTP. A leaf; nothing else of Leadwright is used here."""

from connector.twin.clock import TwinClock, VirtualTwinClock
from connector.twin.dials import Dials
from connector.twin.server import serve_twin
from connector.twin.twin import Twin

__all__ = ["Dials", "Twin", "TwinClock", "VirtualTwinClock", "serve_twin"]
