"""The block ``enrichment`` of the ``mapping`` document: which provider is asked about companies, and for what.

Not here: asking (``connector/provider``), when it happens (``connector/sync/enriching.py``), the secret, which no
document holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import Field

from connector.model.enrichment import LOOPBACK, PLACE
from connector.rules.documents import wording
from connector.rules.documents.base import Part, Problem
from connector.rules.documents.fields import FIELDS

OF_A_COMPANY = frozenset(
    {name for name, one in FIELDS.items() if one.object == "company"} | {"company_name", "website"}
)
"""Fields that speak of a company, never of a person: no other may be asked for."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}\Z")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}\Z")
_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}(\.[A-Za-z0-9_-]{1,64}){0,7}\Z")
_TABLE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")
# Headers that the request itself is made of, or that lead it elsewhere.
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept", "accept-encoding", "upgrade"})


class Enrichment(Part):
    """Empty fields about the company are filled from a provider's answer; what the portal holds always wins.

    ``address`` is https and holds ``{domain}`` where the domain goes; or ``dry`` names a table of answers that lies
    beside the shipped documents (for trying out). ``header`` carries the secret that was entered for that address.
    ``fields``: canonical field → path in the answer.
    """

    provider: str
    address: str = ""
    dry: str = ""
    header: str = "Authorization"
    timeout_seconds: Annotated[float, Field(ge=0.1, le=5)] = 2.0
    valid_days: Annotated[int, Field(ge=1, le=365)] = 30
    nothing_days: Annotated[int, Field(ge=1, le=365)] = 7
    fields: Annotated[dict[str, str], Field(min_length=1)]

    def problems(self) -> Iterator[Problem]:
        if not _NAME.match(self.provider):
            yield Problem(
                ("provider",), f'"{self.provider}" is no name.', "Write 1 to 40 letters, digits, dots and hyphens."
            )
        yield from self._source_problems()
        if not _HEADER.match(self.header) or self.header.lower() in _OURS:
            yield Problem(("header",), f'"{self.header}" cannot carry the secret.', "Write it like `Authorization`.")
        yield from self._field_problems()

    def _source_problems(self) -> Iterator[Problem]:
        if bool(self.address) == bool(self.dry):
            yield Problem((), "It takes either an address or a dry table.", "Write `address:` or `dry:`, not both.")
        elif self.dry and not _TABLE.match(self.dry):
            yield Problem(("dry",), f'"{self.dry}" is no name of a table.', "Write it like `companies`.")
        elif self.address and (fault := _address_fault(self.address)):
            remedy = "Write it like https://api.provider.example/v1/companies/{domain}"
            yield Problem(("address",), fault, remedy)

    def _field_problems(self) -> Iterator[Problem]:
        for name, path in self.fields.items():
            if name not in FIELDS:
                yield Problem(("fields", name), f'"{name}" is no field.', wording.suggest(name, OF_A_COMPANY, "Fields"))
            elif name not in OF_A_COMPANY:
                remedy = f"Only these are asked for: {', '.join(sorted(OF_A_COMPANY))}."
                yield Problem(("fields", name), f'"{name}" speaks of a person, not of a company.', remedy)
            if not _PATH.match(path):
                yield Problem(
                    ("fields", name), f'"{path}" is no path.', "Write it like `employees` or `size.employees`."
                )

    @property
    def paths(self) -> frozenset[str]:
        """Everything that is looked for in an answer; nothing else of it is kept."""
        return frozenset(self.fields.values())

    @property
    def origin(self) -> str:
        """Scheme, host and port: what a secret is entered for. Empty for the dry provider."""
        if not self.address:
            return ""
        parts = urlsplit(self.address)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return f"{parts.scheme}://{parts.hostname}:{port}"


def _address_fault(text: str) -> str:
    """What is wrong with the address by its form alone; where it leads is looked at when it is asked."""
    if not text.isascii() or any(one.isspace() or not one.isprintable() for one in text):
        return "The address holds blanks or letters that no address has."
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - raises for a port that is none
    except ValueError:
        return "The address cannot be read."
    if not parts.hostname or parts.username is not None or parts.fragment:
        return "The address has no host, or it holds a user or a fragment."
    if not _safe(parts):
        return "The address is not https."
    if text.count(PLACE) != 1 or PLACE in parts.netloc:
        return "The address does not say once, behind the host, where the domain goes."
    return ""


def _safe(parts: SplitResult) -> bool:
    """https; plain http at most to this very machine, where the operator allows that."""
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
