"""What follows the person's own device or choice: the theme, the language of dates, hints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from app.frontend.page import AppPage
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.frontend.conftest import Watched
    from playwright.sync_api import Page

pytestmark = pytest.mark.integration

Account = dict[str, str]
LIGHT, DARK = "rgb(245, 244, 240)", "rgb(16, 21, 20)"


def choose_theme(page: Page, theme: str) -> None:
    """Clicks the choice that is seen."""
    name = {"system": "As the device", "light": "Light", "dark": "Dark"}[theme]
    page.get_by_title(name).filter(visible=True).click()
    expect(page.get_by_role("radio", name=name)).to_be_checked()


@pytest.mark.parametrize("device", ["light", "dark"])
@pytest.mark.parametrize("chosen", ["light", "dark"])
def test_a_chosen_theme_holds_against_the_device_and_over_a_reload(
    opened: Callable[..., Watched], backend: object, device: str, chosen: str
) -> None:
    view = opened(color_scheme=device)
    app, page = view.app, view.page
    colours = {"light": LIGHT, "dark": DARK}
    app.open()
    expect(page.locator("body")).to_have_css("background-color", colours[device])
    choose_theme(page, chosen)
    expect(page.locator("body")).to_have_css("background-color", colours[chosen])
    app.reload()
    expect(page.locator("body")).to_have_css("background-color", colours[chosen])
    expect(page.get_by_role("radio", name=chosen.title())).to_be_checked()
    bars = page.locator("meta[name=theme-color]").evaluate_all("all => all.map(m => m.content)")
    assert set(bars) == {{"light": "#f5f4f0", "dark": "#101514"}[chosen]}
    choose_theme(page, "system")
    expect(page.locator("body")).to_have_css("background-color", colours[device])
    assert page.evaluate("localStorage.length") == 0


def test_a_chosen_theme_is_there_before_anything_is_painted(
    opened: Callable[..., Watched], backend: object
) -> None:
    view = opened(color_scheme="light")
    view.app.open()
    choose_theme(view.page, "dark")
    # Without its modules the page stays as its first paint.
    view.page.route("**/scripts/main.js", lambda route: route.abort())
    view.page.reload()
    expect(view.page.locator("body")).to_have_css("background-color", DARK)


def test_a_theme_chosen_in_one_tab_shows_in_the_others(site: Watched) -> None:
    other = AppPage(site.page.context.new_page(), site.app.origin)
    other.open()
    choose_theme(site.page, "dark")
    expect(other.page.locator("body")).to_have_css("background-color", DARK)
    expect(other.page.get_by_role("radio", name="Dark")).to_be_checked()


def test_the_theme_is_chosen_with_the_keyboard(site: Watched) -> None:
    page = site.page
    page.get_by_role("radio", name="As the device").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Dark")).to_be_focused()
    expect(page.locator("body")).to_have_css("background-color", DARK)


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("", ""),
        ("short", "Too short"),
        ("aaaaaaaaaaaaaaaa", "Weak"),
        ("abcdefghijklmnop", "Weak"),
        ("ada@example.com1", "Weak"),
        ("Ada Lovelace 12", "Weak"),
        ("tomato umbrella", "Good"),
        ("correct horse battery staple", "Strong"),
    ],
)
def test_the_strength_of_a_new_password_is_told(site: Watched, password: str, words: str) -> None:
    app = site.app
    app.fill_sign_up(email="ada@example.com", name="Ada Lovelace", password=password)
    strength = app.by("sign-up-password-strength")
    if words:
        expect(strength.get_by_role("status")).to_have_text(words)
    else:
        expect(strength).to_be_hidden()


@pytest.mark.parametrize("locale", ["de-DE", "en-US"])
def test_dates_are_in_the_language_of_the_browser(
    opened: Callable[..., Watched], backend: object, account: Account, locale: str
) -> None:
    view = opened(locale=locale)
    view.app.open()
    view.app.sign_up(**account)
    since = view.app.by("account-since")
    told = view.page.evaluate(
        """([instant, locale]) => new Intl.DateTimeFormat(locale, { dateStyle: "long" })
            .format(new Date(instant))""",
        [since.get_attribute("datetime"), locale],
    )
    expect(since).to_have_text(told)
    expect(since).to_have_attribute("lang", locale)
