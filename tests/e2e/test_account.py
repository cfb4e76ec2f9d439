"""An account's life on the cluster: a passkey, a picture, signed out everywhere, and back.

The page is opened at the origin that the app is told (APP_PUBLIC_URL, without a port), as a passkey
belongs to it. The local edge has another port on this machine, so the browser, and it alone, is
told where that origin answers.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from app.frontend.page import AppPage, launched_chromium
from app.frontend.test_passkeys import AUTHENTICATOR, with_passkey
from e2e.test_page import keys, picture
from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.e2e

ORIGIN = "https://acme.apps.localhost"
# kind maps the edge's HTTPS to this port (manifests/kind/kind.yaml).
EDGE = "--host-resolver-rules=MAP *.apps.localhost:443 127.0.0.1:8443"


def _device(browser: Browser) -> AppPage:
    """Return the page on a device of its own, with a screen lock that is opened each time."""
    page = browser.new_context(ignore_https_errors=True).new_page()
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    app = AppPage(page, ORIGIN)
    app.open()
    return app


def test_a_passkey_a_picture_signed_out_everywhere_and_back(
    instances: None, tmp_path: Path
) -> None:
    account = {
        "email": f"ada-{uuid.uuid4().hex[:10]}@example.com",
        "password": "a long enough passphrase",
        "name": "Ada Lovelace",
    }
    before = keys()
    with sync_playwright() as playwright, launched_chromium(playwright, EDGE) as browser:
        laptop = _device(browser)
        with_passkey(laptop, account)
        laptop.go("profile")
        laptop.upload_avatar(picture(tmp_path / "ada.png"))
        phone = _device(browser)
        phone.sign_in(email=account["email"], password=account["password"])

        laptop.go("activity")
        expect(laptop.rows("sessions")).to_have_count(2)
        laptop.by("sessions-end-others").click()
        expect(laptop.rows("sessions")).to_have_count(1)
        phone.reload()
        phone.expect_signed_out()
        laptop.reload()
        laptop.expect_signed_in()

        laptop.sign_out()
        laptop.by("passkey-sign-in").click()
        laptop.expect_signed_in()
        expect(laptop.by("account-name")).to_have_text(account["name"])
        phone.by("passkey-sign-in").click()
        expect(phone.by("sign-in-error")).not_to_be_empty()
    added = keys() - before
    assert len(added) == 1
    assert next(iter(added)).startswith("acme/acme/avatars/")
