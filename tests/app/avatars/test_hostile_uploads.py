"""Hostile uploads: refused with the right status, or only their pixels survive; never a 500."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from app.avatars.hostile import HTML, REBUILT, REFUSED, Upload, drawn, saved
from PIL import Image

from appinstance_app.avatars.schemas import FORM_OVERHEAD_BYTES, MAX_UPLOAD_BYTES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx
    from app.conftest import Running

AVATAR = "/api/v1/users/me/avatar"
PNG = saved(drawn(), "PNG")


async def put(running: Running, headers: dict[str, str], **request: Any) -> httpx.Response:
    return await running.client.put(AVATAR, headers=headers, **request)


def assert_refused(answer: httpx.Response, *statuses: int) -> None:
    assert answer.status_code in statuses, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["detail"].endswith(".")
    assert "planted" not in answer.text
    assert "Traceback" not in answer.text


async def assert_unchanged(running: Running, headers: dict[str, str], tmp_path: Any) -> None:
    me = await running.client.get("/api/v1/users/me", headers=headers)
    assert me.json()["avatar_url"] is None
    assert not list((tmp_path / "data" / "media").rglob("*.webp"))


@pytest.mark.parametrize("upload", REFUSED, ids=lambda upload: upload.name)
async def test_it_is_refused(running: Running, tmp_path: Any, upload: Upload) -> None:
    headers = await running.signed_up()
    files = {"file": (upload.filename, upload.content, upload.declared)}
    assert_refused(await put(running, headers, files=files), *upload.statuses)
    await assert_unchanged(running, headers, tmp_path)


@pytest.mark.parametrize("upload", REBUILT, ids=lambda upload: upload.name)
async def test_only_its_pixels_survive(running: Running, tmp_path: Any, upload: Upload) -> None:
    headers = await running.signed_up()
    files = {"file": (upload.filename, upload.content, upload.declared)}
    answer = await put(running, headers, files=files)
    assert answer.status_code == 200, answer.text
    url = answer.json()["avatar_url"]
    picture = await running.client.get(url)
    assert picture.headers["content-type"] == "image/webp"
    with Image.open(io.BytesIO(picture.content), formats=["WEBP"]) as image:
        assert image.size == (512, 512)
        assert not image.getexif()
        assert not {"icc_profile", "exif", "xmp", "comment"} & set(image.info)
    for trace in (b"planted", b"<script", b"PK\x03\x04", b"ICC", b"EXIF", b"XMP"):
        assert trace not in picture.content
    # Nothing of the name either, not in the key and not anywhere on the disk.
    kept = [path for path in (tmp_path / "data" / "media").rglob("*") if path.is_file()]
    assert len(kept) == 1
    assert kept[0].name == url.rsplit("/", 1)[1]
    assert "planted" not in str(kept[0])


async def test_a_file_of_exactly_the_limit_is_taken(running: Running) -> None:
    headers = await running.signed_up()
    padded = PNG + bytes(MAX_UPLOAD_BYTES - len(PNG))
    answer = await put(running, headers, files={"file": ("a.png", padded, "image/png")})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("extra", [1, FORM_OVERHEAD_BYTES, 3 * MAX_UPLOAD_BYTES])
async def test_a_file_over_the_limit_is_refused(
    running: Running, tmp_path: Any, extra: int
) -> None:
    headers = await running.signed_up()
    padded = PNG + bytes(MAX_UPLOAD_BYTES - len(PNG) + extra)
    assert_refused(await put(running, headers, files={"file": ("a.png", padded, "image/png")}), 413)
    await assert_unchanged(running, headers, tmp_path)


async def test_a_body_without_a_length_is_cut_off_before_it_is_parsed(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = await running.signed_up()
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'
        yield b"Content-Type: image/png\r\n\r\n"
        while sent < 100 * MAX_UPLOAD_BYTES:
            sent += 65536
            yield bytes(65536)

    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await put(running, headers | kind, content=endless())
    assert_refused(answer, 413)
    assert answer.headers["connection"] == "close"
    assert sent <= MAX_UPLOAD_BYTES + FORM_OVERHEAD_BYTES + 65536


async def test_a_declared_length_over_the_limit_is_refused_unread(running: Running) -> None:
    headers = await running.signed_up()

    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("It read the body.")
        yield b""

    answer = await put(running, headers | {"Content-Length": str(50 * 1024**2)}, content=unread())
    assert_refused(answer, 413)


async def test_without_an_account_no_byte_of_an_upload_is_read(running: Running) -> None:
    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("It read the body.")
        yield b""

    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await put(running, kind, content=unread())
    assert_refused(answer, 401)


@pytest.mark.parametrize(
    "request_",
    [
        {"files": {"other": ("a.png", PNG, "image/png")}},
        {"files": [("file", ("a.png", PNG, "image/png")), ("file", ("b.png", PNG, "image/png"))]},
        {"files": [("file", ("a.png", PNG, "image/png")), ("x", ("b.png", PNG, "image/png"))]},
        {"files": {"file": ("a.png", PNG, "image/png")}, "data": {"user": "somebody else"}},
        {"files": {"file": (None, "only text")}},
        {"files": {"file[]": ("a.png", PNG, "image/png")}},
        {"files": {"__proto__": ("a.png", PNG, "image/png")}},
    ],
    ids=["missing", "two", "another", "with text", "text", "array", "odd name"],
)
async def test_a_form_of_another_shape_is_refused(
    running: Running, tmp_path: Any, request_: dict[str, Any]
) -> None:
    headers = await running.signed_up()
    assert_refused(await put(running, headers, **request_), 422)
    await assert_unchanged(running, headers, tmp_path)


PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'


@pytest.mark.parametrize(
    ("kind", "content", "status"),
    [
        ("multipart/form-data", b"", 422),
        ("multipart/form-data; boundary=", b"", 422),
        ("multipart/form-data; boundary=" + "b" * 300, b"", 422),
        ("multipart/form-data; boundary=b", b"", 422),
        ("multipart/form-data; boundary=b", b"no form", 422),
        ("multipart/form-data; boundary=b", HTML, 422),
        ("multipart/form-data; boundary=b", PART, 422),
        ("multipart/form-data; boundary=b", PART + b"\r\n\r\n--b--\r\n", 415),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nno name\r\n--b--\r\n", 422),
        ("multipart/form-data; boundary=b", b"--b\r\n" + b"X-A: " + b"a" * 5000 + b"\r\n", 422),
        ("multipart/form-data; boundary=b", b"--b\r\nX: 1\r\n" * 500, 422),
        ("multipart/form-data; boundary=b; charset=none", PART + b"\r\n\r\n--b--\r\n", 415),
        ("multipart/form-data; boundary=\xff", b"--\xff\r\n", 422),
        ("multipart/mixed; boundary=b", PART, 415),
        ("application/x-www-form-urlencoded", b"file=planted", 415),
        ("application/json", b'{"file": "planted"}', 415),
        ("image/png", PNG, 415),
        ("", PNG, 415),
    ],
)
async def test_a_body_that_is_no_such_form_is_no_server_error(
    running: Running, tmp_path: Any, kind: str, content: bytes, status: int
) -> None:
    headers = await running.signed_up()
    answer = await running.client.put(
        AVATAR,
        headers=[
            *((name.encode(), value.encode()) for name, value in headers.items()),
            (b"Content-Type", kind.encode("latin-1")),
        ],
        content=content,
    )
    assert_refused(answer, status)
    await assert_unchanged(running, headers, tmp_path)


def test_there_are_at_least_twenty_of_them() -> None:
    names = [upload.name for upload in (*REFUSED, *REBUILT)]
    assert len(names) == len(set(names)) >= 20
