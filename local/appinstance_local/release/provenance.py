"""Where a release comes from: the predicate of SLSA's provenance v1 (the statement is cosign's)."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_BUILD_TYPE = "https://appinstance.io/release/v1"
_BY_HAND = "urn:appinstance:by-hand"


@dataclass(frozen=True)
class Origin:
    """The commit that was built, who built it, and on what."""

    version: str
    commit: str
    builder: str
    run: str
    source: str | None
    bases: Mapping[str, str]
    """Base images by name, each with its digest; empty where they were made here."""


def origin(
    version: str, commit: str, bases: Mapping[str, str], env: Mapping[str, str] | None = None
) -> Origin:
    """Return where this build comes from: GitHub's variables say so in a workflow."""
    told = os.environ if env is None else env
    server, repository = told.get("GITHUB_SERVER_URL"), told.get("GITHUB_REPOSITORY")
    workflow = told.get("GITHUB_WORKFLOW_REF")
    if not (server and repository and workflow):
        return Origin(version, commit, _BY_HAND, f"{_BY_HAND}:{commit}", None, bases)
    run = f"{server}/{repository}/actions/runs/{told.get('GITHUB_RUN_ID', '')}"
    source = f"git+{server}/{repository}@refs/tags/v{version}"
    return Origin(version, commit, f"{server}/{workflow}", run, source, bases)


def predicate(
    made: Origin, started: datetime.datetime, finished: datetime.datetime
) -> dict[str, Any]:
    """Return the predicate; times in UTC to the second."""
    source = {"digest": {"gitCommit": made.commit}, **({"uri": made.source} if made.source else {})}
    bases = [
        {"uri": f"oci://{name}", "digest": {"sha256": digest.removeprefix("sha256:")}}
        for name, digest in sorted(made.bases.items())
    ]
    return {
        "buildDefinition": {
            "buildType": _BUILD_TYPE,
            "externalParameters": {"version": made.version, "source": source},
            "internalParameters": {"architecture": platform.machine()},
            "resolvedDependencies": [source, *bases],
        },
        "runDetails": {
            "builder": {"id": made.builder},
            "metadata": {
                "invocationId": made.run,
                "startedOn": _stamp(started),
                "finishedOn": _stamp(finished),
            },
        },
    }


def _stamp(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
