"""The simulated portal as a process: it answers, and it ends with whoever started it, however that one ended."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from itertools import takewhile
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from connector.commands.twin_process import TwinProcess
from connector.errors import ConnectorError
from tests.commands.desk import process
from tests.twin.receiver import receiving

HOLDER = """
import signal, sys, time
from pathlib import Path
from connector.commands.twin_process import TwinProcess
signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background inherits it ignored
with TwinProcess(5, 7, Path(sys.argv[1])) as twin:
    print(twin.url, flush=True)
    for _ in range(600):  # an interrupt that comes just before a sleep is seen after it
        time.sleep(0.1)
"""


def answers(url: str) -> bool:
    place = urlsplit(url)
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((place.hostname, place.port)) == 0


def falls_silent(url: str, seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while answers(url) and time.monotonic() < until:
        time.sleep(0.05)
    return not answers(url)


def test_it_answers_inside_the_block_and_not_after_it(tmp_path: Path) -> None:
    with TwinProcess(5, 7, tmp_path / "log") as twin:
        page = requests.get(
            f"{twin.url}/crm/v3/objects/contacts", headers={"Authorization": f"Bearer {twin.token}"}, timeout=5
        )
        assert page.status_code == 200
        assert page.json()["results"]
    assert not answers(twin.url)


def test_it_ends_when_the_block_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyError), TwinProcess(5, 7, tmp_path / "log") as twin:
        raise KeyError
    assert not answers(twin.url)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_whoever_started_it(tmp_path: Path, how: signal.Signals) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, tmp_path / "log"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    with holder:
        assert holder.stdout is not None
        url = holder.stdout.readline().strip()
        assert answers(url)
        holder.send_signal(how)
        holder.wait(10)
    assert falls_silent(url)


def test_a_start_that_fails_says_where_to_look(tmp_path: Path) -> None:
    with pytest.raises(ConnectorError, match="did not start") as failed, TwinProcess(-1, 7, tmp_path / "log"):
        pass
    assert str(tmp_path / "log") in failed.value.remedy


class TestTheCommand:
    """``leadwright twin`` for training."""

    def test_tells_its_address_and_ends_with_ctrl_c(self, tmp_path: Path) -> None:
        command = [sys.executable, "-P", "-m", "connector.cli", "twin", "--port", "0", "--contacts", "5"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as twin:
            assert twin.stdout is not None
            assert twin.stderr is not None
            told = list(takewhile(lambda line: "Ctrl-C" not in line, twin.stdout))
            answered = answers(told[0].split()[-1])
            twin.send_signal(signal.SIGINT)
            try:
                _, err = twin.communicate(timeout=20)
            finally:
                twin.kill()
        assert answered
        assert "Connect it: echo pat-" in "".join(told)
        assert (twin.returncode, err) == (0, "")

    def test_a_port_that_is_taken_is_wrong_usage(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            said = process("twin", "--port", str(port), "--contacts", "1", "--json", cwd=tmp_path)
        assert said.code == 2
        assert f"Port {port}" in json.loads(said.out)["error"]["message"]


def test_it_calls_back_where_it_is_told_to(tmp_path: Path) -> None:
    with receiving() as app, TwinProcess(5, 7, tmp_path / "log", webhooks=app.url) as twin:
        act = {"args": [{"email": "eva@example.org"}]}
        made = requests.post(f"{twin.url}/__twin__/act/create_contact", json=act, timeout=5).json()["result"]
        quiet = requests.post(f"{twin.url}/__twin__/webhooks/quiet", json={"timeout": 10}, timeout=15).json()
        assert quiet["quiet"] is True
        assert {item["objectId"] for item in app.items} == {made}
        assert all(one.is_signed(twin.told["client_secret"], app.url) for one in app.received)
