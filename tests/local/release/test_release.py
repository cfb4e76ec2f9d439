"""A whole release against a registry: what was published is what a stranger can verify and use."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.release_world import Key, checkout, make_images, make_key, registry, run

from appinstance_local.errors import LocalError
from appinstance_local.paths import REPO, binary
from appinstance_local.release import publish
from appinstance_local.release.publish import Released
from appinstance_local.release.registry import Registry
from appinstance_local.release.signing import Signer

pytestmark = pytest.mark.integration

_VERSION = "97.86.75"


@dataclass(frozen=True)
class Release:
    """What was released, from where, with which key, and another key."""

    done: Released
    tree: Path
    built: Path
    out: Path
    to: Registry
    key: Key
    other: Key

    def cosign(
        self, *words: str | Path, key: Key | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Return cosign's answer with the public half of a key."""
        public = (key or self.key).public
        first, *rest = map(str, words)
        return subprocess.run(
            [str(binary("cosign")), first, "--key", str(public), "--insecure-ignore-tlog=true",
             *rest],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def is_signed(self, address: str) -> bool:
        """Return whether there is a signature; cosign counts verified attestations as such too."""
        told = self.cosign("verify", address)
        kinds = [item["critical"]["type"] for item in json.loads(told.stdout or "[]")]
        return "https://sigstore.dev/cosign/sign/v1" in kinds

    def statement(self, address: str, kind: str) -> dict[str, Any]:
        """Return the verified statement of a kind about an address."""
        told = self.cosign("verify-attestation", "--type", kind, address)
        assert told.returncode == 0, told.stderr
        (envelope,) = [json.loads(line) for line in told.stdout.splitlines() if line.strip()]
        statement: dict[str, Any] = json.loads(base64.b64decode(envelope["payload"]))
        return statement


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    home = tmp_path_factory.mktemp("release")
    tree, built, out = home / "tree", home / "images", home / "dist"
    with registry(home) as prefix, pytest.MonkeyPatch.context() as patch:
        checkout(tree, _VERSION)
        make_images(built, prefix)
        key, other = make_key(home, "ours"), make_key(home, "other")
        patch.setenv("COSIGN_PASSWORD", key.password)
        patch.setenv("UV_OFFLINE", "1")
        to = Registry.parse(prefix)
        done = publish.release(tree, _VERSION, to, Signer.chosen(str(key.private)), built, out)
        yield Release(done, tree, built, out, to, key, other)


def _addresses(release: Release) -> list[str]:
    return [*release.done.images.values(), *release.done.charts.values()]


def test_images_and_charts_are_signed_and_another_key_is_refused(release: Release) -> None:
    for address in _addresses(release):
        assert release.is_signed(address), address
        assert release.cosign("verify", address, key=release.other).returncode != 0, address


def test_an_image_that_took_the_tag_is_not_the_signed_one(release: Release) -> None:
    name = f"{release.to.prefix}/moved"
    run(binary("crane"), "copy", release.done.images["backend"], f"{name}:1")
    run(binary("crane"), "copy", release.done.images["frontend"], f"{name}:2")
    assert release.cosign("verify", f"{name}:2").returncode != 0


def test_where_it_comes_from_is_signed(release: Release) -> None:
    commit = run("git", "-C", release.tree, "rev-parse", "HEAD").strip()
    for address in _addresses(release):
        statement = release.statement(address, "slsaprovenance1")
        assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
        digests = {item["digest"]["sha256"] for item in statement["subject"]}
        assert digests == {address.partition("@sha256:")[2]}
        sources = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
        assert sources == [{"digest": {"gitCommit": commit}}]


def test_what_is_in_an_image_is_signed(release: Release) -> None:
    statement = release.statement(release.done.images["backend"], "spdxjson")
    packages = {package["name"] for package in statement["predicate"]["packages"]}
    assert packages == {"appinstance-backend", "libc6", "inside-backend"}


def test_of_an_image_for_two_platforms_each_is_described_and_signed(release: Release) -> None:
    each = release.to.platforms(release.done.images["operator"])
    assert set(each) == {"linux-amd64", "linux-arm64"}
    for platform, address in each.items():
        assert release.is_signed(address), platform
        statement = release.statement(address, "spdxjson")
        assert "inside-operator" in {item["name"] for item in statement["predicate"]["packages"]}
        assert (release.out / f"operator.{platform}.spdx.json").exists()


def test_the_published_chart_installs_the_published_images(
    release: Release, tmp_path: Path
) -> None:
    chart = f"oci://{release.to.prefix}/charts/appinstance-operator"
    run(
        binary("helm"), "pull", chart, "--version", _VERSION, "--plain-http", "--untar",
        "--untardir", tmp_path,
    )  # fmt: skip
    values = REPO / "tests/charts/values/operator-minimal.yaml"
    rendered = run(
        binary("helm"), "template", "x", tmp_path / "appinstance-operator", "--values", values
    )
    images = {
        container["image"]
        for body in yaml.safe_load_all(rendered)
        if body and body["kind"] == "Deployment"
        for container in body["spec"]["template"]["spec"]["containers"]
    }
    assert images == {release.done.images["operator"]}
    described = yaml.safe_load((tmp_path / "appinstance-operator" / "Chart.yaml").read_text())
    assert described["version"] == described["appVersion"] == _VERSION


def test_the_files_are_those_of_the_signed_sums(release: Release, tmp_path: Path) -> None:
    sums, bundle = release.out / "SHA256SUMS", release.out / "SHA256SUMS.sigstore.json"
    assert release.cosign("verify-blob", "--bundle", bundle, sums).returncode == 0
    lines = [line.split("  ") for line in sums.read_text().splitlines()]
    listed = {name: digest for digest, name in lines}
    there = {path.name for path in release.out.iterdir()} - {sums.name, bundle.name}
    assert set(listed) == there
    for name, digest in listed.items():
        assert hashlib.sha256((release.out / name).read_bytes()).hexdigest() == digest
    forged = tmp_path / "SHA256SUMS"
    forged.write_text(sums.read_text() + f"{'0' * 64}  more\n")
    assert release.cosign("verify-blob", "--bundle", bundle, forged).returncode != 0


def test_the_wheel_is_of_the_version(release: Release) -> None:
    with zipfile.ZipFile(release.out / release.done.wheel) as wheel:
        (metadata,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        assert f"Version: {_VERSION}\n" in wheel.read(metadata).decode()


def test_the_notes_are_the_changelogs_section(release: Release) -> None:
    notes = (release.out / "NOTES.md").read_text()
    assert notes.strip()
    assert notes.strip() in (release.tree / "CHANGELOG.md").read_text()


def test_no_path_of_this_machine_and_no_password_is_in_what_is_published(release: Release) -> None:
    planted = [str(release.tree.parent), str(Path.home()), release.key.password]
    for path in release.out.iterdir():
        content = path.read_bytes()
        assert [text for text in planted if text.encode() in content] == [], path.name


def test_a_version_is_published_once(release: Release, tmp_path: Path) -> None:
    signer = Signer.chosen(str(release.key.private))
    with pytest.raises(LocalError, match="a version is published once"):
        publish.release(
            release.tree, _VERSION, release.to, signer, release.built, tmp_path / "again"
        )


def test_what_is_not_committed_is_not_released(release: Release) -> None:
    stray = release.tree / "stray"
    stray.write_text("")
    try:
        with pytest.raises(LocalError, match="commit first"):
            publish.check(release.tree, _VERSION)
    finally:
        stray.unlink()
    with pytest.raises(LocalError, match=r"make version VERSION=1\.0\.0"):
        publish.check(release.tree, "1.0.0")


def test_without_a_key_and_without_a_workflow_nothing_is_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("ACTIONS_ID_TOKEN_REQUEST_URL", raising=False)
    with pytest.raises(LocalError, match="nothing to sign with"):
        Signer.chosen("")


def test_a_wrong_password_fails_and_does_not_wait(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSIGN_PASSWORD", "another")
    with pytest.raises(LocalError, match="cosign"):
        Signer.chosen(str(release.key.private)).sign(release.done.images["backend"])
