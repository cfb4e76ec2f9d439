"""External Secrets' CRDs without Go: the very files of the pinned module, or none."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from appinstance_local.errors import LocalError
from appinstance_local.platform import esocrds

_FILES = {name: f"kind: {name}\n".encode() for name in esocrds.SHA256}


@pytest.fixture
def serve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[dict[str, bytes]], list[str]]:
    """Return what makes the network answer with files; it returns what was asked for."""
    monkeypatch.setattr(esocrds, "cache", lambda: tmp_path)
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in _FILES.items()}
    monkeypatch.setattr(esocrds, "SHA256", sums)

    def serve(files: dict[str, bytes]) -> list[str]:
        asked: list[str] = []

        def answer(request: httpx.Request) -> httpx.Response:
            asked.append(str(request.url))
            name = request.url.path.rsplit("/", 1)[-1]
            return (
                httpx.Response(200, content=files[name]) if name in files else httpx.Response(404)
            )

        client = httpx.Client(transport=httpx.MockTransport(answer))
        monkeypatch.setattr(httpx, "get", client.get)
        return asked

    return serve


def test_they_are_downloaded_once(serve: Callable[[dict[str, bytes]], list[str]]) -> None:
    asked = serve(_FILES)
    for _ in range(2):
        paths = esocrds.downloaded()
        assert [path.read_bytes() for path in paths] == list(_FILES.values())
    assert len(asked) == len(_FILES)
    assert all("/v0." in url or "/v1." in url or "/v2." in url for url in asked)


def test_another_file_is_refused_and_not_kept(
    serve: Callable[[dict[str, bytes]], list[str]], tmp_path: Path
) -> None:
    serve(dict.fromkeys(_FILES, b"kind: Forged"))
    with pytest.raises(LocalError, match="is not the file that esocrds"):
        esocrds.downloaded()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_one_that_is_not_there_is_said(serve: Callable[[dict[str, bytes]], list[str]]) -> None:
    serve({})
    with pytest.raises(LocalError, match=r"can't be had: .*404"):
        esocrds.downloaded()


@pytest.mark.integration
def test_they_are_the_modules() -> None:
    for path, wanted in zip(esocrds.of_the_module(), esocrds.SHA256.values(), strict=True):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == wanted
