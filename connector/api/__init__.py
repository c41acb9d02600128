"""The interface for programs: what pages and commands do, over HTTP, as JSON, described by its own OpenAPI document.

Not here: rules, SQL, what a call does to a portal (``connector/service.py`` and the flows below it).
"""
