"""What the page's own policy keeps out, tried in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.frontend.conftest import Watched
    from playwright.sync_api import Route

pytestmark = pytest.mark.integration


def planted(view: Watched, html: str) -> None:
    """Opens the page with `html` at the end of its body, under the server's real headers."""

    def answer(route: Route) -> None:
        real = route.fetch()
        route.fulfill(response=real, body=real.text().replace("</body>", f"{html}</body>"))

    view.page.route(view.app.origin + "/", answer)
    view.app.open()
    view.page.unroute(view.app.origin + "/")


@pytest.mark.parametrize(
    ("html", "directive"),
    [
        ("<script>window.planted = true</script>", "script-src-elem"),
        ("<img src='/assets/logo.svg' onload='window.planted = true'>", "script-src-attr"),
        ("<script src='data:text/javascript,window.planted = true'></script>", "script-src-elem"),
        ("<script src='https://evil.example/x.js'></script>", "script-src-elem"),
        ("<object data='/assets/logo.svg'></object>", "object-src"),
        ("<style>body { display: none }</style>", "style-src-elem"),
        ("<p style='color: red'>x</p>", "style-src-attr"),
        ("<img src='https://evil.example/pixel.png'>", "img-src"),
        ("<base href='https://evil.example/'>", "base-uri"),
        ("<iframe src='https://evil.example/'></iframe>", "frame-src"),
        ("<link rel='stylesheet' href='https://evil.example/x.css'>", "style-src-elem"),
    ],
)
def test_what_is_planted_in_the_page_is_refused(
    opened: Callable[..., Watched], html: str, directive: str
) -> None:
    view = opened()
    planted(view, html)
    view.await_violation(directive)
    assert view.page.evaluate("window.planted") is None


def test_a_planted_frame_has_the_same_policy(opened: Callable[..., Watched]) -> None:
    view = opened()
    planted(view, "<iframe srcdoc='<script>top.planted = true</script>'></iframe>")
    frame = view.page.locator("iframe").element_handle().content_frame()
    assert frame
    frame.wait_for_function(
        "() => window.violations?.some(text => text.startsWith('script-src-elem'))"
    )
    assert view.page.evaluate("window.planted") is None


def test_the_same_planting_works_where_no_policy_forbids_it(opened: Callable[..., Watched]) -> None:
    """The proof that the tests above can fail."""
    view = opened()

    def answer(route: Route) -> None:
        route.fulfill(
            status=200, content_type="text/html", body="<script>window.planted = true</script>"
        )

    view.page.route(view.app.origin + "/", answer)
    view.page.goto(view.app.origin + "/")
    assert view.page.evaluate("window.planted") is True


@pytest.mark.parametrize(
    "attempt",
    [
        "document.body.innerHTML = '<b>x</b>'",
        "document.createElement('script').textContent = 'window.planted = true'",
        "document.createElement('script').src = '/scripts/main.js'",
        "document.body.insertAdjacentHTML('beforeend', '<b>x</b>')",
        "new DOMParser().parseFromString('<b>x</b>', 'text/html')",
    ],
)
def test_no_string_becomes_markup_or_script(site: Watched, attempt: str) -> None:
    outcome = site.page.evaluate(
        f"() => {{ try {{ {attempt}; return 'done'; }} catch (error) {{ return error.name; }} }}"
    )
    assert outcome == "TypeError"


def test_no_trusted_types_policy_can_be_made_to_get_around_it(site: Watched) -> None:
    outcome = site.page.evaluate(
        """() => {
            try { trustedTypes.createPolicy("any", { createHTML: text => text }); return "done"; }
            catch (error) { return error.name; }
        }"""
    )
    assert outcome == "TypeError"


def test_the_page_reaches_no_other_server(site: Watched) -> None:
    outcome = site.page.evaluate(
        "fetch('https://evil.example/').then(() => 'done', error => error.name)"
    )
    assert outcome == "TypeError"
    site.await_violation("connect-src")


def test_the_page_loads_nothing_from_elsewhere(opened: Callable[..., Watched]) -> None:
    view = opened()
    asked: list[str] = []
    view.page.on("request", lambda request: asked.append(request.url))
    view.app.open()
    assert asked
    assert [url for url in asked if not url.startswith(view.app.origin + "/")] == []


def test_the_page_cannot_be_framed(site: Watched, opened: Callable[..., Watched]) -> None:
    stranger = opened().page
    stranger.set_content(f"<iframe src='{site.app.origin}/'></iframe>")
    frame = stranger.locator("iframe").element_handle().content_frame()
    assert frame
    frame.wait_for_url("chrome-error://chromewebdata/")
    expect(frame.get_by_test_id("sign-in-form")).to_have_count(0)


def test_a_name_with_markup_is_text(site: Watched, account: dict[str, str]) -> None:
    name = "<img src=x onerror=alert(1)><b>Ada</b>"
    site.app.sign_up(**{**account, "name": name})
    expect(site.app.by("account-name")).to_have_text(name)
    expect(site.app.by("account-name").locator("*")).to_have_count(0)
    assert site.violations == []


def test_without_scripts_the_page_says_so_and_offers_no_form(
    opened: Callable[..., Watched], site: Watched
) -> None:
    page = opened(java_script_enabled=False).page
    page.goto(site.app.origin)
    expect(page.locator("noscript p")).to_be_visible()
    expect(page.get_by_test_id("sign-in-form")).to_be_hidden()
    # Nor the words of a page that is being opened, and those of one that takes too long.
    expect(page.get_by_text("Opening your account")).to_be_hidden()
    expect(page.get_by_test_id("loading-late")).to_have_css("display", "none")


def test_the_forms_never_put_what_is_typed_in_an_address(site: Watched) -> None:
    methods = site.page.eval_on_selector_all("form", "forms => forms.map(form => form.method)")
    assert methods
    assert set(methods) == {"post"}
