"""People with passkeys."""

from __future__ import annotations

from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import pytest
from app.passkeys.authenticator import Authenticator
from app.processes import EMAIL, USER_PASSWORD

if TYPE_CHECKING:
    import httpx
    from app.conftest import Running

AUTH = "/api/v1/auth"
ME = "/api/v1/users/me"


@dataclass
class Person:
    """Somebody signed in, with what the app lets them do."""

    client: httpx.AsyncClient
    headers: dict[str, str]
    email: str

    async def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return await self.client.request(method, path, json=body, headers=self.headers)

    async def added(self, device: Authenticator, name: str = "Phone") -> dict[str, Any]:
        """Adds a passkey; what came of it."""
        answer = await self.try_add(device, name)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def try_add(self, device: Authenticator, name: str = "Phone") -> httpx.Response:
        asked = (await self.ask("POST", f"{ME}/passkeys/options")).json()
        credential = device.made(asked["options"])
        body = {"challenge_id": asked["challenge_id"], "name": name, "credential": credential}
        return await self.ask("POST", f"{ME}/passkeys", body)

    async def with_second_factor(self, device: Authenticator) -> list[str]:
        """Adds a passkey and turns the second factor on; the recovery codes."""
        codes: list[str] = (await self.added(device))["recovery_codes"]
        answer = await self.ask("PUT", f"{ME}/second-factor", {"enabled": True})
        assert answer.json()["second_factor"] is True
        return codes

    async def me(self) -> dict[str, Any]:
        return dict((await self.ask("GET", ME)).json())

    async def kinds(self) -> list[str]:
        """What happened to the account, the newest first."""
        return [item["kind"] for item in (await self.ask("GET", f"{ME}/activity")).json()]

    async def ticket(self) -> str:
        """What the password is good for."""
        answer = await self.client.post(
            f"{AUTH}/sign-in", json={"email": self.email, "password": USER_PASSWORD}
        )
        assert answer.status_code == 202, answer.text
        return str(answer.json()["second_factor"]["ticket"])

    async def answered(
        self, path: str, device: Authenticator, more: dict[str, Any] | None = None
    ) -> httpx.Response:
        """Asks for options and answers them with a passkey."""
        asked = (await self.ask("POST", f"{AUTH}/{path}/options", more)).json()
        credential = device.used(asked["options"])
        body = {"challenge_id": asked["challenge_id"], "credential": credential, **(more or {})}
        return await self.ask("POST", f"{AUTH}/{path}", body)


@pytest.fixture
async def ada(running: Running) -> Person:
    """An account without a passkey. The client keeps no cookies, by which a sign-in would end the
    session before."""
    running.client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return Person(running.client, await running.signed_up(), EMAIL)


@pytest.fixture
async def bob(running: Running, ada: Person) -> Person:
    """Another account."""
    email = "bob@example.com"
    return Person(running.client, await running.signed_up(email), email)
