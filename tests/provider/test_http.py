"""A provider over HTTP, against a real server: whatever it does, asking ends in time with a plain word."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connector.model.enrichment import Failed, Found, NotFound
from connector.provider.guard import PointsInward, checked, outward
from connector.provider.http import LARGEST, HttpProvider
from tests.providers import (
    closed_port,
    dripping,
    dripping_head,
    endless,
    firms,
    silent,
    slamming,
    status,
)

WORKS = {"size": {"employees": 1250}, "branch": "Maschinenbau"}


def asks(url: str, **more) -> HttpProvider:
    return HttpProvider(f"{url}/v1/companies/{{domain}}", **{"timeout_s": 0.4, "local": True, **more})


class TestAnswers:
    def test_who_is_known_and_who_is_not(self) -> None:
        with firms() as them:
            them.answers["works.example"] = WORKS
            provider = asks(them.url)
            assert provider.ask("works.example") == Found(WORKS)
            assert provider.ask("nobody.example") == NotFound()

    @pytest.mark.parametrize("behave", [status(404), status(410), status(204), status(200, b"{}")])
    def test_ways_to_say_that_nobody_is_known(self, behave) -> None:
        with firms(behave) as them:
            assert asks(them.url).ask("works.example") == NotFound()

    def test_the_domain_is_all_that_is_sent(self) -> None:
        with firms() as them:
            asks(them.url, secret="Bearer abc").ask("a/../b?x=1#y")
            ((path, headers),) = them.heard
        assert path == "/v1/companies/a%2F..%2Fb%3Fx%3D1%23y"
        assert headers.pop("Authorization") == "Bearer abc"
        assert set(headers) == {"Host", "Accept", "Accept-Encoding", "User-Agent"}

    def test_without_a_secret_none_is_sent_and_one_is_never_shown(self) -> None:
        with firms() as them:
            asks(them.url, header="X-Api-Key").ask("works.example")
            assert "X-Api-Key" not in them.heard[0][1]
        assert "hush" not in repr(asks("https://a.example", secret="hush"))


class TestWhateverItDoes:
    @pytest.mark.parametrize(("behave", "why", "final"), [
        (status(500), "status 500", False),
        (status(503, b"<html>"), "status 503", False),
        (status(401), "refuses us", True),
        (status(403), "refuses us", True),
        (status(429, Retry_After="90"), "fewer questions", True),
        (status(200, b"<html>hello"), "no JSON", False),
        (status(200, b""), "no JSON", False),
        (status(200, b"[1, 2]"), "no JSON object", False),
        (status(200, b"[" * 100_000), "no JSON", False),
        (status(200, b"\xff\xfe{}"), "no JSON", False),
        (status(200, b"{}", Content_Encoding="gzip"), "packed", False),
        (status(200, b" " * (LARGEST + 1)), "too large", False),
        (endless, "too large", False),
        (slamming, "", False),
        (silent(3), "in time", False),
        (dripping, "in time", False),
        (dripping_head, "in time", False),
    ])  # fmt: skip
    def test_it_is_a_failure_in_plain_words_and_in_time(self, behave, why, final) -> None:
        with firms(behave) as them:
            began = time.monotonic()
            found = asks(them.url, secret="hush").ask("works.example")
            took = time.monotonic() - began
        assert isinstance(found, Failed)
        assert why in found.why
        assert found.final is final
        assert took < 1.5
        assert not [word for word in ("works.example", "hush", "127.0.0.1") if word in found.why]

    def test_how_long_it_wants_to_be_left_alone(self) -> None:
        for said, wait in (("90", 90.0), ("999999", 86_400.0), ("soon", None), ("-5", None)):
            with firms(status(429, Retry_After=said)) as them:
                assert asks(them.url).ask("works.example").wait_s == wait

    def test_nobody_at_home(self) -> None:
        assert asks(f"http://127.0.0.1:{closed_port()}").ask("works.example") == Failed("the connection failed")
        assert asks("https://no-such-host.invalid").ask("works.example") == Failed("its name is not known")

    def test_where_it_leads_is_not_followed(self) -> None:
        with firms() as inside, firms() as them:
            them.behave = status(302, Location=f"{inside.url}/secrets")
            found = asks(them.url, secret="hush").ask("works.example")
            assert inside.heard == []
        assert isinstance(found, Failed)
        assert found.final


class TestWhereItMayLead:
    @pytest.mark.parametrize("place", [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0",
        "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "2001:db8::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2", "::7f00:1",
    ])  # fmt: skip
    def test_no_address_inside_is_ever_connected_to(self, place) -> None:
        assert not outward(place)
        with pytest.raises(PointsInward):
            checked("firms.example", 443, local=False, resolve=lambda host, port: [place])
        provider = HttpProvider("https://firms.example/{domain}", resolve=lambda host, port: [place])
        assert provider.ask("works.example").final

    @pytest.mark.parametrize("place", ["93.184.216.34", "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
    def test_addresses_outside_may_be(self, place) -> None:
        assert checked("firms.example", 443, local=False, resolve=lambda host, port: [place]) == [place]

    def test_one_address_inside_among_several_is_enough_to_refuse(self) -> None:
        for local in (False, True):
            with pytest.raises(PointsInward):
                checked("x.example", 443, local=local, resolve=lambda host, port: ["8.8.8.8", "10.0.0.1"])

    def test_this_machine_only_where_the_operator_allows_it_and_nothing_else_inside_even_then(self) -> None:
        assert checked("localhost", 80, local=True, resolve=lambda host, port: ["127.0.0.1", "::1"])
        for place in ("10.0.0.1", "169.254.169.254", "192.168.0.1", "0.0.0.0"):
            with pytest.raises(PointsInward):
                checked("x.example", 80, local=True, resolve=lambda host, port, place=place: [place])

    def test_without_the_switch_this_machine_is_not_asked(self) -> None:
        with firms() as them:
            assert asks(them.url, local=False).ask("works.example").final
            assert asks(them.url.replace("http", "https"), local=False).ask("works.example").final
            assert them.heard == []

    def test_plain_http_leads_nowhere_else(self) -> None:
        found = asks("http://firms.example").ask("works.example")
        assert (found.final, "plain http" in found.why) == (True, True)

    def test_the_name_is_looked_up_once_and_what_was_checked_is_what_is_asked(self) -> None:
        asked = []

        def turning(host: str, port: int) -> list[str]:
            asked.append(host)
            return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

        with firms() as them:
            them.answers["works.example"] = WORKS
            url = them.url.replace("127.0.0.1", "localhost")
            assert asks(url, resolve=turning).ask("works.example") == Found(WORKS)
            assert them.heard[0][1]["Host"].startswith("localhost:")
        assert asked == ["localhost"]


class TestCertificates:
    @pytest.fixture
    def tls(self, tmp_path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
        """A server's side with a certificate of its own, and a client's side that trusts it."""
        file = tmp_path / "server.pem"
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "firms")])
        now = datetime.datetime.now(datetime.UTC)
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        made = made.serial_number(7).not_valid_before(now - datetime.timedelta(days=1))
        made = made.not_valid_after(now + datetime.timedelta(days=1))
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        made = made.add_extension(names, False).add_extension(x509.BasicConstraints(True, None), True)
        signed = made.sign(key, hashes.SHA256())
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(secret + signed.public_bytes(serialization.Encoding.PEM))
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(file)
        return server, ssl.create_default_context(cafile=str(file))

    def test_a_trusted_one(self, tls) -> None:
        with firms(tls=tls[0]) as them:
            them.answers["works.example"] = WORKS
            assert asks(them.url, trust=tls[1], timeout_s=2.0).ask("works.example") == Found(WORKS)

    def test_one_of_nobody_or_of_another_name(self, tls) -> None:
        with firms(tls=tls[0]) as them:
            found = asks(them.url, secret="hush", timeout_s=2.0).ask("works.example")
            other = asks(them.url.replace("127.0.0.1", "localhost"), trust=tls[1], timeout_s=2.0).ask("works.example")
            assert them.heard == []
        assert found == other == Failed("its certificate is not trusted", final=True)

    def test_a_handshake_that_never_ends(self) -> None:
        with firms(silent(3)) as them:
            began = time.monotonic()
            assert isinstance(asks(them.url.replace("http", "https")).ask("works.example"), Failed)
            assert time.monotonic() - began < 1.5
