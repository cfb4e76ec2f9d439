"""Instances are kept apart by the documents that Terraform made: trust and policy of the operator's
under its settings, boundaries, grants, tags, the bucket's policy and the platform's own roles.

Proved for any names (tests/support/prover), beside tests/operator/desired/test_isolation.py.
"""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest
from support.prover import agreement, isolation
from support.prover.claims import claims, controls
from support.prover.mutants import Mutant, first_to_fall, mutants

from appinstance_operator.api.settings import parse_settings

pytestmark = pytest.mark.applied

_REQUESTS = 2_000
_AREAS = ("boundary", "together", "bucket", "operator", "platform")


@pytest.fixture(scope="session")
def docs(outputs: dict[str, Any]) -> isolation.Documents:
    """Return the applied documents."""
    settings = parse_settings(outputs["operator_values"])
    made = {
        module: {name: json.loads(text) for name, text in listed.items()}
        for module, listed in outputs["policies"].items()
    }
    identity = made["identity"]
    boundaries = {settings.iam.permissions_boundary_arn: identity["boundary"]}
    for name, document in identity.items():
        if name.startswith("boundary-"):
            (arn,) = [
                str(grant.permissions_boundary_arn)
                for grant in settings.tenancy.grants
                if str(grant.permissions_boundary_arn).endswith(f"-{name[9:]}-boundary")
            ]
            boundaries[arn] = document
    others = ("external-secrets", "load-balancer-controller", "cloudwatch-agent")
    return isolation.documents(
        settings,
        boundaries,
        operator=identity["operator"],
        bucket_policy=made["media"]["bucket"],
        resource_policies=(made["media"]["key"], *made["secrets"].values()),
        platform_roles={
            **{name: identity[name] for name in others},
            "provisioner-administrator": made["provisioner"]["provisioner-administrator"],
        },
    )


@pytest.mark.parametrize("area", _AREAS)
def test_no_instance_reaches_another(docs: isolation.Documents, area: str) -> None:
    asked = [claim for claim in claims(docs) if claim.name.startswith(area)]
    assert asked
    wrong = {claim.name: found for claim in asked if (found := claim.counterexample())}
    assert wrong == {}


def test_each_instance_reaches_its_own(docs: isolation.Documents) -> None:
    for control in controls(docs):
        assert control.counterexample(), f"{control.name} is not possible"


MUTANTS = mutants("terraform")


def _without(docs: isolation.Documents, mutant: Mutant) -> isolation.Documents:
    """Return the documents with the fault; a statement that is to be gone is taken out."""
    changed = mutant.applied(docs)
    policy = changed.bucket_policy
    assert policy is not None
    left = [item for item in policy["Statement"] if item.get("Sid") != "Gone"]
    return replace(changed, bucket_policy={**policy, "Statement": left})


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_of_wrong_documents_it_is_not_proved(docs: isolation.Documents, mutant: Mutant) -> None:
    assert first_to_fall(_without(docs, mutant), mutant.falls), "proved, and it is not so"


@pytest.mark.parametrize("role", ["external-secrets", "load-balancer-controller"])
def test_a_platform_role_that_reads_entries_is_found(docs: isolation.Documents, role: str) -> None:
    reads = {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": f"{docs.entries}apps/*"}
    wrong = {**docs.platform_roles, role: {"Version": "2012-10-17", "Statement": [reads]}}
    changed = replace(docs, platform_roles=wrong)
    assert first_to_fall(changed, f"platform: {role}, the entry")


def test_the_prover_reads_terraforms_documents_as_the_evaluator_does(
    docs: isolation.Documents,
) -> None:
    chance = random.Random(13)  # noqa: S311
    told = [agreement.one_request(docs, chance) for _ in range(_REQUESTS)]
    assert [item for item in told if not item.agree] == []
    assert {item.answer for item in told} == {"Allow", "Deny", None}
