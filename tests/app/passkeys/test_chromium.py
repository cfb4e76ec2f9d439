"""Passkeys in real Chromium, with its virtual authenticator: what browsers really send."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

import pytest
from app.frontend.servers import running_backend
from app.processes import USER_PASSWORD
from support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, CDPSession, Page

pytestmark = pytest.mark.integration
_EMAILS = (f"ada-{number}@example.com" for number in itertools.count())

# The page's own scripts stand aside: what counts here is the API and the browser.
_ASK: Final = """async ([method, path, body, token]) => {
    const headers = { "Content-Type": "application/json" };
    if (token) headers.Authorization = `Bearer ${token}`;
    const answer = await fetch(`/api/v1${path}`, {
        method, headers, body: body === null ? undefined : JSON.stringify(body),
    });
    return [answer.status, answer.status === 204 ? null : await answer.json()];
}"""
_MAKE: Final = """async options => (await navigator.credentials.create({
    publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
})).toJSON()"""
_USE: Final = """async options => (await navigator.credentials.get({
    publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
})).toJSON()"""


class Device:
    """A page at the app's origin, with an authenticator."""

    def __init__(self, page: Page, session: CDPSession) -> None:
        self._page = page
        self._session = session
        self.token: str | None = None
        self.email = next(_EMAILS)
        session.send("WebAuthn.enable")
        self.authenticator = session.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2",
                    "transport": "internal",
                    "hasResidentKey": True,
                    "hasUserVerification": True,
                    "isUserVerified": True,
                    "automaticPresenceSimulation": True,
                }
            },
        )["authenticatorId"]

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        status, answer = self._page.evaluate(_ASK, [method, path, body, self.token])
        return status, answer

    def sign_up(self) -> None:
        body = {"email": self.email, "password": USER_PASSWORD, "display_name": "Ada"}
        status, session = self.ask("POST", "/auth/sign-up", body)
        assert status == 201, session
        self.token = session["access_token"]

    def add(self) -> list[str]:
        """Adds a passkey; the recovery codes."""
        status, asked = self.ask("POST", "/users/me/passkeys/options")
        assert status == 200, asked
        credential = self._page.evaluate(_MAKE, asked["options"])
        body = {"challenge_id": asked["challenge_id"], "name": "Phone", "credential": credential}
        status, added = self.ask("POST", "/users/me/passkeys", body)
        assert status == 201, added
        codes: list[str] = added["recovery_codes"]
        return codes

    def use(self, path: str, more: dict[str, Any] | None = None) -> tuple[int, Any]:
        """Answers a challenge with the passkey."""
        _, asked = self.ask("POST", f"{path}/options", more)
        credential = self._page.evaluate(_USE, asked["options"])
        body = {"challenge_id": asked["challenge_id"], "credential": credential, **(more or {})}
        return self.ask("POST", path, body)

    def count(self) -> int:
        """How often the authenticator says that it was used."""
        found = self._session.send(
            "WebAuthn.getCredentials", {"authenticatorId": self.authenticator}
        )["credentials"]
        return int(found[0]["signCount"])

    def set_back(self) -> None:
        """Puts an earlier copy of the credential in its place."""
        where = {"authenticatorId": self.authenticator}
        (credential,) = self._session.send("WebAuthn.getCredentials", where)["credentials"]
        known = {"credentialId": credential["credentialId"]}
        self._session.send("WebAuthn.removeCredential", where | known)
        self._session.send(
            "WebAuthn.addCredential", where | {"credential": credential | {"signCount": 0}}
        )


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    # An address can't be an RP ID; a name can.
    public_url = f"http://localhost:{port}"
    folder: Path = tmp_path_factory.mktemp("passkeys")
    with running_backend(folder, port=port, public_url=public_url):
        yield public_url


@pytest.fixture
def device(browser: Browser, origin: str) -> Iterator[Device]:
    context = browser.new_context()
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(f"{origin}/")
    yield Device(page, context.new_cdp_session(page))
    context.close()


def test_a_passkey_is_made_and_signs_in_without_email_and_password(device: Device) -> None:
    device.sign_up()
    assert len(device.add()) == 10
    device.token = None
    for _ in range(2):
        status, session = device.use("/auth/passkey")
        assert status == 200, session
        assert session["user"]["email"] == device.email
    assert device.count() > 1


def test_a_passkey_is_the_second_factor_and_a_recovery_code_its_stand_in(device: Device) -> None:
    device.sign_up()
    codes = device.add()
    assert device.ask("PUT", "/users/me/second-factor", {"enabled": True})[0] == 200
    device.token = None
    sign_in = {"email": device.email, "password": USER_PASSWORD}
    status, asked = device.ask("POST", "/auth/sign-in", sign_in)
    assert status == 202
    ticket = {"ticket": asked["second_factor"]["ticket"]}
    assert device.use("/auth/second-factor/passkey", ticket)[0] == 200
    _, asked = device.ask("POST", "/auth/sign-in", sign_in)
    by_code = {"ticket": asked["second_factor"]["ticket"], "code": codes[0]}
    assert device.ask("POST", "/auth/second-factor/recovery-code", by_code)[0] == 200


def test_a_passkey_confirms(device: Device) -> None:
    device.sign_up()
    device.add()
    assert device.use("/auth/confirm/passkey") == (204, None)


def test_a_copy_is_found_by_its_counter(device: Device) -> None:
    device.sign_up()
    device.add()
    for _ in range(3):
        assert device.use("/auth/passkey")[0] == 200
    device.set_back()
    assert device.use("/auth/passkey")[0] == 401
