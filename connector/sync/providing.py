"""From a portal's document to a provider that can be asked: the secret opened, or the dry table read.

A secret belongs to the portal and to the origin (scheme, host, port) it was entered for, and is closed for just these:
a document that names another address gets none of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from connector.errors import ConfigError
from connector.model.enrichment import Provider
from connector.presets import answers_text, load_yaml
from connector.provider.http import HttpProvider
from connector.provider.table import table_of
from connector.rules.documents.enrichment import Enrichment
from connector.store import Store, Unit, enrichments, portals
from connector.store.portals import PortalRow
from connector.vault import Vault

LONGEST_SECRET = 4096


@dataclass(frozen=True, slots=True)
class Providing:
    """Makes providers. ``folder`` is the operator's own for documents; ``local``: this machine may be asked."""

    store: Store
    vault: Vault
    folder: Path | None = None
    local: bool = False

    def provider(self, row: PortalRow, spec: Enrichment) -> Provider:
        """Whoever the document names. ConfigError when the table is not there or the key does not open the secret."""
        if spec.dry:
            file = f"{spec.dry}.yaml"
            return table_of(load_yaml(answers_text(spec.dry, self.folder), file)[0], spec.dry)
        with self.store.view() as u:
            sealed = enrichments.secret(u, row.id, spec.origin)
        secret = self.vault.open(sealed, closed_for(row.name, spec.origin)) if sealed else ""
        return HttpProvider(spec.address, spec.timeout_seconds, spec.header, secret, self.local)

    def keep_secret(self, row: PortalRow, spec: Enrichment, secret: str) -> None:
        """The whole value of the header from now on, for the address the document names now."""
        if not spec.origin:
            raise ConfigError("The dry provider takes no secret.", remedy="Name an address in the mapping document.")
        if not secret or len(secret) > LONGEST_SECRET or not secret.isascii() or not secret.isprintable():
            raise ConfigError(
                "That is no secret: it is empty, too long or holds what no header can carry.",
                remedy="Copy it once more; a provider that wants `Bearer …` wants that word with it.",
            )
        with self.store.unit() as u:
            enrichments.keep_secret(u, row.id, spec.origin, self.vault.seal(secret, closed_for(row.name, spec.origin)))


def closed_for(name: str, origin: str) -> str:
    """What a secret is bound to when it is closed."""
    return f"{name} enrichment {origin}"


def seal_again(u: Unit, vault: Vault) -> int:
    """Close every secret anew that another key closed than the first one; how many."""
    changed = 0
    for row in portals.every(u):
        for origin, sealed in enrichments.secrets(u, row.id).items():
            if not vault.current(sealed):
                context = closed_for(row.name, origin)
                enrichments.keep_secret(u, row.id, origin, vault.seal(vault.open(sealed, context), context))
                changed += 1
    return changed
