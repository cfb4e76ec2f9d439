"""Small gaps of moto, each with what it stands in for."""

from __future__ import annotations

import json
from typing import Any

from moto.cloudtrail.models import CloudTrailBackend
from moto.guardduty.models import Detector
from moto.rds.models import RDSBackend
from moto.route53 import models as route53
from moto.s3.models import FakeBucket, FakeDeleteMarker
from moto.secretsmanager.models import SecretsManagerBackend

from . import buckets, rds

_ACCOUNT = "123456789012"
_JSON = {"Content-Type": "application/json"}
_zone_id = route53.create_route53_zone_id
_update_detector = Detector.update


def _aws_zone_id(**kwargs: Any) -> str:
    return f"Z{_zone_id(**kwargs)[1:]}"


def _keep_other_features(
    self: Detector, enable: Any, finding_publishing_frequency: Any, data_sources: Any, features: Any
) -> None:
    kept = {item["name"]: item for item in self.features}
    kept |= {item["name"]: item for item in features or ()}
    _update_detector(self, enable, finding_publishing_frequency, data_sources, list(kept.values()))


def _admits_logs(target_bucket: FakeBucket, target_prefix: str | None) -> bool:
    """Return whether a bucket's policy lets S3 deliver access logs under the prefix."""
    policy = json.loads(target_bucket.policy.decode()) if target_bucket.policy else {}
    for statement in policy.get("Statement", ()):
        principal = statement["Principal"]
        if (
            statement["Effect"] == "Allow"
            and principal != "*"
            and principal.get("Service") == "logging.s3.amazonaws.com"
            and "s3:PutObject" in statement["Action"]
            and statement["Resource"]
            .rsplit(":::", 1)[1]
            .startswith(
                f"{target_bucket.name}/{target_prefix or ''}"[: len(target_bucket.name) + 1]
            )
        ):
            return True
    return False


def _no_longer_rotated(self: SecretsManagerBackend, secret_id: str) -> str:
    secret: Any = self.secrets[secret_id]
    secret.rotation_enabled = False
    return str(secret.to_short_dict())


def _delete_trail(self: CloudTrailBackend, name: str) -> None:
    self.trails.pop(name.rsplit("/", 1)[-1], None)


def fill() -> None:
    """Change moto where an answer has not the form that AWS's has, or a call breaks."""
    # Route 53's zone ids begin with Z.
    route53.create_route53_zone_id = _aws_zone_id
    # An update names one feature; the others stay.
    Detector.update = _keep_other_features  # type: ignore[method-assign]
    # moto takes every principal for an object, and breaks on "*".
    FakeBucket._log_permissions_enabled_policy = staticmethod(_admits_logs)  # type: ignore[method-assign]
    FakeBucket.get_permission = buckets.permission  # type: ignore[method-assign]
    # An entry that RDS manages rotates without a Lambda function, which moto asks for.
    SecretsManagerBackend.cancel_rotate_secret = _no_longer_rotated  # type: ignore[method-assign]
    # Deleting a bucket with all its versions breaks on the markers among them.
    FakeDeleteMarker.dispose = lambda _self, **_: None  # type: ignore[attr-defined]
    # The provider names a trail by its ARN; moto then deletes none and says nothing.
    CloudTrailBackend.delete_trail = _delete_trail  # type: ignore[method-assign]
    RDSBackend.create_option_group = rds.create_option_group  # type: ignore[method-assign]
    RDSBackend.create_db_instance = rds.create_db_instance  # type: ignore[method-assign]


_lifecycles: dict[str, bytes] = {}


def _lifecycle(method: str, bucket: str, body: bytes) -> Any:
    """Keep a bucket's lifecycle rules as they were sent: moto drops parts of them. None is run."""
    headers = {
        "Content-Type": "application/xml",
        "x-amz-transition-default-minimum-object-size": "all_storage_classes_128K",
    }
    if method == "PUT":
        _lifecycles[bucket] = body
        return 200, {**headers, "Content-Length": "0"}, b""
    if method == "DELETE":
        _lifecycles.pop(bucket, None)
        return 204, {"Content-Length": "0"}, b""
    if bucket not in _lifecycles:
        text = "<Error><Code>NoSuchLifecycleConfiguration</Code><Message>none</Message></Error>"
        return 404, headers, text.encode()
    return 200, headers, _lifecycles[bucket]


_standards: dict[str, dict[str, Any]] = {}


def _security_hub(method: str, path: str, body: bytes) -> Any:
    """Keep the account's settings and which standards are on. Nothing is ever judged by them."""
    sent = json.loads(body) if body else {}
    if (method, path) == ("PATCH", "/accounts"):
        return 200, _JSON, b"{}"
    if path == "/standards/register":
        for wanted in sent["StandardsSubscriptionRequests"]:
            arn = wanted["StandardsArn"].replace("::standards/", f":{_ACCOUNT}:subscription/")
            _standards[arn] = {
                "StandardsArn": wanted["StandardsArn"],
                "StandardsSubscriptionArn": arn,
                "StandardsInput": {},
                "StandardsStatus": "READY",
                "StandardsControlsUpdatable": "READY_FOR_UPDATES",
            }
        return _subscriptions(list(_standards.values()))
    if path == "/standards/get":
        named = sent.get("StandardsSubscriptionArns")
        return _subscriptions([v for k, v in _standards.items() if named is None or k in named])
    if path == "/standards/deregister":
        gone = [_standards.pop(arn, {}) for arn in sent["StandardsSubscriptionArns"]]
        return _subscriptions([{**item, "StandardsStatus": "DELETING"} for item in gone])
    return None


def _subscriptions(items: list[dict[str, Any]]) -> Any:
    return 200, _JSON, json.dumps({"StandardsSubscriptions": items}).encode()


def handle(method: str, host: str, path: str, body: bytes) -> Any:
    """Answer a call that moto lacks, None for one that moto answers."""
    if ".s3." in host and "lifecycle" in path.partition("?")[2].split("=", 1)[0]:
        return _lifecycle(method, host.split("://", 1)[1].split(".s3.", 1)[0], body)
    if "://securityhub." in host:
        return _security_hub(method, path, body)
    return None
