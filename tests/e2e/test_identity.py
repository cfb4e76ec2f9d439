"""Identity, with the stand-in's policy evaluation on: roles really refuse here.

The stand-in judges policies and boundaries with all their conditions, and trust policies by the
issuer, `:sub` and `:aud` (local/platform/README.md). Nothing here proves that AWS would refuse a
forged token: the stand-in does not check signatures.
"""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from e2e import support

from appinstance_local import aws
from appinstance_local.aws import Credentials

pytestmark = pytest.mark.e2e

PROGRAM = """
import json, os, boto3
from botocore.exceptions import ClientError
s3 = boto3.client("s3")
bucket, prefix = os.environ["MEDIA_BUCKET"], os.environ["MEDIA_PREFIX"]
def attempt(call, **arguments):
    try:
        call(Bucket=bucket, **arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "ok"
print(json.dumps({
    "put_inside": attempt(s3.put_object, Key=prefix + "probe", Body=b"x"),
    "get_inside": attempt(s3.get_object, Key=prefix + "probe"),
    "list_inside": attempt(s3.list_objects_v2, Prefix=prefix),
    "delete_inside": attempt(s3.delete_object, Key=prefix + "probe"),
    "put_outside": attempt(s3.put_object, Key="globex/globex/probe", Body=b"x"),
    "put_beside": attempt(s3.put_object, Key=prefix.rstrip("/") + "-other/probe", Body=b"x"),
    "get_outside": attempt(s3.get_object, Key="globex/globex/planted"),
    "delete_outside": attempt(s3.delete_object, Key="globex/globex/planted"),
}))
"""


def _token(namespace: str, account: str, audience: str = "sts.amazonaws.com") -> str:
    return support.kubectl(
        "-n", namespace, "create", "token", account, f"--audience={audience}"
    ).strip()


def _assume(role: str, token: str) -> Credentials:
    sts = boto3.client(
        "sts", endpoint_url=aws.ENDPOINT, region_name=aws.REGION,
        config=Config(signature_version=UNSIGNED),
    )  # fmt: skip
    made = sts.assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="test", WebIdentityToken=token
    )["Credentials"]
    return Credentials(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])


def _roles(namespace: str, name: str) -> dict[str, str]:
    body = support.get(namespace, "appi", name)
    assert body is not None
    found: dict[str, str] = body["status"]["roles"]
    return found


# moto's JSON services refuse in XML, of which boto3 understands only the status.
REFUSED = {"AccessDenied", "AccessDeniedException", "403"}


def _code(call: Any, **arguments: Any) -> str:
    try:
        call(**arguments)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "ok"


def test_a_backend_gets_to_its_own_prefix_and_no_other(instances: None) -> None:
    aws.client("s3").put_object(Bucket=aws.BUCKET, Key="globex/globex/planted", Body=b"theirs")
    told = support.python_in("acme", support.pod("acme", "backend", "acme"), PROGRAM)
    inside = {key: value for key, value in told.items() if key.endswith("_inside")}
    assert set(inside.values()) == {"ok"}, told
    others = {key: value for key, value in told.items() if not key.endswith("_inside")}
    assert set(others.values()) <= REFUSED, told
    aws.client("s3").get_object(Bucket=aws.BUCKET, Key="globex/globex/planted")


def test_a_backend_can_do_nothing_else_in_aws(instances: None) -> None:
    who = _assume(_roles("acme", "acme")["backend"], _token("acme", "acme-backend"))
    assert _code(aws.client("iam", who).list_roles) in REFUSED
    entry = {"SecretId": "apps/acme/acme/database"}
    manager = aws.client("secretsmanager", who)
    assert _code(manager.get_secret_value, **entry) in REFUSED


def test_the_secrets_role_reads_its_entries_and_no_other(instances: None) -> None:
    who = _assume(_roles("acme", "acme")["secrets"], _token("acme", "acme-secrets"))
    manager = aws.client("secretsmanager", who)
    assert _code(manager.get_secret_value, SecretId="apps/acme/acme/database") == "ok"
    assert _code(manager.get_secret_value, SecretId="apps/acme/acme/app") == "ok"
    for other in ("apps/globex/globex/database", "apps/globex/globex/app"):
        assert _code(manager.get_secret_value, SecretId=other) in REFUSED
    write = {"SecretId": "apps/acme/acme/app", "SecretString": json.dumps({"secretKey": "x"})}
    assert _code(manager.put_secret_value, **write) in REFUSED


@pytest.mark.parametrize(
    ("namespace", "account", "audience"),
    [
        ("globex", "globex-backend", "sts.amazonaws.com"),
        ("acme", "acme-secrets", "sts.amazonaws.com"),
        ("acme", "acme-frontend", "sts.amazonaws.com"),
        ("acme", "default", "sts.amazonaws.com"),
        ("acme", "acme-backend", "https://kubernetes.default.svc.cluster.local"),
    ],
    ids=["another instance", "the secrets account", "the page", "default", "another audience"],
)
def test_nobody_else_takes_the_backends_role(
    instances: None, namespace: str, account: str, audience: str
) -> None:
    role = _roles("acme", "acme")["backend"]
    _assume(role, _token("acme", "acme-backend"))
    with pytest.raises(ClientError, match="not authorized"):
        _assume(role, _token(namespace, account, audience))


def test_the_operators_role_suffices_and_reaches_no_other_role(instances: None) -> None:
    operator = "arn:aws:iam::123456789012:role/platform/appinstance-operator"
    who = _assume(operator, _token("appinstance-system", "appinstance-operator"))
    iam = aws.client("iam", who)
    own = _roles("acme", "acme")["backend"].rsplit("/", 1)[-1]
    assert _code(iam.get_role, RoleName=own) == "ok"
    assert _code(iam.get_role, RoleName="appinstance-operator") in REFUSED
    assert _code(iam.delete_role, RoleName="appinstance-operator") in REFUSED
    assert _code(iam.create_user, UserName="mallory") in REFUSED
    create = {"AssumeRolePolicyDocument": "{}", "Path": "/"}
    assert _code(iam.create_role, RoleName="mallory", **create) in REFUSED
    manager = aws.client("secretsmanager", who)
    assert _code(manager.get_secret_value, SecretId="apps/acme/acme/app") in REFUSED
