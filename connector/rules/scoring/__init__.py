"""Scoring: a document's rules, compiled, and the bill they give for one contact. ``tally.py`` adds up."""
