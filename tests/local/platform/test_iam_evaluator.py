"""The tests' evaluator of IAM documents, by cases from AWS's user guide for IAM.

Each names the page it is from (reference_policies_…): many claims rest on this evaluator alone.
"""

from __future__ import annotations

from typing import Any

import pytest

from appinstance_local.platform.iam_evaluator import allowed, permitted, trusts, verdict

VERSION = "2012-10-17"
BUCKET = "arn:aws:s3:::example"


def policy(*statements: dict[str, Any], version: str | None = VERSION) -> dict[str, Any]:
    body: dict[str, Any] = {"Statement": list(statements)}
    return {"Version": version, **body} if version else body


def allow(action: Any = "*", resource: Any = "*", **condition: Any) -> dict[str, Any]:
    body = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**body, "Condition": condition} if condition else body


def deny(action: Any = "*", resource: Any = "*", **condition: Any) -> dict[str, Any]:
    return {**allow(action, resource, **condition), "Effect": "Deny"}


def holds(context: dict[str, Any], **condition: Any) -> bool:
    return allowed(policy(allow(**condition)), "s3:GetObject", f"{BUCKET}/x", context)


# evaluation-logic


def test_what_nothing_allows_is_refused() -> None:
    assert verdict(policy(allow("s3:GetObject")), "s3:PutObject", BUCKET) is None
    assert not allowed(policy(allow("s3:GetObject")), "s3:PutObject", BUCKET)
    assert allowed(policy(allow("s3:GetObject")), "s3:GetObject", BUCKET)


@pytest.mark.parametrize("turned", [False, True])
def test_an_explicit_deny_wins_in_any_order(turned: bool) -> None:
    statements = [allow(), deny("s3:DeleteBucket")]
    document = policy(*(reversed(statements) if turned else statements))
    assert verdict(document, "s3:DeleteBucket", BUCKET) == "Deny"
    assert allowed(document, "s3:GetObject", BUCKET)


def test_a_boundary_caps_and_does_not_grant() -> None:
    # access_policies_boundaries: S3, CloudWatch, EC2 as the boundary; iam:CreateUser as the policy.
    boundary = policy(allow(["s3:*", "cloudwatch:*", "ec2:*"]))
    assert not permitted(policy(allow("iam:CreateUser")), "iam:CreateUser", "*", boundary=boundary)
    assert permitted(policy(allow("iam:CreateUser")), "iam:CreateUser", "*")
    assert permitted(policy(allow("s3:*")), "s3:GetObject", BUCKET, boundary=boundary)
    assert not permitted(policy(allow("ec2:*")), "s3:GetObject", BUCKET, boundary=boundary)


@pytest.mark.parametrize("where", ["identity", "boundary", "resource_policy"])
def test_a_deny_in_any_of_the_documents_wins(where: str) -> None:
    documents: dict[str, Any] = dict.fromkeys(
        ("identity", "boundary", "resource_policy"), policy(allow())
    )
    assert permitted(action="s3:GetObject", resource=BUCKET, **documents)
    documents[where] = policy(allow(), deny("s3:Get*"))
    assert not permitted(action="s3:GetObject", resource=BUCKET, **documents)


def test_the_context_reaches_the_boundary_too() -> None:
    own = f"{BUCKET}/${{aws:PrincipalTag/team}}/*"
    boundary = policy(allow("s3:GetObject", own))
    context = {"aws:PrincipalTag/team": "a"}

    def may(key: str, known: dict[str, str]) -> bool:
        resource = f"{BUCKET}/{key}"
        return permitted(
            policy(allow()), "s3:GetObject", resource, boundary=boundary, context=known
        )

    assert may("a/x", context)
    assert not may("b/x", context)
    assert not may("a/x", {})


# elements_action, elements_resource, elements_notresource


def test_actions_are_in_any_case_and_resources_are_not() -> None:
    assert allowed(policy(allow("S3:getobject")), "s3:GetObject", BUCKET)
    assert not allowed(policy(allow("*", f"{BUCKET}/A")), "s3:GetObject", f"{BUCKET}/a")


def test_wildcards_in_actions_and_resources() -> None:
    document = policy(allow("s3:Get*", f"{BUCKET}/?-*"))
    assert allowed(document, "s3:GetObject", f"{BUCKET}/a-b/c")
    assert not allowed(document, "s3:PutObject", f"{BUCKET}/a-b/c")
    assert not allowed(document, "s3:GetObject", f"{BUCKET}/ab-c")


@pytest.mark.parametrize("text", ["a.c", "a[b]c", "a+c", "(a|b)"])
def test_other_signs_are_themselves(text: str) -> None:
    document = policy(allow("*", f"{BUCKET}/{text}"))
    assert allowed(document, "s3:GetObject", f"{BUCKET}/{text}")
    assert not allowed(document, "s3:GetObject", f"{BUCKET}/abc")
    assert not allowed(document, "s3:GetObject", f"{BUCKET}/a")


def test_not_resource_and_not_action_cover_the_rest() -> None:
    document = policy(
        allow(), {"Effect": "Deny", "NotAction": "s3:*", "NotResource": [BUCKET, f"{BUCKET}/*"]}
    )
    assert allowed(document, "s3:GetObject", "arn:aws:s3:::other")
    assert allowed(document, "ec2:RunInstances", f"{BUCKET}/x")
    assert not allowed(document, "ec2:RunInstances", "arn:aws:s3:::other")


# elements_condition_operators


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "expected"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", "a", "A", False),
        ("StringEquals", "a*", "ab", False),
        ("StringEquals", ["x", "a"], "a", True),
        ("StringEqualsIgnoreCase", "a", "A", True),
        ("StringNotEquals", "a", "b", True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringNotEqualsIgnoreCase", "a", "A", False),
        ("StringLike", "a*", "ab", True),
        ("StringLike", "a?", "abc", False),
        ("StringNotLike", "a*", "ab", False),
        ("ArnLike", "arn:aws:iam::*:role/x", "arn:aws:iam::1:role/x", True),
        ("ArnEquals", "arn:aws:iam::1:role/*", "arn:aws:iam::1:role/a/b", True),
        ("ArnLike", "arn:aws:*:role/x", "arn:aws:iam::1:role/x", False),
        ("ArnNotEquals", "arn:aws:iam::1:role/x", "arn:aws:iam::1:role/y", True),
        ("Bool", "true", "True", True),
        ("Bool", "true", "false", False),
    ],
)
def test_a_key_with_one_value(operator: str, wanted: Any, value: str, expected: bool) -> None:
    assert holds({"k": value}, **{operator: {"k": wanted}}) is expected


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("StringEquals", False), ("StringLike", False), ("ArnLike", False), ("Bool", False),
        ("StringNotEquals", True), ("StringNotLike", True), ("ArnNotLike", True),
        ("StringEqualsIfExists", True), ("BoolIfExists", True), ("StringNotEqualsIfExists", True),
        ("ForAllValues:StringEquals", True), ("ForAllValues:StringNotEquals", True),
        ("ForAnyValue:StringEquals", False), ("ForAnyValue:StringNotEquals", False),
        ("ForAnyValue:StringEqualsIfExists", True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("context", [{}, {"k": []}], ids=["absent", "empty"])
def test_a_key_that_the_request_has_not(
    operator: str, expected: bool, context: dict[str, Any]
) -> None:
    assert holds(context, **{operator: {"k": "x"}}) is expected


def test_if_exists_compares_what_exists() -> None:
    assert holds({"k": "x"}, StringEqualsIfExists={"k": "x"})
    assert not holds({"k": "y"}, StringEqualsIfExists={"k": "x"})


@pytest.mark.parametrize(
    ("wanted", "context", "expected"),
    [
        ("true", {}, True), ("true", {"k": "x"}, False), ("true", {"k": []}, True),
        ("false", {}, False), ("false", {"k": "x"}, True), ("false", {"k": []}, False),
        (True, {}, True), (False, {"k": ["x", "y"]}, True),
    ],
)  # fmt: skip
def test_null_asks_whether_a_key_is_absent(
    wanted: Any, context: dict[str, Any], expected: bool
) -> None:
    assert holds(context, Null={"k": wanted}) is expected


def test_all_operators_and_all_keys_must_hold_and_one_value_will_do() -> None:
    condition: dict[str, Any] = {
        "StringEquals": {"a": ["1", "2"], "b": "3"},
        "Bool": {"c": "true"},
    }
    assert holds({"a": "2", "b": "3", "c": "true"}, **condition)
    for key in ("a", "b", "c"):
        assert not holds({"a": "2", "b": "3", "c": "true", key: "false"}, **condition)


def test_names_of_keys_are_in_any_case() -> None:
    assert holds({"aws:principaltag/Team": "x"}, StringEquals={"aws:PrincipalTag/team": "x"})


# condition-single-vs-multi-valued-context-keys, with the examples' PostalCode and tag keys


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("ForAllValues:StringEquals", ["one"], True),
        ("ForAllValues:StringEquals", ["one", "two"], True),
        ("ForAllValues:StringEquals", ["one", "three"], False),
        ("ForAllValues:StringEquals", ["ONE"], False),
        ("ForAllValues:StringLike", ["one", "two"], True),
        ("ForAllValues:StringNotEquals", ["three"], True),
        ("ForAllValues:StringNotEquals", ["one", "three"], False),
        ("ForAnyValue:StringEquals", ["one", "three"], True),
        ("ForAnyValue:StringEquals", ["three"], False),
        ("ForAnyValue:StringNotEquals", ["one", "three"], True),
        ("ForAnyValue:StringNotEquals", ["one"], False),
    ],
)
def test_a_key_with_several_values(operator: str, values: list[str], expected: bool) -> None:
    assert holds({"k": values}, **{operator: {"k": ["one", "two"]}}) is expected


def test_null_beside_for_all_values_asks_for_the_key() -> None:
    condition: dict[str, Any] = {
        "Null": {"aws:TagKeys": "false"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["one"]},
    }
    assert not holds({}, **condition)
    assert holds({"aws:TagKeys": ["one"]}, **condition)


# variables


def test_a_variable_in_a_resource_and_in_a_condition() -> None:
    document = policy(
        allow("s3:ListBucket", BUCKET, StringLike={"s3:prefix": ["${aws:username}/*"]}),
        allow("s3:GetObject", f"{BUCKET}/${{aws:username}}/*"),
    )
    known = {"aws:username": "ann"}
    assert allowed(document, "s3:GetObject", f"{BUCKET}/ann/x", known)
    assert not allowed(document, "s3:GetObject", f"{BUCKET}/bob/x", known)
    assert allowed(document, "s3:ListBucket", BUCKET, {**known, "s3:prefix": "ann/"})
    assert not allowed(document, "s3:ListBucket", BUCKET, {**known, "s3:prefix": "bob/"})


def test_an_element_with_an_unknown_variable_matches_nothing() -> None:
    document = policy(allow("*", [f"{BUCKET}/${{aws:username}}/*", f"{BUCKET}/public/*"]))
    assert not allowed(document, "s3:GetObject", f"{BUCKET}//x")
    assert not allowed(document, "s3:GetObject", f"{BUCKET}/${{aws:username}}/x")
    assert allowed(document, "s3:GetObject", f"{BUCKET}/public/x")
    assert not holds({"k": "x"}, StringEquals={"k": "${aws:username}"})
    assert not holds({"k": ""}, StringLike={"k": "${aws:username}"})


def test_a_default_stands_for_an_unknown_variable() -> None:
    document = policy(allow("*", f"{BUCKET}/${{aws:PrincipalTag/team, 'company-wide'}}/*"))
    assert allowed(document, "s3:GetObject", f"{BUCKET}/company-wide/x")
    assert allowed(document, "s3:GetObject", f"{BUCKET}/a/x", {"aws:PrincipalTag/team": "a"})


def test_predefined_variables_are_the_signs_themselves() -> None:
    document = policy(allow("*", f"{BUCKET}/${{*}}${{?}}${{$}}"))
    assert allowed(document, "s3:GetObject", f"{BUCKET}/*?$")
    assert not allowed(document, "s3:GetObject", f"{BUCKET}/ab$")


def test_a_request_tag_is_compared_with_a_resource_tag() -> None:
    condition: dict[str, Any] = {
        "StringEqualsIfExists": {"aws:ResourceTag/team": "${aws:RequestTag/team}"}
    }
    assert holds({"aws:RequestTag/team": "a"}, **condition)
    assert holds({"aws:RequestTag/team": "a", "aws:ResourceTag/team": "a"}, **condition)
    assert not holds({"aws:RequestTag/team": "b", "aws:ResourceTag/team": "a"}, **condition)
    assert not holds({"aws:ResourceTag/team": "a"}, **condition)


@pytest.mark.parametrize("version", [None, "2008-10-17"])
def test_before_2012_a_variable_is_text(version: str | None) -> None:
    document = policy(allow("*", f"{BUCKET}/${{aws:username}}"), version=version)
    known = {"aws:username": "ann"}
    assert not allowed(document, "s3:GetObject", f"{BUCKET}/ann", known)
    assert allowed(document, "s3:GetObject", f"{BUCKET}/${{aws:username}}", known)


# What it does not know


@pytest.mark.parametrize(
    ("statement", "context", "what"),
    [
        (allow(DateLessThan={"k": "x"}), {}, "operator DateLessThan"),
        (allow(**{"ForSomeValues:StringEquals": {"k": "x"}}), {}, "operator ForSomeValues"),
        ({**allow(), "NotPrincipal": "*"}, {}, "NotPrincipal"),
        (allow(StringEquals={"k": "x"}), {"k": ["x", "y"]}, "several values"),
        (allow("*", "${k}"), {"k": ["x", "y"]}, "several values"),
        (allow("*", "${k}"), {"k": "x*"}, "wildcard"),
        (allow(StringNotEquals={"k": "${other}"}), {"k": "x"}, "unknown variable"),
        (
            {"Effect": "Deny", "Action": "*", "NotResource": "${other}"}, {}, "unknown variable",
        ),
    ],
)  # fmt: skip
def test_what_it_does_not_know_is_an_error(
    statement: dict[str, Any], context: dict[str, Any], what: str
) -> None:
    with pytest.raises(ValueError, match=what):
        verdict(policy(statement), "s3:GetObject", BUCKET, context)


# Principals and trust


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": ["arn:aws:iam::1:role/x"]}, True),
        ({"AWS": "arn:aws:iam::1:root"}, True),
        ({"AWS": "arn:aws:iam::2:root"}, False),
        ({"Service": "s3.amazonaws.com"}, False),
    ],
)
def test_whom_a_resource_policy_is_for(principal: Any, expected: bool) -> None:
    document = policy({**deny(), "Principal": principal})
    told = verdict(document, "s3:GetObject", BUCKET, principal="arn:aws:iam::1:role/x")
    assert (told == "Deny") is expected


def test_trust_is_by_issuer_subject_and_audience() -> None:
    document = policy(
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": "arn:aws:iam::1:oidc-provider/issuer"},
            "Condition": {"StringEquals": {"issuer:sub": "a", "issuer:aud": "sts"}},
        }
    )
    assert trusts(document, "issuer", "a", "sts")
    for other in (("other", "a", "sts"), ("issuer", "b", "sts"), ("issuer", "a", "other")):
        assert not trusts(document, *other)
