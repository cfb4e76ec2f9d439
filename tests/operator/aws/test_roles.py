"""IAM roles against moto: what making one costs, and that a broken-off one is completed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from appinstance_operator.api.errors import CloudAccessDenied, CloudUnavailable
from appinstance_operator.api.model import DesiredRole
from appinstance_operator.aws.roles import RoleManager

STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/p/*"}
ROLE = DesiredRole(
    name="appi-team-shop-backend",
    path="/appinstances/",
    trust={"Version": "2012-10-17", "Statement": []},
    policy_name="appinstance",
    policy={"Version": "2012-10-17", "Statement": [STATEMENT]},
    boundary_arn="arn:aws:iam::123456789012:policy/boundary",
    tags={"appinstance/name": "shop"},
)


@pytest.fixture
def iam(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield boto3.client("iam", region_name="eu-central-1")


def _ensure(iam: Any, *, new: bool = False) -> list[str]:
    """Ensure the role; return the calls that it took."""
    calls: list[str] = []
    RoleManager(iam, calls.append).ensure(ROLE, new=new)
    told = iam.get_role_policy(RoleName=ROLE.name, PolicyName=ROLE.policy_name)
    assert told["PolicyDocument"] == ROLE.policy
    return calls


def test_a_new_role_takes_three_calls(iam: Any) -> None:
    assert _ensure(iam) == ["get_role", "create_role", "put_role_policy"]


def test_a_role_of_a_new_instance_takes_two_calls(iam: Any) -> None:
    assert _ensure(iam, new=True) == ["create_role", "put_role_policy"]


def test_a_role_that_is_there_after_all_is_looked_at(iam: Any) -> None:
    _ensure(iam)
    create, *reads = _ensure(iam, new=True)
    assert create == "create_role"
    assert all(call.startswith(("get_", "list_")) for call in reads)


def test_a_role_of_others_is_refused_also_when_it_was_taken_for_new(iam: Any) -> None:
    iam.create_role(RoleName=ROLE.name, AssumeRolePolicyDocument="{}")
    with pytest.raises(CloudAccessDenied, match="is not this instance's"):
        RoleManager(iam).ensure(ROLE, new=True)
    assert iam.list_role_policies(RoleName=ROLE.name)["PolicyNames"] == []


class _Late:
    """An IAM that does not show a role yet whose name it has taken already."""

    def get_role(self, **_arguments: Any) -> Any:
        raise ClientError({"Error": {"Code": "NoSuchEntity"}}, "GetRole")

    def create_role(self, **_arguments: Any) -> Any:
        raise ClientError({"Error": {"Code": "EntityAlreadyExists"}}, "CreateRole")


@pytest.mark.parametrize("new", [True, False])
def test_a_role_that_is_taken_and_not_shown_yet_is_tried_again(new: bool) -> None:
    with pytest.raises(CloudUnavailable, match="made by somebody just now"):
        RoleManager(_Late()).ensure(ROLE, new=new)


def test_a_settled_role_is_read_and_not_written(iam: Any) -> None:
    _ensure(iam)
    assert all(call.startswith(("get_", "list_")) for call in _ensure(iam))


def test_a_role_that_a_crash_left_without_its_policy_is_completed(iam: Any) -> None:
    iam.create_role(
        RoleName=ROLE.name,
        Path=ROLE.path,
        AssumeRolePolicyDocument=json.dumps(ROLE.trust),
        PermissionsBoundary=ROLE.boundary_arn,
        Tags=[{"Key": key, "Value": value} for key, value in ROLE.tags.items()],
    )
    calls = _ensure(iam)
    assert [call for call in calls if not call.startswith(("get_", "list_"))] == ["put_role_policy"]


def test_what_others_put_on_a_role_of_ours_goes(iam: Any) -> None:
    _ensure(iam)
    iam.put_role_policy(
        RoleName=ROLE.name, PolicyName="more", PolicyDocument=json.dumps(ROLE.policy)
    )
    assert "delete_role_policy" in _ensure(iam)
    assert iam.list_role_policies(RoleName=ROLE.name)["PolicyNames"] == [ROLE.policy_name]
