"""Terraform's providers, laid out as a filesystem mirror in the cache.

From the registry where it answers (Terraform checks the signatures), else built from their Go
modules. What is in the cache already is used without asking anybody.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

import httpx

from appinstance_local.errors import LocalError
from appinstance_local.paths import REPO, cache
from appinstance_local.progress import say, step
from appinstance_local.shell import run

from . import builds
from .recipes import BY_NAME, PROVIDER_RELEASES

_LOCK_FILE = REPO / "terraform" / "platform" / ".terraform.lock.hcl"
_NAMESPACE = "hashicorp"
# A lock file names a provider by its full address; ours are the ones to mirror.
_LOCKED = re.compile(r'^provider "(?P<host>[^/"]+)/', re.MULTILINE)
_PATIENCE_SECONDS = 5.0


def registry_host() -> str:
    """Return the host in the providers' addresses, from the platform's lock file."""
    match = _LOCKED.search(_LOCK_FILE.read_text())
    if match is None:
        raise LocalError(f"{_LOCK_FILE.relative_to(REPO)} locks no provider")
    return match["host"]


def registry_answers() -> bool:
    """Return whether the registry is there, by the document in which it says what it serves."""
    url = f"https://{registry_host()}/.well-known/terraform.json"
    try:
        told = httpx.get(url, timeout=_PATIENCE_SECONDS, follow_redirects=True)
        return told.is_success and "providers.v1" in told.json()
    except (httpx.HTTPError, ValueError):
        return False


def ensure(terraform: str) -> Path:
    """See that all providers are there, and return the mirror's folder."""
    if _built():
        return _of_builds()
    downloaded = cache() / "terraform" / "downloaded"
    if all(_target(downloaded, name).is_file() for name in PROVIDER_RELEASES):
        return downloaded
    if registry_answers():
        try:
            _download(terraform, downloaded)
        except LocalError as error:
            say(f"providers: the registry answers, but gave none ({error}); building them")
        else:
            return downloaded
    else:
        say("providers: built here from Go modules, as no Terraform registry answers")
    builds.ensure([_recipe(name) for name in PROVIDER_RELEASES])
    return _of_builds()


def _recipe(name: str) -> str:
    return f"provider-{name}"


def _built() -> bool:
    return all(builds.is_built(BY_NAME[_recipe(name)]) for name in PROVIDER_RELEASES)


def _machine() -> str:
    names = {"x86_64": "amd64", "aarch64": "arm64"}
    return f"{sys.platform}_{names.get(platform.machine(), platform.machine())}"


def _target(folder: Path, name: str) -> Path:
    """Return where Terraform looks for a provider in a mirror."""
    release = PROVIDER_RELEASES[name]
    home = folder / registry_host() / _NAMESPACE / name / release / _machine()
    return home / f"terraform-provider-{name}_v{release}"


def _of_builds() -> Path:
    folder = cache() / "terraform" / "mirror"
    for name in PROVIDER_RELEASES:
        made = builds.build_folder(BY_NAME[_recipe(name)]) / f"terraform-provider-{name}"
        target = _target(folder, name)
        if target.is_file() and target.samefile(made):
            continue
        shutil.rmtree(target.parent, ignore_errors=True)
        target.parent.mkdir(parents=True)
        # A hard link: Terraform's hash of a package does not follow a symbolic one.
        os.link(made, target)
    return folder


def _download(terraform: str, folder: Path) -> None:
    """Let Terraform fetch and check the releases, and unpack them; LocalError when it can't."""
    wanted = "\n".join(
        f'    {name} = {{ source = "{_NAMESPACE}/{name}", version = "{release}" }}'
        for name, release in PROVIDER_RELEASES.items()
    )
    with step("fetch the providers from the registry"), tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "main.tf").write_text(
            f"terraform {{\n  required_providers {{\n{wanted}\n  }}\n}}\n"
        )
        packed = Path(scratch) / "packed"
        run([terraform, "providers", "mirror", packed], cwd=Path(scratch))
        for name, release in PROVIDER_RELEASES.items():
            target = _target(folder, name)
            archive = f"terraform-provider-{name}_{release}_{_machine()}.zip"
            _unpack(packed / registry_host() / _NAMESPACE / name / archive, target)


def _unpack(archive: Path, target: Path) -> None:
    """Unpack a release so that its program is `target`; whole or not at all."""
    shutil.rmtree(target.parent, ignore_errors=True)
    beside = target.parent.with_name(f"{target.parent.name}.new")
    shutil.rmtree(beside, ignore_errors=True)
    with zipfile.ZipFile(archive) as release:
        release.extractall(beside)
    # Releases call their program by the version with or without a protocol's suffix (`_x5`).
    (program,) = beside.glob("terraform-provider-*")
    program.chmod(0o755)
    program.rename(beside / target.name)
    beside.rename(target.parent)
