"""The whole way with a provider that others wrote (oidc-provider-mock on authlib), over HTTP."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import oidc_provider_mock
import pytest
from app.oidc.conftest import FAILED, OIDC, Browser
from app.oidc.provider import running_provider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ADA = oidc_provider_mock.User(
    sub="ada", claims={"email": "ada@example.com", "email_verified": True, "name": "Ada"}
)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with running_provider(ADA) as address:
        yield address


@pytest.fixture
async def person(start: Callable[..., Any], issuer: str) -> Browser:
    running = await start(**OIDC | {"oidc_issuer": issuer})
    running.client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return Browser(running)


async def consented(location: str, **form: str) -> dict[str, str]:
    """What the provider sends back once the person has chosen."""
    async with httpx.AsyncClient(timeout=60) as client:
        answer = await client.post(location, data=form)
    back = urlsplit(answer.headers["location"])
    assert f"{back.scheme}://{back.netloc}" == "http://testserver"
    return dict(parse_qsl(back.query))


async def test_a_person_signs_in_twice_and_has_one_account(person: Browser) -> None:
    first = await person.back(await consented(await person.start(), sub="ada"))
    assert first.headers["location"] == "/"
    me = await person.me(first)
    assert (me["email"], me["display_name"], me["email_verified"]) == (
        "ada@example.com", "Ada", True,
    )  # fmt: skip
    second = await person.back(await consented(await person.start(), sub="ada"))
    assert (await person.me(second))["id"] == me["id"]


async def test_who_does_not_consent_is_not_signed_in(person: Browser) -> None:
    answer = await consented(await person.start(), action="deny")
    assert answer["error"] == "access_denied"
    assert (await person.back(answer)).headers["location"] == FAILED


async def test_who_has_no_verified_email_there_gets_no_account(person: Browser) -> None:
    answer = await consented(await person.start(), sub="eve@example.com")
    assert (await person.back(answer)).headers["location"] == FAILED


async def test_a_code_that_was_made_up_is_refused_by_the_provider(person: Browser) -> None:
    answer = await consented(await person.start(), sub="ada")
    assert (await person.back(answer | {"code": "made-up"})).headers["location"] == FAILED
