"""O06 to O08, A09 to A11: tokens that run out, are refused or taken back; who may connect; where secrets lie."""

from __future__ import annotations

import itertools
import json
import random
import re
import subprocess
import sys
import time
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import requests
from pydantic import SecretStr

from connector.engine.port import Job
from connector.engine.yielding import Later, Yielded
from connector.errors import ConnectorError
from connector.portal.hubspot import connect
from connector.service import Service
from connector.serving.acts import Acts
from connector.store import Store, portals
from connector.sync.connecting import BACK, START, Connecting
from connector.sync.credentials import grant_of, seal_again
from connector.twin import Dials, Twin, serve_twin
from connector.vault import Vault
from tests.journeys.steps import calls_of, people
from tests.rig import OFF, Rig, SharedClock, settings_for
from tests.serving.agency import PUBLIC, Agency, with_app
from tests.store.builders import IDENTITY
from tests.trials.harness import Count, Outcome, share
from tests.trials.ledger import lost
from tests.trials.limits import rejected
from tests.trials.papers import said
from tests.trials.stage import folder, installed

REFRESHING = "/oauth/2026-09/token"


def by_consent(r: Rig, name: str = "acme") -> None:
    """Connect (anew) as a person does: the link, HubSpot's page, and back."""
    r.settings = with_app(r.settings, r.twin, r.url)
    with r.service() as service:
        doorway = Connecting(
            service.store, service.front, service._vault, r.settings, r.clock, connect=connect, app=service._oauth
        )
        told = parse_qs(urlsplit(doorway.link(name)["url"]).query)["link"][0]
        begun = doorway.begin(told)
        back = requests.get(begun.url, allow_redirects=False, timeout=9).headers["Location"]
        doorway.finish(begun.cookie, dict(parse_qsl(urlsplit(back).query)))


# O06 -----------------------------------------------------------------------------------------------------------------

PROCESSES, THREADS, LIFE = 3, 8, 2.0


def running_out(scale: float, seed: int) -> Outcome:
    """Tokens of two seconds under three processes of eight threads; then one of half an hour, used all the time."""
    count = Count(runs=2)
    _two_seconds(count, share(100, scale, 5))
    _half_an_hours(count, seed)
    return count.outcome()


def _two_seconds(count: Count, expiries: int) -> None:
    """Every refresh token is dead once it was used: a second renewal of the same grant would be refused."""
    twin = Twin.empty(dials=Dials(**OFF, oauth_life=LIFE, oauth_rotates=True, latency=0.01))
    contact = twin.create_contact({"email": "p1@kunde.example"})
    with folder() as place, serve_twin(twin) as url:
        r = Rig(twin, url, _RealClock(), settings_for(place), place)
        Service.init(r.settings, place / ".env")
        by_consent(r)
        seconds = expiries * LIFE + 5
        met = _crew(r, contact, seconds)
        renewals = twin.access.renewals
        count.faults = sum(renewals.values())
        count.doubled = sum(times - 1 for times in renewals.values())
        count.must(count.doubled == 0, f"{count.doubled} renewals of a grant that was renewed already")
        count.least("renewals", len(renewals), expiries)
        count.must(met["done"] > 50 * expiries, f"only {met['done']} calls were made: the trial proves little")
        failed = {why: times for why, times in met.items() if why != "done"}
        count.loses([f"{why}: {times} calls" for why, times in failed.items()])


class _RealClock(SharedClock):
    """The machine's own time."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))


def _crew(r: Rig, contact: int, seconds: float) -> Counter[str]:
    told = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in r.settings
        if name in {"database_url", "secret_key", "hubspot_url", "hubspot_client_id", "hubspot_client_secret"}
    }
    told["calls_per_10s"] = 10_000  # the pace is not what is tried here
    task = {"settings": told, "portal": "acme", "contact": contact, "seconds": seconds, "threads": THREADS}

    def one(_number: int) -> Counter[str]:
        words = [sys.executable, "-m", "tests.trials.renewing"]
        done = subprocess.run(
            words, input=json.dumps(task), capture_output=True, text=True, check=False, timeout=seconds + 120,
            cwd=Path(__file__).resolve().parents[2],
        )  # fmt: skip
        return (
            Counter(json.loads(done.stdout)) if done.returncode == 0 else Counter({f"failed: {done.stderr[-200:]}": 1})
        )

    with ThreadPoolExecutor(PROCESSES) as pool:
        return sum(pool.map(one, range(PROCESSES)), Counter())


def _half_an_hours(count: Count, seed: int) -> None:
    """In normal running a token is renewed a minute before its end or earlier."""
    with installed(seed=seed, connect=False) as r:
        contact = r.twin.create_contact({"email": "p1@kunde.example"})
        by_consent(r)
        before = r.twin.ledger.count()
        with r.service(lasting=True) as service, service._context("acme") as ctx:
            ends = r.clock.monotonic() + 1800
            for _ in range(2 * 60 * 2):
                r.clock.advance(30)
                ctx.portal.read("contacts", [contact], ("email",))
                renewed = [call for call in calls_of(r, before) if call.path == REFRESHING]
                if renewed:
                    count.least("seconds before its end", ends - renewed[0].at.timestamp(), 60)
                    count.faults += 1
                    ends, before = renewed[0].at.timestamp() + 1800, r.twin.ledger.count()
        count.must(not any(call.status == 401 for call in r.twin.ledger.calls), "a token ran out in normal running")


# O07 -----------------------------------------------------------------------------------------------------------------

HOUR, TICK = 3600, 300


def refused(scale: float, seed: int) -> Outcome:
    """The same hour of 401 for a pasted token and for a grant: forced at most once in five minutes, then at rest."""
    pasted = rejected(scale, seed)
    count = Count(pasted.runs + 1, pasted.faults, pasted.lost, pasted.doubled, pasted.worst_seconds)
    count.must(pasted.passed, pasted.note)
    with installed(seed=seed, connect=False) as r:
        people(r, 30)
        by_consent(r)
        r.run("sync")
        r.twin.dials.faults = [{"match": path, "times": 10**9, "status": 401} for path in ("/crm", "/account-info")]
        before = r.twin.ledger.count()
        for _ in range(HOUR // TICK):
            _one_cycle(r, count)
            r.clock.advance(TICK)
        calls = calls_of(r, before)
        forced = [call.at.timestamp() for call in calls if call.path == REFRESHING]
        count.faults += len(calls)
        count.least("forced renewals", len(forced), 1)
        close = sum(after - one < TICK for one, after in itertools.pairwise(forced))
        count.most("forced renewals within five minutes", close, 0)
        count.most("calls in an hour of 401", len(calls), 12)
        r.twin.dials.faults = []
        r.twin.create_contact({"email": "neu@kunde.example"})
        by_consent(r)
        r.run("cycle")
        count.loses(lost(r))
    return count.outcome()


def _one_cycle(r: Rig, count: Count) -> None:
    try:
        r.run("cycle")
        count.must(False, "a refused grant went unnoticed")
    except ConnectorError as told:
        count.must("portal connect acme" in str(told), "the state does not name the way to connect again")


# O08 -----------------------------------------------------------------------------------------------------------------


def taken_back(scale: float, seed: int) -> Outcome:
    """The app is uninstalled, or its refresh token revoked, in one of two portals; the other goes on."""
    count = Count()
    for status in ("BAD_REFRESH_TOKEN", "BAD_HUB"):
        _uninstalled(count, seed, status, share(60, scale, 8))
    return count.outcome()


def _uninstalled(count: Count, seed: int, status: str, minutes: int) -> None:
    other = Twin.empty(clock=SharedClock(), dials=Dials(**OFF), portal_id=4711)
    with installed(seed=seed, connect=False, oauth_gone=status) as r, serve_twin(other) as url:
        people(r, 40)
        by_consent(r)
        with r.service() as service:
            service.add_portal("other", other.token, url)
        with r.service(lasting=True) as service:
            acts = Acts(service, r.clock, lambda _portal: None)
            _minutes(r, acts, 3)
            r.twin.uninstall()
            r.twin.create_contact({"email": "meanwhile@kunde.example"})
            other.create_contact({"email": "there@kunde.example"})
            before, there = r.twin.ledger.count(), other.ledger.count()
            gone = r.clock.monotonic()
            _minutes(r, acts, minutes)
            row = service._row("acme")
            count.must(row.paused_ms is not None, "the portal was not paused")
            count.took((row.paused_ms or 0) / 1000 - gone)
            count.most("seconds until it was paused", count.worst or 0, 60)
            count.must("leadwright portal connect acme" in row.pause_reason, "the state does not say what to do")
            count.most("further calls", r.twin.ledger.count() - before, 3)
            count.least("calls to the other portal", other.ledger.count() - there, minutes)
            mail = {row["properties"].get("email") for row in service.export("other", "contacts")}
            count.must("there@kunde.example" in mail, "the other portal stood still")
            by_consent(r)
            _minutes(r, acts, 2)
        count.runs, count.faults = count.runs + 1, count.faults + 1
        count.loses(lost(r))


def _minutes(r: Rig, acts: Acts, minutes: int) -> None:
    """Both portals' cycles, once a minute."""
    for _ in range(minutes):
        for portal in (1, 2):
            try:
                acts.act(Job(portal, "cycle"))
            except (Later, Yielded):
                continue
        r.clock.advance(60)


# A09 -----------------------------------------------------------------------------------------------------------------


@contextmanager
def agency(**dials: object):
    """An installation with its web process before a twin."""
    twin = Twin.empty(clock=SharedClock(), dials=Dials(**{**OFF, **dials}))
    with folder() as place, serve_twin(twin) as url:
        settings = with_app(settings_for(place), twin, url)
        Service.init(settings, place / ".env")
        at = Agency(settings, twin, twin.clock)
        try:
            yield at
        finally:
            at.parts.close()


ANSWERS = {
    "no state": lambda at, mine, back: at.pick(mine, re.sub(r"&state=[^&]*", "", back)),
    "made-up state": lambda at, mine, back: at.pick(mine, re.sub(r"state=[^&]*", "state=x", back)),
    "other browser": lambda at, mine, back: at.pick(at.browser(), back),
    "other question": lambda at, mine, back: at.pick(at.asking(), back),
    "made-up code": lambda at, mine, back: at.pick(mine, re.sub(r"code=[^&]*", "code=x", back)),
    "stolen code": lambda at, mine, back: at.pick(mine, re.sub(r"code=[^&]*", f"code={at.stolen()}", back)),
    "too late": lambda at, mine, back: (at.clock.advance(601), at.pick(mine, back))[1],
    "refusal": lambda at, mine, back: at.pick(mine, re.sub(r"code=[^&]*", "error=access_denied", back)),
}


class _Doors(Agency):
    """An agency and what attackers do to it."""

    def pick(self, browser, path: str) -> int:
        return browser.get(path, base_url=PUBLIC).status_code

    def asking(self):
        browser = self.browser()
        self.asked(browser, "beta")
        return browser

    def stolen(self) -> str:
        return parse_qs(urlsplit(self.consent(self.browser(), "beta")).query)["code"][0]


def wrong_doors(scale: float, seed: int) -> Outcome:
    """Answers without state, of another browser, too late, twice, of another portal; links forged, used, old."""
    count, chance = Count(), random.Random(seed)
    with agency() as at:
        at.__class__ = _Doors
        for _ in range(share(20, scale, 1)):
            for name, attack in ANSWERS.items():
                browser = at.browser()
                status = attack(at, browser, at.consent(browser, "acme"))
                _refused(count, at, name, status)
            for told in _wrong_links(at, chance):
                _refused(count, at, "link", at.browser().post(START, data={"link": told}, base_url=PUBLIC).status_code)
        _other_portal(count, at)
        _redirects(count, at)
    return count.outcome()


def _refused(count: Count, at: Agency, name: str, status: int) -> None:
    count.runs, count.faults = count.runs + 1, count.faults + 1
    count.must(status == 400, f"{name} was answered {status}")
    count.must(at.names() == [], f"{name} connected a portal")


def _wrong_links(at: Agency, chance: random.Random) -> list[str]:
    """Forged at a random place, used already, and too old."""
    good = parse_qs(urlsplit(at.link("acme")).query)["link"][0]
    place = chance.randrange(len(good) - 44)
    forged = good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1 :]
    at.browser().post(START, data={"link": good}, base_url=PUBLIC)
    old = parse_qs(urlsplit(at.link("acme")).query)["link"][0]
    at.clock.advance(601)
    return [forged, good, old, "", "a.b"]


def _other_portal(count: Count, at: Agency) -> None:
    """A second portal answers for the one being connected; an answer is used twice."""
    browser = at.browser()
    back = at.consent(browser, "acme")
    count.must(at.pick(browser, back) == 200, "an honest answer was refused")
    count.must(at.pick(browser, back) == 400, "an answer was good twice")
    sealed, hub = at.row("acme").token_sealed, at.twin.portal_id
    asked = at.asked(browser, "acme")
    at.twin.access.portal_id = hub + 1
    answer = requests.get(asked.replace(f"/{hub}/", f"/{hub + 1}/"), allow_redirects=False, timeout=9)
    status = at.pick(browser, answer.headers["Location"].removeprefix(PUBLIC))
    at.twin.access.portal_id = hub
    count.must(status == 400 and at.row("acme").token_sealed == sealed, "another portal took the place of this one")
    count.runs, count.faults = count.runs + 3, count.faults + 2


def _redirects(count: Count, at: Agency) -> None:
    """Nothing that comes with a request decides where a browser is sent."""
    evil = "https://evil.example/"
    told = parse_qs(urlsplit(at.link("acme")).query)["link"][0]
    for name in ("next", "redirect_uri", "return_to", "url"):
        query = urlencode({"link": told, name: evil})
        page = at.browser().get(f"{START}?{query}", base_url=PUBLIC)
        count.must("evil.example" not in page.text, f"{name} is shown or followed")
        count.must(at.browser().get(f"{BACK}?{name}={evil}", base_url=PUBLIC).status_code == 400, f"{name} was taken")
        count.runs, count.faults = count.runs + 2, count.faults + 2


# A10 -----------------------------------------------------------------------------------------------------------------


def secrets_in_plain(scale: float, seed: int) -> Outcome:
    """A portal is connected, works, is backed up, loses its grant; its secrets are looked for everywhere."""
    count, shown = Count(runs=1), []
    with agency() as at:
        people_of(at, share(200, scale, 20))
        text = said("json", lambda: shown.extend(_a_life(at)))
        access = at.twin.access
        secrets = {
            "client secret": access.client_secret, "pasted token": at.twin.token,
            "secret key": at.settings.secret_key.get_secret_value(),
            **{f"token {number}": token for number, token in enumerate(at.seen)},
        }  # fmt: skip
        count.must(len(at.seen) >= 4, "no tokens were granted: the trial proves nothing")
        place = Path(at.settings.database_url.removeprefix("sqlite:///")).parent
        places = {"logs": text.encode(), "pages": "\n".join(shown).encode(), **_files(place)}
        count.must(any(name.endswith("-wal") for name in places), "no write-ahead log was looked at")
        for where, body in places.items():
            found = [name for name, secret in secrets.items() if secret.encode() in body and where != ".env"]
            count.loses([f"{name}: in {where}" for name in found])
        count.faults = len(places) * len(secrets)
        vault, row = Vault(at.settings.secret_key.get_secret_value()), at.row("acme")
        count.must(grant_of(vault.open(row.token_sealed, "acme")) is not None, "the key does not open it")
        count.must(not Vault(Vault.new_key()).fits(row.token_sealed, "acme"), "another key opens it")
    return count.outcome()


def people_of(at: Agency, number: int) -> None:
    for n in range(number):
        at.twin.create_contact({"email": f"p{n}@kunde.example"})


def _a_life(at: Agency) -> list[str]:
    """Everything that people and machines are shown meanwhile; ``at.seen`` holds the tokens there ever were."""
    shown: list[str] = []
    at.seen = set()

    def look() -> None:
        at.seen |= {token for token, one in at.twin.access.tokens.items() if one.oauth}
        at.seen |= set(at.twin.access.refresh_tokens)

    browser = at.browser()
    shown.append(browser.get(at.link("acme"), base_url=PUBLIC).text)
    back = at.consent(browser, "acme")
    shown += [browser.get(back, base_url=PUBLIC).text, browser.get(back, base_url=PUBLIC).text]
    look()
    at.twin.dials.oauth_rotates = True
    with at.service() as service:
        service.add_portal("pasted", at.twin.token, at.settings.hubspot_url.replace("127.0.0.1", "localhost"))
        shown.append(str(service.sync("acme")))
        at.clock.advance(1790)
        shown += [str(service.cycle("acme")), str(service.list_portals()), str(service.check_portal("acme"))]
        look()
        place = Path(at.settings.database_url.removeprefix("sqlite:///")).parent
        shown.append(str(service.backup(place / "all.backup")))
        at.twin.uninstall()
        for _ in range(2):
            try:
                service.sync("acme")
            except ConnectorError as fault:
                shown.append(f"{fault!r} {fault}")
        shown += [str(service.list_portals()), str(service.examine())]
    for path in ("/metrics", "/readyz", BACK, START, "/nothing"):
        shown.append(at.browser().get(path, base_url=PUBLIC).text)
    return shown


def _files(place: Path) -> dict[str, bytes]:
    """Every file, and what is packed in backups."""
    found = {file.name: file.read_bytes() for file in place.rglob("*") if file.is_file()}
    for file in place.rglob("*.backup"):
        with zipfile.ZipFile(file) as packed:
            found |= {f"{file.name}/{name}": packed.read(name) for name in packed.namelist()}
    return found


# A11 -----------------------------------------------------------------------------------------------------------------


def other_key(scale: float, seed: int) -> Outcome:
    """Every portal's token gets another key, while renewals go on; then the old key is gone."""
    count, many, chance = Count(runs=1), share(500, scale, 50), random.Random(seed)
    old, new = Vault.new_key(), Vault.new_key()
    with folder() as place:
        store = Store.open(f"sqlite:///{place}/leadwright.db", create=True)
        with store.unit() as u:
            for n in range(1, many + 1):
                identity = replace(IDENTITY, hub_id=n)
                portals.add(u, f"p{n}", "https://api.hubapi.com", Vault(old).seal(f"token {n} 0", f"p{n}"), identity, 1)
        both = Vault(f"{new},{old}")
        with ThreadPoolExecutor(2) as pool:
            busy = pool.submit(_renewals, store, both, chance, many)
            began = time.monotonic()
            with store.unit() as u:
                count.must(seal_again(u, both)[1] >= 1, "nothing was sealed again")
            count.took(time.monotonic() - began)
            count.faults = busy.result()
        count.most("seconds for all of them", count.worst or 0, 30)
        with store.view() as u:
            rows = portals.every(u)
        closed = [
            f"{row.name}: not opened by the new key" for row in rows if not Vault(new).fits(row.token_sealed, row.name)
        ]
        count.loses(closed)
        store.close()
    return count.outcome()


def _renewals(store: Store, vault: Vault, chance: random.Random, many: int) -> int:
    """What processes that know both keys write meanwhile."""
    for turn in range(1, 101):
        n = chance.randint(1, many)
        with store.unit() as u:
            before = portals.token_of(u, n)
            portals.swap_token(u, n, before, vault.seal(f"token {n} {turn}", f"p{n}"))
    return 100
