"""Where a release comes from: a person's machine, or a workflow of GitHub that names itself."""

from __future__ import annotations

import datetime

from appinstance_local.release import provenance

_COMMIT = "0123456789abcdef0123456789abcdef01234567"
_BASES = {"python:3.13-slim-bookworm": f"sha256:{'b' * 64}"}
_START = datetime.datetime(2026, 11, 28, 12, 0, 0, tzinfo=datetime.UTC)
_GITHUB = {
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_REPOSITORY": "acme/appinstance",
    "GITHUB_WORKFLOW_REF": "acme/appinstance/.github/workflows/release.yml@refs/tags/v1.2.3",
    "GITHUB_RUN_ID": "7",
}


def test_by_hand_it_names_the_commit_and_no_machine() -> None:
    made = provenance.origin("1.2.3", _COMMIT, {}, env={})
    told = provenance.predicate(made, _START, _START)
    assert told["runDetails"]["builder"] == {"id": "urn:appinstance:by-hand"}
    assert told["buildDefinition"]["resolvedDependencies"] == [{"digest": {"gitCommit": _COMMIT}}]


def test_in_a_workflow_it_names_the_workflow_its_run_and_the_tag() -> None:
    made = provenance.origin("1.2.3", _COMMIT, _BASES, env=_GITHUB)
    told = provenance.predicate(made, _START, _START + datetime.timedelta(seconds=90))
    assert told["runDetails"] == {
        "builder": {
            "id": "https://github.example/acme/appinstance/.github/workflows/release.yml"
            "@refs/tags/v1.2.3"
        },
        "metadata": {
            "invocationId": "https://github.example/acme/appinstance/actions/runs/7",
            "startedOn": "2026-11-28T12:00:00Z",
            "finishedOn": "2026-11-28T12:01:30Z",
        },
    }
    source, base = told["buildDefinition"]["resolvedDependencies"]
    assert source == {
        "digest": {"gitCommit": _COMMIT},
        "uri": "git+https://github.example/acme/appinstance@refs/tags/v1.2.3",
    }
    assert base == {"uri": "oci://python:3.13-slim-bookworm", "digest": {"sha256": "b" * 64}}


def test_a_half_told_workflow_is_by_hand() -> None:
    half = {**_GITHUB, "GITHUB_WORKFLOW_REF": ""}
    assert provenance.origin("1.2.3", _COMMIT, {}, env=half).builder == "urn:appinstance:by-hand"
