"""What a person reads when something goes wrong, and that they can go on from there."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Literal

import pytest
from app.frontend.conftest import as_file, landscape
from PIL import Image
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from app.frontend.conftest import Watched
    from playwright.sync_api import FilePayload, Route

pytestmark = pytest.mark.integration

Account = dict[str, str]


def problem(status: int, detail: str = "", **more: object) -> Callable[[Route], None]:
    """A route handler that answers as the server does with an error."""
    headers = {str(k): str(v) for k, v in dict(more.pop("headers", {})).items()}  # type: ignore[call-overload]
    body = {"title": "Error", "status": status, "detail": detail, **more}

    def answer(route: Route) -> None:
        route.fulfill(
            status=status,
            headers={"Content-Type": "application/problem+json", **headers},
            body=json.dumps(body),
        )

    return answer


# -- forms ----------------------------------------------------------------------------------------


def test_a_wrong_password_says_so_without_saying_which_was_wrong(
    site: Watched, account: Account
) -> None:
    app = site.app
    app.sign_up(**account)
    app.sign_out()
    app.try_sign_in(email=account["email"], password="not the password")
    expect(app.by("sign-in-error")).to_have_text("The email or the password is not right.")
    app.try_sign_in(email="nobody@example.com", password="not the password")
    expect(app.by("sign-in-error")).to_have_text("The email or the password is not right.")
    app.sign_in(email=account["email"], password=account["password"])


def test_an_email_that_has_an_account_is_told(site: Watched, account: Account) -> None:
    app = site.app
    app.sign_up(**account)
    app.sign_out()
    app.fill_sign_up(**account)
    app.by("sign-up-submit").click()
    expect(app.by("sign-up-error")).to_have_text(
        "There is already an account with this email. Sign in instead."
    )
    expect(app.by("sign-up-email")).to_have_value(account["email"])


def test_mistakes_are_marked_before_anything_is_sent(site: Watched) -> None:
    app, page = site.app, site.page
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    app.fill_sign_up(email="ada", password="short", name="  ")
    app.by("sign-up-submit").click()
    expect(app.by("sign-up-name")).to_be_focused()
    for field, message in {
        "sign-up-name": "Enter your name.",
        "sign-up-email": "Enter a full email address, like name@example.com.",
        "sign-up-password": "Use at least 12 characters.",
    }.items():
        expect(app.by(field)).to_have_attribute("aria-invalid", "true")
        expect(page.locator(f"#{field}-error")).to_have_text(message)
    assert [url for url in sent if "/api/" in url] == []

    app.by("sign-up-name").fill("Ada")
    expect(app.by("sign-up-name")).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator("#sign-up-name-error")).to_be_empty()


def test_what_the_server_says_of_a_field_stands_at_the_field(
    site: Watched, account: Account
) -> None:
    """The real server: this address has the right shape for the page, and no valid domain."""
    app, page = site.app, site.page
    app.fill_sign_up(**{**account, "email": "ada@example..com"})
    app.by("sign-up-submit").click()
    expect(app.by("sign-up-email")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#sign-up-email-error")).not_to_be_empty()
    expect(app.by("sign-up-email")).to_be_focused()
    expect(app.by("sign-up-error")).to_have_text("Please check the marked fields.")


@pytest.mark.parametrize("field", ["password", "body.password"])
def test_a_field_is_found_by_its_last_name(site: Watched, account: Account, field: str) -> None:
    errors = [{"field": field, "message": "this password is common"}]
    site.page.route("**/auth/sign-up", problem(422, "Invalid.", errors=errors))
    site.app.fill_sign_up(**account)
    site.app.by("sign-up-submit").click()
    expect(site.page.locator("#sign-up-password-error")).to_have_text("This password is common.")


def test_too_many_attempts_hold_the_button_for_as_long_as_the_server_asks(site: Watched) -> None:
    app, page = site.app, site.page
    # Stopped: it goes only as far as the test says, however long the machine takes meanwhile.
    page.clock.install(time=0)
    page.clock.pause_at(60)
    page.route("**/auth/sign-in", problem(429, headers={"Retry-After": 90}))
    app.try_sign_in(email="ada@example.com", password="x")
    submit = app.by("sign-in-submit")
    expect(submit).to_have_text("Try again in 90 s")
    page.clock.run_for(200)
    expect(app.by("sign-in-error")).to_have_text(
        "Too many attempts. Please wait 2 minutes and try again."
    )
    expect(submit).to_have_text("Try again in 90 s")
    page.clock.run_for(60_000)
    expect(submit).to_have_text("Try again in 30 s")
    expect(submit).to_have_attribute("aria-disabled", "true")
    page.clock.run_for(31_000)
    expect(submit).to_have_text("Sign in")
    expect(submit).not_to_have_attribute("aria-disabled", "true")


def test_the_real_server_slows_guessing_down_and_the_page_says_so(
    site: Watched, account: Account
) -> None:
    app, page = site.app, site.page
    app.sign_up(**account)
    app.sign_out()
    app.fill_sign_in(email=account["email"], password="not the password")
    for _ in range(40):
        with page.expect_response("**/auth/sign-in") as response:
            app.by("sign-in-submit").click()
        if response.value.status == 429:
            break
        expect(app.by("sign-in-submit")).not_to_have_attribute("aria-disabled", "true")
    assert response.value.status == 429
    assert int(response.value.headers["retry-after"]) > 0
    expect(app.by("sign-in-error")).to_contain_text("Too many attempts. Please wait")
    expect(app.by("sign-in-submit")).to_contain_text("Try again in")


def test_an_error_of_the_server_gives_a_reference_to_quote(site: Watched) -> None:
    headers = {"X-Request-ID": "7f3a"}
    site.page.route("**/auth/sign-in", problem(500, "secret stack trace", headers=headers))
    site.app.try_sign_in(email="ada@example.com", password="x")
    expect(site.app.by("sign-in-error")).to_have_text(
        "The server has a problem at the moment. Please try again shortly. Reference: 7f3a."
    )


def test_an_answer_of_a_proxy_in_html_is_not_shown(site: Watched) -> None:
    site.page.route(
        "**/auth/sign-in",
        lambda route: route.fulfill(status=502, content_type="text/html", body="<h1>nginx</h1>"),
    )
    site.app.try_sign_in(email="ada@example.com", password="x")
    expect(site.app.by("sign-in-error")).to_have_text(
        "The server has a problem at the moment. Please try again shortly."
    )


# -- connection -----------------------------------------------------------------------------------


def test_offline_is_named_and_nothing_typed_is_lost(site: Watched, account: Account) -> None:
    app, page = site.app, site.page
    app.fill_sign_up(**account)
    page.context.set_offline(True)
    expect(app.by("offline-banner")).to_be_visible()
    app.by("sign-up-submit").click()
    expect(app.by("sign-up-error")).to_have_text(
        "You are offline. Check your connection and try again."
    )
    page.context.set_offline(False)
    expect(app.by("offline-banner")).to_be_hidden()
    app.by("sign-up-submit").click()
    app.expect_signed_in()


def test_a_server_that_does_not_answer_at_the_start_can_be_tried_again(
    site: Watched, account: Account
) -> None:
    app, page = site.app, site.page
    app.sign_up(**account)
    page.route("**/auth/refresh", lambda route: route.abort())
    app.reload()
    expect(app.by("view-unreachable")).to_be_visible()
    expect(app.by("unreachable-message")).to_contain_text("can’t be reached")
    page.unroute("**/auth/refresh")
    app.by("retry").click()
    app.expect_signed_in()


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_a_page_whose_script_never_arrives_says_what_to_do(
    site: Watched, motion: Literal["no-preference", "reduce"]
) -> None:
    app, page = site.app, site.page
    page.emulate_media(reduced_motion=motion)
    page.route("**/scripts/main.js", lambda route: route.abort("connectionreset"))
    page.goto(app.origin)
    expect(app.by("view-loading")).to_be_visible()
    expect(app.by("loading-late")).to_be_visible()
    expect(app.by("loading-late")).to_contain_text("Reloading the page may help.")
    page.unroute("**/scripts/main.js")
    app.reload()
    app.expect_signed_out()


def test_a_sign_out_that_did_not_reach_the_server_is_not_claimed(
    site: Watched, account: Account
) -> None:
    app, page = site.app, site.page
    app.sign_up(**account)
    page.route("**/auth/sign-out", lambda route: route.abort())
    app.by("sign-out").click()
    expect(app.by("account-error")).to_contain_text("You are still signed in.")
    page.unroute("**/auth/sign-out")
    app.sign_out()


# -- pictures -------------------------------------------------------------------------------------


def animated_png() -> FilePayload:
    frames = [landscape(size=64), landscape(top=(10, 10, 10), size=64)]
    return as_file(frames[0], "moving.png", save_all=True, append_images=frames[1:])


def gif_called_png() -> FilePayload:
    buffer = io.BytesIO()
    landscape(size=64).save(buffer, format="GIF")
    return {"name": "nice.png", "mimeType": "image/png", "buffer": buffer.getvalue()}


HUGE = as_file(Image.new("1", (11_000, 11_000)), "huge.png", optimize=True)["buffer"]


def bomb_png() -> FilePayload:
    """A few kilobytes that unfold to 64 million pixels, which the browser still shows."""
    return as_file(Image.new("1", (8000, 8000)), "vast.png", optimize=True)


@pytest.mark.parametrize("hostile", [animated_png, gif_called_png, bomb_png])
def test_of_a_hostile_picture_that_the_browser_opens_only_pixels_are_sent(
    site: Watched, account: Account, hostile: Callable[[], FilePayload]
) -> None:
    """What the server makes of such files is tried in tests/app/avatars."""
    app = site.app
    app.sign_up(**account)
    app.upload_avatar(hostile())
    assert site.violations == []


@pytest.mark.parametrize(
    ("name", "mime", "content", "message"),
    [
        ("x.png", "image/png", b"\x89PNG\r\n\x1a\n garbage", "can’t be opened as a picture"),
        ("x.png", "image/png", b"", "can’t be opened as a picture"),
        ("x.jpg", "image/jpeg", b"<script>alert(1)</script>", "can’t be opened as a picture"),
        ("x.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "kind of file"),
        ("x.html", "text/html", b"<h1>hi</h1>", "kind of file"),
        ("x", "", b"", "kind of file"),
        ("x.png", "image/png", HUGE, "too many pixels"),
    ],
    ids=["broken", "empty", "script", "svg", "html", "nameless", "huge"],
)
def test_a_file_that_is_no_usable_picture_is_refused_before_it_is_sent(
    site: Watched, account: Account, name: str, mime: str, content: bytes, message: str
) -> None:
    site.app.sign_up(**account)
    _is_refused(site, {"name": name, "mimeType": mime, "buffer": content}, message)


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(
    site: Watched, account: Account, tmp_path: Path
) -> None:
    large = tmp_path / "x.png"
    with large.open("wb") as file:  # by its path: so many bytes take a minute to the browser
        file.truncate(32 * 1024 * 1024 + 1)
    site.app.sign_up(**account)
    _is_refused(site, large, "It may have at most 32\xa0MB.")


def _is_refused(site: Watched, file: FilePayload | Path, message: str) -> None:
    app = site.app
    app.choose_picture(file)
    expect(app.by("picture-error")).to_contain_text(message)
    expect(app.by("chosen")).to_be_hidden()
    expect(app.by("dropzone")).to_be_visible()
    assert site.violations == []


@pytest.mark.parametrize(
    ("status", "detail", "message"),
    [
        (413, "x", "This picture is too large. It may have at most 5\xa0MB."),
        (415, "x", "This kind of file can’t be used. Choose a PNG, JPEG or WebP picture."),
        (422, "Animated pictures can’t be used.", "Animated pictures can’t be used."),
        (422, "", "This file can’t be opened as a picture. It may be damaged."),
        (429, "x", "Too many attempts. Please wait 7 seconds and try again."),
        (503, "x", "The server has a problem at the moment."),
    ],
)
def test_each_refusal_of_an_upload_has_its_sentence_and_keeps_the_choice(
    site: Watched, account: Account, picture: FilePayload, status: int, detail: str, message: str
) -> None:
    app, page = site.app, site.page
    app.sign_up(**account)
    page.route("**/users/me/avatar", problem(status, detail, headers={"Retry-After": 7}))
    app.choose_picture(picture)
    app.save_picture()
    expect(app.by("picture-error")).to_contain_text(message)
    expect(app.by("chosen-name")).to_have_text("hills.png")


def test_a_picture_that_no_longer_loads_leaves_the_initials(
    site: Watched, account: Account, picture: FilePayload
) -> None:
    app, page = site.app, site.page
    app.sign_up(**account)
    source = app.upload_avatar(picture)
    page.route(f"**{source}*", lambda route: route.abort())
    app.reload()
    app.expect_signed_in()
    expect(app.by("avatar-image")).to_be_hidden()
    expect(app.by("avatar")).to_contain_text("AL")
