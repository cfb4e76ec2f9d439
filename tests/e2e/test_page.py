"""The whole way of an end user, through the real page in a real browser, down to the bucket."""

from __future__ import annotations

import io
import uuid
from pathlib import Path

import httpx
import pytest
from app.frontend.page import AppPage, launched_chromium
from e2e import support
from PIL import Image
from playwright.sync_api import sync_playwright

from appinstance_local.platform import aws

pytestmark = pytest.mark.e2e


def picture(path: Path) -> Path:
    """Write a picture to a file and return the file."""
    image = Image.new("RGB", (640, 480))
    for x in range(640):
        for y in range(480):
            image.putpixel((x, y), (x * 255 // 640, y * 255 // 480, 140))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    path.write_bytes(buffer.getvalue())
    return path


def test_sign_up_upload_and_see_the_avatar(
    instances: None, artifacts: Path, tmp_path: Path
) -> None:
    email = f"ada-{uuid.uuid4().hex[:10]}@example.com"
    before = keys()
    with sync_playwright() as playwright, launched_chromium(playwright) as browser:
        context = browser.new_context(
            ignore_https_errors=True, viewport={"width": 1280, "height": 800}
        )
        page = context.new_page()
        app = AppPage(page, support.url("acme"))
        app.open()
        page.screenshot(path=artifacts / "1-signed-out.png")
        app.sign_up(email=email, password="a long enough passphrase", name="Ada Lovelace")
        source = app.upload_avatar(picture(tmp_path / "ada.png"))
        page.screenshot(path=artifacts / "2-avatar.png")
        app.reload()
        app.expect_signed_in()
        assert app.expect_avatar_drawn() == source, "session and picture survive a reload"
        page.set_viewport_size({"width": 390, "height": 844})
        page.screenshot(path=artifacts / "3-phone.png")
        answer = page.evaluate(
            "async (u) => { const r = await fetch(u);"
            " return [r.status, r.headers.get('content-type')]; }",
            source,
        )
        app.sign_out()
    assert answer == [200, "image/webp"]
    added = keys() - before
    assert len(added) == 1
    assert next(iter(added)).startswith("acme/acme/avatars/"), "under the instance's prefix"


def keys() -> set[str]:
    """Return the keys of all objects in the bucket."""
    told = aws.client("s3").list_objects_v2(Bucket=aws.BUCKET)
    return {item["Key"] for item in told.get("Contents", ())}


def test_plain_http_is_redirected(instances: None) -> None:
    answer = httpx.get(
        "http://127.0.0.1:8080/", headers={"Host": "acme.apps.localhost"}, follow_redirects=False,
        timeout=60,
    )  # fmt: skip
    assert answer.status_code in {301, 308}
    assert answer.headers["location"].startswith("https://acme.apps.localhost")
