"""What the tests of `terraform/` run with: Terraform, its providers, and the linters.

The providers are built from their Go modules and laid out as a filesystem mirror in the cache, so
that `terraform init` needs no registry. Terraform itself is taken from PATH.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import sys
from pathlib import Path

from . import builds
from .errors import LocalError
from .paths import REPO, binary, cache
from .progress import step
from .recipes import BY_NAME, PROVIDER_RELEASES, TERRAFORM_RECIPES
from .shell import run

ROOT = REPO / "terraform"
CHECKOV = REPO / "local" / "checkov"
_OLDEST = (1, 11)
_NAMESPACE = "hashicorp"
# A lock file names a provider by its full address; ours are the ones to mirror.
_LOCKED = re.compile(r'^provider "(?P<host>[^/"]+)/', re.MULTILINE)


def program() -> str:
    """Return the path of Terraform; LocalError when it is missing or too old."""
    found = shutil.which("terraform")
    needed = ".".join(map(str, _OLDEST))
    if found is None:
        raise LocalError(f"install Terraform {needed} or newer, and see that it is on PATH")
    told = json.loads(run([found, "version", "-json"], env={"TF_CLI_CONFIG_FILE": os.devnull}))
    version = str(told["terraform_version"])
    if tuple(map(int, version.split("-", 1)[0].split(".")[:2])) < _OLDEST:
        raise LocalError(f"install Terraform {needed} or newer; {found} is {version}")
    return found


def _registry_host() -> str:
    """Return the host in the providers' addresses, from the platform's lock file."""
    lock = ROOT / "platform" / ".terraform.lock.hcl"
    match = _LOCKED.search(lock.read_text())
    if match is None:
        raise LocalError(f"{lock.relative_to(REPO)} locks no provider")
    return match["host"]


def _machine() -> str:
    names = {"x86_64": "amd64", "aarch64": "arm64"}
    return f"{sys.platform}_{names.get(platform.machine(), platform.machine())}"


def mirror() -> Path:
    """Lay the built providers out as a filesystem mirror and return its folder."""
    folder = cache() / "terraform" / "mirror"
    for name, release in PROVIDER_RELEASES.items():
        made = builds.build_folder(BY_NAME[f"provider-{name}"]) / f"terraform-provider-{name}"
        home = folder / _registry_host() / _NAMESPACE / name / release / _machine()
        target = home / f"terraform-provider-{name}_v{release}"
        if target.is_file() and target.samefile(made):
            continue
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        # A hard link: Terraform's hash of a package does not follow a symbolic one.
        os.link(made, target)
    return folder


def cli_configuration() -> Path:
    """Write the CLI configuration that takes providers from the mirror alone; return its path."""
    path = cache() / "terraform" / "terraform.rc"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "provider_installation {\n"
        f'  filesystem_mirror {{\n    path = "{mirror()}"\n  }}\n'
        "}\n"
        "disable_checkpoint = true\n"
    )
    return path


def environment() -> dict[str, str]:
    """Return what the tests add to their environment."""
    return {
        "TF_CLI_CONFIG_FILE": str(cli_configuration()),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        "APPINSTANCE_TERRAFORM": program(),
        "APPINSTANCE_PROVIDERS": str(mirror()),
        "APPINSTANCE_TFLINT": str(binary("tflint")),
        "APPINSTANCE_CHECKOV": str(_checkov()),
    }


def _checkov() -> Path:
    """Install checkov from its own lock (its pins would hold back ours) and return its path."""
    home = cache() / "checkov"
    found = home / "bin" / "checkov"
    if not found.is_file() or _stale(home):
        uv = shutil.which("uv") or str(cache() / "uv" / "bin" / "uv")
        with step("install checkov"):
            run(
                [uv, "sync", "--frozen", "--no-install-project", "--project", CHECKOV],
                env={"UV_PROJECT_ENVIRONMENT": str(home)},
            )
            shutil.copyfile(CHECKOV / "uv.lock", home / "uv.lock")
    return found


def _stale(home: Path) -> bool:
    kept = home / "uv.lock"
    return not kept.is_file() or kept.read_bytes() != (CHECKOV / "uv.lock").read_bytes()


def prepare() -> None:
    """See that Terraform is there; build the providers and tflint; install checkov."""
    program()
    builds.ensure([recipe.name for recipe in TERRAFORM_RECIPES])
    environment()
