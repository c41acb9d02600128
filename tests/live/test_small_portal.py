"""A small portal after an outage: its backlog is over the limit, so it waits for a person, and is told how it ends."""

from __future__ import annotations

from pathlib import Path

from tests.live.steps import Feed, drained
from tests.rig import Rig, rig


def live(made: Rig) -> None:
    for command in ("sync", "provision", "sync", "live"):
        made.run(command)
    made.run("apply", plan_hash=made.run("plan")["hash"])
    made.clock.advance(400)
    made.run("cycle")


def listed(made: Rig) -> dict[str, object]:
    with made.service() as service:
        return service.list_portals()["portals"][0]


def test_a_backlog_over_the_limit_says_who_ends_it_and_how(tmp_path: Path) -> None:
    with rig(tmp_path) as made:
        for number in range(60):
            made.twin.create_contact({"email": f"p{number}@kunde.example", "jobtitle": "Azubi"})
        live(made)
        feed = Feed(made)
        for contact in made.twin.ids("contacts")[:40]:
            made.twin.edit("contacts", contact, {"jobtitle": "Leiterin Einkauf"})
        feed.deliver()
        told = drained(made)
        assert told["written"] == 0
        for words in ("40 of 60 contacts", "A small portal", "leadwright plan acme", "leadwright apply acme --hash"):
            assert words in told["held_back"]
        assert "leadwright plan acme" in str(listed(made)["state"])

        one = made.twin.ids("contacts")[50]
        made.twin.edit("contacts", one, {"jobtitle": "Leiterin Einkauf"})
        feed.deliver()
        assert drained(made)["written"] == 1

        assert "leadwright plan acme" in made.run("cycle")["text"]
        assert made.run("apply", plan_hash=made.run("plan")["hash"])["written"] == 40
        assert listed(made)["held_back"] == ""
