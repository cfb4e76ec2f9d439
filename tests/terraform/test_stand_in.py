"""The stand-in refuses what AWS refuses and this platform once asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.cloudtrail.models import CloudTrailBackend
from moto.rds.models import RDSBackend
from moto.wafv2.responses import WAFV2Response
from terraform.aws import rds, refusals

from terraform import world

_TRAIL = f"arn:aws:cloudtrail:{world.REGION}:{world.ACCOUNT}:trail/audit"
_GROUP = f"arn:aws:logs:{world.REGION}:{world.ACCOUNT}:log-group:RDSOSMetrics"


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start moto with the refusals in this process, and take them back."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "test")
    for holder, names in (
        (CloudTrailBackend, ("create_trail",)),
        (WAFV2Response, ("associate_web_acl",)),
        (
            RDSBackend,
            ("create_db_instance", "create_option_group", "delete_db_instance",
             "delete_option_group"),
        ),
    ):  # fmt: skip
        for name in names:
            monkeypatch.setattr(holder, name, getattr(holder, name))
    refusals.fill()
    RDSBackend.create_db_instance = rds.create_db_instance  # type: ignore[method-assign]
    RDSBackend.create_option_group = rds.create_option_group  # type: ignore[method-assign]
    with mock_aws():
        yield


def _client(service: Any) -> Any:
    return boto3.client(service, region_name=world.REGION)


def _trail(*actions: str) -> None:
    """Ask for a trail into a bucket with a bucket key, under a key that allows CloudTrail this."""
    statement = {
        "Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": list(actions), "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceArn": _TRAIL}},
    }  # fmt: skip
    key = _client("kms").create_key(Policy=json.dumps({"Statement": [statement]}))
    arn = key["KeyMetadata"]["Arn"]
    s3 = _client("s3")
    s3.create_bucket(Bucket="audit", CreateBucketConfiguration={"LocationConstraint": world.REGION})
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn}
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket="audit", ServerSideEncryptionConfiguration={"Rules": [rule]})
    _client("cloudtrail").create_trail(Name="audit", S3BucketName="audit", KmsKeyId=arn)


def test_a_trail_under_a_bucket_key_needs_to_decrypt() -> None:
    with pytest.raises(ClientError, match="InsufficientEncryptionPolicyException"):
        _trail("kms:GenerateDataKey*", "kms:DescribeKey")


def test_a_trail_that_decrypts_is_made() -> None:
    _trail("kms:GenerateDataKey*", "kms:Decrypt", "kms:DescribeKey")


def _database(resource: str, group: str | None = None) -> None:
    """Make a database that is monitored by a role with rights on the resource."""
    iam, trust = _client("iam"), {"Version": "2012-10-17", "Statement": []}
    role = iam.create_role(RoleName="m", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    statement = {"Effect": "Allow", "Action": ["logs:CreateLogGroup"], "Resource": [resource]}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    iam.put_role_policy(RoleName="m", PolicyName="p", PolicyDocument=json.dumps(policy))
    more = {"OptionGroupName": group} if group else {}
    _client("rds").create_db_instance(
        DBInstanceIdentifier="d", DBInstanceClass="db.t4g.medium", Engine="mysql",
        MonitoringInterval=60, MonitoringRoleArn=role, MasterUsername="a",
        MasterUserPassword="not-a-secret-1", AllocatedStorage=20, **more,
    )  # fmt: skip


def test_a_monitoring_role_with_the_bare_arn_is_refused() -> None:
    with pytest.raises(ClientError, match="ENHANCED_MONITORING"):
        _database(_GROUP)


@pytest.mark.parametrize(
    "resource", [f"{_GROUP}:*", "arn:aws:logs:*:*:log-group:RDS*"], ids=["ours", "AWS's own policy"]
)
def test_a_monitoring_role_that_makes_its_group_is_taken(resource: str) -> None:
    _database(resource)


@pytest.mark.parametrize("stays", [True, False])
def test_an_option_group_stays_with_the_backups_that_need_it(stays: bool) -> None:
    rds = _client("rds")
    rds.create_option_group(
        OptionGroupName=f"o-{stays}".lower(), EngineName="mysql", MajorEngineVersion="8.4",
        OptionGroupDescription="x",
    )  # fmt: skip
    _database(f"{_GROUP}:*", f"o-{stays}".lower())
    rds.delete_db_instance(
        DBInstanceIdentifier="d", SkipFinalSnapshot=True, DeleteAutomatedBackups=not stays
    )
    if stays:
        with pytest.raises(ClientError, match="InvalidOptionGroupState"):
            rds.delete_option_group(OptionGroupName="o-true")
    else:
        rds.delete_option_group(OptionGroupName="o-false")


_ANY_BALANCER = f"arn:aws:elasticloadbalancing:{world.REGION}:{world.ACCOUNT}:loadbalancer/app/*/*"
_BALANCER = _ANY_BALANCER.replace("*/*", "k8s-acme/0123456789abcdef")
_OWN = {"StringEquals": {"aws:ResourceTag/elbv2.k8s.aws/cluster": "acme-platform"}}


def _associates(*statements: dict[str, Any]) -> None:
    """Put a web ACL onto a load balancer, as a role with these statements."""
    trust: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}
    policy = {**trust, "Statement": statements}
    iam = _client("iam")
    role = iam.create_role(RoleName="c", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="c", PolicyName="p", PolicyDocument=json.dumps(policy))
    acl = _client("wafv2").create_web_acl(
        Name="w", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig={
            "SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "w",
        },
    )["Summary"]["ARN"]  # fmt: skip
    known = _client("sts").assume_role(RoleArn=role, RoleSessionName="controller")["Credentials"]
    boto3.client(
        "wafv2", region_name=world.REGION, aws_access_key_id=known["AccessKeyId"],
        aws_secret_access_key=known["SecretAccessKey"], aws_session_token=known["SessionToken"],
    ).associate_web_acl(WebACLArn=acl, ResourceArn=_BALANCER)  # fmt: skip


def _set_web_acl(**more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "elasticloadbalancing:SetWebAcl", **more}


@pytest.mark.parametrize(
    "statement",
    [
        _set_web_acl(Resource=_ANY_BALANCER),
        _set_web_acl(Resource="*", Condition=_OWN),
        {"Effect": "Allow", "Action": "wafv2:*", "Resource": "*"},
    ],
    ids=["bound to ARNs", "bound to a tag", "not given"],
)
def test_a_web_acl_needs_the_load_balancers_right_which_is_bound_to_nothing(
    statement: dict[str, Any],
) -> None:
    with pytest.raises(ClientError, match="elasticloadbalancing:SetWebAcl"):
        _associates(statement)


def test_a_web_acl_is_put_on_with_the_right_on_everything() -> None:
    _associates(_set_web_acl(Resource="*"))


def test_a_web_acl_is_not_put_on_against_a_denial() -> None:
    denial = {**_set_web_acl(Resource="*"), "Effect": "Deny"}
    with pytest.raises(ClientError, match="elasticloadbalancing:SetWebAcl"):
        _associates(_set_web_acl(Resource="*"), denial)
