"""What the tests of `terraform/` run with: Terraform from PATH, its providers, and the linters."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from appinstance_local.errors import LocalError
from appinstance_local.offline import builds, providers
from appinstance_local.paths import REPO, binary, cache
from appinstance_local.progress import step
from appinstance_local.shell import run

CHECKOV = REPO / "local" / "checkov"
_OLDEST = (1, 11)


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


def cli_configuration(mirror: Path) -> Path:
    """Write the CLI configuration that takes providers from the mirror alone; return its path."""
    path = cache() / "terraform" / "terraform.rc"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "provider_installation {\n"
        f'  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n'
        "}\n"
        "disable_checkpoint = true\n"
    )
    return path


def environment() -> dict[str, str]:
    """See that all of it is there; return what the tests add to their environment."""
    terraform = program()
    mirror = providers.ensure(terraform)
    builds.ensure(["tflint"])
    return {
        "TF_CLI_CONFIG_FILE": str(cli_configuration(mirror)),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        "APPINSTANCE_TERRAFORM": terraform,
        "APPINSTANCE_PROVIDERS": str(mirror),
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
