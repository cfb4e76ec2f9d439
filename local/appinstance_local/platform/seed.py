"""What is on the AWS side before the first instance: what Terraform makes in the real one.

moto forgets everything when its pod restarts, so all of this can be done again at any time. At the
end policy evaluation is turned on: from then on a role that lacks a right is really refused.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import yaml
from botocore.exceptions import BotoCoreError, ClientError

from appinstance_local.errors import LocalError
from appinstance_local.paths import LOCAL, binary, cache, kubeconfig
from appinstance_local.progress import step
from appinstance_local.shell import run

from . import aws, tls
from .aws import ACCOUNT, ANYBODY, BUCKET, Credentials

ISSUER = "kubernetes.default.svc.cluster.local"
DATABASE_HOST = "mariadb.database.svc.cluster.local"
_WAIT_SECONDS = 120  # its start is 2 s of work, on a machine that may be busy
_OPERATOR = "system:serviceaccount:appinstance-system:appinstance-operator"
_PATH = "/platform/"
_BOUNDARY_NAME = "appinstance-boundary"
_OPERATOR_ROLE = "appinstance-operator"
_OPERATOR_POLICY = "operator"
_PROVISIONER = "system:serviceaccount:appinstance-system:appinstance-database"
_PROVISIONER_ROLE = "appinstance-provisioner"
VALUES = LOCAL / "values-operator.yaml"


def settings_file() -> Path:
    """Write the operator's settings for this machine and return the path."""
    values = yaml.safe_load(VALUES.read_text())["settings"]
    values["database"]["caBundle"] = tls.authority().certificate.decode()
    path = cache() / "settings.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


def document(command: str) -> dict[str, Any]:
    """Return what `appinstance boundary-policy` or `operator-policy` prints for this machine.

    They are the documents that Terraform's are compared with; there is no second copy here.
    """
    program = Path(sys.executable).parent / "appinstance"
    policy: dict[str, Any] = json.loads(run([program, command, "--settings", settings_file()]))
    return policy


def _trust(account: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {
                        f"{ISSUER}:sub": account,
                        f"{ISSUER}:aud": "sts.amazonaws.com",
                    }
                },
            }
        ],
    }


def _evaluates() -> bool:
    """Return whether policy evaluation is on; waits until moto can be reached from the host."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            aws.client("s3", ANYBODY).list_buckets()
        except ClientError:
            return True
        except BotoCoreError as error:
            if time.monotonic() > deadline:
                raise LocalError(f"moto does not answer at {aws.ENDPOINT}: {error}") from None
            time.sleep(0.2)
        else:
            return False


def _make_admin() -> Credentials:
    iam = aws.client("iam", ANYBODY)
    iam.create_user(UserName="platform-admin")
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam.put_user_policy(
        UserName="platform-admin",
        PolicyName="everything",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [everything]}),
    )
    key = iam.create_access_key(UserName="platform-admin")["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def _ask_moto(path: str, content: bytes = b"") -> None:
    url = f"{aws.ENDPOINT}/moto-api/{path}"
    httpx.post(url, content=content, timeout=60).raise_for_status()


def seed_platform() -> None:
    """Make buckets, identity provider, boundary and roles, and turn evaluation on.

    Each is made where it is not there yet, and policies become what the commands print today.

    Evaluation on is the mark of a moto that knows our administrator: where it is off, this one is
    new, or a seeding of it was broken off, and it is begun anew.
    """
    if _evaluates():
        _ensure_platform()
        return
    with step("seed the AWS stand-in and turn its policy evaluation on"):
        _ask_moto("reset")
        aws.save_admin(_make_admin())
        _ensure_platform()
        _ask_moto("reset-auth", b"0")
    _restart_operator()


def _ensure_platform() -> None:
    try:
        _ensure_boundary()
    except ClientError as error:
        raise LocalError(
            f"the AWS stand-in does not know our key ({error}); start it anew with "
            "`kubectl -n aws delete pod -l app.kubernetes.io/name=moto`, then run this again"
        ) from None
    # No TLS-only bucket policy here: inside the cluster moto is reached over plain HTTP, and it
    # evaluates bucket policies always. Terraform sets one on the real bucket.
    for bucket in (BUCKET, aws.DUMPS):
        _ensure_bucket(bucket)
    _ensure_provider()
    _ensure_role(_OPERATOR_ROLE, _OPERATOR, _OPERATOR_POLICY, document("operator-policy"))
    _ensure_role(_PROVISIONER_ROLE, _PROVISIONER, "provisioner", document("provisioner-policy"))


def _ensure_boundary() -> None:
    iam, arn = aws.client("iam"), f"arn:aws:iam::{ACCOUNT}:policy{_PATH}{_BOUNDARY_NAME}"
    wanted = document("boundary-policy")
    try:
        old = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    except iam.exceptions.NoSuchEntityException:
        text = json.dumps(wanted)
        iam.create_policy(PolicyName=_BOUNDARY_NAME, Path=_PATH, PolicyDocument=text)
        return
    held = iam.get_policy_version(PolicyArn=arn, VersionId=old)["PolicyVersion"]["Document"]
    if held != wanted:
        iam.create_policy_version(
            PolicyArn=arn, PolicyDocument=json.dumps(wanted), SetAsDefault=True
        )
        iam.delete_policy_version(PolicyArn=arn, VersionId=old)


def _ensure_bucket(name: str) -> None:
    s3 = aws.client("s3")
    if name not in [item["Name"] for item in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": aws.REGION})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})


def _ensure_provider() -> None:
    iam = aws.client("iam")
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_open_id_connect_provider(
            Url=f"https://{ISSUER}", ClientIDList=["sts.amazonaws.com"], ThumbprintList=["0" * 40]
        )


def _ensure_role(name: str, account: str, policy: str, held: dict[str, Any]) -> None:
    iam, trust = aws.client("iam"), json.dumps(_trust(account))
    try:
        iam.create_role(RoleName=name, Path=_PATH, AssumeRolePolicyDocument=trust)
    except iam.exceptions.EntityAlreadyExistsException:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
    iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(held))


def _restart_operator() -> None:
    """Restart the operator if it runs: its session was with a moto that has forgotten it."""
    label = "app.kubernetes.io/name=appinstance-operator"
    run(
        [
            binary("kubectl"), "--kubeconfig", kubeconfig(), "--namespace", "appinstance-system",
            "delete", "pod", "--selector", label,
        ]
    )  # fmt: skip


def database_statements(schema: str, user: str, password: str) -> str:
    """Return the SQL that makes an instance's schema, and its user with rights on that alone."""
    return (
        f"CREATE DATABASE IF NOT EXISTS `{schema}` CHARACTER SET utf8mb4;\n"
        f"CREATE USER IF NOT EXISTS '{user}'@'%' IDENTIFIED BY '{password}' REQUIRE SSL;\n"
        f"ALTER USER '{user}'@'%' IDENTIFIED BY '{password}' REQUIRE SSL;\n"
        f"GRANT ALTER, CREATE, DELETE, DROP, INDEX, INSERT, REFERENCES, SELECT, UPDATE "
        f"ON `{schema}`.* TO '{user}'@'%';\n"
    )


def run_sql(statements: str) -> None:
    """Run SQL as the database's administrator, over stdin and the socket in its pod."""
    command = [
        str(binary("kubectl")), "--kubeconfig", str(kubeconfig()), "--namespace", "database",
        "exec", "--stdin", "mariadb-0", "--container", "mariadb", "--", "sh", "-c",
        'MYSQL_PWD="$MARIADB_ROOT_PASSWORD" exec mariadb --no-defaults -uroot -S/tmp/mysqld.sock',
    ]  # fmt: skip
    result = subprocess.run(
        command, input=statements, text=True, capture_output=True, check=False, timeout=180
    )
    if result.returncode:
        # Not the statements: they hold a password.
        raise LocalError(f"the database refused a statement: {result.stderr.strip()[-300:]}")


def put_secret(name: str, value: dict[str, Any]) -> None:
    """Create an entry of Secrets Manager, or give it a new value."""
    manager, text = aws.client("secretsmanager"), json.dumps(value)
    try:
        manager.create_secret(Name=name, SecretString=text)
    except manager.exceptions.ResourceExistsException:
        manager.put_secret_value(SecretId=name, SecretString=text)


def get_secret(name: str) -> dict[str, Any] | None:
    """Return an entry of Secrets Manager, None when there is none."""
    manager = aws.client("secretsmanager")
    try:
        value: dict[str, Any] = json.loads(manager.get_secret_value(SecretId=name)["SecretString"])
    except manager.exceptions.ResourceNotFoundException:
        return None
    return value


def _ensure_app_key(base: str) -> None:
    if get_secret(f"{base}/app") is None:
        put_secret(f"{base}/app", {"secretKey": secrets.token_urlsafe(48)})


def seed_app(namespace: str, name: str) -> None:
    """Make the one entry that an instance asks for whose database the platform makes.

    One for a database that was seeded under the same name would be in the provisioner's way.
    """
    base = f"apps/{namespace}/{name}"
    _ensure_app_key(base)
    if get_secret(f"{base}/database") is None:
        return
    manager = aws.client("secretsmanager")
    if not manager.describe_secret(SecretId=f"{base}/database").get("Tags"):
        manager.delete_secret(SecretId=f"{base}/database", ForceDeleteWithoutRecovery=True)


def seed_instance(namespace: str, name: str) -> None:
    """Make what a team asks its platform for that brings its database: that, and the entries."""
    base = f"apps/{namespace}/{name}"
    schema = f"{namespace}_{name}".replace("-", "_")
    known = get_secret(f"{base}/database")
    password = known["password"] if known else secrets.token_hex(20)
    run_sql(database_statements(schema, schema[:32], password))
    if known is None:
        put_secret(
            f"{base}/database",
            {
                "host": DATABASE_HOST,
                "port": 3306,
                "username": schema[:32],
                "password": password,
                "dbname": schema,
            },
        )
    _ensure_app_key(base)
