"""An operator without an AWS identity, for instances that bring their own roles."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import NoCredentialsError
from support.stage import NAME, NAMESPACE, V2, Stage, stage_settings

OWN = f"arn:aws:iam::123456789012:role/tenants/{NAMESPACE}/app"
BROUGHT = {"backendRoleArn": OWN, "secretsRoleArn": OWN}


@pytest.fixture
def alone() -> Iterator[Stage]:
    """A world in which every call of IAM ends for want of credentials."""
    arn = "arn:aws:iam::123456789012:role/tenants/{namespace}/*"
    boundary = "arn:aws:iam::123456789012:policy/platform/appinstance-boundary"
    settings = stage_settings(iam={"permissionsBoundaryArn": boundary, "allowedRoleArns": [arn]})
    stage = Stage(settings)
    with stage.iam_fails(NoCredentialsError()):
        yield stage


def test_one_that_brings_its_roles_becomes_ready_and_lives_and_goes(alone: Stage) -> None:
    alone.apply(identity=BROUGHT)
    alone.settle()
    assert alone.ready() == "True"
    assert alone.status()["roles"] == {"backend": OWN, "secrets": OWN}
    alone.apply(backend={"image": V2})
    alone.settle()
    assert alone.image() == V2
    alone.pass_time(700)
    alone.settle()
    assert alone.ready() == "True"
    alone.delete("AppInstance", NAME)
    alone.settle()
    assert alone.get("AppInstance", NAME) is None


def test_one_that_does_not_is_told_what_to_set_and_can_be_deleted(alone: Stage) -> None:
    alone.apply()
    alone.settle()
    stalled = alone.condition("Stalled")
    assert stalled["reason"] == "AccessDenied"
    assert "serviceAccount.roleArn" in stalled["message"]
    assert alone.get("NetworkPolicy", f"{NAME}-default-deny") is not None
    alone.delete("AppInstance", NAME)
    alone.settle()
    assert alone.get("AppInstance", NAME) is None


def test_it_is_mended_by_bringing_roles(alone: Stage) -> None:
    alone.apply()
    alone.settle()
    alone.apply(identity=BROUGHT)
    alone.settle()
    assert alone.ready() == "True"
    assert alone.condition("Stalled") == {}
