"""The whole way: Terraform, its outputs, the chart, the operator, the app, a browser; and back.

`make demo-aws` runs this alone. Behind all other tests on the cluster (conftest.py): the operator
is Terraform's meanwhile, and the local one is put back at the end.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
import yaml
from app.frontend.page import AppPage, launched_chromium
from botocore.exceptions import ClientError
from e2e import chain, stand_in_pods, support
from e2e.chain import APPROVED, ENTRIES, NAME, SHOP, Chain
from e2e.support import RELEASE, SYSTEM, kubectl
from e2e.test_identity import EVERYTHING, REFUSED
from e2e.test_page import picture
from playwright.sync_api import sync_playwright

from appinstance_local.platform import cluster, demo, install
from appinstance_local.platform.aws import Credentials
from appinstance_local.progress import step

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def away() -> Iterator[None]:
    """Take the local operator away, and put it back at the end."""
    if not cluster.is_up():
        pytest.fail("no cluster is up: run `make test-e2e`, which brings it up")
    if not chain.lies_in_its_subnets():
        pytest.skip("needs the node that is built here: it gives pods addresses as in a VPC")
    assert kubectl("get", "appi", "-A", "-o", "name").split() == [], (
        "AppInstances of the local operator are left: kubectl delete appi -A --all"
    )
    if RELEASE in support.helm("list", "-n", SYSTEM, "-q").split():
        support.helm("uninstall", RELEASE, "-n", SYSTEM, "--wait", "--timeout", "300s")
    # Empty, and with the certificate of this checkout: an earlier one lacks the name of RDS's.
    kubectl("-n", "database", "rollout", "restart", "statefulset/mariadb")
    install.wait_for_rollouts(["database statefulset/mariadb"])
    yield
    kubectl("delete", "namespace", SHOP, "--ignore-not-found", "--timeout=300s")
    with step("put the local operator back"):
        demo.install_operator()


@pytest.fixture(scope="module")
def applied(begun: tuple[Chain, Future[None]], away: None) -> Iterator[Chain]:
    """Apply the platform with its charts; whatever happens, nothing of it stays in the cluster."""
    made, first_stage = begun
    first_stage.result()
    with stand_in_pods.led_to(*made.aws.for_pods):
        try:
            with step("terraform apply, with the operator's chart"):
                made.terraform("apply", *APPROVED)
            made.outputs = {
                name: item["value"]
                for name, item in json.loads(made.terraform("output", "-json")).items()
            }
            yield made
        finally:
            # The last test destroys; this is for a chain that broke before.
            if RELEASE in support.helm("list", "-n", SYSTEM, "-q").split():
                kubectl("delete", "appi", "-A", "--all", "--timeout=300s")
                support.helm("uninstall", RELEASE, "-n", SYSTEM, "--wait", "--timeout", "300s")


@pytest.fixture(scope="module")
def shop(applied: Chain) -> Chain:
    """An AppInstance of a team, with its entries filled; ready."""
    support.ensure_namespace(SHOP)
    stand_in_pods.trusting(SHOP)
    account = chain.database_account(SHOP)
    manager = applied.aws.client("secretsmanager", applied.admin)
    for name, value in zip(
        ENTRIES,
        (
            {"host": applied.outputs["database_address"], **account},
            {"secretKey": uuid.uuid4().hex + uuid.uuid4().hex},
        ),
        strict=True,
    ):
        manager.put_secret_value(SecretId=name, SecretString=json.dumps(value))
    frontend = {"image": "appinstance/frontend:dev", "replicas": 1}
    body = support.manifest(SHOP, SHOP, frontend=frontend)
    with step("kubectl apply: an AppInstance, until it serves"):
        kubectl("apply", "-f", "-", stdin=yaml.safe_dump(body))
        support.wait_until_ready(SHOP, SHOP)
        demo.wait_until_served(SHOP)
    return applied


def test_a_second_plan_is_empty(applied: Chain) -> None:
    with step("terraform plan"):
        assert "No changes." in applied.terraform("plan")


def test_the_operator_runs_with_the_values_as_they_come_out_of_terraform(applied: Chain) -> None:
    held = json.loads(support.helm("get", "values", RELEASE, "-n", SYSTEM, "-o", "json"))
    assert held == applied.outputs["operator_chart_values"]
    settings = held["settings"]
    assert settings.get("awsEndpointUrl") is None
    assert settings["oidc"]["issuer"] == "kubernetes.default.svc.cluster.local"
    assert [peer["cidr"] for peer in settings["edge"]["sources"]] == list(chain.SUBNETS["public"])


def test_a_person_signs_up_and_the_picture_lies_under_terraforms_key(
    shop: Chain, tmp_path: Path
) -> None:
    with (
        step("a browser signs up and uploads"),
        sync_playwright() as playwright,
        launched_chromium(playwright) as browser,
    ):
        app = AppPage(browser.new_page(ignore_https_errors=True), support.url(SHOP))
        app.open()
        app.sign_up(
            email=f"ada-{uuid.uuid4().hex[:10]}@example.com",
            password="a long enough passphrase", name="Ada Lovelace",
        )  # fmt: skip
        app.upload_avatar(picture(tmp_path / "ada.png"))
    s3, bucket = shop.aws.client("s3", shop.admin), shop.outputs["media_bucket_name"]
    (found,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert found["Key"].startswith(f"{SHOP}/{SHOP}/avatars/")
    head = s3.head_object(Bucket=bucket, Key=found["Key"])
    assert head["ServerSideEncryption"] == "aws:kms"
    assert head["SSEKMSKeyId"] == shop.outputs["operator_values"]["media"]["kmsKeyArn"]


def _roles() -> dict[str, str]:
    body = support.get(SHOP, "appi", SHOP)
    assert body is not None
    found: dict[str, str] = body["status"]["roles"]
    return found


def _as(shop: Chain, role: str, namespace: str, account: str) -> Credentials:
    token = kubectl("-n", namespace, "create", "token", account, "--audience=sts.amazonaws.com")
    sts = shop.aws.client("sts")
    made = sts.assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="test", WebIdentityToken=token.strip()
    )["Credentials"]
    return Credentials(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])


def _code(call: Any, **words: Any) -> str:
    try:
        call(**words)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "ok"


def test_what_was_done_was_done_by_these_roles(shop: Chain) -> None:
    """Each step of the instance's life by the role that is meant for it, and none was refused."""
    done = {(line["role"], line["action"]) for line in shop.aws.judgements()}
    roles = {part: arn.rsplit("/", 1)[-1] for part, arn in _roles().items()}
    assert (f"{NAME}-operator", "iam:CreateRole") in done
    assert (f"{NAME}-operator", "iam:PutRolePolicy") in done
    assert (roles["secrets"], "secretsmanager:GetSecretValue") in done
    assert (roles["backend"], "s3:PutObject") in done
    assert {role for role, _ in done} == {f"{NAME}-operator", *roles.values()}
    refused = [line for line in shop.aws.judgements() if line["refused"]]
    assert refused == []


def test_terraforms_boundary_refuses_what_the_roles_own_policy_would_allow(shop: Chain) -> None:
    iam, roles = shop.aws.client("iam", shop.admin), _roles()
    boundary = shop.outputs["operator_values"]["iam"]["permissionsBoundaryArn"]
    for part, arn in roles.items():
        name = arn.rsplit("/", 1)[-1]
        held = iam.get_role(RoleName=name)["Role"]
        assert held["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary, part
        iam.put_role_policy(RoleName=name, PolicyName="everything", PolicyDocument=EVERYTHING)
    try:
        bucket = shop.outputs["media_bucket_name"]
        s3 = shop.aws.client("s3", _as(shop, roles["backend"], SHOP, f"{SHOP}-backend"))
        assert _code(s3.put_object, Bucket=bucket, Key=f"{SHOP}/{SHOP}/x", Body=b"x") == "ok"
        assert _code(s3.put_object, Bucket=bucket, Key="globex/globex/x", Body=b"x") in REFUSED
        s3.delete_object(Bucket=bucket, Key=f"{SHOP}/{SHOP}/x")
        manager = shop.aws.client(
            "secretsmanager", _as(shop, roles["secrets"], SHOP, f"{SHOP}-secrets")
        )
        assert _code(manager.get_secret_value, SecretId=ENTRIES[0]) == "ok"
        assert _code(manager.get_secret_value, SecretId="apps/globex/globex/app") in REFUSED
    finally:
        for arn in roles.values():
            # The operator may have looked at it meanwhile, and have removed it.
            _code(
                iam.delete_role_policy,
                RoleName=arn.rsplit("/", 1)[-1], PolicyName="everything",
            )  # fmt: skip


def test_terraforms_document_is_what_lets_the_operator_work(shop: Chain) -> None:
    role = shop.outputs["operator_chart_values"]["serviceAccount"]["roleArn"]
    operator = shop.aws.client("iam", _as(shop, role, SYSTEM, RELEASE))
    own = _roles()["backend"].rsplit("/", 1)[-1]
    assert _code(operator.get_role, RoleName=own) == "ok"
    assert _code(operator.get_role, RoleName=f"{NAME}-operator") in REFUSED
    assert _code(operator.delete_role_permissions_boundary, RoleName=own) in REFUSED
    admin = shop.aws.client("iam", shop.admin)
    held = {"RoleName": f"{NAME}-operator", "PolicyName": "operator"}
    document = admin.get_role_policy(**held)["PolicyDocument"]
    admin.delete_role_policy(**held)
    try:
        assert _code(operator.get_role, RoleName=own) in REFUSED
    finally:
        admin.put_role_policy(**held, PolicyDocument=json.dumps(document))
    with pytest.raises(ClientError):
        _as(shop, role, SHOP, f"{SHOP}-backend")


def test_the_bucket_refuses_plain_http_and_another_key(shop: Chain) -> None:
    bucket = shop.outputs["media_bucket_name"]
    s3 = shop.aws.client("s3", _as(shop, _roles()["backend"], SHOP, f"{SHOP}-backend"))
    where = {"Bucket": bucket, "Key": f"{SHOP}/{SHOP}/avatars/probe", "Body": b"x"}
    assert _code(s3.put_object, **where, ServerSideEncryption="AES256") in REFUSED
    assert _code(s3.put_object, **where) == "ok"
    s3.delete_object(Bucket=bucket, Key=where["Key"])


def test_destroy_in_the_documented_order_leaves_nothing(shop: Chain) -> None:
    """terraform/README.md: the instances, then the rest; protection has been off all along."""
    with step("kubectl delete appi -A --all"):
        kubectl("delete", "appi", "-A", "--all", "--timeout=300s")
    left = shop.aws.client("iam", shop.admin).list_roles(PathPrefix="/appinstances/")["Roles"]
    assert left == []
    with step("terraform destroy"):
        shop.terraform("destroy", *APPROVED)
    assert shop.terraform("state", "list") == ""
    shop.aws.evaluate(on=False)
    after = chain.left(shop.aws)
    assert {kind: found - shop.before[kind] for kind, found in after.items()} == {
        kind: set() for kind in after
    }
    assert RELEASE not in support.helm("list", "-A", "-q").split()
    assert re.findall(r"appinstance-operator", kubectl("get", "clusterroles", "-o", "name")) == []
