"""Providers come from the cache, else from the registry where it answers, else from Go modules."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from appinstance_local.offline import builds, providers
from appinstance_local.offline.recipes import PROVIDER_RELEASES, Recipe

# What `terraform providers mirror FOLDER` leaves, for the versions in main.tf.
_TERRAFORM = """#!/usr/bin/env python3
import pathlib, re, sys, zipfile
command, words = sys.argv[1:3], sys.argv[3:]
assert command == ["providers", "mirror"], command
if {fails}:
    sys.exit("no such release")
for name, version in re.findall(
    'hashicorp/([a-z]+)", version = "(.+?)"', pathlib.Path("main.tf").read_text()
):
    home = pathlib.Path(words[0]) / "{host}" / "hashicorp" / name
    home.mkdir(parents=True)
    with zipfile.ZipFile(home / f"terraform-provider-{{name}}_{{version}}_{machine}.zip", "w") as z:
        z.writestr("LICENSE.txt", "words")
        z.writestr(f"terraform-provider-{{name}}_v{{version}}_x5", "fetched")
"""


class Surroundings:
    """A cache of its own, a registry that answers or not, and builds that only note their names."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.folder = folder
        self.built: list[str] = []
        self.answers = False
        self.asked = 0
        monkeypatch.setenv("APPINSTANCE_CACHE", str(folder / "cache"))
        monkeypatch.setattr(builds, "build_folder", self._build_folder)
        monkeypatch.setattr(builds, "is_built", lambda recipe: recipe.name in self.built)
        monkeypatch.setattr(builds, "ensure", self._build)
        monkeypatch.setattr(httpx, "get", self._get)

    def _build_folder(self, recipe: Recipe) -> Path:
        return self.folder / recipe.name

    def _build(self, names: Sequence[str]) -> None:
        for name in names:
            self.write_build(name, "made")
        self.built += names

    def write_build(self, name: str, text: str) -> None:
        (self.folder / name).mkdir(exist_ok=True)
        program = self.folder / name / f"terraform-{name}"
        program.unlink(missing_ok=True)
        program.write_text(text)

    def _get(self, url: str, **_options: object) -> httpx.Response:
        self.asked += 1
        if not self.answers:
            raise httpx.ConnectError("no route")
        return httpx.Response(200, json={"providers.v1": "/v1/providers/"})

    def ensure(self, *, fails: bool = False) -> dict[str, str]:
        """Return provider → its content, where Terraform looks for it in the mirror."""
        program = self.folder / "terraform"
        text = _TERRAFORM.format(
            fails=fails, host=providers.registry_host(), machine=providers._machine()
        )
        program.write_text(text)
        program.chmod(0o755)
        mirror = providers.ensure(str(program))
        found = {}
        for name, release in PROVIDER_RELEASES.items():
            (path,) = mirror.glob(
                f"*/hashicorp/{name}/{release}/*/terraform-provider-{name}_v{release}*"
            )
            found[name] = path.read_text()
            if found[name] == "fetched":
                assert path.stat().st_mode & stat.S_IXUSR
        return found


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Surroundings:
    return Surroundings(monkeypatch, tmp_path)


def _all(content: str) -> dict[str, str]:
    return dict.fromkeys(PROVIDER_RELEASES, content)


def test_without_a_registry_they_are_built(surroundings: Surroundings) -> None:
    assert surroundings.ensure() == _all("made")
    assert surroundings.built == [f"provider-{name}" for name in PROVIDER_RELEASES]


def test_from_a_registry_that_answers_they_are_fetched_once(surroundings: Surroundings) -> None:
    surroundings.answers = True
    assert surroundings.ensure() == _all("fetched")
    assert surroundings.ensure() == _all("fetched")
    assert (surroundings.built, surroundings.asked) == ([], 1)


def test_what_the_cache_holds_is_used_without_asking(surroundings: Surroundings) -> None:
    surroundings.ensure()
    surroundings.answers = True
    assert surroundings.ensure() == _all("made")
    assert surroundings.asked == 1


def test_a_registry_that_gives_none_is_no_reason_to_stop(
    surroundings: Surroundings, capsys: pytest.CaptureFixture[str]
) -> None:
    surroundings.answers = True
    assert surroundings.ensure(fails=True) == _all("made")
    assert "no such release" in capsys.readouterr().out


def test_a_rebuilt_provider_takes_the_old_ones_place(surroundings: Surroundings) -> None:
    surroundings.ensure()
    surroundings.write_build("provider-aws", "made again")
    assert surroundings.ensure()["aws"] == "made again"
