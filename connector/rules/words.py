"""The fixed phrases of receipts, gates and next steps, in English, and their German.

Values hold the English text; ``translate`` turns a phrase back into its key and says it in German. What an admin wrote
(labels, names of assets) stays as it is, except for the labels of the shipped presets, which stand in ``LABELS``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, Literal

from connector.model.judgement import Line

Language = Literal["en", "de"]

PHRASES: Final[dict[str, tuple[str, str]]] = {
    "fits_not": ("{label} is outside the target group", "{label} liegt außerhalb der Zielgruppe"),
    "fits": ("{label} fits the target group", "{label} passt zur Zielgruppe"),
    "against": ("{label} speaks against", "{label} spricht dagegen"),
    "times": ("{label} ({times} times)", "{label} ({times}-mal)"),
    "once": ("counts once", "zählt einmal"),
    "window": (
        "{counted} of {times} count (at most {most} in {days} days)",
        "{counted} von {times} zählen (höchstens {most} in {days} Tagen)",
    ),
    "fading": (
        "halves every {days} days, {points} of {full} points left",
        "halbiert sich alle {days} Tage, noch {points} von {full} Punkten",
    ),
    "fading_linear": (
        "gone after {days} days, {points} of {full} points left",
        "nach {days} Tagen verbraucht, noch {points} von {full} Punkten",
    ),
    "fading_steps": (
        "fades in steps, {points} of {full} points left",
        "verblasst in Stufen, noch {points} von {full} Punkten",
    ),
    "burst": (
        "{label}: {times} times at least {least} acts within {hours} hours",
        "{label}: {times}-mal mindestens {least} Handlungen in {hours} Stunden",
    ),
    "velocity": (
        "{label}: {lately} in the last {days} days, {before} in as many days before",
        "{label}: {lately} in den letzten {days} Tagen, {before} in ebenso vielen davor",
    ),
    "dwell": (
        "{label}: {seconds} seconds spent, {bar} are asked for",
        "{label}: {seconds} Sekunden verbracht, verlangt sind {bar}",
    ),
    "frequency_days": (
        "{label}: {times} times in {days} days, within {range}",
        "{label}: {times}-mal in {days} Tagen, innerhalb von {range}",
    ),
    "frequency": ("{label}: {times} times, within {range}", "{label}: {times}-mal, innerhalb von {range}"),
    "on_list": ("{label}: is on the list", "{label}: steht auf der Liste"),
    "inactive": (
        "{label}: nothing for {days} days, counted {times} times",
        "{label}: nichts seit {days} Tagen, {times}-mal gezählt",
    ),
    "colleagues_did": (
        "{label}: {people} colleagues did so within {days} days",
        "{label}: {people} aus demselben Unternehmen in {days} Tagen",
    ),
    "colleagues": (
        "{label}: {people} colleagues",
        "{label}: {people} weitere aus demselben Unternehmen",
    ),
    "deals": ("{label}: {deals} deals", "{label}: {deals} Deals"),
    "persona_is": (
        "{label}: {persona}, {met} of {of} targets met",
        "{label}: {persona}, {met} von {of} Merkmalen erfüllt",
    ),
    "capped": ("capped at {points} points", "gedeckelt auf {points} Punkte"),
    "floored": ("no lower than {points} points", "nicht unter {points} Punkte"),
    "unopened": (
        "{label}: {mails} not opened, counted per {row} in a row",
        "{label}: {mails} nicht geöffnet, gezählt je {row} in Folge",
    ),
    "family_cap": ("{family} gives at most {points} points", "{family} gibt höchstens {points} Punkte"),
    "total_cap": ("the score is at most {points}", "der Score beträgt höchstens {points}"),
    "total_floor": ("the score is at least {points}", "der Score beträgt mindestens {points}"),
    "step_short": ("{short} points short of MQL: {step}", "{short} Punkte bis MQL: {step}"),
    "step_ask": ("Find out: {label} (+{points})", "Herausfinden: {label} (+{points})"),
    "step_do": ("{label} (+{points})", "{label} (+{points})"),
    "gate_points_raw": (
        "{points} of {bar} points, uncalibrated",
        "{points} von {bar} Punkten, nicht kalibriert",
    ),
    "gate_points": ("{points} of {bar} points", "{points} von {bar} Punkten"),
    "gate_acts_last": (
        "Converting acts: {times}, the last kind {kind}",
        "Handlungen, die Interesse zeigen: {times}, zuletzt {kind}",
    ),
    "gate_acts_off": (
        "Converting acts: {times} of {least} seen, source off: {off}",
        "Handlungen, die Interesse zeigen: {times} von {least} gesehen, Quelle abgeschaltet: {off}",
    ),
    "gate_acts_short": (
        "Converting acts: {times} of {least}",
        "Handlungen, die Interesse zeigen: {times} von {least}",
    ),
    "gate_acts": ("Converting acts: {times}", "Handlungen, die Interesse zeigen: {times}"),
    "gate_incomplete": ("Incomplete: no {what}", "Unvollständig: es fehlt {what}"),
    "gate_share_unknown": (
        "{met} of {of} targets of {persona}, {days} unknown",
        "{met} von {of} Merkmalen von {persona}, {days} unbekannt",
    ),
    "gate_share": ("{met} of {of} targets of {persona}", "{met} von {of} Merkmalen von {persona}"),
    "gate_yes_seen": ("{label}: yes ({seen})", "{label}: ja ({seen})"),
    "gate_no_seen": ("{label}: no ({seen})", "{label}: nein ({seen})"),
    "gate_open_seen": ("{label}: unknown ({seen})", "{label}: unbekannt ({seen})"),
    "gate_yes": ("{label}: yes", "{label}: ja"),
    "gate_no": ("{label}: no", "{label}: nein"),
    "gate_open": ("{label}: unknown", "{label}: unbekannt"),
    "gate_no_rivals": ("No competitor domains are listed", "Es sind keine Domains von Wettbewerbern genannt"),
    "gate_may_again": ("Is recycled, and may come back", "Ist zurückgegeben und darf wiederkommen"),
    "gate_already": ("Is already {stage}", "Ist bereits {stage}"),
    "gate_is": ("Is {stage}", "Ist {stage}"),
    "not_here": ("{label}: not in this portal", "{label}: nicht in diesem Portal"),
    "not_human": ("{times} not certainly human", "{times} nicht sicher von einem Menschen"),
    "find_out": ("Find out: {what}", "Herausfinden: {what}"),
    "opt_in_none": ("Never signed up", "Nie angemeldet"),
    "opt_in_unknown": (
        "Asked on a day that is not on record, not confirmed",
        "An einem nicht festgehaltenen Tag angefragt, nicht bestätigt",
    ),
    "opt_in_asked": ("Asked on {day} by {way}, not confirmed", "Am {day} angefragt durch {way}, nicht bestätigt"),
    "opt_in_lapsed": (
        "Asked on {day} by {way}, expired on {until} without a confirmation",
        "Am {day} angefragt durch {way}, am {until} ohne Bestätigung verfallen",
    ),
    "opt_in_late": (
        "Asked on {day} by {way}, expired on {until}, the confirmation of {then} came too late",
        "Am {day} angefragt durch {way}, am {until} verfallen, die Bestätigung vom {then} kam zu spät",
    ),
    "opt_in_form": ("form “{name}”", "Formular „{name}“"),
    "opt_in_page": ("page “{name}”", "Seite „{name}“"),
    "opt_in_subscription": ("subscription “{name}”", "Abonnement „{name}“"),
    "opt_in_property": ("HubSpot's confirmation status", "den Bestätigungsstatus in HubSpot"),
    "opt_in_seen": (
        "HubSpot's confirmation status, first seen that day",
        "den Bestätigungsstatus in HubSpot, an dem Tag zuerst gesehen",
    ),
    "seen_newest": ("{act} on {day}, the newest of {of}", "{act} am {day}, das neueste von {of}"),
    "seen_on": ("{act} on {day}", "{act} am {day}"),
    "seen_told": ("{fact} (from provider {who}, {day})", "{fact} (vom Anbieter {who}, {day})"),
    "seen_from": ("{fact} (from {source})", "{fact} (aus {source})"),
}  # fmt: skip

LABELS: Final[dict[str, str]] = {
    "Age": "Alter",
    "Function": "Funktion",
    "Company size": "Unternehmensgröße",
    "Industry": "Branche",
    "Location": "Standort",
    "Mail opened": "E-Mail geöffnet",
    "Link in mail clicked": "Link in E-Mail geklickt",
    "Site visited": "Website besucht",
    "White paper downloaded": "Whitepaper heruntergeladen",
    "E-book downloaded": "E-Book heruntergeladen",
    "Webinar attended": "An Webinar teilgenommen",
    "Newsletter subscribed": "Newsletter abonniert",
    "Newsletter cancelled": "Newsletter abbestellt",
    "Nurture mails": "Nurture-E-Mails",
    "demographic": "Demografie",
    "firmographic": "Unternehmensdaten",
    "product_interest": "Produktinteresse",
    "readiness": "Kaufbereitschaft",
    "engagement": "Engagement",
    "persona_fit": "Passung zur Persona",
    "Fits the persona": "Passt zur Persona",
    "Right function": "Richtige Funktion",
    "Region fits": "Region passt",
    "Has a problem we can solve": "Hat ein Problem, das wir lösen",
    "From a purchased list": "Aus einer gekauften Liste",
    "email": "E-Mail",
    "company": "Unternehmen",
    "subscriber": "Abonnent",
}


def say(key: str, language: Language = "en", **values: object) -> str:
    """The phrase in that language."""
    return PHRASES[key][0 if language == "en" else 1].format(**values)


@lru_cache(maxsize=20_000)
def translate(text: str, language: Language) -> str:
    """An English text made of phrases, in that language; parts that are no phrase of ours stay as they are."""
    if language == "en":
        return text
    return "; ".join(_one(part) for part in text.split("; "))


def reason(line: Line, language: Language = "en") -> str:
    """Why a line gives its points, in words."""
    return translate(line.reason, language)


def strongest(lines: Iterable[Line], language: Language, most: int = 3, room: int = 255) -> str:
    """The lines with the most points either way, in words, for people who read one property in HubSpot."""
    found = sorted([line for line in lines if line.points], key=_weight)[:most]
    return shorten("; ".join([f"{translate(line.reason, language)} {line.points:+d}" for line in found]), room)


def shorten(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"


def _weight(line: Line) -> int:
    return -abs(line.points)


def _one(text: str) -> str:
    if text in LABELS:
        return LABELS[text]
    for key, pattern in _PATTERNS:
        if found := pattern.fullmatch(text):
            return say(key, "de", **{name: _inner(value) for name, value in found.groupdict().items()})
    return text


def _inner(text: str) -> str:
    if day := _DAY.fullmatch(text):
        return f"{day[3]}.{day[2]}.{day[1]}"
    return LABELS.get(text) or (text if text.isdigit() else _one(text))


def _pattern(english: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", english)
    numbers = {
        "times", "counted", "most", "days", "points", "full", "mails", "row", "short", "least", "hours", "lately",
        "before", "seconds", "bar", "people", "deals", "met", "of",
    }  # fmt: skip
    days = dict.fromkeys(("day", "until", "then"), r"\d{4}-\d\d-\d\d")
    shapes = {**days, "source": r"[\w.]+", **dict.fromkeys(numbers, r"-?\d+")}
    said = [
        f"(?P<{part}>{shapes.get(part, '.+')})" if index % 2 else re.escape(part) for index, part in enumerate(parts)
    ]
    return re.compile("".join(said))


_DAY: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)")


_PATTERNS: Final = tuple((key, _pattern(english)) for key, (english, _) in PHRASES.items())
