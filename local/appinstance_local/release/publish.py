"""`make release`: everything of one version, built from its commit, pushed, described and signed.

Order matters: charts name the images by digest, so those are pushed first; what is signed is named
by digest alone, so that a tag that moves meanwhile is not what gets signed.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import shutil
import tarfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from appinstance_local import commits
from appinstance_local.errors import LocalError
from appinstance_local.offline import builds
from appinstance_local.paths import REPO, cache
from appinstance_local.progress import say, step
from appinstance_local.shell import run

from . import changelog, charts, images, provenance, sbom
from . import version as versions
from .registry import Registry
from .signing import Signer

PARTS = ("crane", "cosign", "helm")


@dataclass(frozen=True)
class Released:
    """What a release consists of: addresses with digests, and the wheel's file."""

    version: str
    commit: str
    images: Mapping[str, str]
    charts: Mapping[str, str]
    wheel: str


def check(root: Path, version: str) -> str:
    """Return the commit to release; LocalError where the checkout is not that version."""
    there = versions.current(root)
    if there != version:
        raise LocalError(
            f"the checkout is version {there} and not {version}: `make version VERSION={version}`, "
            "look at the difference, and commit it"
        )
    wrong = versions.differing(root)
    if wrong:
        raise LocalError(f"not every place has the version: {'; '.join(wrong)}")
    if not changelog.section((root / "CHANGELOG.md").read_text(), version):
        raise LocalError(f"CHANGELOG.md says nothing of {version}; `make version` cuts its section")
    return commits.head(root)


def release(
    root: Path, version: str, to: Registry, signer: Signer, built: Path, out: Path
) -> Released:
    """Publish a version with the images that lie in `built`; `out` gets the files beside it."""
    commit = check(root, version)
    archives = images.archives(built)
    started = datetime.datetime.now(datetime.UTC)
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()):
        raise LocalError(f"{out} is not empty; move away what an earlier release left there")
    with step(f"push {len(archives)} images to {to.prefix}"):
        pushed = {name: to.push_image(path, name, version) for name, path in archives.items()}
    with step("pack and push the charts"):
        packed = {name: charts.package(root, name, version, pushed, out) for name in charts.NAMES}
        charted = {name: to.push_chart(path, name, version) for name, path in packed.items()}
    with step("build the command line's wheel"):
        wheel = _wheel(root, out, version)
    with step("describe what is in the images"):
        described = _describe(to, pushed, out, version, started)
    statement = out / "provenance.json"
    finished = datetime.datetime.now(datetime.UTC)
    origin = provenance.origin(version, commit, images.bases(built))
    _write_json(statement, provenance.predicate(origin, started, finished))
    with step("sign"):
        for address in (*pushed.values(), *charted.values()):
            signer.sign(address)
            signer.attest(address, "slsaprovenance1", statement)
        for address, path in described.items():
            signer.attest(address, "spdxjson", path)
    done = Released(version, commit, pushed, charted, wheel.name)
    _write_json(out / "release.json", asdict(done))
    notes = changelog.section((root / "CHANGELOG.md").read_text(), version)
    (out / "NOTES.md").write_text(f"{notes}\n")
    # One signature for all files: over their sums.
    sums = "".join(f"{_sha256(path)}  {path.name}\n" for path in sorted(out.iterdir()))
    (out / "SHA256SUMS").write_text(sums)
    signer.sign_file(out / "SHA256SUMS")
    return done


def _wheel(root: Path, out: Path, version: str) -> Path:
    uv = os.environ.get("UV") or shutil.which("uv") or str(cache() / "uv" / "bin" / "uv")
    words = ["build", "--quiet", "--wheel", "--package", "appinstance-operator", "-o", str(out)]
    run([uv, *words], cwd=root)
    (out / ".gitignore").unlink(missing_ok=True)  # uv's own
    (wheel,) = out.glob(f"appinstance_operator-{version}-*.whl")
    return wheel


def _describe(
    to: Registry, pushed: Mapping[str, str], out: Path, version: str, made: datetime.datetime
) -> dict[str, Path]:
    """Write what is in each image, for each platform; return the file by the image's address."""
    found = {}
    for name, address in pushed.items():
        for platform, one in to.platforms(address).items():
            files = out / f"{name}.files.tar"
            to.export(one, files)
            with tarfile.open(files) as tar:
                parts = sbom.parts(tar)
            files.unlink()
            path = out / f"{name}{platform and f'.{platform}'}.spdx.json"
            digest = one.partition("@")[2]
            sbom.write(sbom.document(f"appinstance-{name}", digest, parts, made, version), path)
            found[one] = path
    return found


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def command(version: str, to: str, key: str, platforms: str, built: str) -> None:
    """Build what is not built yet, publish it, and say what went where."""
    registry, signer = Registry.parse(to), Signer.chosen(key)
    check(REPO, version)
    builds.ensure(PARTS)
    folder = Path(built) if built else cache() / "release" / version / "images"
    if not built:
        images.build(folder, platforms)
    done = release(REPO, version, registry, signer, folder, REPO / "dist" / version)
    for address in (*done.images.values(), *done.charts.values()):
        say(address)
    say(f"the wheel, the charts, SBOMs, provenance and notes are in dist/{version}")


def prepare(root: Path, version: str) -> None:
    """Write a version everywhere and cut its section of the changelog."""
    path = root / "CHANGELOG.md"
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    text = changelog.cut(path.read_text(), version, day)
    versions.write(root, version)
    path.write_text(text)
    say(f"the checkout is {version} now: look at the difference, commit it, tag it v{version}")
