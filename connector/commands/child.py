"""A command of ours in a process of its own: started, asked for its first document, surely ended.

The child watches the pipe it reads from; when this process ends, however it ends, the pipe closes, and the child ends.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from pkgutil import resolve_name
from types import TracebackType
from typing import IO, Any, Self

import orjson

from connector.errors import ConnectorError

PATIENCE_SECONDS = 10


class Child:
    """A running command. ``told`` is the first JSON document it printed; its log is in the file ``log``.

    ``more`` is what its environment holds beside this process's own.
    """

    def __init__(self, what: str, words: Sequence[str], log: Path, *, more: Mapping[str, str] | None = None) -> None:
        self._what = what
        self._more = dict(more or {})
        self._words = words
        self.log = log
        self.told: dict[str, Any] = {}
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        command = [sys.executable, "-P", "-m", "connector.cli", *self._words, "--json", "--lifeline"]
        with self.log.open("wb") as log:
            self._child = subprocess.Popen(  # noqa: S603 - our own interpreter with our own arguments
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                env=_environment(self._more),
            )
        self.told = _first_document(self._child.stdout)
        if "url" not in self.told:
            self.end()
            why = self.told.get("error", {}).get("message", "")
            raise ConnectorError(f"{self._what} did not start. {why}".rstrip(), remedy=f"See {self.log}.")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def wait(self) -> None:
        """Until the child ends by itself or somebody interrupts."""
        if self._child:
            self._child.wait()

    def end(self) -> None:
        """Close its pipe and wait for it; kill it when it will not go."""
        child, self._child = self._child, None
        if child is None:
            return
        for stream in (child.stdin, child.stdout):
            if stream:
                stream.close()
        try:
            child.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    made: dict[str, str] = resolve_name("connector.settings:environment_with")(more)
    return made


def _first_document(lines: IO[bytes] | None) -> dict[str, Any]:
    """The first JSON document the child prints (an error, too, is one); nothing when it ends before that."""
    heard = b""
    for line in lines or ():
        heard += line
        if line.rstrip() == b"}":
            document: dict[str, Any] = orjson.loads(heard)
            return document
    return {}
