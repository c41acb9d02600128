"""All trials, in the order of their ids."""

from __future__ import annotations

from tests.trials import (
    attacks,
    clocks,
    conflicts,
    disk,
    effects,
    grants,
    killed,
    lasting,
    limits,
    mirror,
    mirroring,
    neighbours,
    papers,
    pressure,
    privacy,
    receipt,
    restored,
    wire,
)
from tests.trials.harness import Trial
from tests.trials.ordinary import proved_by

TRIALS: list[Trial] = [
    Trial(
        "W01", "Signatures: forged, old, of another time, host or secret; addresses with escapes", receipt.signatures
    ),
    Trial("W02", "The time of a refusal, with 0 and with 31 right bytes", receipt.timing),
    Trial("W03", "One signed request fifty times, and once after 5:01", receipt.replayed),
    Trial("W04", "Every delivery ten times, shuffled over ten connections", receipt.ten_times),
    Trial("W05", "Six changes of one property in every order, two in one millisecond", receipt.disordered),
    Trial("W07", "Forty connections send while a backfill commits row by row; time of an answer", pressure.slow_store),
    Trial("W08", "`kill -9` of a receiving process, again and again", pressure.killed_receivers),
    Trial("W09", "Nobody at the door for 25 hours, HubSpot gives up", receipt.away),
    Trial("W10", "Poisoned bodies among 99 good notices", receipt.poisoned),
    Trial("W11", "Notices of unknown and of paused portals", receipt.nobodys),
    Trial("W12", "A flood of unsigned requests on forty connections; time of good ones", pressure.flooded),
    Trial("S01", "`kill -9` again and again during a first mirror, people at work meanwhile", mirroring.first_mirror),
    Trial("S02", "SIGTERM at a random moment of the whole service; time until it ends", lasting.stopped),
    Trial("S04", "The disk is full in mid-mirror, again and again, without a restart", disk.full),
    Trial("S05", "The n-th sync or write fails; the file is read-only; another program holds it", disk.refused),
    Trial("S07", "25,000 contacts change in one millisecond, the search gives 10,000", mirror.one_millisecond),
    Trial("S08", "The index lags 30 s, people edit between the pages, clock ties", mirror.lagging),
    Trial("S09", "Contacts are deleted, erased, restored and merged during a first mirror", mirror.vanishing),
    Trial("S10", "The clock is ten minutes wrong, jumps back in mid-run; nights of summer time", clocks.wrong_clock),
    Trial("S11", "Four clocks keep the same appointments, one after another is killed", clocks.four_clocks),
    Trial("S12", "Off for three hours, over twelve due times of each kind of work", lasting.rested),
    Trial("S14", "1,200 properties at once, addresses over 8 KB are refused", mirror.very_wide),
    Trial("S16", "A million notices of one portal wait; time until its neighbour's change is seen", neighbours.noisy),
    Trial("S18", "A backup a day old is restored; time until all is caught up", restored.day_old),
    Trial("S20", "`kill -9` during a migration; old code on a new schema", killed.migration),
    Trial("O01", "Everything is refused (429) for a minute, with and without `Retry-After`", limits.storms),
    Trial("O02", "The day's calls are used up in mid-mirror", limits.used_up),
    Trial("O03", "423, 477 for hours, 502–504, 521–526; refusals of our own making", limits.statuses),
    Trial("O04", "Accepts and never answers, or drips a byte a second; a neighbour meanwhile", wire.silence),
    Trial("O05", "Reset half-way, cut JSON, HTML with 200, 1 MB that unzips to 1 GB, a redirect", wire.hostile),
    Trial("O06", "Tokens of two seconds under three processes of eight threads", grants.running_out),
    Trial("O07", "401 although the token is fresh, for an hour; pasted and by consent", grants.refused),
    Trial("O08", "The app is uninstalled, its refresh token revoked", grants.taken_back),
    Trial("O10", "37 of each 100 inputs fail, the order of results changed", effects.in_part),
    Trial("O12", "The connection is cut after the portal did it: enrolments and writes", effects.unknown),
    Trial("O13", "Our own writes echo back; another app turns one of our values again and again", conflicts.echoes),
    Trial("O14", "A person edits the field while our write is queued", conflicts.edited),
    Trial("O15", "Contacts are merged while writes and enrolments are queued", conflicts.merged),
    Trial("O18", "The portal is down for two hours with every write queued", limits.down),
    Trial("O19", "`kill -9` of the sender among 10,000 effects", killed.sender),
    Trial("O20", "A stage moves backwards, refused or allowed", effects.backwards),
    Trial("R02", "Expressions, templates, walks, depths and growing values where an admin writes", attacks.expressions),
    Trial("A09", "Connecting: state missing, reused, of others; another portal; redirects", grants.wrong_doors),
    Trial("A10", "Canary secrets in files, backups, logs, pages and numbers", grants.secrets_in_plain),
    Trial("A11", "Another key for 500 portals while renewals go on", grants.other_key),
    Trial("A12", "Line breaks, escapes, forged JSON and megabytes on their way into the logs", papers.forged_lines),
    Trial("P01", "Erased, and then late news in all 120 orders", privacy.never_back),
    Trial("P02", "A person who left traces everywhere is erased", privacy.no_traces),
    Trial("P06", "A portal is removed with everything in it", privacy.removed),
]

DOORS = "tests/admin/test_every_door.py"
CALLS = "tests/api/test_every_route.py"
SIGNING_IN = "tests/admin/test_signing_in.py"
HARD = "tests/rules/test_hard_cases.py"
# Rows whose proof is an ordinary test already.
ORDINARY: list[Trial] = [
    Trial("R01", "Patterns made to hang, on up to a million characters", proved_by(f"{HARD}::TestR01Patterns")),
    Trial("R03", "Odd values under every rule: an error is never a match", proved_by(f"{HARD}::TestR03Errors")),
    Trial(
        "R04",
        '`false`, `"5"` and 5.0 where a number belongs',
        proved_by(
            "tests/rules/mapping/test_documents.py",
            f"{CALLS}::TestWhatIsSent",
        ),
    ),
    Trial("R05", "The bills of ten thousand contacts add up", proved_by(f"{HARD}::TestR05Bills")),
    Trial(
        "R06",
        "Fifty random edits do what their previews said",
        proved_by("tests/sync/test_previewing.py::test_fifty_random_edits_do_what_their_previews_said"),
    ),
    Trial("R08", "Decay and windows against their closed forms, time zones", proved_by(f"{HARD}::TestR08Time")),
    Trial("R09", "A thousand odd values in six locales", proved_by("tests/rules/mapping/test_steps.py")),
    Trial(
        "R11", "Whatever touches too many waits until its hash is named", proved_by("tests/rules/judging/test_plan.py")
    ),
    Trial(
        "A01", "Every door, every role, a portal of one's own, another's and none", proved_by(f"{DOORS}::TestTenants")
    ),
    Trial(
        "A02",
        "Every function over a portal's rows, without a portal",
        proved_by("tests/store/test_units.py::test_no_function_works_without_a_portal"),
    ),
    Trial(
        "A03",
        "Forms without, with another session's, or with a wrong token; fields no page offers",
        proved_by(f"{DOORS}::TestForms", f"{SIGNING_IN}::TestFromAnotherSite"),
    ),
    Trial("A04", "Payloads in names and titles, in a real browser", proved_by("tests/browser/test_payloads.py")),
    Trial("A05", "Sessions: fixation, replay, ends of all kinds", proved_by(f"{SIGNING_IN}::TestSessions")),
    Trial("A06", "Guessed passwords; the victim still gets in", proved_by(f"{SIGNING_IN}::TestGuesses")),
    Trial(
        "A07",
        "Fields that nobody may set, in every body and address of the interface",
        proved_by(f"{CALLS}::TestWhatIsSent"),
    ),
    Trial("A08", "Addresses of the inside, in every field of every form", proved_by(f"{DOORS}::TestAddresses")),
    Trial("A14", "Injections and garbage in every place of every call", proved_by(f"{CALLS}::TestAnything")),
    Trial(
        "A15",
        "Every door and every call breaks: nothing of the inside is told",
        proved_by(f"{DOORS}::TestFaults", f"{CALLS}::TestForcedErrors"),
    ),
    Trial("A16", "Headers and cookies on every answer", proved_by(f"{DOORS}::TestHeaders")),
    Trial(
        "P08",
        "Addresses and numbers are hidden by role; whoever looks is booked",
        proved_by(
            "tests/admin/test_contact.py::test_addresses_are_hidden_until_somebody_who_may_asks_and_that_is_booked",
            "tests/admin/test_contacts.py::test_no_address_stands_in_the_list_for_anybody",
            "tests/api/test_calls.py::TestContacts",
            "tests/api/test_booked.py",
        ),
    ),
]

EVERY = sorted([*TRIALS, *ORDINARY], key=lambda one: ("WSORAP".index(one.id[0]), one.id))

# More than ten seconds each, even at a twentieth.
LONG = frozenset(
    {"O01", "O04", "O06", "O08", "O19", "P02", "S01", "S02", "S05", "S10", "S11", "S12", "S16", "S18", "W07", "W08"}
)
