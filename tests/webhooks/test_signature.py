"""Signatures: the golden vectors, the window, rotation, what never raises, and that comparing leaks nothing."""

from __future__ import annotations

import ast
import base64
import hashlib
import hmac
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hubspot.utils.signature import Signature
from hypothesis import given
from hypothesis import strategies as st

import webhooks.signature
from webhooks.signature import WINDOW_MS, Request, Verdict, verify

HERE = Path(__file__).parent
NOW = 1_795_305_601_234
SECRET, PUBLIC = "5e1f-steering-test-secret", "https://hooks.example.test"
BODY = b'[{"portalId":987654}]'


def vectors() -> list[tuple[str, str, dict]]:
    files = sorted((HERE / "vectors").glob("*.json"))
    told = [(file.stem, json.loads(file.read_text(encoding="utf-8"))) for file in files]
    return [(f"{stem}: {one['name']}", page["secret"], one) for stem, page in told for one in page["vectors"]]


def signed(target: str = "/webhooks/hubspot", *, told: str | None = None, at: int | str = NOW, **more) -> Request:
    """A request that is signed rightly; ``told`` is the address as HubSpot hashes it where it differs."""
    made = Signature.get_signature(more.pop("secret", SECRET), BODY.decode(), "v3", told or PUBLIC + target, "POST", at)
    fields = {"signature_v3": made, "timestamp": str(at)} | more
    return Request("POST", target.encode(), BODY, **fields)


def judged(request: Request, now_ms: int = NOW, secrets: tuple[str, ...] = (SECRET,), **more) -> Verdict:
    return verify(request, secrets=secrets, public_url=PUBLIC, now_ms=now_ms, **more)


@pytest.mark.parametrize(("name", "secret", "vector"), vectors(), ids=[name for name, _, _ in vectors()])
def test_the_golden_vectors(name: str, secret: str, vector: dict) -> None:
    parts = urlsplit(vector["uri"])
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    third = vector["version"] == "v3"
    headers = (
        {"signature_v3": vector["signature"], "timestamp": vector["timestamp"]}
        if third
        else {"signature": vector["signature"], "version": vector["version"]}
    )
    request = Request(vector["method"], target.encode(), vector["body"].encode(), **headers)
    public, now = f"{parts.scheme}://{parts.netloc}", int(vector.get("timestamp", NOW))
    verdict = verify(request, secrets=[secret], public_url=public, now_ms=now, allow_old=not third)
    assert verdict.reason == ("ok" if vector["valid"] else "mismatch")
    assert bool(verdict) is vector["valid"]


class TestTheWindow:
    """Five minutes, both ways, by the clock that is handed in."""

    @pytest.mark.parametrize("late", [0, 1, WINDOW_MS, -WINDOW_MS])
    def test_within_five_minutes_a_request_is_young_enough(self, late: int) -> None:
        assert judged(signed(), NOW + late)

    @pytest.mark.parametrize(("late", "reason"), [(WINDOW_MS + 1, "too_old"), (-WINDOW_MS - 1, "in_the_future")])
    def test_beyond_it_the_request_is_refused(self, late: int, reason: str) -> None:
        assert judged(signed(), NOW + late) == Verdict(reason)

    def test_seconds_are_no_milliseconds(self) -> None:
        assert judged(signed(at=NOW // 1000)) == Verdict("too_old")

    @pytest.mark.parametrize(
        "text", ["", " ", "soon", "1795305601234.0", "-1", "+1", "1e12", " 1795305601234", "١٧٩", "9" * 5_000, "0x1"]
    )
    def test_what_is_no_number_is_no_time(self, text: str) -> None:
        assert judged(signed(timestamp=text)) == Verdict("bad_timestamp")

    def test_the_timestamp_is_signed_too(self) -> None:
        assert judged(signed(timestamp=str(NOW - 1))) == Verdict("mismatch")


class TestRotation:
    """While the client secret is changed, both are HubSpot's."""

    def test_either_secret_signs(self) -> None:
        both = ("old-secret", SECRET)
        assert judged(signed(), secrets=both)
        assert judged(signed(secret="old-secret"), secrets=both)

    def test_a_third_does_not(self) -> None:
        assert judged(signed(secret="other"), secrets=("old-secret", SECRET)) == Verdict("mismatch")

    @pytest.mark.parametrize("none", [(), ("",), ("", "")])
    def test_without_a_secret_nothing_is_believed(self, none: tuple[str, ...]) -> None:
        assert judged(signed(secret=""), secrets=none) == Verdict("mismatch")


class TestOldVersions:
    """Versions 1 and 2 prove no time: alone they count only where somebody switched them on."""

    def old(self, version: str) -> Request:
        made = Signature.get_signature(SECRET, BODY.decode(), version, f"{PUBLIC}/webhooks/hubspot", "POST")
        return Request("POST", b"/webhooks/hubspot", BODY, signature=made, version=version)

    @pytest.mark.parametrize("version", ["v1", "v2"])
    def test_a_downgrade_is_refused(self, version: str) -> None:
        assert judged(self.old(version)) == Verdict("old_version_only")
        assert judged(self.old(version), allow_old=True)

    def test_version_three_decides_where_it_is_there(self) -> None:
        both = self.old("v1")
        wrong = Request("POST", both.target, BODY, "wrong", str(NOW), both.signature, "v1")
        assert judged(wrong, allow_old=True) == Verdict("mismatch")

    @pytest.mark.parametrize("version", [None, "", "v3", "v9", "V1"])
    def test_an_unknown_version_is_refused(self, version: str | None) -> None:
        request = Request("POST", b"/webhooks/hubspot", BODY, signature="x", version=version)
        assert judged(request, allow_old=True) == Verdict("unknown_version")


class TestTheAddress:
    """What is signed is the public address, with HubSpot's twelve escapes decoded and no other."""

    CODES = ("3A", "2F", "3F", "40", "21", "24", "27", "28", "29", "2A", "2C", "3B")
    PAIRS = tuple(zip(CODES, ":/?@!$'()*,;", strict=True))

    @pytest.mark.parametrize(("code", "sign"), PAIRS)
    def test_a_listed_escape_is_decoded(self, code: str, sign: str) -> None:
        assert judged(signed(f"/webhooks/hubspot?a=%{code}b", told=f"{PUBLIC}/webhooks/hubspot?a={sign}b"))

    @pytest.mark.parametrize(("code", "sign"), [pair for pair in PAIRS if pair[0] != pair[0].lower()])
    def test_in_lower_case_it_may_be_decoded_or_not(self, code: str, sign: str) -> None:
        target = f"/webhooks/hubspot?a=%{code.lower()}b"
        assert judged(signed(target, told=f"{PUBLIC}/webhooks/hubspot?a={sign}b"))
        assert judged(signed(target))

    @pytest.mark.parametrize("code", ["20", "2B", "25", "26", "3D", "23", "C3%BC"])
    def test_other_escapes_stay(self, code: str) -> None:
        assert judged(signed(f"/webhooks/hubspot?a=%{code}b"))

    def test_an_escaped_percent_is_decoded_once(self) -> None:
        assert judged(signed("/webhooks/hubspot?a=%252C"))
        assert not judged(signed("/webhooks/hubspot?a=%252C", told=f"{PUBLIC}/webhooks/hubspot?a=,"))

    def test_the_order_of_parameters_counts(self) -> None:
        assert not judged(signed("/webhooks/hubspot?a=1&b=2", told=f"{PUBLIC}/webhooks/hubspot?b=2&a=1"))

    def test_a_path_before_ours_belongs_to_the_public_address(self) -> None:
        request = signed(told=f"{PUBLIC}/leadwright/webhooks/hubspot")
        assert verify(request, secrets=[SECRET], public_url=f"{PUBLIC}/leadwright/", now_ms=NOW)

    def test_the_method_is_signed(self) -> None:
        made = signed()
        assert not judged(Request("PUT", made.target, BODY, made.signature_v3, made.timestamp))


HEADERS = st.none() | st.text(max_size=90) | st.binary(max_size=90).map(lambda junk: junk.decode("latin-1"))


class TestNothingRaises:
    """A verdict comes whatever stands in the headers."""

    @given(HEADERS, HEADERS, HEADERS, HEADERS, st.binary(max_size=50), st.booleans())
    def test_any_headers(self, third, timestamp, old, version, target, allow_old) -> None:
        request = Request("POST", target, BODY, third, timestamp, old, version)
        assert not judged(request, allow_old=allow_old)

    @pytest.mark.parametrize("text", ["ü" * 44, "\udc80", "日本", ""])
    def test_a_signature_outside_ascii_is_malformed(self, text: str) -> None:
        assert judged(signed(signature_v3=text)).reason in {"malformed", "mismatch"}
        assert judged(signed(signature_v3=text)) == judged(signed(signature_v3=text), allow_old=True)

    def test_a_body_that_is_no_text_can_be_signed(self) -> None:
        body = b"\xff\x00\xfe"
        told = b"POST" + f"{PUBLIC}/webhooks/hubspot".encode() + body + str(NOW).encode()
        made = base64.b64encode(hmac.digest(SECRET.encode(), told, hashlib.sha256)).decode()
        assert judged(Request("POST", b"/webhooks/hubspot", body, made, str(NOW)))


class TestComparing:
    """W02 as a lint: what is secret is compared by ``hmac.compare_digest`` on bytes and in no other way."""

    TREE = ast.parse(Path(webhooks.signature.__file__).read_text(encoding="utf-8"))
    SECRETS = frozenset({"told", "made", "one", "keys", "key", "secrets", "secret", "forms", "form"})

    def test_no_signature_meets_an_ordinary_comparison(self) -> None:
        compared = [
            ast.unparse(node)
            for node in ast.walk(self.TREE)
            if isinstance(node, ast.Compare)
            and not all(isinstance(sign, ast.Is | ast.IsNot) for sign in node.ops)
            and _names(node) & self.SECRETS
        ]
        assert compared == []

    def test_it_is_called_once_with_bytes(self) -> None:
        calls = [
            node
            for node in ast.walk(self.TREE)
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "hmac.compare_digest"
        ]
        assert [ast.unparse(argument) for call in calls for argument in call.args] == ["told", "one"]
        function = next(
            node for node in ast.walk(self.TREE) if isinstance(node, ast.FunctionDef) and node.name == "_any_equal"
        )
        assert [ast.unparse(one.annotation) for one in function.args.args] == ["bytes", "Sequence[bytes]"]

    def test_nothing_of_the_connector_is_imported(self) -> None:
        named = {
            name
            for node in ast.walk(self.TREE)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in ([node.module] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names])
        }
        assert not [name for name in named if name and name.startswith("connector")]


def _names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    }
