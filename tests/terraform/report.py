"""A table of every right that the platform gives, from Terraform's own JSON, for reviewers to read.

Ids that AWS makes up are replaced by the address of what they belong to, so that two applies give
the same text and a diff shows changes of rights and nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Attributes that hold a policy document, by type of resource.
_POLICIES: Mapping[str, tuple[str, ...]] = {
    "aws_iam_policy": ("policy",),
    "aws_iam_role": ("assume_role_policy",),
    "aws_iam_role_policy": ("policy",),
    "aws_kms_key": ("policy",),
    "aws_s3_bucket_policy": ("policy",),
    "aws_secretsmanager_secret_policy": ("policy",),
    "aws_sns_topic_policy": ("policy",),
    "aws_vpc_endpoint": ("policy",),
    "aws_dynamodb_resource_policy": ("policy",),
    "aws_cloudwatch_log_resource_policy": ("policy_document",),
}
_RULES = {
    "aws_vpc_security_group_ingress_rule": "in",
    "aws_vpc_security_group_egress_rule": "out",
}
_IDS = ("arn", "id", "key_id", "unique_id", "dns_name", "bucket_regional_domain_name")
# Modules that an option leaves out have a number in their address, which says nothing to a reader.
_OPTIONAL = re.compile(r"^(module\.(?:network|eks)|module\.addons\.aws_eks_addon\.cloudwatch)\[0\]")
_OPAQUE = re.compile(
    r"^(arn:|[a-z]+-[0-9a-f]{8,}$|[0-9A-Fa-f-]{20,}$|(?!\d{12}$)[A-Z0-9]{12,}$|sg-)"
)


@dataclass(frozen=True)
class Resource:
    """One resource of a state."""

    address: str
    type: str
    values: Mapping[str, Any]


def resources(module: Mapping[str, Any]) -> Iterator[Resource]:
    """Yield all managed resources of a module in Terraform's JSON, those of its children too."""
    for item in module.get("resources", ()):
        if item["mode"] == "managed":
            yield Resource(_OPTIONAL.sub(r"\1", item["address"]), item["type"], item["values"])
    for child in module.get("child_modules", ()):
        yield from resources(child)


def _names(found: list[Resource]) -> dict[str, str]:
    """Return id → address for every id that is made up; the longest first, as some hold others."""
    names: dict[str, str] = {}
    for item in found:
        for key in _IDS:
            value = item.values.get(key)
            if isinstance(value, str) and len(value) > 8 and _OPAQUE.match(value):
                names.setdefault(value, item.address)
        if item.type == "aws_eks_cluster":
            group = item.values["vpc_config"][0]["cluster_security_group_id"]
            names[group] = f"{item.address}.cluster_security_group"
    return dict(sorted(names.items(), key=lambda pair: -len(pair[0])))


def _replaced(text: str, names: Mapping[str, str]) -> str:
    for value, address in names.items():
        text = text.replace(value, f"[{address}]")
    # The stand-in draws the zone's id by lot, and no resource here has it.
    text = re.sub(r"\bhostedzone/Z[0-9A-Z]+", "hostedzone/ZONE", text)
    # RDS names the entry of the administrator's password itself.
    text = re.sub(r"secret:rds!db-[0-9A-Za-z-]+", "secret:rds!db-ENTRY", text)
    # A named thing's ARN is no secret to a reader; what is random is not.
    return re.sub(r"(/id/|oidc-provider/\S*?/id/)[0-9A-Za-z]{10,}", r"\1[cluster]", text)


def _cell(value: Any) -> str:
    items = value if isinstance(value, list) else [value]
    text = "<br>".join(sorted(json.dumps(x, sort_keys=True).strip('"') for x in items))
    return text.replace("|", "\\|").replace('\\"', '"')


def _statements(item: Resource) -> Iterator[tuple[str, ...]]:
    for attribute in _POLICIES.get(item.type, ()):
        text = item.values.get(attribute)
        if not text:
            continue
        body = json.loads(text)
        listed = body["Statement"] if isinstance(body["Statement"], list) else [body["Statement"]]
        for statement in listed:
            action = statement.get("Action", {"not": statement.get("NotAction")})
            resource = statement.get("Resource", {"not": statement.get("NotResource", "-")})
            yield (
                item.address,
                statement.get("Sid", ""),
                statement["Effect"],
                _cell(statement.get("Principal", "-")),
                _cell(action),
                _cell(resource),
                _cell(statement.get("Condition", "-")),
            )


def _rule(item: Resource) -> tuple[str, ...]:
    values = item.values
    peer = (
        values.get("cidr_ipv4")
        or values.get("cidr_ipv6")
        or values.get("referenced_security_group_id")
        or values.get("prefix_list_id")
    )
    ports = f"{values.get('from_port')}-{values.get('to_port')}"
    first, last = ports.split("-")
    return (
        str(values["security_group_id"]),
        _RULES[item.type],
        str(values["ip_protocol"]),
        first if first == last else ports,
        str(peer),
        str(values.get("description") or ""),
    )


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], names: Mapping[str, str]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    made = {_replaced(f"| {' | '.join(row)} |", names) for row in rows}
    return "\n".join([*lines, *sorted(made)])


def report(state: Mapping[str, Any]) -> str:
    """Return the report as Markdown, from `terraform show -json`."""
    found = list(resources(state["values"]["root_module"]))
    names = _names(found)
    rules = [_rule(item) for item in found if item.type in _RULES]
    statements = [row for item in found for row in _statements(item)]
    attached = [
        (item.values["role"], item.values["policy_arn"])
        for item in found
        if item.type == "aws_iam_role_policy_attachment"
    ]
    return "\n\n".join(
        (
            "# Every right of the complete example\n\n"
            "Made by `make terraform-golden` from what Terraform applied; look at its diff.",
            "## Security groups\n\n"
            + _table(("group", "way", "protocol", "port", "peer", "why"), rules, names),
            "## Statements\n\n"
            + _table(("document", "sid", "effect", "who", "may", "on", "when"), statements, names),
            "## AWS's own policies\n\n" + _table(("role", "policy"), attached, names) + "\n",
        )
    )
