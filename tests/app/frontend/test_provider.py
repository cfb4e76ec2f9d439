"""The provider on the page: linked to an account, and signing in to it. Others wrote it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from app.frontend.servers import Server, running_backend, running_edge
from app.frontend.test_accessibility import DESK, PHONE, findings
from app.frontend.test_account import ask_for_confirmation
from app.frontend.test_passkeys import AUTHENTICATOR, switch_second_factor, with_passkey
from app.oidc.provider import running_provider
from playwright.sync_api import expect
from support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from app.frontend.conftest import Watched

pytestmark = pytest.mark.integration

Account = dict[str, str]


def provided(issuer: str) -> dict[str, str]:
    """What makes the app know a provider."""
    return {
        "OIDC_ISSUER": issuer,
        "OIDC_CLIENT_ID": "the-app",
        "OIDC_CLIENT_SECRET": "planted provider secret",
        "OIDC_NAME": "Example ID",
    }


@pytest.fixture(scope="module")
def providing(tmp_path_factory: pytest.TempPathFactory, frontend: Server) -> Iterator[Server]:
    """An origin whose app knows a provider."""
    folder = tmp_path_factory.mktemp("providing")
    port, backend_port = free_port(), free_port()
    with (
        running_provider() as provider,
        running_edge(folder, frontend=frontend, backend_port=backend_port, port=port) as server,
        running_backend(
            folder,
            port=backend_port,
            public_url=server.origin,
            more=provided(provider),
        ),
    ):
        yield server


@pytest.fixture
def view(opened: Callable[..., Watched], providing: Server) -> Watched:
    """A signed-out page there."""
    return visit(opened, providing.origin)


def visit(opened: Callable[..., Watched], origin: str, **options: object) -> Watched:
    """A page there. What the provider's own page would load from elsewhere is left out."""
    made = opened(origin=origin, **options)
    made.page.route("https://**", lambda route: route.abort())
    made.app.open()
    return made


def consent(view: Watched, subject: str) -> None:
    """Says yes on the provider's own page, as whom it is told."""
    page = view.page
    page.wait_for_url(re.compile(r"/oauth2/authorize"))
    page.locator("input[name=sub]").fill(subject)
    page.get_by_role("button", name="Authorize", exact=True).click()


def link(view: Watched, subject: str) -> None:
    """Links it in the security section, and comes back."""
    view.app.by("provider-link").click()
    consent(view, subject)
    expect(view.app.by("section-security")).to_be_visible()


def test_the_provider_is_linked_and_signs_in_to_the_account(
    view: Watched, account: Account
) -> None:
    app = view.app
    app.sign_up(**account)
    app.go("security")
    expect(app.by("provider-link")).to_have_text("Link Example ID")
    link(view, account["email"])
    app.expect_told("provider-card", re.compile("^Linked"))
    expect(view.page).to_have_url(f"{app.origin}/#security")
    app.go("activity")
    expect(app.by("activity")).to_contain_text("Another way to sign in linked")
    app.sign_out()
    app.by("oidc-sign-in").click()
    consent(view, account["email"])
    app.expect_signed_in()
    expect(app.by("account-name")).to_have_text(account["name"])
    assert view.violations == []
    assert view.errors == []


def test_one_that_has_an_account_is_not_linked_to_another_and_the_page_says_so(
    opened: Callable[..., Watched], view: Watched, account: Account
) -> None:
    app = view.app
    app.sign_up(**account)
    app.go("security")
    link(view, account["email"])
    app.expect_told("provider-card", re.compile("^Linked"))
    other = visit(opened, app.origin)
    other.app.sign_up(**account | {"email": f"eve-{account['email']}", "name": "Eve"})
    other.app.go("security")
    link(other, account["email"])
    expect(other.app.by("provider-card-error")).to_contain_text("nothing has changed")
    expect(other.app.by("account-name")).to_have_text("Eve")


def test_after_the_provider_the_second_step_is_asked_for(view: Watched, account: Account) -> None:
    app, page = view.app, view.page
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    with_passkey(app, account)
    switch_second_factor(app, on=True)
    link(view, account["email"])
    app.sign_out()
    app.by("oidc-sign-in").click()
    consent(view, account["email"])
    expect(app.by("second-factor-form")).to_be_visible()
    expect(page).to_have_url(f"{app.origin}/")
    app.by("second-factor-passkey").click()
    app.expect_signed_in()
    expect(app.by("account-name")).to_have_text(account["name"])


def test_to_link_asks_once_more_who_it_is(view: Watched, account: Account) -> None:
    app = view.app
    app.sign_up(**account)
    app.go("security")
    ask_for_confirmation(view.page, "**/oidc/link")
    app.by("provider-link").click()
    app.by("confirm-password").fill(account["password"])
    app.by("confirm-submit").click()
    consent(view, account["email"])
    app.expect_told("provider-card", re.compile("^Linked"))


@pytest.mark.parametrize("device", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_card_is_accessible_and_reached_by_keyboard(
    opened: Callable[..., Watched],
    providing: Server,
    account: Account,
    device: dict[str, object],
    scheme: str,
) -> None:
    view = visit(opened, providing.origin, color_scheme=scheme, reduced_motion="reduce", **device)
    app, page = view.app, view.page
    app.sign_up(**account)
    app.go("security")
    expect(app.by("provider-card")).to_be_visible()
    app.by("provider-link").focus()
    page.keyboard.press("Enter")
    consent(view, account["email"])
    app.expect_told("provider-card", re.compile("^Linked"))
    assert findings(page) == []
