"""What AWS refuses and moto takes, each with AWS's page.

Only what this platform once got wrong. That AWS refuses nothing else, it does not show.
"""

from __future__ import annotations

import inspect
import json
from typing import Any

from moto.cloudtrail.models import CloudTrailBackend
from moto.core.exceptions import JsonRESTError
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.rds.exceptions import RDSClientError
from moto.rds.models import RDSBackend
from moto.s3.models import s3_backends
from moto.sts.models import sts_backends
from moto.wafv2.responses import WAFV2Response

from appinstance_local.platform.iam_evaluator import allowed, verdict

_PARTITION = "aws"
_create_trail = CloudTrailBackend.create_trail
_associate_web_acl = WAFV2Response.associate_web_acl
_ASKED = inspect.signature(_create_trail)
_delete_option_group = RDSBackend.delete_option_group
_delete_db_instance = RDSBackend.delete_db_instance
_held: set[str] = set()


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _decrypts(policy: str, trail: str) -> bool:
    """Return whether a key's policy lets CloudTrail decrypt for this trail."""
    return any(
        statement["Effect"] == "Allow"
        and statement["Principal"] != "*"
        and statement["Principal"].get("Service") == "cloudtrail.amazonaws.com"
        and "kms:Decrypt" in _list(statement["Action"])
        and statement.get("Condition", {}).get("StringEquals", {}) in ({}, {"aws:SourceArn": trail})
        for statement in json.loads(policy)["Statement"]
    )


def create_trail(self: CloudTrailBackend, *words: Any, **more: Any) -> Any:
    """Refuse a trail whose bucket has an S3 bucket key when its key lets CloudTrail not decrypt.

    docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html:
    "If you are using an existing S3 bucket with an S3 Bucket Key, kms:Decrypt permissions are
    required to create or update a trail with SSE-KMS encryption enabled."
    """
    asked = _ASKED.bind(self, *words, **more).arguments
    name, bucket_name, key = asked["name"], asked["bucket_name"], asked["kms_key_id"]
    bucket = s3_backends[self.account_id][_PARTITION].buckets.get(bucket_name)
    bucket_key = bucket is not None and '"BucketKeyEnabled": "true"' in json.dumps(
        bucket.encryption
    )
    if key and bucket_key:
        policy = kms_backends[self.account_id][self.region_name].keys[key.rsplit("/", 1)[-1]].policy
        trail = f"arn:aws:cloudtrail:{self.region_name}:{self.account_id}:trail/{name}"
        if not _decrypts(policy, trail):
            raise JsonRESTError(
                "InsufficientEncryptionPolicyException",
                f"Insufficient permissions to access S3 bucket {bucket_name} or KMS key {key}.",
            )
    return _create_trail(self, *words, **more)


def monitored(self: RDSBackend, role: str | None) -> None:
    """Refuse a monitoring role that may not make the log group RDSOSMetrics.

    docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Monitoring.OS.Enabling.html; the group's ARN
    in iam-access-control-overview-cwl.html of the logs' guide: with `:*` for all calls but those of
    tags. AWS's own AmazonRDSEnhancedMonitoringRole has `log-group:RDS*`, which covers both forms.
    """
    if role is None:
        return
    found = iam_backends[self.account_id][_PARTITION].get_role(role.rsplit("/", 1)[-1])
    group = f"arn:aws:logs:{self.region_name}:{self.account_id}:log-group:RDSOSMetrics:log-stream:"
    if not any(
        allowed(json.loads(text), "logs:CreateLogGroup", group) for text in found.policies.values()
    ):
        raise RDSClientError(
            "InvalidParameterValue",
            "IAM role ARN value is invalid or does not include the required permissions for: "
            "ENHANCED_MONITORING",
        )


def _documents_of(access_key: str, account: str) -> list[dict[str, Any]] | None:
    """Return the inline documents of the role whose key this is; None for the account's own key."""
    taken = sts_backends[account][_PARTITION].get_assumed_role_from_access_key(access_key)
    if taken is None:
        return None
    role = iam_backends[account][_PARTITION].get_role_by_arn(taken.role_arn)
    return [json.loads(text) for text in role.policies.values()]


def associate_web_acl(self: WAFV2Response) -> Any:
    """Refuse to put a web ACL onto a load balancer to who may not SetWebAcl on everything.

    docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html: the call "requires
    permissions that are specific to the protected resource type", and the Service Authorization
    Reference has neither a resource nor a condition key for SetWebAcl: bound to an ARN or a tag, it
    is allowed for nothing.
    """
    told: list[str | None] = ["Allow"]
    documents = _documents_of(self.get_access_key(), self.current_account)
    if documents is not None and ":loadbalancer/" in json.loads(self.body)["ResourceArn"]:
        told = [verdict(item, "elasticloadbalancing:SetWebAcl", "*") for item in documents]
    if "Deny" in told or "Allow" not in told:
        raise JsonRESTError(
            "AccessDeniedException",
            "not authorized to perform: elasticloadbalancing:SetWebAcl on resource: *",
        )
    return _associate_web_acl(self)


def delete_db_instance(self: RDSBackend, db_instance_identifier: str, **more: Any) -> Any:
    """Remember the option group of backups and snapshots that stay."""
    made = _delete_db_instance(self, db_instance_identifier, **more)
    stays = more.get("delete_automated_backups") is False
    if stays or more.get("final_db_snapshot_identifier"):
        _held.add(str(made.option_group_name))
    return made


def delete_option_group(self: RDSBackend, option_group_name: str) -> Any:
    """Refuse to delete an option group that a backup or a snapshot still needs.

    InvalidOptionGroupStateFault of DeleteOptionGroup in the RDS API Reference, and
    hashicorp/terraform-provider-aws#4597: a final snapshot holds the group until it is gone.
    """
    if option_group_name in _held:
        raise RDSClientError(
            "InvalidOptionGroupStateFault",
            f"The option group {option_group_name} cannot be deleted because it is in use.",
        )
    return _delete_option_group(self, option_group_name)


def fill() -> None:
    """Change moto where it takes what AWS refuses."""
    CloudTrailBackend.create_trail = create_trail  # type: ignore[method-assign]
    WAFV2Response.associate_web_acl = associate_web_acl  # type: ignore[method-assign]
    RDSBackend.delete_db_instance = delete_db_instance  # type: ignore[assignment,method-assign]
    RDSBackend.delete_option_group = delete_option_group  # type: ignore[method-assign]
