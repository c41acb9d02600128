"""JSON on stdout: one document a call, for scripts. Pictures for people live in ``views``."""

from __future__ import annotations

import sys

import orjson

OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_APPEND_NEWLINE


def write_json(document: object) -> None:
    """Print ``document`` as UTF-8 whatever the terminal's encoding; paths and other strangers become text."""
    sys.stdout.flush()
    sys.stdout.buffer.write(orjson.dumps(document, option=OPTIONS, default=str))
    sys.stdout.flush()
