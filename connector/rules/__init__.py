"""Pure decisions: mapping, scoring, lifecycle, gates, plan. No I/O, no clock, no randomness."""
