"""What moto takes in and forgets, so that a second plan would want it again: kept, and shown again.

Each stands in for AWS repeating what it was told. Nothing here acts on what it keeps.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from typing import Any, cast

from moto.acm.models import CertBundle
from moto.acm.responses import AWSCertificateManagerResponse
from moto.ec2.models.launch_templates import LaunchTemplateVersion
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.responses.vpcs import VPCs
from moto.kms.responses import KmsResponse
from moto.rds.models import DBInstance, DBParameterGroup
from moto.s3.models import s3_backends

_ACCOUNT = "123456789012"
_TAG = re.compile(rb"<Tag>\s*<Key>(.*?)</Key>\s*<Value>(.*?)</Value>\s*</Tag>", re.DOTALL)
_rotation_days: dict[str, int] = {}
_algorithms: dict[str, str] = {}


def _around(owner: Any, name: str) -> Callable[[Callable[..., Any]], None]:
    """Put a function around a method of moto's; it is given the method first."""

    def put(outer: Callable[..., Any]) -> None:
        inner = getattr(owner, name)
        method = cast(Any, functools.partialmethod(outer, inner))
        setattr(owner, name, functools.wraps(inner)(method))

    return put


def fill() -> None:
    """Change moto's classes; once, before the first request."""
    SecurityGroupRule.description = property(  # type: ignore[assignment,method-assign]
        lambda self: (
            self.ip_range.get("Description") or (self.source_group or {}).get("Description")
        )
    )

    @_around(DBInstance, "__init__")
    def insights(self: Any, inner: Any, *words: Any, **sent: Any) -> None:
        inner(self, *words, **sent)
        self.performance_insights_enabled = sent.get("enable_performance_insights", False)
        self.performance_insights_kms_key_id = sent.get("performance_insights_kms_key_id")
        period = sent.get("performance_insights_retention_period")
        self.performance_insights_retention_period = period

    @_around(DBParameterGroup, "update_parameters")
    def by_user(self: Any, inner: Any, parameters: Any) -> None:
        inner(self, [{**item, "Source": "user"} for item in parameters])

    @_around(LaunchTemplateVersion, "__init__")
    def of_instances(
        self: Any, inner: Any, template: Any, number: int, data: Any, text: str
    ) -> None:
        # The template's own tags are sent beside its data, and moto mixes them in.
        kept = [
            item
            for item in data.get("TagSpecifications", ())
            if item.get("ResourceType") != "launch-template"
        ]
        inner(self, template, number, {**data, "TagSpecifications": kept}, text)

    @_around(VPCs, "create_vpc_endpoint")
    def dns_options(self: Any, inner: Any) -> Any:
        told = inner(self)
        told.result["VpcEndpoint"].dns_options = self._get_param("DnsOptions")
        return told

    @_around(KmsResponse, "enable_key_rotation")
    def period_in(self: Any, inner: Any) -> Any:
        _rotation_days[self._get_param("KeyId")] = self._get_param("RotationPeriodInDays") or 365
        return inner(self)

    @_around(KmsResponse, "get_key_rotation_status")
    def period_out(self: Any, inner: Any) -> Any:
        told = json.loads(inner(self))
        days = _rotation_days.get(self._get_param("KeyId"))
        return json.dumps({**told, "RotationPeriodInDays": days} if days else told)

    @_around(AWSCertificateManagerResponse, "request_certificate")
    def algorithm_in(self: Any, inner: Any) -> Any:
        told = inner(self)
        _algorithms[told.result["CertificateArn"]] = self._get_param("KeyAlgorithm") or "RSA_2048"
        return told

    @_around(CertBundle, "describe")
    def algorithm_out(self: Any, inner: Any) -> Any:
        told = inner(self)
        if self.arn in _algorithms:
            told["Certificate"]["KeyAlgorithm"] = _algorithms[self.arn]
        return told


def keep_bucket_tags(method: str, host: str, path: str, body: bytes) -> None:
    """Give a bucket the tags that came with the request that made it."""
    if method == "PUT" and ".s3." in host and path in {"", "/"}:
        tags = {key.decode(): value.decode() for key, value in _TAG.findall(body)}
        if tags:
            name = host.split("://", 1)[1].split(".s3.", 1)[0]
            s3_backends[_ACCOUNT]["aws"].put_bucket_tagging(name, tags)
