"""How a file appears whole or not at all. Not here: what is written into it, and what a fault means to people."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

FOR_ALL = 0o666
FOR_ITS_OWNER = 0o600


@contextmanager
def whole(file: Path, mode: int = FOR_ALL) -> Iterator[BinaryIO]:
    """Write ``FILE.part`` and rename it when it is whole and on the disk; a fault leaves what was there before.

    A device or a pipe is written to, never replaced. ``mode``: who may read it, before the process's own mask.
    """
    if file.exists() and not file.is_file():
        with file.open("wb") as out:
            yield out
        return
    part = file.with_name(f"{file.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
