"""SQL lives here alone: the mirror, what was judged, what was sent, and where every pull stands.

``Store`` opens the database; ``with store.unit() as u`` is one write transaction, ``with store.view() as u`` one
consistent read. The family modules hold functions ``f(u, portal_id, …)``; nothing here asks a clock or the network.
"""

from connector.store.store import Store
from connector.store.unit import Unit

__all__ = ["Store", "Unit"]
