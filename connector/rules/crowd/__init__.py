"""Everybody's score at once: the rules of a model over columns instead of contacts.

What a rule means stands in ``connector/rules/scoring``; here is the same arithmetic for many contacts in one go, with
numpy. ``tests/rules/test_crowd.py`` holds both to the same digit for every model and every contact. Not here: receipts
in words, gates and decisions, which are made contact by contact (``connector/rules/judge.py``).
"""
