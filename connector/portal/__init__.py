"""HTTP to HubSpot lives here alone: requests, limits, retries, faults, paths, and translation into the model's values.

Not here: the database, rules, and what to do with what a portal says (``connector/sync``).
"""
