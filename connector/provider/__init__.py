"""Data providers: asking one about a domain, over HTTP or out of a table, and never being held up or led astray by it.

Not here: whom to ask about and what becomes of the answer (``connector/sync/enriching.py``), which provider a portal
has (its ``mapping`` document).
"""
