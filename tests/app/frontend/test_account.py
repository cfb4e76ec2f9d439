"""What a person changes of their own account, against the real server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from app.frontend.page import AppPage
from app.frontend.test_errors import problem
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.frontend.conftest import Watched
    from playwright.sync_api import FilePayload, Page, Route

pytestmark = pytest.mark.integration

Account = dict[str, str]
NEW_PASSWORD = "another long passphrase"


def ask_for_confirmation(page: Page, path: str) -> None:
    """The server answers the next request to `path` as it does ten minutes after the sign-in."""
    asked: list[Route] = []

    def answer(route: Route) -> None:
        asked.append(route)
        if len(asked) > 1:
            route.fallback()
        else:
            problem(403, "Confirm first.", type="/problems/confirmation-required")(route)

    page.route(path, answer)


def change_password(app: AppPage, current: str, new: str) -> None:
    """Fills and sends the form, whatever comes of it."""
    app.by("password-current").fill(current)
    app.by("password-new").fill(new)
    app.by("password-submit").click()


def test_the_name_is_changed_everywhere_on_the_page(site: Watched, account: Account) -> None:
    app, page = site.app, site.page
    app.sign_up(**account)
    app.by("name-field").fill(" Grace Hopper ")
    app.by("name-submit").click()
    app.expect_told("name-card", "Your name is saved.")
    expect(app.by("account-name")).to_have_text("Grace Hopper")
    expect(app.by("avatar")).to_contain_text("GH")
    app.reload()
    expect(app.by("account-name")).to_have_text("Grace Hopper")
    expect(page).to_have_title("Grace Hopper – AppInstance")
    app.by("name-field").fill("  ")
    app.by("name-submit").click()
    expect(page.locator("#name-field-error")).to_have_text("Enter your name.")


def test_the_password_is_changed_and_the_old_one_no_longer_signs_in(
    site: Watched, account: Account
) -> None:
    app = site.app
    app.sign_up(**account)
    app.go("security")
    change_password(app, account["password"], NEW_PASSWORD)
    app.expect_told(
        "password-card", "Your password is changed. You are signed out everywhere else."
    )
    expect(app.by("password-current")).to_have_value("")
    app.sign_out()
    app.try_sign_in(email=account["email"], password=account["password"])
    expect(app.by("sign-in-error")).to_have_text("The email or the password is not right.")
    app.sign_in(email=account["email"], password=NEW_PASSWORD)


def test_a_wrong_current_password_is_told_at_its_field_and_changes_nothing(
    site: Watched, account: Account
) -> None:
    app, page = site.app, site.page
    app.sign_up(**account)
    app.go("security")
    change_password(app, "not the password at all", NEW_PASSWORD)
    expect(page.locator("#password-current-error")).not_to_be_empty()
    expect(app.by("password-current")).to_be_focused()
    change_password(app, account["password"], "short")
    expect(page.locator("#password-new-error")).to_have_text("Use at least 12 characters.")
    app.sign_out()
    app.sign_in(email=account["email"], password=account["password"])


def test_changing_the_password_ends_the_other_sessions(
    site: Watched, opened: Callable[..., Watched], account: Account
) -> None:
    other = opened()
    site.app.sign_up(**account)
    other.app.open()
    other.app.sign_in(email=account["email"], password=account["password"])
    site.app.go("security")
    change_password(site.app, account["password"], NEW_PASSWORD)
    site.app.expect_told("password-card", re.compile("signed out everywhere else"))
    other.app.reload()
    other.app.expect_signed_out()


def test_deleting_the_account_asks_first_and_leaves_nothing(
    site: Watched, account: Account, picture: FilePayload
) -> None:
    app, page = site.app, site.page
    app.sign_up(**account)
    source = app.upload_avatar(picture)
    app.go("security")
    app.by("account-delete").click()
    app.by("remove-cancel").click()
    expect(app.by("remove-dialog")).to_be_hidden()
    app.by("account-delete").click()
    app.by("remove-confirm").click()
    app.expect_signed_out()
    expect(app.by("auth-notice")).to_have_text("Your account is deleted.")
    assert page.request.get(app.origin + source).status == 404
    app.try_sign_in(email=account["email"], password=account["password"])
    expect(app.by("sign-in-error")).to_have_text("The email or the password is not right.")


def test_what_is_sensitive_asks_once_more_who_it_is(site: Watched, account: Account) -> None:
    app, page = site.app, site.page
    app.sign_up(**account)
    app.go("security")
    ask_for_confirmation(page, "**/users/me")
    app.by("account-delete").click()
    app.by("remove-confirm").click()
    expect(app.by("confirm-dialog")).to_be_visible()
    expect(app.by("confirm-password")).to_be_focused()
    app.by("confirm-password").fill("not the password")
    app.by("confirm-submit").click()
    expect(page.locator("#confirm-password-error")).not_to_be_empty()
    app.by("confirm-password").fill(account["password"])
    app.by("confirm-submit").click()
    app.expect_signed_out()
    expect(app.by("auth-notice")).to_have_text("Your account is deleted.")


@pytest.mark.parametrize("way", ["cancel", "Escape"])
def test_who_does_not_confirm_changes_nothing(site: Watched, account: Account, way: str) -> None:
    app, page = site.app, site.page
    app.sign_up(**account)
    app.go("security")
    ask_for_confirmation(page, "**/users/me")
    app.by("account-delete").click()
    app.by("remove-confirm").click()
    expect(app.by("confirm-dialog")).to_be_visible()
    if way == "cancel":
        app.by("confirm-cancel").click()
    else:
        page.keyboard.press("Escape")
    expect(app.by("confirm-dialog")).to_be_hidden()
    expect(app.by("remove-dialog")).to_be_hidden()
    expect(app.by("delete-card-error")).to_be_empty()
    app.reload()
    app.expect_signed_in()


# -- sessions and activity ------------------------------------------------------------------------


def test_a_session_is_ended_from_another_device(
    site: Watched, opened: Callable[..., Watched], account: Account
) -> None:
    firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
    other = opened(user_agent=firefox)
    site.app.sign_up(**account)
    other.app.open()
    other.app.sign_in(email=account["email"], password=account["password"])
    site.app.go("activity")
    expect(site.app.rows("sessions")).to_have_count(2)
    mine = site.app.rows("sessions").filter(has_text="This one")
    expect(mine).to_have_count(1)
    expect(mine.get_by_role("button")).to_have_count(0)
    theirs = site.app.rows("sessions").filter(has_text="Firefox")
    theirs.get_by_role("button").click()
    expect(site.app.rows("sessions")).to_have_count(1)
    site.app.expect_told("sessions-card", re.compile("^Signed out: .*Firefox"))
    # At once: its token no longer works, and the page there says so.
    other.app.by("go-activity").click()
    other.app.expect_signed_out()
    expect(other.app.by("auth-notice")).to_contain_text("Your session has ended.")


def test_all_other_sessions_are_ended_at_once(
    site: Watched, opened: Callable[..., Watched], account: Account
) -> None:
    others = [opened(), opened()]
    site.app.sign_up(**account)
    for other in others:
        other.app.open()
        other.app.sign_in(email=account["email"], password=account["password"])
    site.app.go("activity")
    expect(site.app.rows("sessions")).to_have_count(3)
    site.app.by("sessions-end-others").click()
    expect(site.app.rows("sessions")).to_have_count(1)
    expect(site.app.by("sessions-end-others")).to_be_hidden()
    for other in others:
        other.app.reload()
        other.app.expect_signed_out()
    site.app.reload()
    site.app.expect_signed_in()


def test_the_activity_tells_what_happened(
    site: Watched, account: Account, picture: FilePayload
) -> None:
    app = site.app
    app.sign_up(**account)
    app.upload_avatar(picture)
    app.sign_out()
    app.try_sign_in(email=account["email"], password="not the password")
    expect(app.by("sign-in-error")).not_to_be_empty()
    app.sign_in(email=account["email"], password=account["password"])
    app.go("activity")
    for sentence in ("Account created", "Picture changed", "Sign-in failed", "Signed in"):
        expect(app.rows("activity").filter(has_text=sentence).first).to_be_visible()
    expect(app.rows("activity").first).to_contain_text("Signed in")


# -- the sections ---------------------------------------------------------------------------------


def test_the_address_decides_which_section_shows(site: Watched, account: Account) -> None:
    app, page = site.app, site.page
    app.sign_up(**account)
    app.go("security")
    expect(page.get_by_role("heading", name="Security", level=1)).to_be_focused()
    expect(app.by("go-security")).to_have_attribute("aria-current", "page")
    expect(page).to_have_title("Security – AppInstance")
    app.go("activity")
    page.go_back()
    expect(app.by("section-security")).to_be_visible()
    app.reload()
    expect(app.by("section-security")).to_be_visible()
    app.sign_out()
    assert page.url == f"{app.origin}/"
    app.sign_in(email=account["email"], password=account["password"])
    expect(app.by("section-profile")).to_be_visible()


def test_nothing_of_the_account_stays_for_the_next_person(site: Watched, account: Account) -> None:
    app, page = site.app, site.page
    app.sign_up(**account)
    app.go("activity")
    expect(app.rows("activity").first).to_be_visible()
    app.go("security")
    app.by("password-new").fill("typed and left")
    app.sign_out()
    for list_id in ("activity", "sessions", "passkeys"):
        expect(app.by(list_id).locator("li")).to_have_count(0)
    values = page.eval_on_selector_all(
        "form input:not([type=range])", "inputs => inputs.map(input => input.value)"
    )
    assert set(values) == {""}
    assert account["email"] not in page.content()
