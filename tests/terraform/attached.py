"""Providers that are started once for many runs of `terraform test`.

Terraform starts a provider anew for each `run` block; AWS's takes a second of processor time to
say what it knows. Started as debug servers (the providers' own `-debug`), all runs share them. That
is the same only where nothing is configured, as with `mock_provider`: there a provider gives its
schema and validates resources. `init`, `validate` and the apply start them as any Terraform does.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from support.waiting import wait_for
from terraform.tf import RARE_COLLECTION

_REATTACH = re.compile(r"TF_REATTACH_PROVIDERS='(?P<json>{.*})'")


@contextmanager
def _served(program: Path, log: Path) -> Iterator[dict[str, Any]]:
    """Run a provider as a debug server; yield how Terraform reaches it."""

    def told() -> re.Match[str] | None:
        assert process.poll() is None, f"{program.name} ended: {log.read_text()}"
        return _REATTACH.search(log.read_text())

    with log.open("wb") as sink:
        process = subprocess.Popen(
            [program, "-debug"], env={**os.environ, **RARE_COLLECTION}, stdout=sink, stderr=sink
        )
    try:
        made: dict[str, Any] = json.loads(wait_for(f"{program.name} to serve", told)["json"])
        yield made
    finally:
        process.terminate()
        process.wait()


@contextmanager
def attached(mirror: Path, logs: Path) -> Iterator[Mapping[str, str]]:
    """Serve all providers of a filesystem mirror; yield the environment that makes use of them."""
    with ExitStack() as stack:
        reach: dict[str, Any] = {}
        for program in sorted(mirror.rglob("terraform-provider-*_v*")):
            reach |= stack.enter_context(_served(program, logs / f"{program.name}.log"))
        assert reach, f"no provider in {mirror}"
        yield {"TF_REATTACH_PROVIDERS": json.dumps(reach)}
