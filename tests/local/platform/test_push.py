"""`make push`: what is built, named, signed in and left alone; docker and aws are written down."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from appinstance_local import cli
from appinstance_local.errors import LocalError
from appinstance_local.platform import push
from appinstance_local.platform.push import Target

_PREFIX = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/acme-platform"
_PASSWORD = "a-password-of-ecr"
# Writes its words and its input down, and answers as the real one would.
_PROGRAM = """#!{python}
import json, pathlib, sys
home = pathlib.Path({home!r})
name, words = pathlib.Path(sys.argv[0]).name, sys.argv[1:]
given = "" if sys.stdin.isatty() or "--password-stdin" not in words else sys.stdin.read()
with (home / "calls").open("a") as calls:
    calls.write(json.dumps([name, words, given]) + "\\n")
there = set((home / "there").read_text().split())
if words[:2] == ["ecr", "get-login-password"]:
    print({password!r})
elif words[:2] == ["ecr", "describe-images"]:
    image = words[words.index("--repository-name") + 1]
    if image not in there:
        sys.exit("An error occurred (ImageNotFoundException) when calling DescribeImages")
    print("sha256:" + "0" * 64)
elif words[0] == "push":
    there.add(words[1].partition("/")[2].partition(":")[0])
    (home / "there").write_text(" ".join(there))
"""


class Programs:
    """The stand-ins for docker and aws in a folder of their own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.there()
        for name in ("docker", "aws"):
            path = home / name
            path.write_text(
                _PROGRAM.format(python=sys.executable, home=str(home), password=_PASSWORD)
            )
            path.chmod(0o700)

    def there(self, *images: str) -> None:
        """Say which repositories have the image already."""
        (self.home / "there").write_text(" ".join(images))

    def calls(self) -> list[tuple[str, list[str], str]]:
        """Return what was called, with what, and what was put in."""
        path = self.home / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        found: list[Any] = [json.loads(line) for line in lines]
        return [tuple(item) for item in found]

    def docker(self) -> list[list[str]]:
        """Return docker's calls."""
        return [words for name, words, _ in self.calls() if name == "docker"]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    home = tmp_path / "bin"
    home.mkdir()
    monkeypatch.setenv("PATH", f"{home}:{os.environ['PATH']}")
    return Programs(home)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with one commit, in place of this one."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\n")
    who = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    for words in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", "First"]):
        subprocess.run(["git", "-C", str(folder), *words], check=True)
    monkeypatch.setattr(push, "REPO", folder)
    return folder


def _head(repository: Path) -> str:
    words = ["git", "-C", str(repository), "rev-parse", "HEAD"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def test_each_image_is_built_and_pushed_by_its_commit(programs: Programs, repository: Path) -> None:
    pushed = push.push(_PREFIX, dry_run=False)
    tag = _head(repository)[:12]
    built = [words for words in programs.docker() if words[0] == "build"]
    assert [words[words.index("--target") + 1] for words in built] == [
        "backend", "frontend", "operator", "provisioner"
    ]  # fmt: skip
    assert {words[words.index("--platform") + 1] for words in built} == {"linux/amd64"}
    assert [words[1] for words in programs.docker() if words[0] == "push"] == [
        f"{_PREFIX}/{image}:{tag}" for image in ("backend", "frontend", "operator", "provisioner")
    ]
    assert pushed["operator"] == f"{_PREFIX}/operator@sha256:{'0' * 64}"


def test_the_password_goes_through_stdin_and_is_no_argument(
    programs: Programs, repository: Path
) -> None:
    push.push(_PREFIX, dry_run=False)
    (signed_in,) = [call for call in programs.calls() if call[1][:1] == ["login"]]
    assert signed_in[1][-1] == _PREFIX.partition("/")[0]
    assert signed_in[2].strip() == _PASSWORD
    assert all(_PASSWORD not in " ".join(words) for _, words, _ in programs.calls())


def test_what_is_there_is_neither_built_nor_pushed(programs: Programs, repository: Path) -> None:
    programs.there("acme-platform/backend", "acme-platform/frontend")
    push.push(_PREFIX, dry_run=False)
    assert {words[-1].split("/")[-1].partition(":")[0] for words in programs.docker()
            if words[0] == "push"} == {"operator", "provisioner"}  # fmt: skip
    before = len(programs.docker())
    push.push(_PREFIX, dry_run=False)
    assert len(programs.docker()) == before, "not even signed in"


def test_a_dry_run_says_everything_and_calls_nothing(
    programs: Programs, repository: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(sys, "argv", ["platform-local", "push", _PREFIX, "--dry-run"])
    cli.main()
    said = capsys.readouterr().out
    for image in ("backend", "frontend", "operator", "provisioner"):
        assert f"--target {image} --tag {_PREFIX}/{image}:{_head(repository)[:12]}" in said
        assert f"docker push {_PREFIX}/{image}:{_head(repository)[:12]}" in said
    assert programs.calls() == []


def test_what_is_not_committed_is_not_pushed(programs: Programs, repository: Path) -> None:
    (repository / "Dockerfile").write_text("FROM other\n")
    with pytest.raises(LocalError, match="commit first"):
        push.push(_PREFIX, dry_run=False)
    assert programs.calls() == []


def test_a_refusal_of_aws_is_told_and_is_not_an_absent_image(
    programs: Programs, repository: Path
) -> None:
    (programs.home / "aws").write_text("#!/bin/sh\necho AccessDeniedException >&2; exit 254\n")
    with pytest.raises(LocalError, match="AccessDeniedException"):
        push.push(_PREFIX, dry_run=False)
    assert programs.docker() == []


@pytest.mark.parametrize(
    "prefix", ["", "appinstance", "docker.io/acme", f"{_PREFIX}:latest", "x" + _PREFIX]
)
def test_another_place_than_ecr_is_refused_with_a_sentence(prefix: str) -> None:
    with pytest.raises(LocalError, match="image_prefix"):
        Target.parse(prefix)
