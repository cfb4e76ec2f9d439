"""What goes by mailed links. The mails are read as a person would: from the folder."""

from __future__ import annotations

import email
import re
from datetime import timedelta
from email.policy import default
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from app.auth.test_own_account import ME, OTHER_PASSWORD, kinds, signed_in
from app.auth.test_sessions import SIGN_IN, clock_of, refreshed
from app.conftest import Running
from app.passkeys.authenticator import Authenticator
from app.passkeys.conftest import Person
from app.processes import EMAIL, USER_PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage

    from appinstance_app.store.protocol import Store

SIGN_UP = {"email": EMAIL, "password": USER_PASSWORD, "display_name": "Ada"}
NEW = "countess@example.com"


class Post:
    """The app, and the mails that it has sent."""

    def __init__(self, app: Running, folder: Path) -> None:
        self.app = app
        self._folder = folder

    async def mails(self) -> list[EmailMessage]:
        """All mails so far, the oldest first."""
        await self.app.app.state.context.outgoing.idle()
        return [
            email.message_from_bytes(path.read_bytes(), policy=default)
            for path in sorted(self._folder.glob("*.eml"))
        ]

    async def token(self) -> str:
        """What the newest mail's link carries."""
        body = (await self.mails())[-1].get_body(("plain",))
        assert body is not None
        found = re.search(
            r"^http://testserver/#[a-z-]+=([\w-]+)$", body.get_content(), re.MULTILINE
        )
        assert found is not None
        return found[1]

    async def post(self, path: str, headers: Any = None, **body: Any) -> Any:
        return await self.app.client.post(f"/api/v1/{path}", json=body, headers=headers)

    async def admitted(self) -> dict[str, str]:
        """An account that was opened by its link, signed in."""
        assert (await self.post("auth/sign-up", **SIGN_UP)).status_code == 202
        token = await self.token()
        assert (await self.post("auth/verify-email", token=token)).status_code == 204
        return await signed_in(self.app)


@pytest.fixture
async def post(start: Callable[..., Any], store: Store, tmp_path: Path) -> Post:
    app: Running = await start(
        store=store, mail_from="accounts@example.org", data_dir=tmp_path / "mailing"
    )
    return Post(app, tmp_path / "mailing" / "mail")


async def test_an_account_opens_by_the_link_and_with_the_password_of_its_sign_up(
    post: Post,
) -> None:
    answer = await post.post("auth/sign-up", **SIGN_UP)
    assert answer.status_code == 202
    assert "set-cookie" not in answer.headers
    assert (await post.post("auth/sign-in", **SIGN_IN)).status_code == 401
    (mail,) = await post.mails()
    assert (mail["To"], mail["From"]) == (EMAIL, "accounts@example.org")
    assert mail["Auto-Submitted"] == "auto-generated"
    token = await post.token()
    assert (await post.post("auth/verify-email", token=token)).status_code == 204
    again = await post.post("auth/verify-email", token=token)
    assert again.status_code == 410
    assert again.json()["type"] == "/problems/link-invalid"
    headers = await signed_in(post.app)
    me = (await post.app.client.get(ME, headers=headers)).json()
    assert (me["email"], me["email_verified"]) == (EMAIL, True)


async def test_who_signs_up_with_an_address_that_has_an_account_learns_nothing(
    post: Post,
) -> None:
    await post.admitted()
    known = await post.post("auth/sign-up", **SIGN_UP)
    unknown = await post.post("auth/sign-up", **{**SIGN_UP, "email": "eve@example.com"})
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())
    assert {*known.headers} == {*unknown.headers}
    subjects = [mail["Subject"] for mail in await post.mails()]
    assert sorted(subjects[-2:]) == ["Confirm your email address", "You already have an account"]
    await signed_in(post.app)


async def test_both_cost_the_same_password_hash(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post.admitted()
    passwords = post.app.app.state.context.auth._passwords
    real, hashed = passwords.hash_new, []

    async def counted(*arguments: str) -> str:
        hashed.append(arguments[1])
        return str(await real(*arguments))

    monkeypatch.setattr(passwords, "hash_new", counted)
    for address in (EMAIL, "eve@example.com"):
        await post.post("auth/sign-up", **{**SIGN_UP, "email": address})
    assert hashed == [EMAIL, "eve@example.com"]


async def test_nobody_puts_a_password_under_an_address_that_is_not_theirs(post: Post) -> None:
    """Whoever follows the own link gets the own password, whoever else signed up with it."""
    await post.post("auth/sign-up", **{**SIGN_UP, "password": "an attacker chose this one"})
    await post.mails()
    await post.post("auth/sign-up", **SIGN_UP)
    token = await post.token()
    assert (await post.post("auth/verify-email", token=token)).status_code == 204
    await signed_in(post.app)


async def test_a_forgotten_password_is_replaced_by_a_link_once(post: Post) -> None:
    await post.admitted()
    first = post.app.cookie
    asked = await post.post("auth/password-reset", email=EMAIL)
    assert asked.status_code == 202
    token = await post.token()
    easy = await post.post("auth/password-reset/confirm", token=token, password="password1234")
    assert easy.status_code == 422
    body = {"token": token, "password": OTHER_PASSWORD}
    done = await post.post("auth/password-reset/confirm", **body)
    assert done.status_code == 204, done.text
    assert (await refreshed(post.app, first)).status_code == 401, "All sessions end."
    assert (await post.post("auth/password-reset/confirm", **body)).status_code == 410
    assert (await post.post("auth/sign-in", **SIGN_IN)).status_code == 401
    headers = await signed_in(post.app, OTHER_PASSWORD)
    assert "password-reset" in await kinds(post.app, headers)
    assert (await post.mails())[-1]["Subject"] == "Your password was changed"


async def test_a_reset_leaves_the_second_factor(post: Post) -> None:
    await post.admitted()
    ada = Person(post.app.client, await signed_in(post.app), EMAIL)
    await ada.with_second_factor(Authenticator())
    await post.post("auth/password-reset", email=EMAIL)
    new = "violet otter plays the trombone"
    answer = await post.post("auth/password-reset/confirm", token=await post.token(), password=new)
    assert answer.status_code == 204
    assert not any("session=" in cookie for cookie in answer.headers.get_list("set-cookie"))
    entered = await post.post("auth/sign-in", email=EMAIL, password=new)
    assert entered.status_code == 202
    assert "access_token" not in entered.json()


async def test_a_reset_tells_nobody_who_has_an_account(post: Post) -> None:
    await post.admitted()
    count = len(await post.mails())
    known = await post.post("auth/password-reset", email=EMAIL)
    unknown = await post.post("auth/password-reset", email="nobody@example.com")
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())
    assert [mail["To"] for mail in (await post.mails())[count:]] == [EMAIL]


async def test_what_depends_on_the_account_happens_after_the_answer(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post.admitted()
    await post.mails()
    asked: list[str] = []
    monkeypatch.setattr(
        post.app.app.state.context.store, "credentials", lambda email: asked.append(email)
    )
    begun: list[Any] = []
    monkeypatch.setattr(post.app.app.state.context.outgoing, "begin", begun.append)
    assert (await post.post("auth/password-reset", email=EMAIL)).status_code == 202
    assert asked == []
    assert len(begun) == 1
    await begun[0]
    assert asked == [EMAIL]


async def test_links_expire(post: Post) -> None:
    go = clock_of(post.app)
    await post.post("auth/sign-up", **SIGN_UP)
    token = await post.token()
    go(timedelta(hours=24))
    assert (await post.post("auth/verify-email", token=token)).status_code == 410
    await post.admitted()
    await post.post("auth/password-reset", email=EMAIL)
    token = await post.token()
    go(timedelta(minutes=30))
    body = {"token": token, "password": OTHER_PASSWORD}
    assert (await post.post("auth/password-reset/confirm", **body)).status_code == 410


async def test_a_link_is_good_for_what_it_was_sent_for_alone(post: Post) -> None:
    await post.admitted()
    await post.post("auth/password-reset", email=EMAIL)
    token = await post.token()
    assert (await post.post("auth/verify-email", token=token)).status_code == 410
    await post.post("auth/sign-up", **{**SIGN_UP, "email": "eve@example.com"})
    token = await post.token()
    body = {"token": token, "password": OTHER_PASSWORD}
    assert (await post.post("auth/password-reset/confirm", **body)).status_code == 410


async def test_an_address_from_before_there_was_mail_is_confirmed_by_a_link(post: Post) -> None:
    outgoing = post.app.app.state.context.outgoing
    mail, outgoing._mail = outgoing._mail, None
    headers = await post.app.signed_up()
    outgoing._mail = mail
    assert not (await post.app.client.get(ME, headers=headers)).json()["email_verified"]
    assert (await post.post("users/me/verification", headers)).status_code == 202
    assert (await post.post("auth/verify-email", token=await post.token())).status_code == 204
    assert (await post.app.client.get(ME, headers=headers)).json()["email_verified"]
    assert (await kinds(post.app, headers))[0] == "email-verified"
    count = len(await post.mails())
    assert (await post.post("users/me/verification", headers)).status_code == 202
    assert len(await post.mails()) == count


async def test_an_address_changes_by_the_link_that_is_sent_to_the_new_one(post: Post) -> None:
    headers = await post.admitted()
    count = len(await post.mails())
    asked = await post.post("users/me/email", headers, email=NEW)
    assert asked.status_code == 202
    told = (await post.mails())[count:]
    assert [mail["To"] for mail in told] == [EMAIL, NEW]
    me = (await post.app.client.get(ME, headers=headers)).json()
    assert me["email"] == EMAIL, "Not before the link was followed."
    assert (await post.post("auth/verify-email", token=await post.token())).status_code == 204
    me = (await post.app.client.get(ME, headers=headers)).json()
    assert (me["email"], me["email_verified"]) == (NEW, True)
    assert "email-changed" in await kinds(post.app, headers)


async def test_an_address_that_somebody_has_gets_the_same_answer_and_stays_theirs(
    post: Post,
) -> None:
    await post.admitted()
    async with post.app.elsewhere() as other:
        await other.client.post("/api/v1/auth/sign-up", json={**SIGN_UP, "email": NEW})
        await post.post("auth/verify-email", token=await post.token())
        theirs = await other.client.post("/api/v1/auth/sign-in", json={**SIGN_IN, "email": NEW})
        headers = {"Authorization": f"Bearer {theirs.json()['access_token']}"}
        answer = await other.client.post(f"{ME}/email", json={"email": EMAIL}, headers=headers)
        assert answer.status_code == 202
    assert (await post.mails())[-1]["Subject"] == "You already have an account"
    await signed_in(post.app)


async def test_a_change_of_address_needs_a_fresh_proof(post: Post) -> None:
    go = clock_of(post.app)
    go(-timedelta(minutes=11))
    await post.admitted()
    go(timedelta(minutes=11))
    answer = await post.app.client.post("/api/v1/auth/refresh")
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    refused = await post.post("users/me/email", headers, email=NEW)
    assert refused.json()["type"] == "/problems/confirmation-required"


async def test_nobody_is_flooded_with_mails(start: Callable[..., Any], tmp_path: Path) -> None:
    app = await start(mail_from="a@example.org", data_dir=tmp_path / "m", mails_per_address=3)
    post = Post(app, tmp_path / "m" / "mail")
    for _ in range(5):
        answer = await post.post("auth/sign-up", **SIGN_UP)
        assert answer.status_code == 202, "The answer does not tell that it was one too many."
    assert len(await post.mails()) == 3


async def test_without_mail_there_is_none(running: Running) -> None:
    methods = (await running.client.get("/api/v1/auth/methods")).json()
    assert methods == {"password": True, "passkeys": True, "mail": False, "oidc": None}
    headers = await running.signed_up()
    for path, body in (("auth/password-reset", {"email": EMAIL}), ("users/me/verification", {})):
        answer = await running.client.post(f"/api/v1/{path}", json=body, headers=headers)
        assert answer.status_code == 404


async def test_a_link_after_an_attack_lets_the_owner_in_on_a_new_device(
    start: Callable[..., Any], store: Store, tmp_path: Path
) -> None:
    app = await start(
        store=store, mail_from="a@example.org", data_dir=tmp_path / "m", sign_in_per_account=2
    )
    post = Post(app, tmp_path / "m" / "mail")
    await post.admitted()
    async with app.elsewhere() as strangers, app.elsewhere() as new:
        for _ in range(3):
            wrong = {**SIGN_IN, "password": "wrong"}
            await strangers.client.post("/api/v1/auth/sign-in", json=wrong)
        right = {**SIGN_IN, "password": OTHER_PASSWORD}
        await new.client.post("/api/v1/auth/password-reset", json={"email": EMAIL})
        body = {"token": await post.token(), "password": OTHER_PASSWORD}
        await new.client.post("/api/v1/auth/password-reset/confirm", json=body)
        assert (await new.client.post("/api/v1/auth/sign-in", json=right)).status_code == 200
        assert (await strangers.client.post("/api/v1/auth/sign-in", json=right)).status_code == 429
