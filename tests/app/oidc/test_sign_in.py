"""Sign-in through a provider: the way there and back, accounts, and everything hostile."""

from __future__ import annotations

import base64
import hmac
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from app.oidc.conftest import CLIENT_ID, FAILED, ISSUER, START, Browser, Liar, json_part, new_key
from app.passkeys.authenticator import Authenticator
from app.passkeys.conftest import Person
from joserfc import jwt
from joserfc.jwk import OctKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.conftest import Running

    from appinstance_app.settings import Settings

NOW = int(time.time())


async def came_back(browser: Browser, liar: Liar, **more: str) -> httpx.Response:
    return await browser.back(liar.authorize(await browser.start()) | more)


def failed(answer: httpx.Response) -> bool:
    assert answer.status_code == 303
    signed_in = any(item.startswith("session=") for item in answer.headers.get_list("set-cookie"))
    assert signed_in is (answer.headers["location"] == "/")
    return bool(answer.headers["location"] == FAILED)


async def test_a_new_person_gets_an_account_and_the_same_one_again(
    browser: Browser, liar: Liar
) -> None:
    first = await came_back(browser, liar)
    assert not failed(first)
    me = await browser.me(first)
    assert me["email"] == "ada@example.com"
    assert (me["display_name"], me["email_verified"]) == ("Ada Lovelace", True)
    assert me["has_password"] is False
    liar.claims = {"email": "ada@new.example.com", "email_verified": False}
    second = await browser.me(await came_back(browser, liar))
    assert second["id"] == me["id"]


async def test_what_the_provider_is_sent(browser: Browser) -> None:
    first, second = await browser.start(), await browser.start()
    assert first.startswith(f"{ISSUER}/authorize?")
    query = {name: value[0] for name, value in parse_qs(urlsplit(first).query).items()}
    assert query["response_type"] == "code"
    assert query["client_id"] == CLIENT_ID
    assert query["redirect_uri"] == "http://testserver/api/v1/auth/oidc/callback"
    assert query["code_challenge_method"] == "S256"
    again = parse_qs(urlsplit(second).query)
    for name in ("state", "nonce", "code_challenge"):
        assert len(query[name]) == 43
        assert again[name][0] != query[name]
    secret = browser.cookie.partition("=")[2]
    assert secret not in second


async def test_the_cookie_comes_back_from_another_site_and_goes_after_use(
    browser: Browser, liar: Liar
) -> None:
    answer = await browser.running.client.get(START)
    cookie = answer.headers["set-cookie"].lower()
    assert "samesite=lax" in cookie
    assert "httponly" in cookie
    assert "domain" not in cookie
    done = await came_back(browser, liar)
    assert any(
        "oidc=" in item and "Max-Age=0" in item for item in done.headers.get_list("set-cookie")
    )


async def test_in_production_the_cookie_is_this_origins_alone(
    start: Callable[..., Any], liar: Liar
) -> None:
    from app.oidc.conftest import OIDC

    running = await start(**OIDC, public_url="https://acme.example.com")
    running.app.state.context.oidc.provider._transport = httpx.MockTransport(liar)
    answer = await running.client.get(START)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-oidc=")
    assert "; Secure" in cookie


WRONG: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "x" * 43},
    "no nonce": {"nonce": None},
    "another issuer": {"iss": "https://evil.example.com"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "another-app"},
    "no audience": {"aud": None},
    "several audiences and no party": {"aud": [CLIENT_ID, "another-app"]},
    "another party": {"aud": [CLIENT_ID, "another-app"], "azp": "another-app"},
    "another party alone": {"azp": "another-app"},
    "expired": {"exp": NOW - 120},
    "no end": {"exp": None},
    "from the future": {"iat": NOW + 3600},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject that is none": {"sub": "ö" * 10},
    "a long subject": {"sub": "a" * 256},
    "an email that is not verified": {"email_verified": False},
    "an email that is said to be verified": {"email_verified": "true"},
    "no email": {"email": None},
    "an email that is none": {"email": "ada"},
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG)
async def test_wrong_claims_open_nothing(
    browser: Browser, liar: Liar, claims: dict[str, Any]
) -> None:
    liar.claims = claims
    assert failed(await came_back(browser, liar))
    store = browser.running.app.state.context.store
    assert store.credentials("ada@example.com") is None


def _none(claims: dict[str, Any]) -> str:
    return f"{json_part({'alg': 'none'})}.{json_part(claims)}."


def _by_public_key(liar: Liar) -> Callable[[dict[str, Any]], str]:
    # By hand: the library does not let one make this mistake.
    def token(claims: dict[str, Any]) -> str:
        signed = f"{json_part({'alg': 'HS256', 'kid': 'one'})}.{json_part(claims)}"
        mac = hmac.digest(liar.key.as_pem(private=False), signed.encode(), "sha256")
        return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    return token


def _by_another_key(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "RS256", "kid": "one"}, claims, new_key("one"))


def _by_own_key(claims: dict[str, Any]) -> str:
    key = new_key("own")
    header = {"alg": "RS256", "kid": "own", "jwk": key.as_dict(private=False)}
    return jwt.encode(header, claims, key)


async def test_a_token_without_a_signature_opens_nothing(browser: Browser, liar: Liar) -> None:
    liar.token = _none
    assert failed(await came_back(browser, liar))


async def test_a_token_signed_with_the_public_key_as_a_secret_opens_nothing(
    browser: Browser, liar: Liar
) -> None:
    liar.token = _by_public_key(liar)
    assert failed(await came_back(browser, liar))


@pytest.mark.parametrize("token", [_by_another_key, _by_own_key, lambda _: "x", lambda _: "a.b.c"])
async def test_a_token_by_another_key_opens_nothing(
    browser: Browser, liar: Liar, token: Callable[[dict[str, Any]], str]
) -> None:
    liar.token = token
    assert failed(await came_back(browser, liar))


async def test_a_shared_secret_among_the_keys_is_not_one(browser: Browser, liar: Liar) -> None:
    shared = OctKey.generate_key(256, {"kid": "one", "use": "sig"})
    liar.published = [shared.as_dict(private=True), new_key("two").as_dict(private=False)]
    liar.token = lambda claims: jwt.encode(
        {"alg": "HS256", "kid": "one"}, claims, shared, algorithms=["HS256"]
    )
    assert failed(await came_back(browser, liar))


async def test_another_browsers_state_opens_nothing(browser: Browser, liar: Liar) -> None:
    theirs = Browser(browser.running)
    answer = liar.authorize(await theirs.start())
    await browser.start()
    assert failed(await browser.back(answer))
    browser.cookie = ""
    assert failed(await browser.back(answer))
    assert not failed(await theirs.back(answer))


async def test_a_state_is_good_once_and_so_is_a_code(browser: Browser, liar: Liar) -> None:
    answer = liar.authorize(await browser.start())
    assert not failed(await browser.back(answer))
    liar.codes["code-1"] = {}
    assert failed(await browser.back(answer))
    again = liar.authorize(await browser.start(), "code-2")
    assert failed(await browser.back(again | {"code": "code-used"}))


async def test_a_code_of_another_sign_in_opens_nothing(browser: Browser, liar: Liar) -> None:
    stolen = liar.authorize(await Browser(browser.running).start(), "stolen")
    own = liar.authorize(await browser.start())
    assert failed(await browser.back(own | {"code": stolen["code"]}))


async def test_a_state_expires(browser: Browser, liar: Liar) -> None:
    from appinstance_app.oidc.service import LIFETIME

    answer = liar.authorize(await browser.start())
    sessions = browser.running.app.state.context.sessions
    late = sessions.clock() + LIFETIME
    sessions.clock = lambda: late
    assert failed(await browser.back(answer))


async def test_another_providers_answer_opens_nothing(browser: Browser, liar: Liar) -> None:
    assert failed(await came_back(browser, liar, iss="https://evil.example.com"))
    assert not failed(await came_back(browser, liar, iss=ISSUER))


async def test_a_provider_that_says_who_it_is_must_do_so(browser: Browser, liar: Liar) -> None:
    liar.description = {"authorization_response_iss_parameter_supported": True}
    assert failed(await came_back(browser, liar))
    assert not failed(await came_back(browser, liar, iss=ISSUER))


@pytest.mark.parametrize("answer", [{}, {"error": "access_denied"}, {"state": "ö"}, {"code": ""}])
async def test_a_refusal_leads_to_the_form(browser: Browser, answer: dict[str, str]) -> None:
    await browser.start()
    assert failed(await browser.back(answer))


@pytest.mark.parametrize(
    "told",
    [
        {"issuer": "https://evil.example.com"},
        {"issuer": f"{ISSUER}/"},
        {"token_endpoint": "http://id.example.com/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": None},
    ],
)
async def test_a_description_that_is_not_the_issuers_is_not_followed(
    browser: Browser, liar: Liar, told: dict[str, Any]
) -> None:
    liar.description = told
    answer = await browser.running.client.get(START)
    assert answer.headers["location"] == FAILED
    assert liar.asked == ["/.well-known/openid-configuration"]


ANSWERS = {
    "a redirect": httpx.Response(302, headers={"Location": "http://169.254.169.254/"}),
    "an error": httpx.Response(500),
    "no JSON": httpx.Response(200, text="<html>"),
    "a list": httpx.Response(200, json=[]),
    "too much": httpx.Response(200, content=b"[" * 300_000),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_a_provider_that_answers_badly_leads_to_the_form(
    browser: Browser, liar: Liar, answer: httpx.Response
) -> None:
    liar.answer = answer
    assert (await browser.running.client.get(START)).headers["location"] == FAILED
    assert len(liar.asked) == 1
    liar.answer = None
    begun = liar.authorize(await browser.start())
    liar.answer = answer
    assert failed(await browser.back(begun))


async def test_description_and_keys_are_asked_for_once(browser: Browser, liar: Liar) -> None:
    for _ in range(3):
        assert not failed(await came_back(browser, liar))
    assert sorted(set(liar.asked)) == ["/.well-known/openid-configuration", "/keys", "/token"]
    assert liar.asked.count("/keys") == 1
    assert liar.asked.count("/.well-known/openid-configuration") == 1


async def test_a_new_key_is_fetched_but_not_at_will(browser: Browser, liar: Liar) -> None:
    provider = browser.running.app.state.context.oidc.provider
    moment = 1000.0
    provider._ticks = lambda: moment
    assert not failed(await came_back(browser, liar))
    liar.key = new_key("two")
    assert failed(await came_back(browser, liar))
    assert liar.asked.count("/keys") == 1
    moment += 31
    assert not failed(await came_back(browser, liar))
    assert not failed(await came_back(browser, liar))
    assert liar.asked.count("/keys") == 2
    liar.token = _by_own_key
    for _ in range(3):
        assert failed(await came_back(browser, liar))
    assert liar.asked.count("/keys") == 2


@pytest.mark.parametrize("verified", [True, False])
async def test_an_email_leads_into_no_account_that_is_there(
    browser: Browser, liar: Liar, *, verified: bool
) -> None:
    await browser.running.signed_up()
    context = browser.running.app.state.context
    user = context.store.credentials("ada@example.com").user
    if verified:
        context.store.set_email(user.id, user.email, verified_at=context.sessions.clock())
    assert failed(await came_back(browser, liar))
    assert context.store.identified(ISSUER, "ada-1") is None


async def linking(browser: Browser, headers: dict[str, str]) -> httpx.Response:
    answer = await browser.running.client.post("/api/v1/users/me/oidc/link", headers=headers)
    if answer.status_code == 200:
        browser.cookie = answer.headers["set-cookie"].split(";")[0]
    return answer


async def test_who_is_signed_in_links_the_provider(browser: Browser, liar: Liar) -> None:
    headers = await browser.running.signed_up("ada@home.example.com")
    begun = await linking(browser, headers)
    answer = await browser.back(liar.authorize(begun.json()["url"]))
    assert answer.headers["location"] == "/#provider=linked"
    assert (await browser.me(answer))["email"] == "ada@home.example.com"
    seen = (await browser.running.client.get("/api/v1/users/me/activity", headers=headers)).json()
    assert [item["kind"] for item in seen].count("provider-linked") == 1
    again = await came_back(browser, liar)
    assert (await browser.me(again))["email"] == "ada@home.example.com"


async def test_the_provider_does_not_stand_for_the_second_factor(
    browser: Browser, liar: Liar
) -> None:
    headers = await browser.running.signed_up("ada@home.example.com")
    begun = await linking(browser, headers)
    await browser.back(liar.authorize(begun.json()["url"]))
    ada = Person(browser.running.client, headers, "ada@home.example.com")
    codes = await ada.with_second_factor(Authenticator())
    answer = await came_back(browser, liar)
    where, _, ticket = answer.headers["location"].partition("=")
    assert (answer.status_code, where) == (303, "/#second-factor")
    assert not any("session=" in cookie for cookie in answer.headers.get_list("set-cookie"))
    token, _, methods = ticket.partition(".")
    assert methods == "passkey,recovery_code"
    body = {"ticket": token, "code": codes[0]}
    opened = await ada.client.post("/api/v1/auth/second-factor/recovery-code", json=body)
    assert opened.json()["user"]["email"] == "ada@home.example.com"


async def test_an_identity_is_not_taken_from_its_account(browser: Browser, liar: Liar) -> None:
    assert not failed(await came_back(browser, liar))
    headers = await browser.running.signed_up("eve@example.com")
    begun = await linking(browser, headers)
    answer = await browser.back(liar.authorize(begun.json()["url"]))
    assert answer.headers["location"] == "/#provider=refused"
    assert not any("session=" in cookie for cookie in answer.headers.get_list("set-cookie"))
    seen = (await browser.running.client.get("/api/v1/users/me/activity", headers=headers)).json()
    assert "provider-linked" not in {item["kind"] for item in seen}


async def test_to_link_asks_for_a_fresh_proof_and_the_own_page(browser: Browser) -> None:
    from appinstance_app.auth.sessions import CONFIRMED_FOR

    headers = await browser.running.signed_up()
    assert (await linking(browser, {**headers, "Sec-Fetch-Site": "same-site"})).status_code == 403
    assert (await linking(browser, {})).status_code == 401
    sessions = browser.running.app.state.context.sessions
    later = sessions.clock() + CONFIRMED_FOR * 1.01
    sessions.clock = lambda: later
    refused = await linking(browser, headers)
    assert refused.json()["type"] == "/problems/confirmation-required"


async def test_a_shut_account_stays_shut(browser: Browser, liar: Liar) -> None:
    me = await browser.me(await came_back(browser, liar))
    context = browser.running.app.state.context
    context.store.set_disabled(me["id"], context.sessions.clock())
    assert failed(await came_back(browser, liar))


async def test_an_account_without_a_password_is_not_opened_by_one(
    browser: Browser, liar: Liar
) -> None:
    await came_back(browser, liar)
    for password in ("x", " " * 12):
        answer = await browser.running.client.post(
            "/api/v1/auth/sign-in", json={"email": "ada@example.com", "password": password}
        )
        assert answer.status_code == 401


async def test_another_origins_page_starts_nothing(browser: Browser) -> None:
    for site in ("same-site", "cross-site"):
        answer = await browser.running.client.get(START, headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 403


async def test_without_a_provider_there_is_none(running: Running) -> None:
    assert (await running.client.get(START)).status_code == 404
    assert (await running.client.get("/api/v1/auth/methods")).json()["oidc"] is None


async def test_the_page_learns_the_providers_name(browser: Browser) -> None:
    answer = await browser.running.client.get("/api/v1/auth/methods")
    assert answer.json()["oidc"] == {"name": "Example ID"}
    assert answer.json()["passkeys"] is True


@pytest.mark.parametrize(
    "host", ["shop.example.com", "shop.example.com:8443", "testserver.evil", "["]
)
async def test_a_further_host_offers_nothing_that_is_the_main_hosts_alone(
    browser: Browser, host: str
) -> None:
    """A passkey is made for the main host, and the provider sends people back to that one."""
    answer = await browser.running.client.get("/api/v1/auth/methods", headers={"Host": host})
    assert answer.json() == {"password": True, "passkeys": False, "mail": False, "oidc": None}


@pytest.mark.parametrize("host", ["TestServer", "testserver:8443"])
async def test_the_main_host_is_known_in_any_case_and_by_any_port(
    browser: Browser, host: str
) -> None:
    answer = await browser.running.client.get("/api/v1/auth/methods", headers={"Host": host})
    assert answer.json()["passkeys"] is True


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"oidc_client_secret": ""}, "OIDC_CLIENT_SECRET"),
        ({"oidc_issuer": ""}, "OIDC_ISSUER"),
        ({"oidc_issuer": "id.example.com"}, "OIDC_ISSUER"),
        ({"oidc_issuer": "https://id.example.com/?a=b"}, "OIDC_ISSUER"),
        ({"oidc_issuer": "https://user@id.example.com"}, "OIDC_ISSUER"),
    ],
)
def test_settings_that_do_not_fit_are_named(
    make_settings: Callable[..., Settings], change: dict[str, str], named: str
) -> None:
    from app.oidc.conftest import OIDC

    with pytest.raises(ValueError, match=named):
        make_settings(**OIDC | change)
