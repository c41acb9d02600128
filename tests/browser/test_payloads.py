"""A04: what strangers write into their names, companies and titles is text on every page, in a real browser.

The browser's own complaints (a dialog, a script the policy refused) fail the test (``conftest.visit``).
"""

from __future__ import annotations

import pytest

from tests.browser.stage import NAME
from tests.browser.test_pages import PORTAL

pytestmark = pytest.mark.timeout(280)

CALL = "alert(document.domain)"
PAYLOADS = (
    f"<script>{CALL}</script>",
    f"<img src=x onerror={CALL}>",
    f"<svg onload={CALL}>",
    f'"><script>{CALL}</script>',
    f"'><img src=x onerror={CALL}>",
    f"javascript:{CALL}",
    f"<a href=javascript:{CALL}>x</a>",
    "<iframe src=//x.example>",
    f"<body onload={CALL}>",
    f"<details open ontoggle={CALL}>",
    f"<math><mtext></mtext><mglyph><img onerror={CALL} src=x>",
    f"</title><script>{CALL}</script>",
    f"</textarea><script>{CALL}</script>",
    "<style>@import '//x.example'</style>",
    "<link rel=stylesheet href=//x.example>",
    "<meta http-equiv=refresh content='0;url=//x.example'>",
    "<base href=//x.example>",
    "<form action=//x.example><button>x</button></form>",
    "{{7*7}}",
    "{% raw %}",
    "${7*7}",
    f"<x onclick={CALL}>",
    f"<input autofocus onfocus={CALL}>",
    f"<video><source onerror={CALL}>",
    f"&lt;script&gt;{CALL}",
    f"\u003cscript\u003e{CALL}\u003c/script\u003e",
    f"%3Cscript%3E{CALL}%3C/script%3E",
    f"<scr<script>ipt>{CALL}",
    f"<SCRIPT>{CALL}</SCRIPT>",
    f"<script/x>{CALL}</script>",
    f"<img/src=x/onerror={CALL}>",
    "<!--<script>-->",
)
SHOWN = ("firstname", "lastname", "company", "jobtitle", "city")


@pytest.fixture
def poisoned(stage) -> list[int]:
    """A contact for each payload, with it in every field that pages show; mirrored and judged."""
    ids = [
        stage.twin.create_contact(
            {"email": f"x{number}@payload{number}.example", **dict.fromkeys(SHOWN, text), "lifecyclestage": "lead"}
        )
        for number, text in enumerate(PAYLOADS)
    ]
    with stage.grounds.service() as service:
        service.sync(NAME)
    return ids


def test_every_payload_is_text_on_every_page(visit, poisoned):
    visit.sign_in()
    for path in PORTAL:
        visit.go(path.format(best=poisoned[0]), portal=NAME)
    visit.go("/contacts?q=payload", portal=NAME)
    for number, contact in enumerate(poisoned):
        text = visit.go(f"/contacts/{contact}", portal=NAME)
        assert PAYLOADS[number].split()[0][:6] in text, PAYLOADS[number]
    assert visit.page.locator("main script, main iframe, main base, main link[rel=stylesheet], main meta").count() == 0


def test_a_link_that_would_be_a_script_is_no_link(visit, poisoned):
    visit.sign_in()
    contact = poisoned[PAYLOADS.index(f"javascript:{CALL}")]
    visit.stage.twin.page_view(contact, f"javascript:{CALL}")
    with visit.stage.grounds.service() as service:
        service.sync(NAME)
    visit.go(f"/contacts/{contact}", portal=NAME)
    hrefs = visit.page.eval_on_selector_all("main a", "all => all.map(one => one.getAttribute('href') || '')")
    assert not [one for one in hrefs if one.lower().startswith(("javascript:", "data:", "vbscript:"))]
