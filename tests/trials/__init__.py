"""Trials: faults, bad input and attacks, each an experiment with a figure to pass. ``python -m tests.trials``."""
