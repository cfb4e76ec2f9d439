"""The page as a person uses it, for every browser test: here and on the cluster.

A test speaks in actions (`sign_up`, `upload_avatar`) and reads what a person would see. Each action
returns only once the page shows its outcome, so no test sleeps. Nothing here looks at what shows at
one moment to decide what to do next: before the act the page may change, and Playwright's click
then waits for an element that has just gone. A look and what depends on it are one wait.

What `wait_for_function` waits for is written as a function: an expression would be evaluated as
text again at each frame, and after the first time the page's policy forbids that.

Elements are found by their `data-testid`; those ids are the contract between
`app/frontend/site/index.html` and the tests:

=====================  =====================================================================
view-loading           until the silent sign-in has answered; loading-late, after ten seconds
view-unreachable       the server did not answer; unreachable-message, retry
view-auth              signed out; holds the two forms
sign-in-form           sign-in-email, sign-in-password, sign-in-submit, sign-in-error, go-sign-up
sign-up-form           sign-up-name, sign-up-email, sign-up-password, sign-up-submit,
                       sign-up-error, go-sign-in
auth-notice            a quiet sentence above the sign-in form ("You are signed out.")
                       forgot-form, reset-form, second-factor-form and mail-sent stand there, too
view-account           signed in: account-name, account-email, account-error, account-notice,
                       sign-out, and the sections go-profile, go-security, go-activity lead to
<name>-card            a card of a section, with <name>-card-error and <name>-card-status
confirm-dialog         "Is it you?": confirm-password, confirm-submit, confirm-passkey
codes-dialog           recovery codes, shown once: codes, codes-copy, codes-download, codes-done
avatar, avatar-image   the large picture; the image is hidden while only initials show
dropzone, picture-file choose or drop a file
chosen                 the preview: picture-preview, picture-stage, picture-zoom, chosen-name,
                       picture-save, picture-cancel, picture-progress
picture-error          what went wrong with a picture
picture-status         what went well ("Your new picture is saved.")
picture-remove         opens remove-dialog: remove-confirm, remove-cancel (so does all removal)
offline-banner         shown while the browser has no connection
=====================  =====================================================================
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from playwright.sync_api import expect

from appinstance_local import debian

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FilePayload, Locator, Page, Playwright, Response

# How long an outcome is waited for. A machine with two busy cores is slow, not wrong.
_PATIENCE: Final = 60_000
expect.set_options(timeout=_PATIENCE)

CHROMIUM: Final = debian.program("chromium")
CHROMIUM_FLAGS: Final = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# One step within the page: the form shows, or the way to it is taken. Asked again at each frame.
_TAKE_THE_WAY_TO_A_FORM: Final = """([form, way]) => {
    const shown = id => document.querySelector(`[data-testid="${id}"]`)?.checkVisibility();
    if (shown(form)) return true;
    if (shown(way)) document.querySelector(`[data-testid="${way}"]`).click();
    return false;
}"""
_ADDRESS_OF_A_DRAWN_PICTURE: Final = """image =>
    image.checkVisibility() && image.complete && image.naturalWidth > 0 && image.getAttribute("src")
"""


def launched_chromium(playwright: Playwright, *flags: str) -> Browser:
    """The system's Chromium, headless, with more flags: Playwright's own can't be had everywhere.

    Its sandbox is off only for root, for whom Chromium has none.
    """
    if CHROMIUM is None:
        raise AssertionError("There is no Chromium on PATH: apt-get install chromium")
    return playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=[*CHROMIUM_FLAGS, *flags],
        headless=True,
        chromium_sandbox=os.geteuid() != 0,
    )


class AppPage:
    """One browser page at one instance's origin, such as `https://acme.apps.localhost:8443`."""

    def __init__(self, page: Page, origin: str) -> None:
        page.set_default_timeout(_PATIENCE)
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

    def expect_signed_in(self) -> None:
        """Waits for the account view; fails when it does not come."""
        expect(self.by("view-account")).to_be_visible()

    def expect_signed_out(self) -> None:
        """Waits for the sign-in form; fails when it does not come."""
        expect(self.by("sign-in-form")).to_be_visible()

    # -- account -----------------------------------------------------------------------------

    def fill_sign_up(self, *, email: str, password: str, name: str) -> None:
        """Goes to the sign-up form and fills it without sending."""
        self._show_form("sign-up-form", way="go-sign-up")
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
        self._show_form("sign-in-form", way="go-sign-in")
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

    # -- settings ----------------------------------------------------------------------------

    def go(self, section: str) -> None:
        """Opens "profile", "security" or "activity"."""
        self.by(f"go-{section}").click()
        expect(self.by(f"section-{section}")).to_be_visible()

    def expect_told(self, card: str, sentence: str | re.Pattern[str]) -> None:
        """Waits until a card says that something went well."""
        expect(self.by(f"{card}-status")).to_have_text(sentence)

    def rows(self, list_id: str) -> Locator:
        """The rows of "passkeys", "sessions" or "activity"."""
        return self.by(list_id).get_by_role("listitem")

    def add_passkey(self, name: str) -> None:
        """Adds a passkey from the security section; whoever shows codes, it is not closed here."""
        self.by("passkey-name").fill(name)
        self.by("passkey-submit").click()
        expect(self.rows("passkeys").filter(has_text=name)).to_be_visible()

    def open_link(self, link: str) -> None:
        """Opens a link of a mail, which may differ from where one is by its fragment alone."""
        self.page.goto(link)
        self._wait_until_settled()

    # -- picture -----------------------------------------------------------------------------

    def choose_picture(self, file: Path | FilePayload) -> None:
        """Hands a file to the file input, as the file dialog does; nothing is sent yet."""
        self.by("picture-file").set_input_files(file)

    def save_picture(self) -> None:
        """Sends the chosen picture, whatever comes of it."""
        self.by("picture-save").click()

    def upload_avatar(self, file: Path | FilePayload) -> str:
        """Chooses and saves a picture; its address, once the one the server told is drawn."""
        self.choose_picture(file)
        expect(self.by("chosen")).to_be_visible()
        with self.page.expect_response(_has_saved_a_picture) as saved:
            self.save_picture()
        expect(self.by("picture-status")).to_have_text("Your new picture is saved.")
        expect(self.by("avatar-image")).to_have_attribute("src", saved.value.json()["avatar_url"])
        return self.expect_avatar_drawn()

    def remove_avatar(self) -> None:
        """Removes the picture through the dialog and waits until the initials show."""
        self.by("picture-remove").click()
        self.by("remove-confirm").click()
        expect(self.by("remove-dialog")).to_be_hidden()
        self.expect_initials()

    def expect_initials(self) -> None:
        """Waits until initials stand where a picture would, and nothing of a picture is left."""
        image = self.by("avatar-image")
        expect(self.by("avatar")).to_be_visible()
        expect(image).to_be_hidden()
        expect(image).not_to_have_attribute("src", re.compile(""))

    def expect_avatar_drawn(self) -> str:
        """Waits until the browser has fetched, decoded and shown the picture; its address."""
        image = self.by("avatar-image")
        expect(image).to_be_visible()
        drawn = self.page.wait_for_function(_ADDRESS_OF_A_DRAWN_PICTURE, arg=image.element_handle())
        return str(drawn.json_value())

    # -- waiting -----------------------------------------------------------------------------

    def _wait_until_settled(self) -> None:
        views = self.by("view-unreachable").or_(self.by("view-auth")).or_(self.by("view-account"))
        expect(views.filter(visible=True)).to_be_visible()
        expect(self.by("view-loading")).to_be_hidden()

    def _show_form(self, form: str, *, way: str) -> None:
        self.page.wait_for_function(_TAKE_THE_WAY_TO_A_FORM, arg=[form, way])


def _has_saved_a_picture(response: Response) -> bool:
    request = response.request
    return request.method == "PUT" and request.url.endswith("/users/me/avatar") and response.ok
