"""Answers that come late, or in another order than they were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from app.frontend.page import AppPage
from playwright.sync_api import expect

if TYPE_CHECKING:
    from app.frontend.conftest import Watched
    from playwright.sync_api import FilePayload, Page, Route

pytestmark = pytest.mark.integration

Account = dict[str, str]

# The first answer to this path stays in the browser, whatever the server has done, until `letGo()`.
HOLD = """path => {
    const real = window.fetch;
    window.fetch = async (url, options) => {
        const answer = await real(url, options);
        if (String(url).endsWith(path) && !window.letGo) {
            await new Promise(resolve => { window.letGo = resolve; });
        }
        return answer;
    };
}"""

# The same for an upload, which goes another way.
HOLD_UPLOAD = """() => {
    const listen = XMLHttpRequest.prototype.addEventListener;
    XMLHttpRequest.prototype.addEventListener = function (type, listener) {
        listen.call(this, type, type !== "load" ? listener : async event => {
            await new Promise(resolve => { window.letGo = resolve; });
            listener.call(this, event);
        });
    };
}"""


@pytest.fixture
def second(account: Account) -> Account:
    """Who uses the page after the first person has left."""
    return {**account, "email": f"grace-{account['email']}", "name": "Grace Hopper"}


def let_go(page: Page) -> None:
    """Gives the page the answer that was held."""
    page.evaluate("letGo()")


def await_held(page: Page) -> None:
    """Waits until the server has answered and the answer is held."""
    page.wait_for_function("() => Boolean(window.letGo)")


def tab_that_is_opening(site: Watched) -> AppPage:
    """Another tab, which the server has told whose session this is, but which has not heard yet."""
    page = site.page.context.new_page()
    page.add_init_script(f"({HOLD})('/auth/refresh')")
    page.goto(site.app.origin)
    await_held(page)
    return AppPage(page, site.app.origin)


def test_the_form_stays_busy_and_filled_until_the_server_has_answered(
    site: Watched, account: Account
) -> None:
    app, page = site.app, site.page
    app.sign_up(**account)
    app.sign_out()
    held: list[Route] = []
    page.route("**/auth/sign-in", lambda route: held.append(route))
    app.fill_sign_in(email=account["email"], password=account["password"])
    with page.expect_request("**/auth/sign-in"):
        app.by("sign-in-submit").click()
    expect(app.by("sign-in-submit")).to_have_attribute("aria-disabled", "true")
    expect(app.by("sign-in-submit")).to_have_text("Signing in…")
    expect(app.by("sign-in-email")).to_have_value(account["email"])
    held[0].continue_()
    app.expect_signed_in()
    expect(app.by("sign-in-email")).to_have_value("")
    expect(app.by("sign-in-password")).to_have_value("")


@pytest.mark.parametrize("way", ["sign-in", "reload"])
def test_the_account_shows_before_its_picture_has_come(
    site: Watched, account: Account, picture: FilePayload, way: str
) -> None:
    app, page = site.app, site.page
    app.sign_up(**account)
    source = app.upload_avatar(picture)
    page.route(f"**{source}*", lambda _: None)
    with page.expect_request(f"**{source}*"):
        if way == "reload":
            page.reload(wait_until="commit")  # not its end, which waits for the picture, too
        else:
            app.sign_out()
            app.sign_in(email=account["email"], password=account["password"])
    app.expect_signed_in()
    expect(app.by("avatar-image")).to_be_hidden()
    expect(app.by("avatar")).to_contain_text("AL")
    page.unroute(f"**{source}*")  # which lets go of what it holds
    assert app.expect_avatar_drawn() == source


def test_a_picture_that_is_saved_when_its_person_has_left_does_not_show_to_the_next(
    site: Watched, account: Account, second: Account, picture: FilePayload
) -> None:
    app, page = site.app, site.page
    app.sign_up(**account)
    page.evaluate(HOLD_UPLOAD)
    app.choose_picture(picture)
    app.save_picture()
    await_held(page)
    app.sign_out()
    app.sign_up(**second)
    let_go(page)
    expect(app.by("picture-save")).not_to_have_attribute("aria-disabled", "true")
    app.expect_initials()
    expect(app.by("account-name")).to_have_text(second["name"])
    expect(app.by("picture-status")).to_be_empty()
    expect(app.by("picture-remove")).to_be_hidden()


def test_a_picture_that_is_refused_when_its_person_has_left_is_not_sent_as_the_next(
    site: Watched, account: Account, second: Account, picture: FilePayload
) -> None:
    app, page = site.app, site.page
    app.sign_up(**account)
    held: list[Route] = []
    page.route("**/users/me/avatar", lambda route: held.append(route))
    app.choose_picture(picture)
    with page.expect_request("**/users/me/avatar"):
        app.save_picture()
    app.sign_out()
    app.sign_up(**second)
    held[0].fulfill(status=401, content_type="application/problem+json", body="{}")
    expect(app.by("picture-save")).not_to_have_attribute("aria-disabled", "true")
    assert len(held) == 1
    expect(app.by("picture-error")).to_be_empty()
    app.reload()
    app.expect_signed_in()
    app.expect_initials()


def test_a_tab_that_is_opening_hears_of_a_sign_out_in_another(
    site: Watched, account: Account
) -> None:
    site.app.sign_up(**account)
    other = tab_that_is_opening(site)
    site.app.sign_out()
    let_go(other.page)
    other.expect_signed_out()
    expect(other.by("auth-notice")).to_have_text("You signed out in another tab.")


def test_a_tab_that_is_opening_hears_of_a_sign_in_in_another(
    site: Watched, account: Account
) -> None:
    other = tab_that_is_opening(site)
    site.app.sign_up(**account)
    let_go(other.page)
    other.expect_signed_in()
    expect(other.by("account-name")).to_have_text(account["name"])
