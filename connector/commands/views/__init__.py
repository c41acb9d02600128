"""How results look to people. Every view takes the service's document and draws it on stdout with rich.

Loaded by name (``App.view``) only when something is drawn. No decisions, no calls: a view shows what it is given.
"""
