"""Identity, with the stand-in's policy evaluation on: roles really refuse here.

The stand-in judges policies and boundaries with all their conditions, and trust policies by the
issuer, `:sub` and `:aud` (local/platform/README.md). Nothing here proves that AWS would refuse a
forged token: the stand-in does not check signatures.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from e2e import support

from appinstance_local.platform import aws
from appinstance_local.platform.aws import Credentials

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


def _status(namespace: str, name: str) -> dict[str, Any]:
    body = support.get(namespace, "appi", name)
    assert body is not None
    found: dict[str, Any] = body["status"]
    return found


def _roles(namespace: str, name: str) -> dict[str, str]:
    found: dict[str, str] = _status(namespace, name)["roles"]
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
        ("acme", "acme-migrate", "sts.amazonaws.com"),
        ("acme", "default", "sts.amazonaws.com"),
        ("acme", "acme-backend", "https://kubernetes.default.svc.cluster.local"),
    ],
    ids=[
        "another instance",
        "the secrets account",
        "the page",
        "the migration",
        "default",
        "another audience",
    ],
)
def test_nobody_else_takes_the_backends_role(
    instances: None, namespace: str, account: str, audience: str
) -> None:
    role = _roles("acme", "acme")["backend"]
    _assume(role, _token("acme", "acme-backend"))
    with pytest.raises(ClientError, match="not authorized"):
        _assume(role, _token(namespace, account, audience))


READER = "worker-reader"
OPERATORS = 2
"""The operator's pods, as its chart has them by default."""


@pytest.fixture
def reader(instances: None) -> Iterator[str]:
    """A worker of acme's with a role of its own, which reads alone: that role's ARN."""
    worker = {
        "name": "reader", "command": ["sleep", "86400"], "uses": ["media"], "role": "ReadOnly",
    }  # fmt: skip
    _patch_workers([worker])

    def told() -> str | None:
        body = support.get("acme", "appi", "acme") or {}
        arn: str | None = (body.get("status", {}).get("ownRoles") or {}).get(READER)
        return arn

    arn = support.wait_for("the worker's own role", told)
    support.wait_until_ready("acme", "acme")
    yield arn
    _patch_workers(None)
    # The status tells of it as retiring until it is gone, which is once no pod uses it.
    iam, name = aws.client("iam"), arn.rsplit("/", 1)[-1]
    gone = "NoSuchEntity"
    support.wait_for("the role to go", lambda: _code(iam.get_role, RoleName=name) == gone)
    support.wait_for("the status to tell", lambda: arn not in json.dumps(_status("acme", "acme")))


def _patch_workers(workers: list[dict[str, Any]] | None) -> None:
    patch = json.dumps({"spec": {"workers": workers}})
    support.kubectl("-n", "acme", "patch", "appi", "acme", "--type=merge", "-p", patch)


def test_a_worker_with_a_role_of_its_own_reads_alone_and_nobody_else_takes_it(reader: str) -> None:
    planted = {"Bucket": aws.BUCKET, "Key": "acme/acme/probe", "Body": b"x"}
    aws.client("s3").put_object(**planted)
    told = support.python_in("acme", support.pod("acme", READER, "acme"), PROGRAM)
    assert {told["get_inside"], told["list_inside"]} == {"ok"}, told
    assert {told["put_inside"], told["delete_inside"]} <= REFUSED, told
    assert {told[one] for one in told if not one.endswith("_inside")} <= REFUSED, told

    _assume(reader, _token("acme", f"acme-{READER}"))
    for account in ("acme-backend", "acme-secrets", "acme-migrate", "default"):
        with pytest.raises(ClientError, match="not authorized"):
            _assume(reader, _token("acme", account))
    with pytest.raises(ClientError, match="not authorized"):
        _assume(_roles("acme", "acme")["backend"], _token("acme", f"acme-{READER}"))


EVERYTHING = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
)


@pytest.fixture(scope="module")
def wide_roles(instances: None) -> Iterator[dict[str, str]]:
    """acme's roles, as if the operator judged nothing: each has a policy that allows everything.

    It is there twice, in place of the operator's own policy and beside it. The operator is away
    from then on, until a test or the end brings it back: it may look at the roles at any moment.
    """
    iam, roles = aws.client("iam"), _roles("acme", "acme")
    support.scale_operator(0)
    try:
        for arn in roles.values():
            for policy in ("appinstance", "everything"):
                iam.put_role_policy(
                    RoleName=arn.rsplit("/", 1)[-1], PolicyName=policy, PolicyDocument=EVERYTHING
                )
        yield roles
    finally:
        support.scale_operator(OPERATORS)
        for arn in roles.values():
            _code(
                iam.delete_role_policy,
                RoleName=arn.rsplit("/", 1)[-1],
                PolicyName="everything",
            )


def _documents(role: str) -> dict[str, Any]:
    iam, name = aws.client("iam"), role.rsplit("/", 1)[-1]
    return {
        policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
    }


@pytest.mark.parametrize("part", ["backend", "secrets"])
def test_under_the_boundary_a_wrong_document_opens_nothing_of_another(
    wide_roles: dict[str, str], part: str
) -> None:
    who = _assume(wide_roles[part], _token("acme", f"acme-{part}"))
    s3, manager = aws.client("s3", who), aws.client("secretsmanager", who)
    planted = aws.client("s3")
    for key in ("acme/acme/planted", "globex/globex/planted"):
        planted.put_object(Bucket=aws.BUCKET, Key=key, Body=b"planted")
    for prefix, name, allowed in (
        ("acme/acme/", "acme", True),
        ("globex/globex/", "globex", False),
    ):
        where = {"Bucket": aws.BUCKET, "Key": f"{prefix}planted"}
        entry = {"SecretId": f"apps/{name}/{name}/app"}
        for call, arguments in (
            (s3.get_object, where),
            (s3.put_object, {**where, "Body": b"mine"}),
            (s3.list_objects_v2, {"Bucket": aws.BUCKET, "Prefix": prefix}),
            (manager.get_secret_value, entry),
        ):
            code = _code(call, **arguments)
            assert (code == "ok") if allowed else (code in REFUSED), (call, arguments, code)
    whole = {"Bucket": aws.BUCKET, "Key": "acme/acme/copy"}
    foreign = f"{aws.BUCKET}/globex/globex/planted"
    assert _code(s3.copy_object, **whole, CopySource=foreign) in REFUSED
    assert _code(s3.list_objects_v2, Bucket=aws.BUCKET) in REFUSED
    assert _code(aws.client("iam", who).list_roles) in REFUSED
    found = planted.get_object(Bucket=aws.BUCKET, Key="globex/globex/planted")["Body"].read()
    assert found == b"planted"


def test_the_operator_puts_a_wrong_document_right_at_its_next_look(
    wide_roles: dict[str, str],
) -> None:
    """It looks every ten minutes, and when it starts: that is what is done here."""
    support.scale_operator(OPERATORS)

    def repaired() -> bool:
        return all(
            set(documents := _documents(role)) == {"appinstance"}
            and "*" not in [item["Action"] for item in documents["appinstance"]["Statement"]]
            for role in wide_roles.values()
        )

    support.wait_for("the documents to be put right", repaired)
    support.wait_until_ready("acme", "acme")
    told = support.python_in("acme", support.pod("acme", "backend", "acme"), PROGRAM)
    assert told["put_inside"] == "ok"
    assert told["put_outside"] in REFUSED


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
