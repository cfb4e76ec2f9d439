"""Writes docs/page-*.png: `make screenshots`. The real app, driven as the tests drive it."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.frontend.conftest import as_file, landscape
from app.frontend.page import AppPage, launched_chromium
from app.frontend.servers import REPOSITORY, missing, running_backend
from app.frontend.test_passkeys import AUTHENTICATOR
from app.frontend.test_provider import provided
from app.oidc.provider import running_provider
from PIL import Image
from playwright.sync_api import expect, sync_playwright
from support.ports import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DOCS: Final = REPOSITORY / "docs"
PASSWORD: Final = "a few words in a row"
COLOURS: Final = 256
WIDTHS: Final = {"desk": (1280, 800), "phone": (360, 740)}


def main() -> int:
    """Every picture, or the sentence that says what this machine lacks."""
    lack = missing()
    if lack:
        sys.stderr.write(f"error: {lack}\n")
        return 1
    port = free_port()
    origin = f"http://localhost:{port}"
    with (
        tempfile.TemporaryDirectory() as folder,
        running_provider() as provider,
        running_backend(
            Path(folder),
            port=port,
            public_url=origin,
            more={
                "APP_TRUSTED_PROXY_HOPS": "0",
                **provided(provider),
            },
        ),
        sync_playwright() as playwright,
        launched_chromium(playwright) as browser,
    ):
        _picture(browser, origin, "desk", "light")
        _picture(browser, origin, "phone", "dark")
    return 0


def _picture(browser: Browser, origin: str, device: str, scheme: str) -> None:
    width, height = WIDTHS[device]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
        locale="en-GB",
    )
    page = context.new_page()
    app = AppPage(page, origin)
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})

    def take(name: str) -> None:
        path = DOCS / f"page-{name}-{device}-{scheme}.png"
        page.mouse.move(0, 0)
        # A picture must not change with the port that was free.
        page.locator("[data-host]").evaluate_all(
            "places => places.forEach(place => { place.textContent = 'acme.apps.example.com'; })"
        )
        page.screenshot(path=path, animations="disabled", full_page=True)
        with Image.open(path) as shot:
            shot.convert("RGB").quantize(COLOURS).save(path, optimize=True)

    app.open()
    expect(app.by("passkey-sign-in")).to_be_visible()
    expect(app.by("oidc-sign-in")).to_be_visible()
    take("sign-in")
    app.sign_up(email=f"ada-{device}-{scheme}@example.com", password=PASSWORD, name="Ada Lovelace")
    app.choose_picture(as_file(landscape(size=960)))
    expect(app.by("chosen")).to_be_visible()
    take("picture")
    app.save_picture()
    app.expect_avatar_drawn()
    expect(app.by("picture-status")).not_to_be_empty()
    take("profile")
    app.go("security")
    app.add_passkey("My laptop")
    app.by("codes-done").click()
    app.expect_told("passkeys-card", re.compile("added"))
    expect(app.by("provider-link")).to_be_visible()
    take("security")
    app.go("activity")
    expect(app.rows("activity").first).to_be_visible()
    expect(app.rows("sessions")).to_have_count(1)
    take("activity")
    context.close()


if __name__ == "__main__":
    sys.exit(main())
