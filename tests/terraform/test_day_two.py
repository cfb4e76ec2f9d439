"""DAY-TWO.md: each of its commands is run as it stands, against the stand-in."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import boto3
import pytest
from support import aws_cli
from support.apiserver import ApiServer

from appinstance_local.paths import REPO, binary
from terraform import tf, world

pytestmark = pytest.mark.applied

_PAGE = (tf.SOURCE / "DAY-TWO.md").read_text()
_NOT_TRIED = "# not tried"


def _blocks() -> dict[str, list[str]]:
    """Return the commands of each section that are to be tried."""
    found = {}
    for section in re.split(r"^## ", _PAGE, flags=re.M)[1:]:
        commands = [
            line.removeprefix("$ ")
            for block in re.findall(r"```console\n(.*?)```", section, re.S)
            for line in block.splitlines()
        ]
        tried = [command for command in commands if not command.endswith(_NOT_TRIED)]
        found[section.splitlines()[0]] = tried
    return {title: commands for title, commands in found.items() if commands}


@pytest.fixture(scope="module")
def env(
    applied: world.Platform, cluster: ApiServer, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, str]:
    """Return an environment in which `aws`, `kubectl` and `terraform` reach the stand-ins."""
    home = tmp_path_factory.mktemp("programs")
    token = next(
        folder for folder in applied.env["PATH"].split(":") if (Path(folder) / "aws").exists()
    )
    cli = f'"{sys.executable}" -m support.aws_cli "$@"'
    programs = {
        # Terraform's helm provider asks it for a token.
        "aws": f'if [ "$1 $2" = "eks get-token" ]; then exec "{token}/aws"; fi\nexec {cli}',
        "kubectl": f'exec "{binary("kubectl")}" --kubeconfig "{cluster.kubeconfig}" "$@"',
        "terraform": f'exec "{os.environ["APPINSTANCE_TERRAFORM"]}" "$@"',
    }
    for name, body in programs.items():
        (home / name).write_text(f"#!/bin/sh\n{body}\n")
        (home / name).chmod(0o700)
    return {
        **os.environ, **tf.RARE_COLLECTION, **applied.env,
        "PATH": f"{home}:{applied.env['PATH']}",
        "PYTHONPATH": str(REPO / "tests"),
        "AWS_REGION": world.REGION,
        "USER": "somebody",
        # What terraform.tfvars would hold; a command's own values come after it.
        "TF_CLI_ARGS_plan": shlex.join(("-no-color", *applied.values, *world.UNPROTECTED)),
    }  # fmt: skip


@pytest.mark.parametrize("title", _blocks())
def test_the_commands_work(applied: world.Platform, env: Mapping[str, str], title: str) -> None:
    script = "\n".join(("set -euo pipefail", *_blocks()[title]))
    told = subprocess.run(
        ["bash", "-c", script], cwd=applied.tree / "platform", env=env,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-3000:]
    if title == "See what is there":
        assert "No changes" in told.stdout
    if title == "Upgrade":
        first = told.stdout.split("Plan: ")[1]
        assert re.match(r"\d+ to add, [1-9]\d* to change, 0 to destroy", first)
    if title == "Restore":
        assert told.stdout.splitlines()[-1] == "available"
        rds = applied.client("rds")
        names = [
            item["DBInstanceIdentifier"] for item in rds.describe_db_instances()["DBInstances"]
        ]
        (restored,) = [name for name in names if name.endswith("-restored")]
        rds.delete_db_instance(DBInstanceIdentifier=restored, SkipFinalSnapshot=True)


def test_few_commands_are_not_tried() -> None:
    lines = [line for line in _PAGE.splitlines() if line.startswith("$ ")]
    assert len(lines) - sum(map(len, _blocks().values())) <= 8


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--db-instance", "x"], "has no --db-instance"),
        (["--multi-az", "yes"], "kind that is not here"),
        (["--target-db-instance-identifier"], "needs a value"),
    ],
)
def test_a_command_that_aws_does_not_have_is_refused(words: list[str], sentence: str) -> None:
    rds = boto3.client("rds", region_name=world.REGION)
    model = rds.meta.service_model.operation_model("RestoreDBInstanceToPointInTime")
    with pytest.raises(aws_cli.UsageError, match=sentence):
        aws_cli.parameters(model, words)
