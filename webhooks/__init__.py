"""HubSpot's callbacks on the wire: signatures, notices, the endpoint. Knows nothing of ``connector``."""
