"""Invented people and companies out of ``world.yaml``: names, titles, addresses, and the usual dirt in the data."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from connector.twin.definitions import load_yaml

SPELLED = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ł": "l", "ı": "i"}
)
STAFF = ((5, "1-5"), (25, "5-25"), (50, "25-50"), (100, "50-100"), (500, "100-500"), (1000, "500-1000"))
INTERESTS = (
    "automatisierung",
    "energieeffizienz",
    "wartung",
    "ersatzteile",
    "schulung",
    "finanzierung",
    "digitalisierung",
)


@dataclass
class NewCompany:
    """A company to be."""

    name: str
    domain: str
    branch: str
    industry: str
    city: str
    zip: str
    country: str
    dial: str
    form: str
    language: str
    size: int = 0


@dataclass
class NewPerson:
    """A contact to be: what the card says, and the seniority behind the title."""

    seniority: int
    props: dict[str, str] = field(default_factory=dict)


def ascii_word(text: str) -> str:
    """For mail addresses and domains: umlauts spelled out, accents dropped."""
    plain = unicodedata.normalize("NFKD", text.translate(SPELLED)).encode("ascii", "ignore").decode()
    return "".join(char for char in plain.lower() if char.isalnum() or char in "-.")


class NameBook:
    """Draws from weighted tables with one random source."""

    def __init__(self, rng: random.Random) -> None:
        world = load_yaml("world.yaml")
        self._rng = rng
        self._r = rng.random
        self._world = world
        self._first = world["first_names"]
        self._last: list[str] = world["surnames"]
        self._last_ascii = [ascii_word(name) for name in self._last]
        self._first_ascii = {sex: [ascii_word(name) for name in names] for sex, names in self._first.items()}
        self._tables = {
            name: list(accumulate(row[-1] for row in world[name])) for name in ("cities", "industries", "titles")
        }

    def _draw(self, name: str) -> Any:
        return self._rng.choices(self._world[name], cum_weights=self._tables[name])[0]

    def company(self, number: int) -> NewCompany:
        city, code, country, dial, forms, language, _ = self._draw("cities")
        branch, industry, _ = self._draw("industries")
        words = self._world["company_words"][branch]
        surname = self._last[int(self._r() * len(self._last))].rpartition(" ")[2]
        word = words[int(self._r() * len(words))]
        form = forms[int(self._r() * len(forms))]
        name = f"{surname} {word} {form}" if self._r() < 0.7 else f"{word} {city} {form}"
        ending = {"de": "de", "nl": "nl", "fr": "fr", "pl": "pl", "it": "it", "en": "co.uk"}[language]
        domain = f"{ascii_word(surname)}-{ascii_word(word)}{number}.{ending}"
        return NewCompany(name, domain, branch, industry, city, code, country, dial, form, language)

    def person(self, number: int, company: NewCompany | None) -> NewPerson:
        r = self._r
        sex = "f" if r() < 0.45 else "m"
        first_at, last_at = int(r() * len(self._first[sex])), int(r() * len(self._last))
        title, seniority, department, _ = self._draw("titles")
        props = {"firstname": self._first[sex][first_at], "lastname": self._last[last_at]}
        props["salutation"] = "Frau" if sex == "f" else "Herr"
        if r() < 0.95:
            props["email"] = self._email(self._first_ascii[sex][first_at], self._last_ascii[last_at], number, company)
        if r() < 0.86:
            props["jobtitle"] = title
            if department:
                props["abteilung"] = department
        self._employ(props, company)
        self._extras(props, seniority)
        return NewPerson(seniority, props)

    def _email(self, first: str, last: str, number: int, company: NewCompany | None) -> str:
        if company is None or self._r() < 0.06:
            mails = self._world["freemail"]
            return f"{first}.{last}{number}@{mails[int(self._r() * len(mails))]}"
        email = f"{first[0]}.{last}{number}@{company.domain}"
        return email.upper() if self._r() < 0.02 else email

    def _employ(self, props: dict[str, str], company: NewCompany | None) -> None:
        r = self._r
        if company is None:
            props["hs_language"] = "de"
            return
        if r() < 0.9:
            props["company"] = company.name
        props["city"], props["zip"] = company.city, company.zip
        props["country"] = self._country(company.country)
        if r() < 0.62:
            props["phone"] = self._phone(company.dial)
        if r() < 0.5:
            props["industry"] = company.industry
            props["branche_kunde"] = company.branch
        if r() < 0.45:
            props["mitarbeiterzahl"] = str(company.size)
            props["numemployees"] = next((label for most, label in STAFF if company.size <= most), "1000+")
        props["hs_language"] = company.language
        props["newsletter_sprache"] = "de" if company.language == "de" else "en"
        if r() < 0.4:
            props["website"] = f"https://www.{company.domain}"

    def _country(self, country: str) -> str:
        odd = self._world["odd_countries"].get(country)
        return odd[int(self._r() * len(odd))] if odd and self._r() < 0.08 else country

    def _phone(self, dial: str) -> str:
        r = self._r
        number = str(10_000 + int(r() * 8_999_999))
        chance = r()
        if chance < 0.5:
            return f"{dial} {number}"
        if chance < 0.7:
            return f"{dial}/{number[:3]}-{number[3:]}"
        if chance < 0.85:
            return f"0{dial.split(' ')[1]} {number}"
        return (
            f"{dial.replace('+', '00').replace(' ', '')}{number}"
            if chance < 0.97
            else f"({dial}) {number} Durchwahl 12"
        )

    def _extras(self, props: dict[str, str], seniority: int) -> None:
        r = self._r
        if r() < 0.35:
            count = 1 + int(r() * 3)
            props["interessen"] = ";".join(dict.fromkeys(INTERESTS[int(r() * 7)] for _ in range(count)))
        if r() < 0.3:
            roles = ("informationssuchend", "anwender", "anwender", "mitentscheider", "entscheider")
            props["rolle_kaufentscheidung"] = roles[seniority]
        if r() < 0.12:
            props["budget_freigegeben"] = "true" if r() < 0.15 + 0.1 * seniority else "false"
        if r() < 0.1:
            props["messe_kontakt"] = "true"
        if r() < 0.08:
            props["kaufdatum_geplant"] = f"2027-{1 + int(r() * 12):02d}-01"
        if r() < 0.06:
            props["kundennummer"] = f"K-{100_000 + int(r() * 899_999)}"
