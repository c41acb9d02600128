"""What the pages of documents share: whose draft it is, where it started, its dry run, the sentence before a yes.

Not here: the mapping's own page (``mapping``), the list and the history (``documents``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from connector.admin.frame import Ask
from connector.admin.waiting import Task, waiting
from connector.errors import ConfigError, Fault, UnknownPortal
from connector.rules.documents import KINDS
from connector.store import Unit, documents, drafts
from connector.store.documents import DocumentRow
from connector.store.drafts import Draft
from connector.sync import dry_run, library
from connector.sync.rulebook import JUDGING, edition


@dataclass(frozen=True, slots=True)
class Work:
    """A document somebody looks at: their draft if they have one, else what is published.

    ``seen`` is the draft's saving that this page shows, ``base`` the version it started from.
    """

    kind: str
    text: str
    base: int
    seen: int
    draft: Draft | None
    published: DocumentRow | None
    faults: tuple[Fault, ...] = ()


def kind_or_404(kind: str) -> str:
    """A kind of document out of an address; another one is a page that does not exist."""
    if kind not in KINDS:
        raise UnknownPortal("There is no such kind of document.")
    return kind


def number_or_404(text: str) -> int:
    """A number out of an address."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise UnknownPortal("There is no such number.")
    return int(text)


def work_of(ask: Ask, u: Unit, kind: str) -> Work:
    """What this person has before them."""
    published = documents.current(u, ask.portal.id, kind)
    own = drafts.of(u, ask.portal.id, kind, ask.who.email)
    seen = own.revision if own is not None else 0
    if own is not None and own.open:
        return Work(kind, own.body, own.base, seen, own, published, library.faults_of(kind, own.body))
    body, version = (published.body, published.version) if published is not None else ("", 0)
    return Work(kind, body, version, seen, None, published)


def draft_or_404(ask: Ask, u: Unit, kind: str, number: str) -> Draft:
    """An open draft of that kind, whoever it is by."""
    found = drafts.get(u, ask.portal.id, number_or_404(number))
    if found is None or not found.open or found.kind != kind:
        raise UnknownPortal("There is no such draft.")
    return found


def may_change(ask: Ask, draft: Draft) -> bool:
    """Authors their own drafts; who may publish also those of others."""
    return ask.may("admin") or (ask.may("editor") and draft.author == ask.who.email)


def refuse_others(ask: Ask, draft: Draft) -> None:
    if not may_change(ask, draft):
        raise ConfigError(ask.t("This draft is somebody else's."), remedy=ask.t("Ask its author or an admin."))


def overtaken(fault: ConfigError) -> bool:
    """Whether somebody or another window was faster."""
    return fault.reason in (drafts.OVERTAKEN, documents.OVERTAKEN)


def numbers(form: Mapping[str, str]) -> tuple[int, int]:
    """The version a form started from and the saving it shows; nonsense counts as none."""
    read = [form.get(name, "") for name in ("base", "seen")]
    base, seen = (int(one) if one.isascii() and one.isdecimal() and len(one) <= 9 else 0 for one in read)
    return base, seen


# --- the dry run ---------------------------------------------------------------------------------------------------


def dry_run_of(ask: Ask, kind: str, text: str) -> Task | None:
    """The dry run of a text, begun if need be; None for documents that do not judge."""
    if kind not in JUDGING:
        return None
    frame, name = ask.frame, ask.portal.name

    def work(task: Task) -> dict[str, Any]:
        with frame.service.looking(name) as ctx:
            told_as_it_goes = replace(ctx, progress=task)
            task.first = dry_run.scores_ahead(told_as_it_goes, kind, text)
            return dry_run.dry_run(told_as_it_goes, kind, text)

    return waiting(frame.store).ask(key_of(ask, "dry run", kind, text), work)


def key_of(ask: Ask, what: str, kind: str, text: str) -> tuple[object, ...]:
    """What a result depends on beside the mirror: the text, and every document and definition that is in force."""
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    minute = ask.frame.clock.now_ms() // 600_000  # the mirror moves: nothing is older than ten minutes
    return (what, ask.portal.id, ask.portal.live, kind, digest, edition(ask.frame.store, ask.portal.id), minute)


def effects(ask: Ask, told: Mapping[str, Any]) -> list[str]:
    """What a dry run found, as the parts of one sentence."""
    parts = [
        (told["new_mqls"], "1 contact becomes MQL", "{count} contacts become MQL"),
        (told["lost_mqls"], "1 contact stops being MQL", "{count} contacts stop being MQL"),
        (told["score"]["up"], "1 score rises", "{count} scores rise"),
        (told["score"]["down"], "1 score falls", "{count} scores fall"),
        (told["grade"]["up"], "1 grade rises", "{count} grades rise"),
        (told["grade"]["down"], "1 grade falls", "{count} grades fall"),
    ]
    said = [counted(ask, count, one, many) for count, one, many in parts if count]
    for name, count in told["enrolments"].items():
        said.append(ask.t("{count} enrolments in {workflow}", count=count, workflow=name))
    said.append(
        counted(ask, told["written"], "1 contact is written to HubSpot", "{count} contacts are written to HubSpot")
    )
    return said


def counted(ask: Ask, count: int, one: str, many: str) -> str:
    """One or many of something, in words."""
    return ask.t(one) if count == 1 else ask.t(many, count=count)


def confirmation(ask: Ask, told: Mapping[str, Any] | None) -> str:
    """The sentence before the yes: what happens, to how many, and how long it takes."""
    if told is None:
        return ask.t("Publish: it counts from the next run of the clock on; nobody is judged anew by it.")
    if not told["written"] and not told["enrolments"] and not any((*told["score"].values(), told["new_mqls"])):
        return ask.t("Publish: nothing changes for anybody, as far as the mirror knows.")
    last = ask.t(
        "{calls} calls, about {time} at this portal's limit",
        calls=told["calls"], time=ask.words.lasting(max(1.0, told["seconds"])),
    )  # fmt: skip
    return ask.t("Publish: {effects}.", effects=", ".join([*effects(ask, told), last]))
