"""The figures, measured on this machine against a twin with its dials on. ``make bench`` prints them as a table."""
