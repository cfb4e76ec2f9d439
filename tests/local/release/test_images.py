"""How the images of a release are built; what docker and crane are asked for is written down."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from appinstance_local import engine
from appinstance_local.engine import Engine
from appinstance_local.errors import LocalError
from appinstance_local.platform import app_images, cluster
from appinstance_local.platform.cluster import Mode
from appinstance_local.release import images

_DIGEST = f"sha256:{'d' * 64}"
_PROGRAM = """#!{python}
import json, pathlib, sys
name, words = pathlib.Path(sys.argv[0]).name, sys.argv[1:]
with pathlib.Path({calls!r}).open("a") as calls:
    calls.write(json.dumps([name, *words]) + "\\n")
if name == "crane":
    print({digest!r})
if words[0] == "save":
    pathlib.Path(words[2]).write_text(words[3])
if words[0] == "buildx":
    pathlib.Path(words[words.index("--output") + 1].partition("dest=")[2]).mkdir()
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put stand-ins for docker and crane first, and return where their calls are written."""
    home = tmp_path / "bin"
    home.mkdir()
    written = tmp_path / "calls"
    for name in ("docker", "crane"):
        path = home / name
        path.write_text(_PROGRAM.format(python=sys.executable, calls=str(written), digest=_DIGEST))
        path.chmod(0o700)
    monkeypatch.setenv("PATH", str(home), prepend=os.pathsep)
    monkeypatch.setenv("APPINSTANCE_BIN", str(home))
    return written


def _calls(path: Path) -> list[list[str]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_for_several_platforms_on_bases_by_digest(calls: Path, tmp_path: Path) -> None:
    folder = tmp_path / "images"
    images.build(folder, "linux/amd64,linux/arm64")
    built = [words for words in _calls(calls) if words[:3] == ["docker", "buildx", "build"]]
    assert [words[words.index("--target") + 1] for words in built] == list(app_images.IMAGES)
    for words in built:
        assert words[words.index("--platform") + 1] == "linux/amd64,linux/arm64"
        arguments = [words[at + 1] for at, word in enumerate(words) if word == "--build-arg"]
        assert arguments == [
            f"{name}={image}@{_DIGEST}" for name, image in images.base_arguments().items()
        ]
    assert images.bases(folder) == dict.fromkeys(images.base_arguments().values(), _DIGEST)
    assert images.archives(folder) == {name: folder / name for name in app_images.IMAGES}


def test_here_as_the_engine_at_hand_builds_them(
    calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ensure", lambda: Engine(own=False))
    monkeypatch.setattr(cluster, "choose_mode", lambda _docker: Mode.STOCK)
    folder = tmp_path / "images"
    images.build(folder, "")
    saved = [words for words in _calls(calls) if words[1] == "save"]
    assert [words[-1] for words in saved] == list(app_images.IMAGES.values())
    assert images.archives(folder) == {name: folder / f"{name}.tar" for name in app_images.IMAGES}
    assert images.bases(folder) == {}


def test_an_image_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "backend.tar").write_text("")
    with pytest.raises(LocalError, match=r"no frontend\.tar \(docker save\)"):
        images.archives(tmp_path)


def test_both_bases_of_the_dockerfile_are_known() -> None:
    assert set(images.base_arguments()) == {"BASE_IMAGE", "FRONTEND_BASE_IMAGE"}
