"""What the provisioner's role may do, as data: Terraform's document is compared with it."""

from __future__ import annotations

from typing import Any

from appinstance_operator.api.errors import SettingsError
from appinstance_operator.api.settings import Settings

PROVISIONED = "appinstance-provisioned"
"""The tag of the entries that it made; no other entry's value does it read or write."""


def _statement(
    sid: str, actions: list[str], *resources: str, condition: dict[str, Any] | None = None
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": actions,
        "Resource": list(resources),
    }
    return {**body, "Condition": condition} if condition else body


def provisioner_policy(settings: Settings) -> dict[str, Any]:
    """Return the IAM policy of the provisioner's role. Raises SettingsError without an offer.

    It makes entries under the tenants' prefix with its tag on them, and touches those alone: what a
    team has written there by hand it can see the name and the tags of. Of dumps it can write and
    read; it deletes none.
    """
    offered = settings.database.provisioning
    if offered is None:
        raise SettingsError("database.provisioning is not set, so there is no provisioner")
    prefix = settings.secrets.allowed_prefix.removesuffix("{namespace}/")
    where = f"{settings.partition}:secretsmanager:{settings.region}:{settings.account_id}"
    # Without the six letters that Secrets Manager adds: one that is not there has none.
    missing = f"arn:{where}:secret:{prefix}*/database"
    entries = f"{missing}-*"
    own = {"StringEquals": {f"aws:ResourceTag/{PROVISIONED}": "true"}}
    made = {"StringEquals": {f"aws:RequestTag/{PROVISIONED}": "true"}}
    found = [
        _statement("LookAtEntries", ["secretsmanager:DescribeSecret"], entries, missing),
        _statement("MakeEntries", ["secretsmanager:CreateSecret"], entries, condition=made),
        _statement(
            "TagOnCreationAlone",
            ["secretsmanager:TagResource"],
            entries,
            condition={
                **made,
                # Of an entry that is being made there is no tag yet; one that is there has ours or
                # is not to be touched.
                "StringEqualsIfExists": {f"aws:ResourceTag/{PROVISIONED}": "true"},
            },
        ),
        _statement(
            "KeepOwnEntries",
            [
                "secretsmanager:DeleteSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:PutSecretValue",
                "secretsmanager:RestoreSecret",
            ],
            entries,
            condition=own,
        ),
    ]
    if settings.secrets.kms_key_arn:
        found.append(_key("KeyOfEntries", settings.secrets.kms_key_arn, "secretsmanager", settings))
    if offered.backup_bucket:
        bucket = f"arn:{settings.partition}:s3:::{offered.backup_bucket}"
        dumps = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
        found.append(_statement("KeepDumps", dumps, f"{bucket}/*"))
    if offered.backup_kms_key_arn:
        found.append(_key("KeyOfDumps", offered.backup_kms_key_arn, "s3", settings))
    return {"Version": "2012-10-17", "Statement": found}


def _key(sid: str, arn: str, service: str, settings: Settings) -> dict[str, Any]:
    through = {"StringEquals": {"kms:ViaService": f"{service}.{settings.region}.amazonaws.com"}}
    return _statement(sid, ["kms:Decrypt", "kms:GenerateDataKey"], arn, condition=through)
