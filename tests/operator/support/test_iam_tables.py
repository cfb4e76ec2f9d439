"""AWS's tables as the tests read them: wrong documents are found, and each right one passes."""

from __future__ import annotations

from typing import Any

import pytest
from support.iam_tables import problems

ROLE = "arn:aws:iam::123456789012:role/appinstances/*"
OBJECT = "arn:aws:s3:::bucket/${aws:PrincipalTag/team}/*"


def found(action: Any, resource: Any, **condition: Any) -> list[str]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, "Condition": condition}
    return problems({"Statement": [statement]})


@pytest.mark.parametrize(
    ("action", "key"),
    [
        ("iam:CreateRole", "iam:PermissionsBoundary"),
        ("iam:CreateRole", "aws:RequestTag/team"),
        ("iam:CreateRole", "aws:TagKeys"),
        ("iam:TagRole", "aws:RequestTag/team"),
        ("iam:TagRole", "aws:ResourceTag/team"),
        ("iam:PutRolePolicy", "iam:PermissionsBoundary"),
        ("iam:UpdateAssumeRolePolicy", "iam:PermissionsBoundary"),
        ("iam:UpdateAssumeRolePolicy", "aws:resourcetag/example.com/team"),
        ("iam:DeleteRole", "aws:PrincipalTag/team"),
    ],
)
def test_a_key_that_the_action_has(action: str, key: str) -> None:
    assert found(action, ROLE, StringEquals={key: "x"}) == []


@pytest.mark.parametrize(
    ("action", "key"),
    [
        ("iam:TagRole", "iam:PermissionsBoundary"),
        ("iam:PutRolePolicy", "aws:RequestTag/team"),
        ("iam:UpdateAssumeRolePolicy", "aws:TagKeys"),
        ("iam:DeleteRole", "aws:RequestTag/team"),
        ("iam:CreateRole", "iam:PermissionBoundary"),
        ("iam:CreateRole", "aws:RequestTag"),
    ],
)
def test_a_key_that_the_action_has_not(action: str, key: str) -> None:
    (problem,) = found(action, ROLE, StringEquals={key: "x"})
    assert problem == f"?: {action} has no condition key {key}"


def test_a_key_inside_of_a_variable_is_looked_at_too() -> None:
    assert found("s3:GetObject", OBJECT) == []
    assert found("s3:GetObject", OBJECT.replace("Principal", "Request")) != []
    wanted = {"aws:ResourceTag/team": "${aws:RequestTag/team}"}
    assert found("iam:TagRole", ROLE, StringEquals=wanted) == []
    assert found("iam:DeleteRole", ROLE, StringEquals=wanted) != []


def test_an_action_that_aws_does_not_know() -> None:
    assert found("iam:GetRoles", ROLE) == ["?: AWS knows no action iam:GetRoles"]
    assert found("nothing:GetRole", "*") == ["?: AWS knows no action nothing:GetRole"]
    assert found(["iam:Get*", "*"], "*") == []


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:ListBucket", "arn:aws:s3:::bucket"),
        ("s3:GetObject", "arn:aws:s3:::bucket/*"),
        ("iam:GetRole", ROLE),
        ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:r:1:secret:apps/*"),
        ("elasticloadbalancing:SetWebAcl", "*"),
    ],
)
def test_a_resource_that_the_action_is_judged_on(action: str, resource: str) -> None:
    assert found(action, resource) == []


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("iam:GetRole", "arn:aws:iam::1:policy/x"),
        ("iam:GetRole", "arn:aws:s3:::bucket"),
        ("elasticloadbalancing:SetWebAcl", "arn:aws:elasticloadbalancing:r:1:loadbalancer/app/*"),
        ("secretsmanager:GetSecretValue", "arn:aws:kms:r:1:key/x"),
    ],
)
def test_a_resource_that_the_action_is_not_judged_on(action: str, resource: str) -> None:
    assert found(action, resource) == [f"?: {action} is not judged on {resource}"]
