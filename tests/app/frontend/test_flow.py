"""What a person does with the page, from the first visit to signing out, and what guards it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from app.frontend.page import AppPage
from app.frontend.servers import running_backend
from playwright.sync_api import expect
from support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from app.frontend.conftest import Watched
    from playwright.sync_api import FilePayload, Locator, Request, Route

pytestmark = pytest.mark.integration

Account = dict[str, str]


def live_through(
    view: Watched, account: Account, picture: FilePayload, other_picture: FilePayload
) -> None:
    """The whole story of one account, on whichever origin the page is."""
    app = view.app
    app.open()
    app.expect_signed_out()
    app.sign_up(**account)
    expect(app.by("account-name")).to_have_text(account["name"])
    expect(app.by("account-email")).to_have_text(account["email"])
    app.expect_initials()

    first = app.upload_avatar(picture)
    assert app.expect_avatar_drawn() == first

    app.reload()
    app.expect_signed_in()
    assert app.expect_avatar_drawn() == first

    second = app.upload_avatar(other_picture)
    assert second != first

    app.sign_out()
    expect(app.by("auth-notice")).to_have_text("You are signed out.")
    app.reload()
    app.expect_signed_out()

    app.sign_in(email=account["email"], password=account["password"])
    assert app.expect_avatar_drawn() == second
    app.remove_avatar()
    app.reload()
    app.expect_signed_in()
    app.expect_initials()
    assert view.violations == []
    assert view.errors == []


def test_a_life_of_an_account_behind_the_edge(
    site: Watched, account: Account, picture: FilePayload, other_picture: FilePayload
) -> None:
    live_through(site, account, picture, other_picture)


def test_a_life_of_an_account_where_the_backend_serves_the_page_itself(
    opened: Callable[..., Watched],
    tmp_path: Path,
    account: Account,
    picture: FilePayload,
    other_picture: FilePayload,
) -> None:
    port = free_port()
    with running_backend(
        tmp_path,
        port=port,
        public_url=f"http://127.0.0.1:{port}",
        more={"APP_TRUSTED_PROXY_HOPS": "0"},
    ) as alone:
        live_through(opened(origin=alone.origin), account, picture, other_picture)


def test_the_picture_is_what_the_server_rebuilt(
    site: Watched, account: Account, picture: FilePayload
) -> None:
    site.app.sign_up(**account)
    source = site.app.upload_avatar(picture)
    answer = site.page.request.get(site.app.origin + source)
    assert answer.status == 200
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.body() != picture["buffer"]


def colours_of(canvas: Locator) -> int:
    """How many different colours are drawn."""
    return int(
        canvas.evaluate(
            """canvas => new Set(new Uint32Array(canvas.getContext("2d")
                .getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size"""
        )
    )


def test_a_picture_dropped_on_the_zone_is_previewed_before_it_is_sent(
    site: Watched, account: Account, picture: FilePayload
) -> None:
    app, page = site.app, site.page
    app.sign_up(**account)
    uploads: list[Request] = []
    page.on("request", lambda request: uploads.append(request) if request.method == "PUT" else None)
    transfer = page.evaluate_handle(
        """([bytes, name, type]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], name, { type }));
            return transfer;
        }""",
        [list(picture["buffer"]), picture["name"], picture["mimeType"]],
    )
    app.by("dropzone").dispatch_event("dragenter", {"dataTransfer": transfer})
    expect(app.by("dropzone")).to_have_attribute("data-over", "")
    app.by("dropzone").dispatch_event("drop", {"dataTransfer": transfer})
    expect(app.by("chosen-name")).to_have_text("hills.png")
    expect(app.by("dropzone")).to_be_hidden()
    preview = app.by("picture-preview")
    expect(preview).to_be_visible()
    assert colours_of(preview) > 100
    assert uploads == []

    app.by("picture-cancel").click()
    expect(app.by("dropzone")).to_be_visible()
    expect(app.by("picture-file")).to_be_focused()
    app.expect_initials()
    assert uploads == []


def test_a_file_dropped_beside_the_zone_does_not_lead_away(site: Watched, account: Account) -> None:
    site.app.sign_up(**account)
    prevented = site.page.evaluate(
        """() => {
            const event = new DragEvent("drop", { bubbles: true, cancelable: true });
            return !document.body.dispatchEvent(event);
        }"""
    )
    assert prevented


def test_removing_a_picture_asks_first(
    site: Watched, account: Account, picture: FilePayload
) -> None:
    app = site.app
    app.sign_up(**account)
    expect(app.by("picture-remove")).to_be_hidden()
    source = app.upload_avatar(picture)
    app.by("picture-remove").click()
    expect(app.by("remove-dialog")).to_be_visible()
    app.by("remove-cancel").click()
    expect(app.by("remove-dialog")).to_be_hidden()
    assert app.expect_avatar_drawn() == source


def test_no_token_is_left_where_a_script_could_read_it(
    site: Watched, account: Account, picture: FilePayload
) -> None:
    site.app.sign_up(**account)
    site.app.upload_avatar(picture)
    left = site.page.evaluate(
        """async () => ({
            local: { ...localStorage }, session: { ...sessionStorage }, cookie: document.cookie,
            databases: (await indexedDB.databases()).length, caches: await caches.keys(),
            address: location.href,
        })"""
    )
    assert left == {
        "local": {},
        "session": {},
        "cookie": "",
        "databases": 0,
        "caches": [],
        "address": f"{site.app.origin}/",
    }
    cookies = site.page.context.cookies()
    assert cookies
    assert all(cookie["httpOnly"] and cookie["sameSite"] == "Strict" for cookie in cookies)


def test_an_expired_token_is_renewed_without_the_person_noticing(
    site: Watched, account: Account, picture: FilePayload
) -> None:
    app, page = site.app, site.page
    app.sign_up(**account)
    refused: list[str] = []

    def refuse_once(route: Route) -> None:
        if refused:
            route.continue_()
        else:
            refused.append(route.request.headers["authorization"])
            route.fulfill(status=401, content_type="application/problem+json", body="{}")

    page.route("**/api/v1/users/me/avatar", refuse_once)
    with page.expect_response("**/api/v1/auth/refresh") as renewal:
        app.upload_avatar(picture)
    assert renewal.value.status == 200
    assert len(refused) == 1


def test_requests_that_find_the_token_expired_share_one_renewal(
    site: Watched, account: Account
) -> None:
    app, page = site.app, site.page
    app.sign_up(**account)
    renewals: list[str] = []
    page.on(
        "request",
        lambda request: renewals.append(request.url) if "/auth/refresh" in request.url else None,
    )
    refused = 0

    def refuse_three(route: Route) -> None:
        nonlocal refused
        refused += 1
        if refused <= 3:
            route.fulfill(status=401, content_type="application/problem+json", body="{}")
        else:
            route.fulfill(status=204)

    page.route("**/api/v1/users/me/avatar", refuse_three)
    page.evaluate(
        """async () => {
            const { deleteAvatar } = await import("/scripts/api/users.js");
            await Promise.all([deleteAvatar(), deleteAvatar(), deleteAvatar()]);
        }"""
    )
    assert refused == 6
    assert len(renewals) == 1


def test_a_session_that_ended_on_the_server_leads_to_the_sign_in(
    site: Watched, account: Account, picture: FilePayload
) -> None:
    app, page = site.app, site.page
    app.sign_up(**account)
    page.context.clear_cookies()
    page.route(
        "**/api/v1/users/me/avatar",
        lambda route: route.fulfill(status=401, content_type="application/problem+json", body="{}"),
    )
    app.choose_picture(picture)
    app.save_picture()
    app.expect_signed_out()
    expect(app.by("auth-notice")).to_have_text("Your session has ended. Please sign in again.")
    expect(page.get_by_text(account["name"])).to_have_count(0)
    app.sign_in(email=account["email"], password=account["password"])
    expect(app.by("picture-error")).to_be_empty()
    expect(app.by("chosen")).to_be_hidden()


def test_signing_out_in_one_tab_signs_the_others_out(site: Watched, account: Account) -> None:
    site.app.sign_up(**account)
    other = AppPage(site.page.context.new_page(), site.app.origin)
    other.open()
    other.expect_signed_in()
    site.app.sign_out()
    other.expect_signed_out()


def test_signing_in_in_one_tab_opens_the_others(site: Watched, account: Account) -> None:
    other = AppPage(site.page.context.new_page(), site.app.origin)
    other.open()
    other.expect_signed_out()
    site.app.sign_up(**account)
    other.expect_signed_in()


def test_tabs_that_reload_at_once_do_not_take_each_others_session(
    site: Watched, account: Account
) -> None:
    site.app.sign_up(**account)
    tabs = [site.app, *(AppPage(site.page.context.new_page(), site.app.origin) for _ in range(3))]
    for tab in tabs[1:]:
        tab.open()
    for _ in range(3):
        with ExitStack() as loads:
            for tab in tabs:
                loads.enter_context(tab.page.expect_event("load"))
            for tab in tabs:
                tab.page.evaluate("setTimeout(() => location.reload(), 0)")
        for tab in tabs:
            tab.expect_signed_in()


def test_a_second_click_does_not_send_twice(site: Watched, account: Account) -> None:
    app, page = site.app, site.page
    held: list[Route] = []
    page.route("**/api/v1/auth/sign-up", lambda route: held.append(route))
    app.fill_sign_up(**account)
    submit = app.by("sign-up-submit")
    with page.expect_request("**/api/v1/auth/sign-up"):
        submit.click()
    expect(submit).to_have_attribute("aria-disabled", "true")
    expect(submit).to_have_text("Creating account…")
    submit.click(force=True)
    app.by("sign-up-email").press("Enter")
    submit.dispatch_event("click")
    assert len(held) == 1
    held[0].continue_()
    app.expect_signed_in()
    assert len(held) == 1


def test_neither_form_nor_account_shows_before_the_server_has_answered(
    site: Watched, account: Account
) -> None:
    app, page = site.app, site.page
    app.sign_up(**account)
    page.add_init_script(
        """window.seen = [];
        new MutationObserver(() => {
            const open = [...document.querySelectorAll("[id^=view-]")]
                .filter(view => !view.hidden).map(view => view.id).join("+");
            if (open && window.seen.at(-1) !== open) window.seen.push(open);
        }).observe(document, { subtree: true, childList: true, attributes: true });"""
    )
    app.reload()
    app.expect_signed_in()
    assert page.evaluate("window.seen") == ["view-loading", "view-account"]


def test_the_address_decides_which_form_opens(site: Watched) -> None:
    app, page = site.app, site.page
    app.by("go-sign-up").click()
    expect(app.by("sign-up-form")).to_be_visible()
    app.reload()
    expect(app.by("sign-up-form")).to_be_visible()
    page.go_back()
    expect(app.by("sign-in-form")).to_be_visible()
    app.by("go-sign-up").click()
    expect(app.by("sign-up-form")).to_be_visible()
    app.by("go-sign-in").click()
    expect(app.by("sign-in-form")).to_be_visible()
    expect(app.by("sign-up-form")).to_be_hidden()


def test_signing_out_empties_the_forms_and_the_account(site: Watched, account: Account) -> None:
    app, page = site.app, site.page
    app.sign_up(**account)
    app.sign_out()
    values = page.eval_on_selector_all(
        "form input:not([type=range])", "inputs => inputs.map(i => i.value)"
    )
    assert set(values) == {""}
    everything = page.evaluate("document.documentElement.textContent + document.title")
    assert account["name"] not in everything
    assert account["email"] not in everything


def test_a_provider_is_offered_where_the_server_has_one(site: Watched) -> None:
    """What lies behind the link is tried in tests/app/oidc, against a provider."""
    app, page = site.app, site.page
    expect(app.by("oidc-sign-in")).to_be_hidden()
    methods = {"password": True, "passkeys": False, "mail": False, "oidc": {"name": "<Example>"}}
    page.route("**/auth/methods", lambda route: route.fulfill(json=methods))
    app.reload()
    expect(app.by("oidc-sign-in")).to_have_text("Continue with <Example>")
    expect(app.by("oidc-sign-in")).to_have_attribute("href", "/api/v1/auth/oidc/start")
    expect(app.by("passkey-sign-in")).to_be_hidden()


def test_a_provider_that_refused_is_told_and_leaves_the_address_clean(site: Watched) -> None:
    site.app.open("/#sign-in-failed")
    expect(site.app.by("sign-in-error")).to_contain_text("did not work")
    expect(site.page).to_have_url(f"{site.app.origin}/")
