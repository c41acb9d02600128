"""E-mail addresses and domains, by their form alone: nothing is asked of any server."""

from __future__ import annotations

import re

from email_validator import EmailNotValidError, validate_email

from connector.rules.documents.steps import BareStep, DomainStep
from connector.rules.transforms.base import Invalid, Locale, Nothing, Outcome, Transform, text_only

FREE_MAIL = frozenset({
    "gmail.com", "googlemail.com", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "gmx.com", "web.de", "t-online.de",
    "freenet.de", "arcor.de", "outlook.com", "outlook.de", "hotmail.com", "hotmail.de", "hotmail.fr",
    "hotmail.co.uk", "live.com", "live.de", "msn.com", "yahoo.com", "yahoo.de", "yahoo.fr", "yahoo.co.uk",
    "ymail.com", "aol.com", "aol.de", "icloud.com", "me.com", "mac.com", "posteo.de", "posteo.net", "mailbox.org",
    "protonmail.com", "proton.me", "pm.me", "tutanota.com", "tutanota.de", "tuta.io", "mail.de", "email.de",
    "online.de", "vodafone.de", "1und1.de", "kabelmail.de", "bluewin.ch", "hispeed.ch", "sunrise.ch", "aon.at",
    "chello.at", "a1.net", "orange.fr", "wanadoo.fr", "free.fr", "laposte.net", "sfr.fr", "libero.it",
    "virgilio.it", "tin.it", "hotmail.it", "wp.pl", "o2.pl", "onet.pl", "interia.pl", "seznam.cz", "ziggo.nl",
    "kpnmail.nl", "planet.nl", "telenet.be", "skynet.be", "mail.ru", "yandex.ru", "yandex.com", "qq.com",
    "163.com", "126.com", "zoho.com", "fastmail.com", "hey.com", "comcast.net",
})  # fmt: skip
# The common case without the library (28 µs each); whatever looks odd goes the long way.
_PLAIN = re.compile(
    r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}\Z"
)
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?\Z")
_SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)


def _email(value: str, _options: BareStep, _locale: Locale) -> Outcome:
    text = value.strip().removeprefix("mailto:").strip("<>")
    if not text:
        return Nothing()
    if len(text) <= 254 and len(text.partition("@")[0]) <= 64 and _PLAIN.match(text):
        local, _, domain = text.rpartition("@")
        return f"{local}@{domain.lower()}"
    return _odd_email(text)


def _odd_email(text: str) -> Outcome:
    """Lowers the domain alone, as the local part is the owner's business."""
    if len(text) > 320:
        return Invalid("is too long for an e-mail address")
    try:
        found = validate_email(text, check_deliverability=False, globally_deliverable=False)
    except (EmailNotValidError, UnicodeError):
        return Invalid("is no e-mail address")
    return found.normalized if "." in found.domain else Invalid("is no e-mail address")


def _domain(value: str, options: DomainStep, _locale: Locale) -> Outcome:
    text = _host(value.strip())
    if not text:
        return Nothing()
    labels = text.split(".")
    if len(labels) < 2 or len(text) > 253 or not all(_LABEL.match(label) for label in labels) or labels[-1].isdigit():
        return Invalid("holds no domain")
    if options.free_mail == "drop" and text in FREE_MAIL:
        return Nothing("free mail")
    return text


def _host(text: str) -> str:
    """What stands between scheme, user and path; ``www.`` falls."""
    text = (
        _SCHEME.sub("", text.removeprefix("mailto:"), count=1) if _SCHEME.match(text) else text.removeprefix("mailto:")
    )
    for cut in "/?#":
        text = text.partition(cut)[0]
    text = text.rpartition("@")[2].partition(":")[0].strip().strip("<>.").lower()
    while text.startswith("www.") and text.count(".") > 1:
        text = text[4:]
    return text


TRANSFORMS = {
    "email": Transform("email", text_only(_email)),
    "domain": Transform("domain", text_only(_domain)),
}
