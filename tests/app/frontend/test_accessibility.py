"""Keyboard, screen reader, contrast, small screens: by axe-core's rules and by use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from app.frontend.test_account import ask_for_confirmation
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.frontend.conftest import Watched
    from app.frontend.mailbox import Mailbox
    from app.frontend.servers import Server
    from playwright.sync_api import FilePayload, Locator, Page

pytestmark = pytest.mark.integration

Account = dict[str, str]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1280, "height": 800}}
AT_LEAST_TWO_PIXELS = re.compile(r"^([2-9]|\d\d+)(\.\d+)?px$")


def expect_outline(element: Locator) -> None:
    """Waits for the ring around what has the keyboard focus."""
    expect(element).to_have_css("outline-style", "solid")
    expect(element).to_have_css("outline-width", AT_LEAST_TWO_PIXELS)


def findings(page: Page) -> list[str]:
    """What axe-core objects to in the page, once no colour of it is changing any more."""
    page.wait_for_function(
        "() => document.getAnimations().every(animation => animation.playState === 'finished')"
    )
    page.evaluate(AXE_FILE_PATH.read_text() + ";0")
    result = page.evaluate("tags => axe.run(document, { runOnly: tags })", RULES)
    assert len(result["passes"]) > 10, "axe has looked at nothing"
    return [
        f"{violation['id']}: {node['html'][:120]}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", [PHONE, DESK], ids=["phone", "desk"])
def test_every_state_of_the_page_is_accessible(
    opened: Callable[..., Watched],
    backend: object,
    account: Account,
    picture: FilePayload,
    device: dict[str, object],
    scheme: str,
) -> None:
    view = opened(color_scheme=scheme, reduced_motion="reduce", **device)
    app, page = view.app, view.page
    app.open()
    assert findings(page) == []
    app.try_sign_in(email="nobody@example.com", password="wrong")
    expect(app.by("sign-in-error")).not_to_be_empty()
    assert findings(page) == []
    app.fill_sign_up(email="a", password="b", name="")
    app.by("sign-up-submit").click()
    expect(page.locator("#sign-up-password-error")).not_to_be_empty()
    assert findings(page) == []
    app.sign_up(**account)
    assert findings(page) == []
    app.choose_picture(picture)
    expect(app.by("chosen")).to_be_visible()
    assert findings(page) == []
    app.save_picture()
    expect(app.by("picture-status")).not_to_be_empty()
    assert findings(page) == []
    app.by("picture-remove").click()
    expect(app.by("remove-dialog")).to_be_visible()
    assert findings(page) == []
    app.by("remove-cancel").click()
    app.go("security")
    app.by("password-new").fill("a few words")
    app.by("password-submit").click()
    expect(page.locator("#password-new-error")).not_to_be_empty()
    assert findings(page) == []
    ask_for_confirmation(page, "**/users/me")
    app.by("account-delete").click()
    app.by("remove-confirm").click()
    expect(app.by("confirm-dialog")).to_be_visible()
    assert findings(page) == []
    app.by("confirm-cancel").click()
    app.go("activity")
    expect(app.rows("sessions")).to_have_count(1)
    expect(app.rows("activity").first).to_be_visible()
    assert findings(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_forms_that_need_mail_are_accessible(
    opened: Callable[..., Watched],
    mailing: tuple[Server, Mailbox],
    account: Account,
    scheme: str,
) -> None:
    view = opened(origin=mailing[0].origin, color_scheme=scheme, reduced_motion="reduce", **PHONE)
    app, page = view.app, view.page
    app.open("/#forgot-password")
    expect(app.by("forgot-form")).to_be_visible()
    assert findings(page) == []
    app.by("forgot-email").fill(account["email"])
    app.by("forgot-submit").click()
    expect(app.by("mail-sent")).to_be_visible()
    assert findings(page) == []
    app.open_link(f"{app.origin}/#reset-password=none")
    app.by("reset-password").fill("a few words more")
    app.by("reset-submit").click()
    expect(app.by("reset-error")).not_to_be_empty()
    assert findings(page) == []


def test_everything_can_be_done_with_the_keyboard(
    site: Watched, account: Account, picture: FilePayload
) -> None:
    app, page = site.app, site.page
    keys = page.keyboard
    # Heard from now on. `expect_file_chooser` alone begins to listen just before the key is sent,
    # by another way than the key takes: one that comes first opens a dialog that nobody reports.
    page.on("filechooser", lambda _: None)
    keys.press("Tab")
    expect(app.by("sign-in-email")).to_be_focused()
    reveal = app.by("sign-in-form").get_by_role("button", name="Show password")
    for expected in (
        app.by("sign-in-password"), reveal, app.by("sign-in-submit"),
        app.by("passkey-sign-in"), app.by("go-sign-up"),
    ):  # fmt: skip
        keys.press("Tab")
        expect(expected).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Create your account")).to_be_focused()
    for field in ("name", "email", "password"):
        keys.press("Tab")
        expect(app.by(f"sign-up-{field}")).to_be_focused()
        keys.type(account[field])
        expect(app.by(f"sign-up-{field}")).to_have_value(account[field])
    keys.press("Enter")
    app.expect_signed_in()
    expect(app.by("account-name")).to_be_focused()
    keys.press("Tab")
    expect(app.by("picture-file")).to_be_focused()
    with page.expect_file_chooser() as chooser:
        keys.press("Space")
    chooser.value.set_files(picture)
    expect(app.by("picture-save")).to_be_focused()
    keys.press("Enter")
    expect(app.by("picture-status")).to_have_text("Your new picture is saved.")
    expect(app.by("picture-file")).to_be_focused()
    keys.press("Tab")
    expect(app.by("picture-remove")).to_be_focused()
    keys.press("Enter")
    expect(app.by("remove-cancel")).to_be_focused()
    keys.press("Escape")
    expect(app.by("remove-dialog")).to_be_hidden()
    expect(app.by("picture-remove")).to_be_focused()
    keys.press("Shift+Tab")
    expect(app.by("picture-file")).to_be_focused()
    keys.press("Shift+Tab")
    expect(app.by("sign-out")).to_be_focused()
    keys.press("Space")
    app.expect_signed_out()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_focused()


@pytest.mark.parametrize(
    "control", ["sign-in-email", "sign-in-password", "sign-in-submit", "go-sign-up"]
)
def test_the_focus_is_seen(site: Watched, control: str) -> None:
    site.page.keyboard.press("Tab")
    expect(site.app.by("sign-in-email")).to_be_focused()
    element = site.app.by(control)
    element.focus()
    expect(element).to_be_focused()
    expect_outline(element)


def test_the_focus_on_the_drop_zone_is_seen_though_its_input_is_not(
    site: Watched, account: Account
) -> None:
    site.app.sign_up(**account)
    site.page.keyboard.press("Tab")
    expect(site.app.by("picture-file")).to_be_focused()
    expect_outline(site.app.by("dropzone"))


def test_the_password_can_be_shown_and_is_hidden_again_after_use(
    site: Watched, account: Account
) -> None:
    app = site.app
    app.fill_sign_up(**account)
    reveal = app.by("sign-up-form").get_by_role("button", name="Show password")
    expect(app.by("sign-up-password")).to_have_attribute("type", "password")
    reveal.click()
    expect(reveal).to_have_attribute("aria-pressed", "true")
    expect(app.by("sign-up-password")).to_have_attribute("type", "text")
    app.by("sign-up-submit").click()
    app.expect_signed_in()
    expect(app.by("sign-up-password")).to_have_attribute("type", "password")


def test_messages_are_spoken_by_live_regions(
    site: Watched, account: Account, picture: FilePayload
) -> None:
    app, page = site.app, site.page
    app.try_sign_in(email="nobody@example.com", password="wrong")
    expect(page.get_by_role("alert").filter(has_text="not right")).to_be_visible()
    app.sign_up(**account)
    app.upload_avatar(picture)
    expect(page.get_by_role("status").filter(has_text="picture is saved")).to_be_visible()


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 1920])
def test_nothing_is_wider_than_the_screen(
    opened: Callable[..., Watched], backend: object, account: Account, width: int
) -> None:
    view = opened(viewport={"width": width, "height": 640})
    app, page = view.app, view.page
    spill = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    app.open()
    assert page.evaluate(spill) == 0
    app.by("go-sign-up").click()
    expect(app.by("sign-up-form")).to_be_visible()
    assert page.evaluate(spill) == 0
    local = account["email"].split("@")[0][:40]
    app.sign_up(
        name="Wolfeschlegelsteinhausenbergerdorff" * 2,
        email=f"{local}@{'very-long-' * 5}domain.example.com",
        password=account["password"],
    )
    assert page.evaluate(spill) == 0
    for section in ("security", "activity"):
        app.go(section)
        assert page.evaluate(spill) == 0
    expect(app.rows("activity").first).to_be_visible()
    assert page.evaluate(spill) == 0


def test_touch_targets_are_large_enough_for_a_finger(
    opened: Callable[..., Watched], backend: object, account: Account
) -> None:
    view = opened(**PHONE)
    view.app.open()
    view.app.sign_up(**account)
    for test_id in ("sign-out", "picture-file"):
        box = view.app.by(test_id).bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 44


def test_who_asks_for_less_motion_gets_none(
    opened: Callable[..., Watched], backend: object
) -> None:
    view = opened(reduced_motion="reduce")
    view.app.open()
    longest = view.page.evaluate(
        """Math.max(...[...document.querySelectorAll("*")].map(element => {
            const { animationDuration, transitionDuration } = getComputedStyle(element);
            return Math.max(parseFloat(animationDuration), parseFloat(transitionDuration));
        }))"""
    )
    assert longest < 0.001
