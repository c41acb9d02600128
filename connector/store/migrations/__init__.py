"""How the tables came about, step by step. A step that was released is never changed; a new one is added.

``REVISIONS`` names them in order, so that opening a database needs no Alembic; a test compares it with the files.
"""

REVISIONS = (
    "0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011", "0012", "0013", "0014",
    "0015",
)  # fmt: skip
HEAD = REVISIONS[-1]
