"""The stand-in for AWS with its evaluation on: what each role may do, and what it is refused.

The same files that the cluster's ConfigMap holds run here as a process, seeded like the cluster's,
with the documents that `appinstance boundary-policy` and `operator-policy` print.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from support import stand_in

from appinstance_local.platform import aws, seed
from appinstance_local.platform.aws import ACCOUNT, BUCKET, Credentials
from appinstance_operator.api.settings import Settings, load_settings
from appinstance_operator.desired import iam as desired_iam

pytestmark = pytest.mark.integration

# moto's JSON services refuse in XML, of which boto3 understands only the status.
REFUSED = {"AccessDenied", "AccessDeniedException", "403"}
ROLES = "/appinstances/"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/platform/appinstance-boundary"
EVERYTHING = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "*", "Resource": "*"},
]}  # fmt: skip


def _code(call: Any, **arguments: Any) -> str:
    try:
        call(**arguments)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "ok"


@pytest.fixture(scope="module")
def settings(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Settings]:
    """Run the stand-in, seed it, and return the settings; `aws.client` then speaks to it."""
    with stand_in.running(tmp_path_factory.mktemp("moto")):
        seed.seed_platform()
        yield load_settings(seed.settings_file())


def _token(subject: str, audience: Any = "sts.amazonaws.com", issuer: str = seed.ISSUER) -> str:
    """Return what looks like a service account's token; the stand-in checks no signature."""
    claims = {"iss": f"https://{issuer}", "sub": subject, "aud": audience}
    parts: tuple[dict[str, Any], ...] = ({"alg": "none"}, claims, {})
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts)
    return ".".join(part.rstrip("=") for part in encoded)


def _assume(role: str, token: str) -> Credentials:
    sts = boto3.client(
        "sts", endpoint_url=aws.ENDPOINT, region_name=aws.REGION,
        config=Config(signature_version=UNSIGNED),
    )  # fmt: skip
    found = sts.assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="test", WebIdentityToken=token
    )["Credentials"]
    return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])


@pytest.fixture(scope="module")
def operator(settings: Settings) -> Any:
    """Return an IAM client with the operator's own role."""
    role = f"arn:aws:iam::{ACCOUNT}:role/platform/appinstance-operator"
    account = "system:serviceaccount:appinstance-system:appinstance-operator"
    return aws.client("iam", _assume(role, _token(account)))


def _trust(subject: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{seed.ISSUER}"},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {
                        f"{seed.ISSUER}:sub": subject,
                        f"{seed.ISSUER}:aud": "sts.amazonaws.com",
                    }
                },
            }
        ],
    }


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _creation(settings: Settings, name: str, **changed: Any) -> dict[str, Any]:
    """Return the arguments with which the operator creates a role, with parts replaced."""
    given = {
        "RoleName": name,
        "Path": ROLES,
        "AssumeRolePolicyDocument": json.dumps(_trust("system:serviceaccount:acme:x")),
        "PermissionsBoundary": BOUNDARY,
        "Tags": _tag_list(desired_iam.role_tags_of("acme", "acme", settings)),
        **changed,
    }
    return {key: value for key, value in given.items() if value is not None}


@pytest.fixture(scope="module")
def role(settings: Settings, operator: Any) -> str:
    """Return the name of a role that the operator has made for acme."""
    operator.create_role(**_creation(settings, "appi-acme-backend"))
    return "appi-acme-backend"


@pytest.fixture(scope="module")
def unbounded(settings: Settings) -> str:
    """Return a role of ours in all but the boundary, made by the administrator."""
    arguments = _creation(settings, "appi-unbounded", PermissionsBoundary=None)
    aws.client("iam").create_role(**arguments)
    return "appi-unbounded"


@pytest.fixture(scope="module")
def foreign(settings: Settings) -> str:
    """Return another cluster's role under the same path and prefix."""
    tags = desired_iam.role_tags_of("acme", "acme", settings)
    other = _tag_list({**tags, desired_iam.TAG_ISSUER: "other.example.com"})
    aws.client("iam").create_role(**_creation(settings, "appi-foreign", Tags=other))
    return "appi-foreign"


# The operator's own role


def test_the_operators_rights_suffice_for_a_role_over_its_life(
    settings: Settings, operator: Any
) -> None:
    name = "appi-life"
    document = json.dumps(EVERYTHING)
    trust = json.dumps(_trust("system:serviceaccount:acme:y"))
    assert _code(operator.get_role, RoleName=name) == "NoSuchEntity"
    for call, arguments in (
        (operator.create_role, _creation(settings, name)),
        (operator.put_role_policy, {"PolicyName": "a", "PolicyDocument": document}),
        (operator.get_role, {}),
        (operator.list_role_policies, {}),
        (operator.get_role_policy, {"PolicyName": "a"}),
        (operator.list_attached_role_policies, {}),
        (operator.update_assume_role_policy, {"PolicyDocument": trust}),
        (operator.put_role_permissions_boundary, {"PermissionsBoundary": BOUNDARY}),
        (operator.delete_role_policy, {"PolicyName": "a"}),
        (operator.delete_role, {}),
    ):
        assert _code(call, **{"RoleName": name, **arguments}) == "ok", call


OTHER_BOUNDARY = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.mark.parametrize(
    "changed",
    [
        {"PermissionsBoundary": None},
        {"PermissionsBoundary": OTHER_BOUNDARY},
        {"Tags": None},
        {"Path": "/"},
        {"Path": "/platform/"},
        {"RoleName": "other-prefix"},
    ],
    ids=str,
)
def test_it_makes_no_role_otherwise(
    settings: Settings, operator: Any, changed: dict[str, Any]
) -> None:
    name = "appi-otherwise"
    assert _code(operator.create_role, **_creation(settings, name, **changed)) in REFUSED
    assert _code(operator.create_role, **_creation(settings, name)) == "ok"
    operator.delete_role(RoleName=name)


@pytest.mark.parametrize(
    "changed",
    [
        {"appinstance-issuer": "other.example.com"},
        {"appinstance-namespace": None},
        {"appinstance-issuer": None},
        {"one-more": "x"},
    ],
    ids=str,
)
def test_it_makes_no_role_with_other_tags(
    settings: Settings, operator: Any, changed: Mapping[str, str | None]
) -> None:
    tags = {**desired_iam.role_tags_of("acme", "acme", settings), **changed}
    kept = _tag_list({key: value for key, value in tags.items() if value is not None})
    arguments = _creation(settings, "appi-tags", Tags=kept)
    assert _code(operator.create_role, **arguments) in REFUSED


def test_it_tags_no_role_anew(settings: Settings, operator: Any, role: str) -> None:
    tags = desired_iam.role_tags_of("acme", "acme", settings)
    same = {"RoleName": role, "Tags": _tag_list(tags)}
    assert _code(operator.tag_role, **same) == "ok"
    for changed in (
        {**tags, "appinstance-namespace": "globex"},
        {"appinstance-namespace": "globex"},
        {"one-more": "x"},
    ):
        assert _code(operator.tag_role, RoleName=role, Tags=_tag_list(changed)) in REFUSED
    keys = ["appinstance-namespace"]
    assert _code(operator.untag_role, RoleName=role, TagKeys=keys) in REFUSED
    found = aws.client("iam").get_role(RoleName=role)["Role"]["Tags"]
    assert {item["Key"]: item["Value"] for item in found} == dict(tags)


def test_it_writes_no_policy_where_the_boundary_is_missing(
    operator: Any, role: str, unbounded: str
) -> None:
    policy = {"PolicyName": "a", "PolicyDocument": json.dumps(EVERYTHING)}
    assert _code(operator.put_role_policy, RoleName=role, **policy) == "ok"
    assert _code(operator.put_role_policy, RoleName=unbounded, **policy) in REFUSED
    lower = {"PermissionsBoundary": OTHER_BOUNDARY}
    assert _code(operator.put_role_permissions_boundary, RoleName=role, **lower) in REFUSED
    assert _code(operator.delete_role_permissions_boundary, RoleName=role) in REFUSED
    # That is how it repairs such a role: the boundary first.
    bounded = {"RoleName": unbounded, "PermissionsBoundary": BOUNDARY}
    assert _code(operator.put_role_permissions_boundary, **bounded) == "ok"
    assert _code(operator.put_role_policy, RoleName=unbounded, **policy) == "ok"


@pytest.mark.parametrize("name", ["appi-foreign", "appinstance-operator"])
def test_it_changes_no_role_of_another(operator: Any, role: str, foreign: str, name: str) -> None:
    policy = {"PolicyName": "a", "PolicyDocument": json.dumps(EVERYTHING)}
    trust = {"PolicyDocument": json.dumps(_trust("mallory"))}
    for call, arguments in (
        (operator.put_role_policy, policy),
        (operator.update_assume_role_policy, trust),
        (operator.delete_role_policy, {"PolicyName": "a"}),
        (operator.delete_role, {}),
    ):
        assert _code(call, RoleName=name, **arguments) in REFUSED, call
    assert _code(operator.update_assume_role_policy, RoleName=role, **trust) == "ok"


def test_it_removes_roles_of_earlier_versions_of_its_cluster_alone(
    settings: Settings, operator: Any
) -> None:
    tags = desired_iam.earlier_role_tags_of("acme", "acme", settings)
    other = {**tags, desired_iam.EARLIER_TAG_CLUSTER: "elsewhere"}
    administrator = aws.client("iam")
    for name, held in (("appi-earlier", tags), ("appi-elsewhere", other)):
        administrator.create_role(**_creation(settings, name, Tags=_tag_list(held)))
    assert _code(operator.delete_role, RoleName="appi-earlier") == "ok"
    assert _code(operator.delete_role, RoleName="appi-elsewhere") in REFUSED


def test_it_can_do_nothing_else(operator: Any, role: str) -> None:
    assert _code(operator.list_roles) in REFUSED
    assert _code(operator.create_user, UserName="mallory") in REFUSED
    attach = {"RoleName": role, "PolicyArn": OTHER_BOUNDARY}
    assert _code(operator.attach_role_policy, **attach) in REFUSED
    version = {"PolicyArn": BOUNDARY, "PolicyDocument": json.dumps(EVERYTHING)}
    assert _code(operator.create_policy_version, **version) in REFUSED


# An instance's role, under the boundary


@pytest.fixture(scope="module")
def instance(settings: Settings, operator: Any) -> Credentials:
    """Return the session of a role of acme's whose own policy allows everything."""
    subject, name = "system:serviceaccount:acme:acme-backend", "appi-wide"
    trust = json.dumps(_trust(subject))
    operator.create_role(**_creation(settings, name, AssumeRolePolicyDocument=trust))
    operator.put_role_policy(
        RoleName=name, PolicyName="appinstance", PolicyDocument=json.dumps(EVERYTHING)
    )
    s3 = aws.client("s3")
    for key in ("acme/acme/mine", "acme/other/mine", "globex/globex/theirs", "acme-evil/x/theirs"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    for entry in ("apps/acme/acme/app", "apps/globex/globex/app", "apps/acme-evil/x/app"):
        seed.put_secret(entry, {"secretKey": "x"})
    return _assume(f"arn:aws:iam::{ACCOUNT}:role{ROLES}{name}", _token(subject))


@pytest.mark.parametrize(
    ("key", "allowed"),
    [
        ("acme/acme/mine", True),
        ("acme/other/mine", True),
        ("globex/globex/theirs", False),
        ("acme-evil/x/theirs", False),
        ("ACME/acme/mine", False),
        ("acme", False),
    ],
)
def test_objects_of_its_namespace_alone(instance: Credentials, key: str, allowed: bool) -> None:
    s3, where = aws.client("s3", instance), {"Bucket": BUCKET, "Key": key}
    for call, arguments in (
        (s3.put_object, {"Body": b"y"}),
        (s3.get_object, {}),
        (s3.delete_object, {}),
    ):
        assert (_code(call, **where, **arguments) == "ok") is allowed, call


@pytest.mark.parametrize(
    ("prefix", "allowed"),
    [
        ("acme/", True),
        ("acme/acme/", True),
        ("acme", False),
        ("acme-evil/", False),
        ("globex/", False),
        ("", False),
        (None, False),
    ],
)
def test_lists_its_namespace_alone(
    instance: Credentials, prefix: str | None, allowed: bool
) -> None:
    wanted = {} if prefix is None else {"Prefix": prefix}
    for call in ("list_objects_v2", "list_objects"):
        listing = getattr(aws.client("s3", instance), call)
        assert (_code(listing, Bucket=BUCKET, **wanted) == "ok") is allowed


def test_copies_nothing_from_another(instance: Credentials) -> None:
    s3 = aws.client("s3", instance)
    s3.put_object(Bucket=BUCKET, Key="acme/acme/source", Body=b"x")
    target = {"Bucket": BUCKET, "Key": "acme/acme/copy"}
    assert _code(s3.copy_object, **target, CopySource=f"{BUCKET}/acme/acme/source") == "ok"
    assert _code(s3.copy_object, **target, CopySource=f"{BUCKET}/globex/globex/theirs") in REFUSED


@pytest.mark.parametrize(
    ("entry", "allowed"),
    [
        ("apps/acme/acme/app", True),
        ("apps/globex/globex/app", False),
        ("apps/acme-evil/x/app", False),
    ],
)
def test_reads_entries_of_its_namespace_alone(
    instance: Credentials, entry: str, allowed: bool
) -> None:
    manager = aws.client("secretsmanager", instance)
    for call in (manager.get_secret_value, manager.describe_secret):
        assert (_code(call, SecretId=entry) == "ok") is allowed
    assert _code(manager.put_secret_value, SecretId=entry, SecretString="{}") in REFUSED


def test_the_boundary_leaves_no_other_service(instance: Credentials) -> None:
    assert _code(aws.client("iam", instance).list_roles) in REFUSED
    assert _code(aws.client("s3", instance).delete_bucket, Bucket=BUCKET) in REFUSED
    assert _code(aws.client("secretsmanager", instance).list_secrets) in REFUSED


def test_a_boundary_that_is_gone_allows_nothing(settings: Settings) -> None:
    administrator, subject = aws.client("iam"), "system:serviceaccount:acme:gone"
    arn = administrator.create_policy(PolicyName="gone", PolicyDocument=json.dumps(EVERYTHING))[
        "Policy"
    ]["Arn"]
    administrator.create_role(
        **_creation(
            settings, "appi-gone", PermissionsBoundary=arn,
            AssumeRolePolicyDocument=json.dumps(_trust(subject)),
        )
    )  # fmt: skip
    administrator.put_role_policy(
        RoleName="appi-gone", PolicyName="a", PolicyDocument=json.dumps(EVERYTHING)
    )
    s3 = aws.client("s3", _assume(f"arn:aws:iam::{ACCOUNT}:role{ROLES}appi-gone", _token(subject)))
    assert _code(s3.list_buckets) == "ok"
    administrator.delete_policy(PolicyArn=arn)
    assert _code(s3.list_buckets) in REFUSED


# The evaluation itself, where the operator's documents do not show it


def _role_with(settings: Settings, name: str, *statements: Mapping[str, Any]) -> Credentials:
    """Return the session of a role without a boundary, with a policy for each statement."""
    subject, administrator = f"system:serviceaccount:acme:{name}", aws.client("iam")
    administrator.create_role(
        **_creation(
            settings,
            name,
            PermissionsBoundary=None,
            AssumeRolePolicyDocument=json.dumps(_trust(subject)),
        )
    )
    for number, statement in enumerate(statements):
        document = {"Version": "2012-10-17", "Statement": [{"Resource": "*", **statement}]}
        administrator.put_role_policy(
            RoleName=name, PolicyName=f"p{number}", PolicyDocument=json.dumps(document)
        )
    return _assume(f"arn:aws:iam::{ACCOUNT}:role{ROLES}{name}", _token(subject))


def test_a_role_is_made_with_tags_only_by_who_may_tag(settings: Settings) -> None:
    creates = {"Effect": "Allow", "Action": "iam:CreateRole"}
    tags = {"Effect": "Allow", "Action": "iam:TagRole"}
    one = aws.client("iam", _role_with(settings, "appi-creates", creates))
    both = aws.client("iam", _role_with(settings, "appi-creates-and-tags", creates, tags))
    assert _code(one.create_role, **_creation(settings, "appi-new", Tags=None)) == "ok"
    assert _code(one.create_role, **_creation(settings, "appi-tagged")) in REFUSED
    assert _code(both.create_role, **_creation(settings, "appi-tagged")) == "ok"


def test_an_explicit_deny_wins_over_any_allow(settings: Settings, instance: Credentials) -> None:
    locked = f"arn:aws:s3:::{BUCKET}/acme/locked"
    deny = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": locked}
    who = _role_with(settings, "appi-denied", {"Effect": "Allow", "Action": "*"}, deny)
    put = aws.client("s3", who).put_object
    assert _code(put, Bucket=BUCKET, Key="acme/open", Body=b"x") == "ok"
    assert _code(put, Bucket=BUCKET, Key="acme/locked", Body=b"x") in REFUSED


# The provisioner's entries, by tags


@pytest.fixture(scope="module")
def provisioner(settings: Settings) -> Any:
    """Return a client of Secrets Manager with the role of the provisioner of databases."""
    role = f"arn:aws:iam::{ACCOUNT}:role/platform/appinstance-provisioner"
    account = "system:serviceaccount:appinstance-system:appinstance-database"
    return aws.client("secretsmanager", _assume(role, _token(account)))


_MARK = {"appinstance-provisioned": "true"}


def test_the_provisioner_makes_entries_with_its_mark_and_keeps_them(provisioner: Any) -> None:
    key = "apps/acme/marked/database"
    with pytest.raises(provisioner.exceptions.ResourceNotFoundException):
        provisioner.describe_secret(SecretId=key)
    make, given = provisioner.create_secret, {"Name": key, "SecretString": "{}"}
    assert _code(make, **given) in REFUSED
    assert _code(make, **given, Tags=_tag_list({"another": "true"})) in REFUSED
    assert _code(make, **given, Tags=_tag_list(_MARK)) == "ok"
    assert _code(provisioner.put_secret_value, SecretId=key, SecretString="{}") == "ok"
    assert _code(provisioner.get_secret_value, SecretId=key) == "ok"
    assert _code(provisioner.delete_secret, SecretId=key, ForceDeleteWithoutRecovery=True) == "ok"


def test_what_was_made_by_hand_it_sees_and_neither_reads_nor_marks(provisioner: Any) -> None:
    key = "apps/acme/by-hand/database"
    seed.put_secret(key, {"password": "x"})
    assert _code(provisioner.describe_secret, SecretId=key) == "ok"
    assert _code(provisioner.get_secret_value, SecretId=key) in REFUSED
    assert _code(provisioner.put_secret_value, SecretId=key, SecretString="{}") in REFUSED
    assert _code(provisioner.delete_secret, SecretId=key) in REFUSED
    own = {"Name": "apps/acme/other/app", "SecretString": "{}", "Tags": _tag_list(_MARK)}
    assert _code(provisioner.create_secret, **own) in REFUSED


# Trust


@pytest.mark.parametrize(
    ("claims", "allowed"),
    [
        ({}, True),
        ({"audience": ["x", "sts.amazonaws.com"]}, True),
        ({"subject": "system:serviceaccount:globex:globex-backend"}, False),
        ({"audience": "other"}, False),
        ({"audience": []}, False),
        ({"issuer": "other.example.com"}, False),
    ],
    ids=str,
)
def test_who_takes_a_role(
    settings: Settings, instance: Credentials, claims: dict[str, Any], allowed: bool
) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role{ROLES}appi-wide"
    subject = claims.pop("subject", "system:serviceaccount:acme:acme-backend")
    arguments = {"role": role, "token": _token(subject, **claims)}
    assert (_code(_assume, **arguments) == "ok") is allowed


# Seeding


def test_a_seeded_stand_in_gets_the_documents_of_today(settings: Settings) -> None:
    administrator = aws.client("iam")
    old = json.dumps(EVERYTHING)
    administrator.create_policy_version(PolicyArn=BOUNDARY, PolicyDocument=old, SetAsDefault=True)
    administrator.put_role_policy(
        RoleName="appinstance-operator", PolicyName="operator", PolicyDocument=old
    )
    seed.seed_platform()
    policy = administrator.get_policy(PolicyArn=BOUNDARY)["Policy"]
    found = administrator.get_policy_version(
        PolicyArn=BOUNDARY, VersionId=policy["DefaultVersionId"]
    )
    assert found["PolicyVersion"]["Document"] == seed.document("boundary-policy")
    operators = administrator.get_role_policy(
        RoleName="appinstance-operator", PolicyName="operator"
    )
    assert operators["PolicyDocument"] == seed.document("operator-policy")
    seed.seed_platform()
    again = administrator.get_policy(PolicyArn=BOUNDARY)["Policy"]
    assert again["DefaultVersionId"] == policy["DefaultVersionId"], "nothing is written for nothing"


def test_a_seeding_that_was_broken_off_is_begun_anew(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As it is after a start: nobody is refused, and a part is there already.
    stand_in.reset_auth(b"1000000")
    anybody = aws.client("s3", aws.ANYBODY)
    assert _code(anybody.list_buckets) == "ok"
    seed.seed_platform()
    assert _code(anybody.list_buckets) not in {"ok", "404"}
    assert _code(aws.client("s3").head_bucket, Bucket=BUCKET) == "ok"
