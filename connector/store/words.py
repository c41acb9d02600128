"""The sentences both databases share when something goes wrong."""

FULL = "There is no room left on the database's disk; nothing was half-written."
ROOM = "Make room: Leadwright goes on by itself."
LOCKED = (
    "The database is locked by another process or transaction for too long.",
    "Try again; see what else has it open.",
)
