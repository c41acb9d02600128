"""From portal events to activities: the first rule that fits names the kind, and opens and clicks get a verdict.

Not here: the document and its checks (``documents/activities.py``), the catalogue (``documents/kinds.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from connector.model.records import Activity, PortalEvent, Verdict
from connector.rules.documents.activities import ActivitiesDocument, ActivityRule, Machines
from connector.rules.documents.kinds import CATALOGUE, ActivityKind

_REMEMBERED = 4096
_JUDGED_TYPES = frozenset({"OPEN", "CLICK"})
_TRUE = frozenset({"true", "1", "yes"})


@dataclass(frozen=True, slots=True)
class Named:
    """What a rule makes of an event. ``extra`` are phase and depth, added to the activity's details."""

    kind: str
    asset: str
    extra: tuple[tuple[str, str], ...]


_Test = Callable[[str], bool]
_NOBODY = Named("", "", ())


@dataclass(frozen=True, slots=True)
class CompiledActivities:
    """The document ready for many events; what an event is called is remembered per distinct look of it."""

    document: ActivitiesDocument
    name: Callable[[str, str, str, str, str], Named]
    verdict: Callable[[PortalEvent], Verdict]


def compile_activities(doc: ActivitiesDocument) -> CompiledActivities:
    by_source: dict[str, list[_Rule]] = {}
    for rule in doc.rules:
        for source in rule.sources():
            by_source.setdefault(source, []).append(_Rule(rule))

    @lru_cache(maxsize=_REMEMBERED)
    def name(source: str, kind: str, ref: str, title: str, url: str) -> Named:
        path = _path_of(url)
        for rule in by_source.get(source, ()):
            if rule.fits(kind, ref, title, path):
                return rule.named(ref, title, path)
        return _NOBODY

    return CompiledActivities(doc, name, _verdict_of(doc.machines))


def classify(mapping: CompiledActivities | ActivitiesDocument, event: PortalEvent, contact_id: int) -> Activity:
    """The event as this contact's activity. Give the compiled document wherever more than a few events are named."""
    compiled = mapping if isinstance(mapping, CompiledActivities) else compile_activities(mapping)
    named = compiled.name(event.source, event.type, event.ref, event.title, event.url)
    detail: Mapping[str, str] = {**event.detail, **dict(named.extra)} if named.extra else event.detail
    return Activity(
        contact_id=contact_id,
        at_ms=event.at_ms,
        id=event.id,
        kind=named.kind,
        source=event.source,
        type=event.type,
        ref=event.ref,
        title=event.title,
        url=event.url,
        asset=named.asset,
        verdict=compiled.verdict(event),
        detail=detail,
    )


class _Rule:
    """A rule with its patterns taken apart."""

    def __init__(self, rule: ActivityRule) -> None:
        self.rule = rule
        self.types = _any_of(rule.types)
        self.forms = _any_of(rule.forms)
        self.titles = _any_of(rule.titles)
        self.refs = _any_of(rule.refs)
        self.urls = tuple((glob.startswith("/"), _glob(glob)) for glob in rule.urls)
        kind = CATALOGUE.get(rule.kind, ActivityKind(rule.kind, rule.kind, rule.kind))
        depth = kind.depth if rule.depth is None else rule.depth
        phase = rule.phase or kind.phase
        self.extra = tuple((name, text) for name, text in (("phase", phase), ("depth", str(depth or ""))) if text)

    def fits(self, kind: str, ref: str, title: str, path: str) -> bool:
        return (
            (self.types is None or self.types(kind))
            and (self.forms is None or self.forms(title) or self.forms(ref))
            and (self.titles is None or self.titles(title))
            and (self.refs is None or self.refs(ref))
            and (not self.urls or self._fits_url(path))
        )

    def _fits_url(self, path: str) -> bool:
        """``/blog`` and ``/blog/`` are one page."""
        if not path:
            return any(test("") for _, test in self.urls)
        for path_only, test in self.urls:
            text = path[path.find("/") :] if path_only else path
            if test(text) or test(f"{text}/"):
                return True
        return False

    def named(self, ref: str, title: str, path: str) -> Named:
        whole = {"": self.rule.asset, "title": title, "ref": ref, "path": path[path.find("/") :] if path else ""}
        return Named(self.rule.kind, whole[self.rule.asset_from], self.extra)


def _path_of(url: str) -> str:
    """Host and path, without scheme, user, port, query and anchor, small, with a ``/`` at least."""
    text = url.strip()
    if not text:
        return ""
    for cut in "?#":
        text = text.partition(cut)[0]
    scheme, mark, rest = text.partition("//")
    text = rest if mark and (not scheme or scheme.endswith(":")) else text
    host, slash, path = text.partition("/")
    host = host.rpartition("@")[2].partition(":")[0]
    return unquote(f"{host}/{path}" if slash else f"{host}/").casefold()


# --- patterns ----------------------------------------------------------------------------------------------------


def _any_of(globs: tuple[str, ...]) -> _Test | None:
    if not globs:
        return None
    tests = [_glob(glob) for glob in globs]
    return tests[0] if len(tests) == 1 else lambda text: any(test(text) for test in tests)


def _glob(pattern: str) -> _Test:
    """``*`` is any text; everything else is itself. Plain searching from left to right: no pattern can hang it."""
    pieces = pattern.strip().casefold().split("*")
    first, last, between = pieces[0], pieces[-1], [piece for piece in pieces[1:-1] if piece]
    if len(pieces) == 1:
        return lambda text: text.strip().casefold() == first

    def test(text: str) -> bool:
        folded = text.strip().casefold()
        end = len(folded) - len(last)
        if end < len(first) or not folded.startswith(first) or not folded.endswith(last):
            return False
        at = len(first)
        for piece in between:
            at = folded.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
        return True

    return test


# --- verdicts ----------------------------------------------------------------------------------------------------


def _verdict_of(machines: Machines) -> Callable[[PortalEvent], Verdict]:
    sure, unsure = _any_of(machines.user_agents), _any_of(machines.unsure_user_agents)

    @lru_cache(maxsize=_REMEMBERED)
    def by_agent(agent: str) -> Verdict:
        if sure is not None and sure(agent):
            return "machine"
        return "unsure" if unsure is not None and unsure(agent) else "human"

    def verdict(event: PortalEvent) -> Verdict:
        if event.source != "email_event" or event.type not in _JUDGED_TYPES:
            return "human"
        found = [by_agent(event.detail.get("user_agent", "")), _by_haste(machines, event)]
        if event.detail.get("filtered", "").lower() in _TRUE:
            found.append(machines.filtered)
        return "machine" if "machine" in found else "unsure" if "unsure" in found else "human"

    return verdict


def _by_haste(machines: Machines, event: PortalEvent) -> Verdict:
    """How long after the mail went out somebody clicked; ``delivered_ms`` where known, else ``sent_ms``."""
    since = event.detail.get("delivered_ms") or event.detail.get("sent_ms") or ""
    if event.type != "CLICK" or not since.isascii() or not since.isdigit():
        return "human"
    passed = event.at_ms - int(since)
    if passed < machines.seconds * 1000:
        return "machine"
    return "unsure" if passed < machines.unsure_seconds * 1000 else "human"
