"""The image and its compose file, read as text: no engine builds them here."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from connector.settings import Settings
from tests.house.code import HOUSE


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, comments out and continued lines joined."""
    text = (HOUSE / "Dockerfile").read_text(encoding="utf-8")
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line.strip())]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((HOUSE / "compose.yaml").read_text(encoding="utf-8"))


def last(steps: list[tuple[str, str]], word: str) -> str:
    return [rest for instruction, rest in steps if instruction == word][-1]


def test_it_installs_from_the_lock_file_by_hash(steps: list[tuple[str, str]]) -> None:
    installs = [rest for word, rest in steps if word == "RUN" and "pip install" in rest]
    assert "--require-hashes -r requirements.lock" in installs[0]
    assert all("--no-deps --no-build-isolation" in rest for rest in installs[1:])


def test_it_runs_as_nobody_special(steps: list[tuple[str, str]]) -> None:
    assert last(steps, "USER") == "leadwright"
    assert [word for word, _ in steps].index("USER") > [word for word, _ in steps].index("COPY")


def test_it_imports_nothing_from_the_working_folder(steps: list[tuple[str, str]]) -> None:
    assert "PYTHONSAFEPATH=1" in last(steps, "ENV")


def test_it_keeps_its_data_in_a_volume_and_checks_its_health(steps: list[tuple[str, str]]) -> None:
    assert last(steps, "VOLUME") == "/data"
    assert "sqlite:////data/" in last(steps, "ENV")
    assert last(steps, "ENTRYPOINT") == '["leadwright"]'


def test_it_serves_and_asks_itself_whether_it_is_ready(steps: list[tuple[str, str]]) -> None:
    command = json.loads(last(steps, "CMD"))
    assert command[0] == "serve"
    port = command[command.index("--port") + 1]
    assert last(steps, "EXPOSE") == port
    check = last(steps, "HEALTHCHECK")
    probe = json.loads(check[check.index("CMD [") + 4 :])
    assert f"http://127.0.0.1:{port}/readyz" in probe[-1]
    compile(probe[-1], "probe", "exec")


def test_everything_it_copies_is_let_in(steps: list[tuple[str, str]]) -> None:
    ignore = (HOUSE / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line[1:] for line in ignore if line.startswith("!")}
    copied = [name for word, rest in steps if word == "COPY" and "--from" not in rest for name in rest.split()[:-1]]
    assert {name.removeprefix("./") for name in copied} == let_in
    assert all((HOUSE / name).exists() for name in copied)
    assert ignore.index("**/.env*") > max(ignore.index(f"!{name}") for name in let_in)  # no key is ever let in


def test_compose_runs_one_process_on_sqlite(compose: dict[str, Any]) -> None:
    plain = compose["services"]["leadwright"]
    assert plain["command"][0] == "serve"
    assert "--roles" not in plain["command"]
    assert "profiles" not in plain
    assert "deploy" not in plain
    assert plain["volumes"] == ["data:/data"]


def test_compose_runs_the_roles_apart_on_postgresql(compose: dict[str, Any]) -> None:
    services = compose["services"]
    replicas = {name: services[name].get("deploy", {}).get("replicas", 1) for name in ("web", "worker", "clock")}
    assert replicas == {"web": 2, "worker": 2, "clock": 1}
    for name in replicas:
        one = services[name]
        assert one["command"][:3] == ["serve", "--roles", name]
        assert one["profiles"] == services["postgres"]["profiles"] == ["postgres"]
        assert one["environment"]["LEADWRIGHT_DATABASE_URL"].startswith("postgresql+psycopg://")
        assert one["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_whoever_has_no_port_is_not_asked_over_http(compose: dict[str, Any]) -> None:
    for name in ("worker", "clock"):
        assert compose["services"][name]["healthcheck"] == {"disable": True}
        assert "ports" not in compose["services"][name]
    assert all("healthcheck" not in compose["services"][name] for name in ("leadwright", "web"))


def test_every_service_of_ours_is_locked_down_and_comes_back(compose: dict[str, Any]) -> None:
    for name in ("leadwright", "web", "worker", "clock"):
        one = compose["services"][name]
        assert (one["read_only"], one["cap_drop"], one["restart"]) == (True, ["ALL"], "unless-stopped")
        assert one["security_opt"] == ["no-new-privileges:true"]
        assert int(one["stop_grace_period"].removesuffix("s")) > 10


def test_nothing_is_published_beyond_this_machine(compose: dict[str, Any]) -> None:
    ports = [port for one in compose["services"].values() for port in one.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_setting_it_passes_on_is_one(compose: dict[str, Any]) -> None:
    known = {f"LEADWRIGHT_{name.upper()}" for name in Settings.model_fields}
    passed = {key for name in ("leadwright", "web") for key in compose["services"][name]["environment"]}
    assert passed <= known


def test_compose_holds_no_secret(compose: dict[str, Any]) -> None:
    for one in compose["services"].values():
        for name, value in one.get("environment", {}).items():
            if any(word in name for word in ("PASSWORD", "SECRET", "KEY")):
                assert value == f"${{{name}:-}}"
