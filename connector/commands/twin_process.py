"""The simulated portal in a process of its own, as a real portal is: started, asked for its address, surely ended.

The child watches the pipe it reads from; when this process ends, however it ends, the pipe closes and so does the twin.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import orjson

from connector.errors import ConnectorError

PATIENCE_SECONDS = 5


@dataclass
class TwinProcess:
    """A running twin: what it told (``url``, ``token`` …) is known inside the ``with`` block; its log is in ``log``.

    ``webhooks``: the address it calls back; ``told`` holds the whole of what it said, its app's credentials too.
    """

    contacts: int
    seed: int
    log: Path
    webhooks: str = ""
    url: str = ""
    token: str = field(default="", repr=False)
    told: dict[str, Any] = field(default_factory=dict, repr=False)
    _child: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            self._child = subprocess.Popen(  # noqa: S603 - our own interpreter with our own arguments
                self._command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True
            )
        told = _first_document(self._child.stdout)
        if "url" not in told:
            self._end()
            why = told.get("error", {}).get("message", "")
            raise ConnectorError(f"The simulated portal did not start. {why}".rstrip(), remedy=f"See {self.log}.")
        self.url, self.token, self.told = told["url"], told["token"], told
        return self

    def _command(self) -> Sequence[str]:
        how = ["--contacts", str(self.contacts), "--seed", str(self.seed)]
        how += ["--webhooks", self.webhooks] if self.webhooks else []
        return [sys.executable, "-P", "-m", "connector.cli", "twin", "--port", "0", *how, "--json", "--lifeline"]

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def wait(self) -> None:
        """Until the twin ends by itself or somebody interrupts."""
        if self._child:
            self._child.wait()

    def _end(self) -> None:
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


def _first_document(lines: IO[bytes] | None) -> dict[str, Any]:
    """The first JSON document the child prints (an error, too, is one); nothing when it ends before that."""
    heard = b""
    for line in lines or ():
        heard += line
        if line.rstrip() == b"}":
            document: dict[str, Any] = orjson.loads(heard)
            return document
    return {}
