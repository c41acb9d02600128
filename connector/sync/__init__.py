"""The flows between a portal and the mirror: pull, react, push, verify. No HTTP details, no SQL text."""
