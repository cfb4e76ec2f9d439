"""Everything that goes by a link in a mail; the mails are the real server's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.frontend.conftest import Watched
    from app.frontend.mailbox import Mailbox
    from app.frontend.servers import Server

pytestmark = pytest.mark.integration

Account = dict[str, str]
NEW_PASSWORD = "another long passphrase"


@pytest.fixture
def mailed(
    opened: Callable[..., Watched], mailing: tuple[Server, Mailbox]
) -> tuple[Watched, Mailbox]:
    """A signed-out page where the app sends mail."""
    server, mailbox = mailing
    view = opened(origin=server.origin)
    view.app.open()
    return view, mailbox


def signed_up(view: Watched, mailbox: Mailbox, account: Account) -> None:
    """An account that its mailed link has opened, and its sign-in."""
    view.app.fill_sign_up(**account)
    view.app.by("sign-up-submit").click()
    expect(view.app.by("mail-sent")).to_be_visible()
    view.app.open_link(mailbox.link(account["email"], "verify-email"))
    expect(view.app.by("auth-notice")).to_have_text("Your email is confirmed. You can sign in now.")
    view.app.sign_in(email=account["email"], password=account["password"])


def test_the_account_opens_by_the_mailed_link(
    mailed: tuple[Watched, Mailbox], account: Account
) -> None:
    view, mailbox = mailed
    app = view.app
    app.fill_sign_up(**account)
    app.by("sign-up-submit").click()
    expect(app.by("mail-sent-text")).to_contain_text(account["email"])
    app.by("mail-sent-back").click()
    app.try_sign_in(email=account["email"], password=account["password"])
    expect(app.by("sign-in-error")).not_to_be_empty()
    app.open_link(mailbox.link(account["email"], "verify-email"))
    expect(app.by("auth-notice")).to_have_text("Your email is confirmed. You can sign in now.")
    app.sign_in(email=account["email"], password=account["password"])
    expect(app.by("email-verified")).to_be_visible()
    assert view.violations == []


def test_signing_up_with_a_known_email_looks_the_same(
    mailed: tuple[Watched, Mailbox], account: Account
) -> None:
    view, mailbox = mailed
    app = view.app
    signed_up(view, mailbox, account)
    app.sign_out()
    app.fill_sign_up(**account)
    app.by("sign-up-submit").click()
    expect(app.by("mail-sent-text")).to_contain_text(account["email"])


def test_a_forgotten_password_is_set_anew_by_a_link_that_works_once(
    mailed: tuple[Watched, Mailbox], account: Account
) -> None:
    view, mailbox = mailed
    app = view.app
    signed_up(view, mailbox, account)
    app.sign_out()
    app.by("go-forgot").click()
    app.by("forgot-email").fill(account["email"])
    app.by("forgot-submit").click()
    expect(app.by("mail-sent-text")).to_contain_text("If there is an account")
    link = mailbox.link(account["email"], "reset-password")

    app.open_link(link)
    app.by("reset-password").fill("short")
    app.by("reset-submit").click()
    expect(view.page.locator("#reset-password-error")).to_have_text("Use at least 12 characters.")
    app.by("reset-password").fill(NEW_PASSWORD)
    app.by("reset-submit").click()
    expect(app.by("auth-notice")).to_have_text("Your new password is set. Sign in with it.")
    app.sign_in(email=account["email"], password=NEW_PASSWORD)
    app.sign_out()

    app.open_link(link)
    app.by("reset-password").fill("yet another passphrase")
    app.by("reset-submit").click()
    expect(app.by("reset-error")).to_contain_text("This link is no longer valid.")


def test_a_password_reset_ends_the_sessions_everywhere(
    mailed: tuple[Watched, Mailbox], opened: Callable[..., Watched], account: Account
) -> None:
    view, mailbox = mailed
    signed_up(view, mailbox, account)
    other = opened(origin=view.app.origin)
    other.app.open("/#forgot-password")
    other.app.by("forgot-email").fill(account["email"])
    other.app.by("forgot-submit").click()
    expect(other.app.by("mail-sent")).to_be_visible()
    other.app.open_link(mailbox.link(account["email"], "reset-password"))
    other.app.by("reset-password").fill(NEW_PASSWORD)
    other.app.by("reset-submit").click()
    other.app.expect_signed_out()
    # Not `go`: the section that it waits for may be gone again before the look.
    view.app.by("go-activity").click()
    view.app.expect_signed_out()
    expect(view.app.by("auth-notice")).to_contain_text("Your session has ended.")


def test_the_email_changes_only_by_the_link_to_the_new_address(
    mailed: tuple[Watched, Mailbox], account: Account
) -> None:
    view, mailbox = mailed
    app = view.app
    signed_up(view, mailbox, account)
    new = f"new-{account['email']}"
    app.by("email-field").fill(account["email"])
    app.by("email-submit").click()
    expect(view.page.locator("#email-field-error")).to_have_text("This is your email already.")
    app.by("email-field").fill(new)
    app.by("email-submit").click()
    app.expect_told("email-card", f"Open the link that we have sent to {new}.")
    app.reload()
    expect(app.by("account-email")).to_have_text(account["email"])
    app.open_link(mailbox.link(new, "verify-email"))
    expect(app.by("account-notice")).to_have_text("Your email is confirmed.")
    expect(app.by("account-email")).to_have_text(new)


@pytest.mark.parametrize("kind", ["verify-email", "reset-password"])
def test_a_token_is_taken_out_of_address_and_history_at_once(
    mailed: tuple[Watched, Mailbox], kind: str
) -> None:
    """Also from a page that is open already, where only the fragment changes."""
    view, _ = mailed
    page = view.page
    for _ in range(2):
        page.goto(f"{view.app.origin}/#{kind}=planted-token")
        page.wait_for_function("() => location.hash === ''")
        assert "planted-token" not in page.url
        entries = page.context.new_cdp_session(page).send("Page.getNavigationHistory")["entries"]
        assert [entry["url"] for entry in entries if "planted-token" in entry["url"]] == []


def test_a_link_that_is_no_longer_valid_says_so(mailed: tuple[Watched, Mailbox]) -> None:
    view, _ = mailed
    view.app.open_link(f"{view.app.origin}/#verify-email=planted-token")
    expect(view.app.by("sign-in-error")).to_contain_text("This link is no longer valid.")


def test_where_no_mail_is_sent_nothing_that_needs_it_is_offered(
    site: Watched, account: Account
) -> None:
    app = site.app
    expect(app.by("go-forgot")).to_be_hidden()
    app.sign_up(**account)
    expect(app.by("email-fixed")).to_be_visible()
    expect(app.by("email-field")).to_be_hidden()
    expect(app.by("email-unverified")).to_be_hidden()
