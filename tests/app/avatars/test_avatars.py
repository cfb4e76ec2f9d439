"""Pictures of accounts: replaced, removed, delivered, and in step with the store."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from app.avatars.media import AVATAR, FILES, Media, until
from app.conftest import Running
from app.media.test_cloudfront import KEY, opens, pem
from PIL import Image
from pydantic import SecretStr

from appinstance_app.auth.tokens import utc_now
from appinstance_app.store.protocol import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from appinstance_app.store.protocol import Store


async def test_a_picture_is_kept_under_an_unguessable_name(app: Running, media: Media) -> None:
    headers = await app.signed_up()
    user = (await app.client.put(AVATAR, headers=headers, files=FILES)).json()
    (key,) = media.objects
    folder, owner, name = key.split("/")
    assert (folder, owner) == ("avatars", user["id"])
    assert len(name) == 48 + len(".webp")
    assert user["avatar_url"] == f"/api/v1/avatars/{user['id']}/{name}"
    me = await app.client.get("/api/v1/users/me", headers=headers)
    assert me.json() == user


async def test_it_is_delivered_to_an_img_and_can_do_nothing(app: Running) -> None:
    headers = await app.signed_up()
    url = (await app.client.put(AVATAR, headers=headers, files=FILES)).json()["avatar_url"]
    answer = await app.client.get(url)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["content-length"] == str(len(answer.content))
    assert Image.open(io.BytesIO(answer.content)).format == "WEBP"


async def test_a_browser_that_has_the_picture_is_told_so_and_s3_is_not_asked(
    app: Running, media: Media
) -> None:
    headers = await app.signed_up()
    url = (await app.client.put(AVATAR, headers=headers, files=FILES)).json()["avatar_url"]
    first = await app.client.get(url)
    tag = first.headers["etag"]
    assert tag.startswith('"')
    media.calls.clear()
    for given in (tag, f"W/{tag}", f'"other", {tag}', f'W/"other",W/{tag} ', "*"):
        answer = await app.client.get(url, headers={"If-None-Match": given})
        assert (answer.status_code, answer.content) == (304, b""), given
        for header in ("etag", "cache-control", "content-security-policy"):
            assert answer.headers[header] == first.headers[header]
        assert "content-length" not in answer.headers
        assert "content-type" not in answer.headers
    assert media.calls == []


@pytest.mark.parametrize("given", ['"other"', "other", "", '"', "W/", ",", "\xff", "* , *"])
async def test_a_browser_that_has_another_picture_gets_this_one(app: Running, given: str) -> None:
    headers = await app.signed_up()
    url = (await app.client.put(AVATAR, headers=headers, files=FILES)).json()["avatar_url"]
    answer = await app.client.get(url, headers={b"If-None-Match": given.encode("latin-1")})
    assert answer.status_code == 200
    assert answer.content


async def test_each_picture_has_a_tag_of_its_own(app: Running) -> None:
    headers = await app.signed_up()
    tags = []
    for _ in range(2):
        url = (await app.client.put(AVATAR, headers=headers, files=FILES)).json()["avatar_url"]
        tags.append((await app.client.get(url)).headers["etag"])
        same = (await app.client.get(url)).headers["etag"]
        assert same == tags[-1]
    assert len(set(tags)) == 2


@pytest.mark.parametrize("how", ["replaced", "removed", "account deleted"])
async def test_what_is_nobodys_picture_now_is_not_confirmed_to_who_has_kept_it(
    app: Running, media: Media, how: str
) -> None:
    headers = await app.signed_up()
    media.failing = {"delete"}
    url = (await app.client.put(AVATAR, headers=headers, files=FILES)).json()["avatar_url"]
    tag = (await app.client.get(url)).headers["etag"]
    if how == "replaced":
        await app.client.put(AVATAR, headers=headers, files=FILES)
    elif how == "removed":
        await app.client.delete(AVATAR, headers=headers)
    else:
        await app.client.delete("/api/v1/users/me", headers=headers)
    for given in (tag, "*"):
        answer = await app.client.get(url, headers={"If-None-Match": given})
        assert answer.status_code == 404
        assert "etag" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"


async def test_the_old_object_goes_after_the_account_points_to_the_new_one(
    app: Running, media: Media, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = await app.signed_up()
    first = (await app.client.put(AVATAR, headers=headers, files=FILES)).json()["avatar_url"]
    real = store.replace_avatar

    def noted(user_id: str, name: str | None, *, now: datetime) -> bool:
        result = real(user_id, name, now=now)
        media.calls.append("commit")
        return result

    monkeypatch.setattr(store, "replace_avatar", noted)
    media.calls.clear()
    second = (await app.client.put(AVATAR, headers=headers, files=FILES)).json()["avatar_url"]
    await until(lambda: len(media.objects) == 1)
    assert media.calls == ["put", "commit", "delete"]
    assert first != second
    assert (await app.client.get(first)).status_code == 404
    assert (await app.client.get(second)).status_code == 200


async def test_removing_a_picture(app: Running, media: Media) -> None:
    headers = await app.signed_up()
    await app.client.put(AVATAR, headers=headers, files=FILES)
    for _ in range(2):
        answer = await app.client.delete(AVATAR, headers=headers)
        assert (answer.status_code, answer.content) == (204, b"")
    me = await app.client.get("/api/v1/users/me", headers=headers)
    assert me.json()["avatar_url"] is None


async def test_without_the_media_store_the_account_stays_as_it_was(
    app: Running, media: Media
) -> None:
    headers = await app.signed_up()
    media.failing = {"put"}
    answer = await app.client.put(AVATAR, headers=headers, files=FILES)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "planted" not in answer.text
    me = await app.client.get("/api/v1/users/me", headers=headers)
    assert me.json()["avatar_url"] is None


async def test_when_the_store_fails_the_account_never_points_to_nothing(
    app: Running, media: Media, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = await app.signed_up()
    url = (await app.client.put(AVATAR, headers=headers, files=FILES)).json()["avatar_url"]

    def fail(*_: object, **__: object) -> None:
        raise StoreUnavailableError("lost")

    with monkeypatch.context() as patch:
        patch.setattr(store, "replace_avatar", fail)
        assert (await app.client.put(AVATAR, headers=headers, files=FILES)).status_code == 503
    assert "delete" not in media.calls
    assert (await app.client.get(url)).status_code == 200


async def test_a_picture_when_s3_is_away_is_503(app: Running, media: Media) -> None:
    headers = await app.signed_up()
    url = (await app.client.put(AVATAR, headers=headers, files=FILES)).json()["avatar_url"]
    media.failing = {"get"}
    assert (await app.client.get(url)).status_code == 503


@pytest.mark.parametrize(
    "path",
    [
        f"{'a' * 32}/{'b' * 48}.webp",
        f"{'a' * 32}/{'b' * 47}.webp",
        f"{'A' * 32}/{'B' * 48}.webp",
        "..%2f..%2fstore.json/x.webp",
        f"{'a' * 32}/..%2f..%2fstore.webp",
        f"../{'b' * 48}.webp",
        f"{'a' * 32}/{'b' * 48}.webp%00.html",
        f"{'a' * 32}/{'b' * 48}%0a.webp",
        f"{'a' * 32}/{'b' * 48}.png",
        f"{'a' * 32}/.webp",
        f"{'a' * 32}/",
    ],
)
async def test_other_names_are_not_found(app: Running, media: Media, path: str) -> None:
    media.objects["avatars/x"] = b"planted"
    answer = await app.client.get(f"/api/v1/avatars/{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert b"planted" not in answer.content


async def test_a_person_changes_only_the_own_picture(app: Running, media: Media) -> None:
    ada = await app.signed_up()
    await app.client.put(AVATAR, headers=ada, files=FILES)
    async with app.elsewhere() as other:
        eve = await other.signed_up("eve@example.com")
        assert (await other.client.delete(AVATAR, headers=eve)).status_code == 204
    me = await app.client.get("/api/v1/users/me", headers=ada)
    assert me.json()["avatar_url"] is not None
    assert len(media.objects) == 1


async def test_a_picture_that_was_removed_is_gone_though_its_object_could_not_be_deleted(
    app: Running, media: Media
) -> None:
    headers = await app.signed_up()
    first = (await app.client.put(AVATAR, headers=headers, files=FILES)).json()["avatar_url"]
    media.failing.add("delete")
    second = (await app.client.put(AVATAR, headers=headers, files=FILES)).json()["avatar_url"]
    assert len(media.objects) == 2
    assert (await app.client.get(first)).status_code == 404
    assert (await app.client.get(second)).status_code == 200
    assert (await app.client.delete(AVATAR, headers=headers)).status_code == 204
    assert (await app.client.get(second)).status_code == 404


async def test_pictures_are_delivered_by_cloudfront_where_it_is_set(
    start: Callable[..., Any], media: Media
) -> None:
    app = await start(
        media=media,
        media_prefix="acme/shop/",
        media_cloudfront_domain="d1.cloudfront.net",
        media_cloudfront_key_pair_id="K2JCJMDEHXQW5F",
        media_cloudfront_private_key=SecretStr(pem(KEY)),
    )
    headers = await app.signed_up()
    url = (await app.client.put(AVATAR, headers=headers, files=FILES)).json()["avatar_url"]
    (key,) = media.objects
    assert url.startswith(f"https://d1.cloudfront.net/acme/shop/{key}?")
    assert opens(url, utc_now(), KEY.public_key())
    me = (await app.client.get("/api/v1/users/me", headers=headers)).json()
    assert me["avatar_url"] == url


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"media_cloudfront_domain": ""}, "set all three or none"),
        ({"media_cloudfront_key_pair_id": ""}, "set all three or none"),
        ({"media_cloudfront_domain": "https://d1.cloudfront.net"}, "must be a host name"),
        ({"media_cloudfront_domain": "d1.net; script-src *"}, "must be a host name"),
        ({"media_cloudfront_private_key": SecretStr("planted")}, "can't be used"),
    ],
)
def test_settings_of_cloudfront_that_do_not_fit_are_refused_without_the_key(
    make_settings: Callable[..., Any], changes: dict[str, Any], sentence: str
) -> None:
    fields = {
        "media_cloudfront_domain": "d1.cloudfront.net",
        "media_cloudfront_key_pair_id": "K2JCJMDEHXQW5F",
        "media_cloudfront_private_key": SecretStr(pem(KEY)),
    }
    make_settings(**fields)
    with pytest.raises(ValueError, match=sentence) as caught:
        make_settings(**fields | changes)
    assert "planted" not in str(caught.value)
