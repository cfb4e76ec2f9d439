"""The page as a person uses it, for every browser test: here and on the cluster.

A test speaks in actions (`sign_up`, `upload_avatar`) and reads what a person would see. Each action
returns only once the page shows its outcome, so no test sleeps. Elements are found by their
`data-testid`; those ids are the contract between `app/frontend/site/index.html` and the tests:

=====================  =====================================================================
view-loading           until the silent sign-in has answered
view-unreachable       the server did not answer; unreachable-message, retry
view-auth              signed out; holds the two forms
sign-in-form           sign-in-email, sign-in-password, sign-in-submit, sign-in-error, go-sign-up
sign-up-form           sign-up-name, sign-up-email, sign-up-password, sign-up-submit,
                       sign-up-error, go-sign-in
auth-notice            a quiet sentence above the sign-in form ("You are signed out.")
view-account           signed in: account-name, account-email, account-error, sign-out
avatar, avatar-image   the large picture; the image is hidden while only initials show
dropzone, picture-file choose or drop a file
chosen                 the preview: picture-preview, chosen-name, picture-save, picture-cancel
picture-error          what went wrong with a picture
picture-status         what went well ("Your new picture is saved.")
picture-remove         opens remove-dialog: remove-confirm, remove-cancel
offline-banner         shown while the browser has no connection
=====================  =====================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from playwright.sync_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, FilePayload, Locator, Page, Playwright

# How long an outcome is waited for. A machine with two busy cores is slow, not wrong.
expect.set_options(timeout=30_000)

CHROMIUM: Final = "/usr/bin/chromium"
CHROMIUM_FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def launched_chromium(playwright: Playwright, *more_flags: str) -> Browser:
    """Debian's Chromium, headless. Playwright's own builds can't be fetched everywhere."""
    return playwright.chromium.launch(
        executable_path=CHROMIUM, args=[*CHROMIUM_FLAGS, *more_flags], headless=True
    )


class AppPage:
    """One browser page at one instance's origin, such as `https://acme.apps.localhost:8443`."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.origin = origin.rstrip("/")

    def by(self, test_id: str) -> Locator:
        """The element with this `data-testid`."""
        return self.page.get_by_test_id(test_id)

    # -- where one is ------------------------------------------------------------------------

    def open(self, path: str = "/") -> None:
        """Loads the page and waits until it has decided which view to show."""
        self.page.goto(self.origin + path)
        self._wait_until_settled()

    def reload(self) -> None:
        """Loads the page again, as F5 does: memory is lost, the cookie stays."""
        self.page.reload()
        self._wait_until_settled()

    def is_signed_in(self) -> bool:
        """Whether the account view shows."""
        return self.by("view-account").is_visible()

    def expect_signed_in(self) -> None:
        """Waits for the account view; fails when it does not come."""
        expect(self.by("view-account")).to_be_visible()

    def expect_signed_out(self) -> None:
        """Waits for the sign-in form; fails when it does not come."""
        expect(self.by("sign-in-form")).to_be_visible()

    # -- account -----------------------------------------------------------------------------

    def fill_sign_up(self, *, email: str, password: str, name: str) -> None:
        """Goes to the sign-up form and fills it without sending."""
        if not self.by("sign-up-form").is_visible():
            self.by("go-sign-up").click()
        self.by("sign-up-name").fill(name)
        self.by("sign-up-email").fill(email)
        self.by("sign-up-password").fill(password)

    def sign_up(self, *, email: str, password: str, name: str) -> None:
        """Creates an account and waits for its view."""
        self.fill_sign_up(email=email, password=password, name=name)
        self.by("sign-up-submit").click()
        self.expect_signed_in()

    def fill_sign_in(self, *, email: str, password: str) -> None:
        """Goes to the sign-in form and fills it without sending."""
        if not self.by("sign-in-form").is_visible():
            self.by("go-sign-in").click()
        self.by("sign-in-email").fill(email)
        self.by("sign-in-password").fill(password)

    def try_sign_in(self, *, email: str, password: str) -> None:
        """Sends the sign-in form, whatever comes of it."""
        self.fill_sign_in(email=email, password=password)
        self.by("sign-in-submit").click()

    def sign_in(self, *, email: str, password: str) -> None:
        """Signs in and waits for the account view."""
        self.try_sign_in(email=email, password=password)
        self.expect_signed_in()

    def sign_out(self) -> None:
        """Signs out and waits for the sign-in form."""
        self.by("sign-out").click()
        self.expect_signed_out()

    # -- picture -----------------------------------------------------------------------------

    def choose_picture(self, file: Path | FilePayload) -> None:
        """Hands a file to the file input, as the file dialog does; nothing is sent yet."""
        self.by("picture-file").set_input_files(file)

    def save_picture(self) -> None:
        """Sends the chosen picture, whatever comes of it."""
        self.by("picture-save").click()

    def upload_avatar(self, file: Path | FilePayload) -> str:
        """Chooses and saves a picture; the address of the new one, once it is drawn."""
        before = self.avatar_src()
        self.choose_picture(file)
        expect(self.by("chosen")).to_be_visible()
        self.save_picture()
        expect(self.by("picture-status")).to_have_text("Your new picture is saved.")
        after = self.expect_avatar_drawn()
        if after == before:
            raise AssertionError(f"The picture is saved, but its address is still {before}.")
        return after

    def remove_avatar(self) -> None:
        """Removes the picture through the dialog and waits until the initials show."""
        self.by("picture-remove").click()
        self.by("remove-confirm").click()
        expect(self.by("avatar-image")).to_be_hidden()

    def avatar_src(self) -> str | None:
        """The address of the picture that shows, as the page has it; None for initials."""
        image = self.by("avatar-image")
        return image.get_attribute("src") if image.is_visible() else None

    def expect_avatar_drawn(self) -> str:
        """Waits until the browser has fetched, decoded and shown the picture; its address."""
        image = self.by("avatar-image")
        expect(image).to_be_visible()
        self.page.wait_for_function(
            "image => image.complete && image.naturalWidth > 0", arg=image.element_handle()
        )
        source = self.avatar_src()
        if not source:
            raise AssertionError("The picture shows but has no address.")
        return source

    def _wait_until_settled(self) -> None:
        expect(self.by("view-loading")).to_be_hidden()
