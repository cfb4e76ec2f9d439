"""Bootstrap and platform are applied for real, without AWS: state, lock, second plan, charts."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from support.apiserver import ApiServer

from terraform import tf, world

pytestmark = pytest.mark.applied

_LOCK = {"ID": "11111111-2222-3333-4444-555555555555", "Operation": "OperationTypeApply"}
_HELD = {**_LOCK, "Info": "", "Who": "somebody", "Version": "1.11.4", "Path": "x"}
_FEWEST_RESOURCES = 250


def _backend(platform: world.Platform) -> dict[str, str]:
    pairs = (
        line.split("=", 1) for line in platform.backend.read_text().splitlines() if "=" in line
    )
    return {key.strip(): value.strip().strip('"') for key, value in pairs}


def test_everything_is_made_and_a_second_plan_is_empty(applied: world.Platform) -> None:
    assert len(applied.state()) > _FEWEST_RESOURCES
    told = applied.platform("plan", "-detailed-exitcode", *world.UNPROTECTED, check=False)
    assert told.returncode == 0, told.stdout[-8000:] + told.stderr[-2000:]


@pytest.fixture
def as_before_the_options(applied: world.Platform) -> Iterator[None]:
    """Put the state as it was before a VPC and a cluster that are there could be named."""
    folder = applied.tree / "platform"
    names = ("module.network", "module.eks", "module.addons.aws_eks_addon.cloudwatch")
    for name in names:
        tf.run(folder, "state", "mv", f"{name}[0]", name, env=applied.env)
    yield
    for name in names:
        tf.run(folder, "state", "mv", name, f"{name}[0]", env=applied.env)


def test_a_state_from_before_the_options_moves_and_changes_nothing(
    applied: world.Platform, as_before_the_options: None
) -> None:
    told = applied.platform("plan", "-refresh=false", *world.UNPROTECTED)
    assert "module.network.aws_vpc.this has moved to module.network[0].aws_vpc.this" in told.stdout
    assert "module.eks.aws_eks_cluster.this has moved to" in told.stdout
    assert "Plan: 0 to add, 0 to change, 0 to destroy" in told.stdout


def test_the_state_is_in_the_bucket_in_versions_and_nowhere_else(applied: world.Platform) -> None:
    backend = _backend(applied)
    s3 = applied.client("s3")
    told = s3.list_object_versions(Bucket=backend["bucket"], Prefix=backend["key"])
    assert told["Versions"]
    head = s3.head_object(Bucket=backend["bucket"], Key=backend["key"])
    assert head["ServerSideEncryption"] == "aws:kms"
    assert head["SSEKMSKeyId"].endswith(backend["kms_key_id"].rsplit("/", 1)[-1])
    assert not list((applied.tree / "platform").glob("*.tfstate"))


def test_the_state_bucket_refuses_other_encryption_and_plain_http(
    applied: world.Platform,
) -> None:
    backend = _backend(applied)
    s3, where = applied.client("s3"), {"Bucket": backend["bucket"], "Key": "try"}
    key = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": backend["kms_key_id"]}
    s3.put_object(**where, **key)
    for other in (
        {"ServerSideEncryption": "AES256"},
        {**key, "SSEKMSKeyId": backend["kms_key_id"].replace(":key/", ":key/other-")},
    ):
        with pytest.raises(ClientError, match=r"AccessDenied|Forbidden"):
            s3.put_object(**where, **other)
    plain = applied.client("s3", secure=False)
    with pytest.raises(ClientError, match=r"AccessDenied|Forbidden"):
        plain.get_object(**where)
    s3.delete_object(**where)


@pytest.fixture
def held_in_the_bucket(applied: world.Platform) -> Iterator[str]:
    """Hold the lock file, as another run would."""
    backend = _backend(applied)
    s3, key = applied.client("s3"), f"{backend['key']}.tflock"
    s3.put_object(
        Bucket=backend["bucket"], Key=key, Body=json.dumps(_HELD).encode(),
        ServerSideEncryption="aws:kms", SSEKMSKeyId=backend["kms_key_id"],
    )  # fmt: skip
    yield "somebody"
    s3.delete_object(Bucket=backend["bucket"], Key=key)


@pytest.fixture
def held_in_the_table(applied: world.Platform) -> Iterator[str]:
    """Hold the lock in DynamoDB, as a run of an older Terraform would."""
    backend = _backend(applied)
    table = applied.client("dynamodb")
    key = {"LockID": {"S": f"{backend['bucket']}/{backend['key']}"}}
    item = {**key, "Info": {"S": json.dumps(_HELD)}}
    table.put_item(TableName=backend["dynamodb_table"], Item=item)
    yield "somebody"
    table.delete_item(TableName=backend["dynamodb_table"], Key=key)


@pytest.mark.parametrize("lock", ["held_in_the_bucket", "held_in_the_table"])
def test_a_second_apply_is_refused_while_the_lock_is_held(
    applied: world.Platform, lock: str, request: pytest.FixtureRequest
) -> None:
    holder = request.getfixturevalue(lock)
    told = applied.platform("apply", "-auto-approve", *world.UNPROTECTED, check=False)
    assert told.returncode == 1
    assert "Error acquiring the state lock" in told.stderr
    assert holder in told.stderr


def test_the_charts_are_installed_with_the_values_of_this_configuration(
    applied: world.Platform, cluster: ApiServer
) -> None:
    outputs = applied.outputs()
    told = cluster.kubectl(
        "-n", "appinstance-system", "get", "deploy,cm,sa", "-o", "json"
    ).stdout  # fmt: skip
    objects = {item["kind"]: item for item in json.loads(told)["items"]}
    account = objects["ServiceAccount"]["metadata"]["annotations"]
    role = outputs["operator_chart_values"]["serviceAccount"]["roleArn"]
    assert account["eks.amazonaws.com/role-arn"] == role
    assert outputs["media_bucket_name"] in json.dumps(objects["ConfigMap"]["data"])
    told = cluster.kubectl("-n", "external-secrets", "get", "sa", "-o", "json").stdout
    assert "external-secrets" in told
    told = cluster.kubectl(
        "-n", "kube-system", "get", "cm", "aws-load-balancer-controller-values",
        "-o", "jsonpath={.data.values\\.json}",
    ).stdout  # fmt: skip
    values = json.loads(told)
    assert values["backendSecurityGroup"] in outputs["operator_values"]["edge"]["securityGroupIds"]
    assert values["vpcId"].startswith("vpc-")
    assert values["region"] == world.REGION
