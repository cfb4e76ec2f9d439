"""Passkeys with Chromium's virtual authenticator: added, used, renamed, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from app.frontend.test_account import ask_for_confirmation
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.frontend.conftest import Watched
    from app.frontend.page import AppPage
    from playwright.sync_api import CDPSession

pytestmark = pytest.mark.integration

Account = dict[str, str]
# A device with a screen lock that is opened each time.
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def device(site: Watched) -> CDPSession:
    """The authenticator that `site` uses."""
    session = site.page.context.new_cdp_session(site.page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return session


def with_passkey(app: AppPage, account: Account) -> list[str]:
    """A new account with a passkey, in its security section; its recovery codes."""
    app.sign_up(**account)
    app.go("security")
    expect(app.by("passkeys-empty")).to_be_visible()
    app.add_passkey("My laptop")
    expect(app.by("codes-dialog")).to_be_visible()
    codes = app.by("codes").get_by_role("listitem").all_text_contents()
    app.by("codes-done").click()
    expect(app.by("codes-dialog")).to_be_hidden()
    assert len(codes) >= 8
    return codes


def switch_second_factor(app: AppPage, *, on: bool) -> None:
    """Switches it and waits until the page says so."""
    app.by("second-factor").click()
    app.expect_told("second-factor-card", f"The second step is {'on' if on else 'off'}.")
    expect(app.by("second-factor")).to_have_attribute("aria-checked", str(on).lower())


def test_a_passkey_signs_in_without_email_and_password(
    site: Watched, account: Account, device: CDPSession
) -> None:
    app = site.app
    with_passkey(app, account)
    app.expect_told("passkeys-card", "Your passkey is added.")
    app.sign_out()
    app.by("passkey-sign-in").click()
    app.expect_signed_in()
    expect(app.by("account-name")).to_have_text(account["name"])
    app.go("security")
    expect(app.rows("passkeys")).to_contain_text("Last used:")
    assert site.violations == []
    assert site.errors == []


def test_recovery_codes_are_shown_once_and_can_be_copied_and_saved(
    site: Watched, account: Account, device: CDPSession
) -> None:
    app, page = site.app, site.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    app.sign_up(**account)
    app.go("security")
    app.add_passkey("My laptop")
    expect(app.by("codes-dialog")).to_be_visible()
    codes = app.by("codes").get_by_role("listitem").all_text_contents()
    page.keyboard.press("Escape")
    expect(app.by("codes-dialog")).to_be_visible()
    app.by("codes-copy").click()
    expect(app.by("codes-status")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()").split() == codes
    with page.expect_download() as download:
        app.by("codes-download").click()
    assert download.value.path().read_text().split() == codes
    app.by("codes-done").click()
    expect(app.by("codes-dialog")).to_be_hidden()
    assert codes[0] not in page.content()

    app.by("codes-make").click()
    expect(app.by("codes-dialog")).to_be_visible()
    assert not set(app.by("codes").get_by_role("listitem").all_text_contents()) & set(codes)


def test_the_second_step_is_passed_with_the_passkey(
    site: Watched, account: Account, device: CDPSession
) -> None:
    app = site.app
    with_passkey(app, account)
    switch_second_factor(app, on=True)
    app.sign_out()
    app.try_sign_in(email=account["email"], password=account["password"])
    expect(app.by("second-factor-form")).to_be_visible()
    app.by("second-factor-passkey").click()
    app.expect_signed_in()
    app.go("security")
    switch_second_factor(app, on=False)
    app.sign_out()
    app.sign_in(email=account["email"], password=account["password"])


def test_the_second_step_is_passed_with_a_recovery_code_once(
    site: Watched, account: Account, device: CDPSession
) -> None:
    app, page = site.app, site.page
    code = with_passkey(app, account)[0]
    switch_second_factor(app, on=True)
    app.sign_out()
    app.try_sign_in(email=account["email"], password=account["password"])
    app.by("second-factor-submit").click()
    expect(page.locator("#second-factor-code-error")).to_have_text(
        "Enter one of your recovery codes."
    )
    app.by("second-factor-code").fill(code)
    app.by("second-factor-submit").click()
    app.expect_signed_in()
    app.sign_out()
    app.try_sign_in(email=account["email"], password=account["password"])
    app.by("second-factor-code").fill(code)
    app.by("second-factor-submit").click()
    expect(app.by("second-factor-error")).not_to_be_empty()
    app.by("second-factor-back").click()
    app.expect_signed_out()


def test_a_passkey_confirms_who_it_is(site: Watched, account: Account, device: CDPSession) -> None:
    app, page = site.app, site.page
    with_passkey(app, account)
    ask_for_confirmation(page, "**/users/me/second-factor")
    app.by("second-factor").click()
    app.by("confirm-passkey").click()
    app.expect_told("second-factor-card", "The second step is on.")
    expect(app.by("confirm-dialog")).to_be_hidden()


def test_a_passkey_is_renamed_and_removed(
    site: Watched, account: Account, device: CDPSession
) -> None:
    app, page = site.app, site.page
    with_passkey(app, account)
    page.get_by_role("button", name="Rename the passkey My laptop").click()
    expect(app.by("rename-name")).to_be_focused()
    app.by("rename-name").fill("Old laptop")
    page.keyboard.press("Enter")
    expect(app.rows("passkeys")).to_contain_text("Old laptop")
    page.get_by_role("button", name="Remove the passkey Old laptop").click()
    app.by("remove-confirm").click()
    app.expect_told("passkeys-card", "The passkey is removed.")
    expect(app.by("passkeys-empty")).to_be_visible()
    app.sign_out()
    app.by("passkey-sign-in").click()
    expect(app.by("sign-in-error")).not_to_be_empty()
    app.sign_in(email=account["email"], password=account["password"])


def test_at_a_further_host_the_page_says_that_passkeys_are_the_main_ones(
    site: Watched, account: Account, device: CDPSession, opened: Callable[..., Watched]
) -> None:
    code = with_passkey(site.app, account)[0]
    switch_second_factor(site.app, on=True)
    further = opened(origin=site.app.origin.replace("localhost", "127.0.0.1")).app
    further.open()
    further.try_sign_in(email=account["email"], password=account["password"])
    further.by("second-factor-passkey").click()
    expect(further.by("second-factor-error")).to_have_text(
        "Passkeys work at the app's main address alone, and not at this one."
    )
    further.by("second-factor-code").fill(code)
    further.by("second-factor-submit").click()
    further.expect_signed_in()
    further.go("security")
    expect(further.by("password-card")).to_be_visible()
    expect(further.by("passkeys-card")).to_be_hidden()


def test_a_device_without_a_passkey_leaves_a_sentence_and_the_form(
    site: Watched, device: CDPSession
) -> None:
    app = site.app
    app.by("passkey-sign-in").click()
    expect(app.by("sign-in-error")).to_have_text(
        "No passkey was used. Try again, or choose another way."
    )
    expect(app.by("passkey-sign-in")).not_to_have_attribute("aria-disabled", "true")
