"""How a command ends when it does not end well: one line for people, one document for scripts, one exit code.

expected (ConnectorError)   its own exit code, its message and remedy
wrong usage (click)         2
interrupted                 1, what was done is kept
anything else               1, a reference, and where it arose with --debug; never the fault's own text,
                            which may hold a person's data
"""

from __future__ import annotations

import logging
import traceback
import uuid
from collections.abc import Sequence
from typing import Any

import click

from connector.commands.output import write_json
from connector.errors import ConnectorError, DocumentInvalid

STOPPED = "stopped; what was done is kept, run the same command again to go on"
FAILED, WRONG_USAGE = 1, 2


def report(fault: BaseException, arguments: Sequence[str]) -> int:
    """Tell what happened on the right stream; give the exit code."""
    code, error = describe(fault)
    if error["reason"] == "unexpected":
        _keep_place(fault, error["message"], spoken="--debug" in arguments)
    if "--json" in arguments:
        write_json({"error": error})
    else:
        click.echo(_line(fault, error), err=True)
    return code


def describe(fault: BaseException) -> tuple[int, dict[str, Any]]:
    """Exit code and ``{"reason", "message", "remedy"}`` (``faults`` too for a document)."""
    if isinstance(fault, ConnectorError):
        return fault.exit_code, _expected(fault)
    if isinstance(fault, click.Abort | KeyboardInterrupt):
        return FAILED, _error("stopped", STOPPED, "")
    if isinstance(fault, click.ClickException):
        code = WRONG_USAGE if isinstance(fault, click.UsageError | click.FileError) else FAILED
        return code, _error("usage", fault.format_message(), _help_of(fault))
    return FAILED, _unexpected(fault)


def _error(reason: str, message: str, remedy: str) -> dict[str, Any]:
    return {"reason": reason, "message": message, "remedy": remedy}


def _expected(fault: ConnectorError) -> dict[str, Any]:
    error = _error(fault.reason, fault.message, fault.remedy)
    if isinstance(fault, DocumentInvalid):
        error["faults"] = [
            {"file": f.file, "line": f.line, "path": f.path, "message": f.message, "remedy": f.remedy}
            for f in fault.faults
        ]
    return error


def _help_of(fault: click.ClickException) -> str:
    context = fault.ctx if isinstance(fault, click.UsageError) else None
    return f"See {context.command_path} --help." if context else "See leadwright --help."


def _unexpected(fault: BaseException) -> dict[str, Any]:
    reference = uuid.uuid4().hex[:8]
    return _error(
        "unexpected",
        f"Something unexpected went wrong ({type(fault).__name__}, reference {reference}).",
        "Run the same command again with --debug and report what it shows.",
    )


def _keep_place(fault: BaseException, message: str, *, spoken: bool) -> None:
    """Where it arose: on the screen when asked for, else in the log at its finest."""
    if spoken:
        click.echo(_where(fault), err=True)
    else:
        logging.getLogger("leadwright").debug("%s %s", message, _where(fault))


def _where(fault: BaseException) -> str:
    frames = "".join(traceback.format_tb(fault.__traceback__))
    return f"{frames}{type(fault).__name__} (its text is withheld: it may hold personal data)"


def _line(fault: BaseException, error: dict[str, Any]) -> str:
    if error["reason"] == "stopped":
        return STOPPED
    lead = "" if isinstance(fault, ConnectorError) else "Error: "
    return f"{lead}{error['message']} {error['remedy']}".rstrip()
