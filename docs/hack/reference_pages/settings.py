"""The page of the platform's settings, from operator/appinstance_operator/api/settings.py."""

from __future__ import annotations

from appinstance_operator.api.settings import Settings

from .markdown import HEAD, cell, page, table
from .schemas import HEAD as COLUMNS
from .schemas import Field, fields

# Sentences for settings whose name says it to who wrote them. What has one in the code has that.
WORDS = {
    "clusterName": "The cluster's name; a tag of every role.",
    "region": "The region of cluster, entries and bucket.",
    "accountId": "The AWS account.",
    "partition": "AWS's partition.",
    "oidc.providerArn": "ARN of the provider; every role's trust policy names it.",
    "oidc.issuer": "The issuer, without https://.",
    "edge.className": "The IngressClass: `alb`, or what the platform has instead.",
    "edge.sources": "The addresses that reach the pods: the load balancers' subnets.",
    "edge.domains": "Below which domains hosts are given out.",
    "edge.certificateArn": "The ACM certificate of these domains. Needed with class alb.",
    "edge.wafAclArn": "The web ACL in front of every load balancer.",
    "edge.tlsPolicy": "ELB's policy of TLS versions and ciphers.",
    "edge.scheme": "Whether load balancers are reached from the internet or from inside the VPC alone.",
    "edge.securityGroupIds": "Security groups of every load balancer; left out, one open to everybody.",
    "database.destinations": "Where databases are: the networks that backends and migrations may reach.",
    "database.port": "On which port.",
    "database.caBundle": "PEM of the authorities of the databases' certificates.",
    "database.provisioning.rotationDays": "How long a password serves.",
    "database.provisioning.backupKmsKeyArn": "The key of the dumps.",
    "dns.namespaceSelector": "Namespace of the cluster's DNS pods.",
    "dns.podSelector": "The DNS pods.",
    "awsEndpoints.destinations": "Where STS, S3 and Secrets Manager answer: the VPC endpoints' networks.",
    "awsEndpoints.port": "On which port.",
    "outside.mail": "Where the mail server answers; closed when left out.",
    "outside.identityProvider": "Where the provider of people's identities answers; closed when left out.",
    "media.bucket": "The platform's bucket for pictures.",
    "media.kmsKeyArn": "Its key.",
    "iam.path": "IAM path of the roles that the operator makes.",
    "iam.roleNamePrefix": "What their names begin with.",
    "iam.permissionsBoundaryArn": "The boundary of each of them.",
    "iam.maxOwnRoles": "How many workers and jobs of an AppInstance may have a role of their own.",
    "iam.allowedRoleArns": "Roles that specs may bring: `*` within one part of the path, `{namespace}`.",
    "secrets.kmsKeyArn": "The key of the entries.",
    "secrets.refreshInterval": "How often entries are read again.",
    "network.allowedEgress": "Networks that specs may open egress to; nowhere when empty.",
    "monitoring.sources": "Who may read the metrics of every backend.",
    "rollouts.maxConcurrent": "How many instances may roll at once after a change of operator or settings.",
    "tenancy.grants[].namespaces": 'For which namespaces; `["*"]` is all.',
    "tenancy.grants[].secretPrefixes": "Entries beyond those of the namespace.",
    "tenancy.grants[].mediaPrefixes": "Parts of the bucket beyond the namespace's.",
    "tenancy.grants[].buckets": "Other buckets.",
    "tenancy.grants[].domains": "More domains for hosts.",
    "tenancy.grants[].egress": "More networks to open egress to.",
    "tenancy.grants[].roleArns": "More roles that specs may bring.",
    "tenancy.grants[].permissionsBoundaryArn": "A boundary that holds these entries, media and buckets.",
    "pods.nodeSelector": "Labels of the nodes that instances' pods run on.",
    "pods.tolerations": "Tolerations of these pods.",
    "podSecurityGroups.backend": "Groups of backends and migrations.",
    "podSecurityGroups.frontend": "Groups of frontends.",
}


def _row(field: Field) -> tuple[str, ...]:
    name, kind, default, words, rules = field.row()
    if field.path in WORDS:
        words = cell(WORDS[field.path])
    return name, kind, "" if field.settled else default, words, rules


def settings_page() -> str:
    """Every setting of the platform."""
    schema = Settings.model_json_schema(by_alias=True)
    return page(
        "# The platform's settings",
        HEAD,
        "What is the same for all instances: `settings` in the values of the operator's chart, in this very form the "
        "output `operator_chart_values` of `terraform/platform`. They are checked by the chart's schema and once more "
        "when the operator starts, which ends with one sentence for each that is wrong. A change rolls the operator "
        "and, a few instances at a time (`rollouts`), what it changes of their pods.",
        table(COLUMNS, [_row(field) for field in fields(schema)]),
    )
