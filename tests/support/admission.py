"""The chart's admission policies on a real API server, and people who try things there."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from appinstance_local.paths import REPO, binary
from appinstance_operator.kube.kinds import DATABASE_JOB
from support.apiserver import ApiServer, started
from support.crds import install_crds
from support.golden_settings import DESIRED, golden_values
from support.people import Person, manifest
from support.waiting import wait_for
from support.yamls import documents

CHART = REPO / "charts" / "appinstance-operator"
NAMESPACE = "appinstance-system"
CERTIFICATES = "arn:aws:acm:eu-central-1:123456789012:certificate"
FINALIZER = "platform.appinstance.io/cloud-cleanup"
TOKEN = "token-of-mallory"
OPERATOR_ROLE = "arn:aws:iam::123456789012:role/platform/appinstance-operator"
BEFORE = {"team.example.com/before-appinstance": "true", "owner": "logistics"}
"""Labels of namespaces that are not judged."""
OPERATOR = f"system:serviceaccount:{NAMESPACE}:appinstance-operator"


def hostile_settings(**edge: Any) -> dict[str, Any]:
    """Return settings with something of each that a namespace may have, and grants."""
    values = golden_values(DESIRED / "golden" / "alb-with-page")
    values["edge"] = {**values["edge"], **edge}
    values["database"]["provisioning"] = {"host": "db.example.com", "backupBucket": "dumps"}
    values["network"] = {"allowedEgress": ["10.40.0.0/16", "2001:db8:40::/48"]}
    values["iam"]["allowedRoleArns"] = ["arn:aws:iam::123456789012:role/tenants/{namespace}.*"]
    values["tenancy"] = {
        "grants": [
            {
                "namespaces": ["*"],
                "egress": ["10.99.0.0/24"],
                "certificateArns": [f"{CERTIFICATES}/everyone"],
            },
            {
                "namespaces": ["partner", "lodger"],
                "secretPrefixes": ["shared/partner/"],
                "mediaPrefixes": ["joint/"],
                "buckets": ["partner-media"],
                "domains": ["partner.example.org"],
                "egress": ["192.0.2.0/25", "2001:db8:50::/64"],
                "roleArns": ["arn:aws:iam::123456789012:role/partners/*/app+*"],
                "certificateArns": [f"{CERTIFICATES}/partner"],
                "permissionsBoundaryArn": "arn:aws:iam::123456789012:policy/platform/partner",
            },
            {"namespaces": ["lodger"], "domains": ["lodger.example.net"]},
        ]
    }
    return values


def rendered(settings: Mapping[str, Any], folder: Path) -> list[dict[str, Any]]:
    """Return what the chart renders with these settings."""
    path = folder / "values.yaml"
    values = {
        "settings": dict(settings),
        "networkPolicy": {"enabled": False},
        "admission": {"exemptNamespaceLabels": BEFORE, "clusterSecretStores": ["shared"]},
        "serviceAccount": {"roleArn": OPERATOR_ROLE},
        "provisioner": {
            "roleArn": f"{OPERATOR_ROLE}-provisioner",
            "administrator": {"existingSecret": "administrator"},
            "securityGroupIds": ["sg-0123456789abcdef0"],
        },
    }
    path.write_text(yaml.safe_dump(values))
    words = [
        str(binary("helm")), "template", "appinstance-operator", str(CHART),
        "--namespace", NAMESPACE, "--values", str(path),
    ]  # fmt: skip
    output = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return documents(output)


def _is_ours(body: Mapping[str, Any]) -> bool:
    kind, name = body["kind"], body["metadata"]["name"]
    return (
        kind.startswith("ValidatingAdmissionPolicy")
        or (kind == "ConfigMap" and name.endswith("-admission"))
        or (kind == "CronJob" and name == DATABASE_JOB)
        or (kind == "ClusterRole" and name in {"appinstance-edit", "appinstance-view"})
    )


def install_policies(server: ApiServer, settings: Mapping[str, Any]) -> None:
    """Apply the chart's policies with their parameters, and wait until they are in force."""
    server.kubectl("create", "namespace", NAMESPACE, check=False)
    bodies = [body for body in rendered(settings, server.folder) if _is_ours(body)]
    listed = {"apiVersion": "v1", "kind": "List", "items": bodies}
    server.kubectl("apply", "-f", "-", stdin=json.dumps(listed))
    names = [
        body["metadata"]["name"] for body in bodies if body["kind"] == "ValidatingAdmissionPolicy"
    ]
    assert len(names) >= 10
    # The last one that the API server takes up is the one to wait for, and no order is promised.
    admin = Person(server, server.token)
    service = {"name": "x", "port": {"number": 1}}
    aws = {"service": "SecretsManager", "region": "x"}
    probes: list[dict[str, Any]] = [
        {"kind": "Ingress", "spec": {"defaultBackend": {"service": service}}},
        {
            "kind": "Service",
            "annotations": {"service.beta.kubernetes.io/aws-load-balancer-type": "nlb"},
            "spec": {"type": "LoadBalancer", "ports": [{"port": 1}]},
        },
        {
            "kind": "ServiceAccount",
            "annotations": {
                "eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/appinstances/appi-x"
            },
        },
        {"kind": "SecurityGroupPolicy", "spec": {}},
        {
            "kind": "ConfigMap",
            "labels": {"app.kubernetes.io/managed-by": "appinstance-operator"},
        },
        {"kind": "SecretStore", "spec": {"provider": {"aws": aws}}},
        {
            "kind": "ExternalSecret",
            "spec": {"secretStoreRef": {"kind": "ClusterSecretStore", "name": "x"}},
        },
    ]  # fmt: skip
    stranger = Person(server, server.token, "probe", ("probes",))
    _allow_probes(server)
    for probe in probes:
        wait_for(
            f"the policy for {probe['kind']}", _is_denied(stranger, manifest(name="probe", **probe))
        )
    operator = Person(server, server.token, OPERATOR, ("probes",))
    wait_for("the operator's own policy", _is_denied(operator, manifest("ConfigMap", "probe")))
    if any(name.endswith("-databases") for name in names):
        pod = {"restartPolicy": "Never", "containers": [{"name": "x", "image": "x:1"}]}
        job = manifest("Job", f"{DATABASE_JOB}-probe", spec={"template": {"spec": pod}})
        wait_for("the policy of databases", _is_denied(operator, job, NAMESPACE))
    host = {"host": "a.b.c.d.e.f.g.example.net", "backend": {"image": "a:1"}}
    key = {"credentials": {"remoteRef": {"key": "apps/default/x"}}}
    body = manifest("AppInstance", "probe", spec={**host, "database": key})
    wait_for(
        "the policy of tenancy with these settings",
        lambda: (
            _labels(settings["edge"].get("hostLabels", 1))
            in admin.create("default", body, dry=True).message
        ),
    )


def _is_denied(
    person: Person, body: Mapping[str, Any], namespace: str = "default"
) -> Callable[[], bool]:
    return lambda: "denied request" in person.create(namespace, body, dry=True).message


def _labels(most: int) -> str:
    return "one label" if most == 1 else f"at most {most} labels"


def _allow_probes(server: ApiServer) -> None:
    """Let the group `probes` do everything by RBAC, so that only a policy can refuse it."""
    words = ("create", "clusterrolebinding", "probes", "--clusterrole=cluster-admin")
    server.kubectl(*words, "--group=probes", check=False)


def aggregate(server: ApiServer) -> None:
    """Do the controller manager's part: fill the built-in role `edit` from what is labelled for it.

    Beside the chart's roles, kinds of others are labelled as External Secrets' chart does it; for
    AWS's kinds that is more than an editor has on EKS, so that it is a policy that refuses.
    """
    groups = {
        "external-secrets.io": ["externalsecrets", "secretstores", "pushsecrets"],
        "generators.external-secrets.io": ["ecrauthorizationtokens", "stssessiontokens"],
        "elbv2.k8s.aws": ["targetgroupbindings"],
        "vpcresources.k8s.aws": ["securitygrouppolicies"],
    }
    label = "rbac.authorization.k8s.io/aggregate-to-edit"
    body = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "others-edit", "labels": {label: "true"}},
        "rules": [
            {"apiGroups": [group], "resources": kinds, "verbs": ["*"]}
            for group, kinds in groups.items()
        ],
    }
    server.kubectl("apply", "-f", "-", stdin=json.dumps(body))
    # `view` is labelled for `edit`, and is filled in the same way.
    labels = {label, "rbac.authorization.k8s.io/aggregate-to-view"}
    output = server.kubectl("get", "clusterroles", "-o", "json").stdout
    rules = [
        rule
        for role in json.loads(output)["items"]
        if labels & role["metadata"].get("labels", {}).keys()
        for rule in role["rules"] or ()
    ]
    patch = json.dumps({"rules": rules})
    server.kubectl("patch", "clusterrole", "edit", "--type=merge", "-p", patch)


def bind_editor(server: ApiServer, user: str, namespace: str) -> None:
    """Make a user an editor of a namespace, by the built-in role."""
    server.kubectl("create", "namespace", namespace, check=False)
    words = ("create", "rolebinding", "editor", "--clusterrole=edit", f"--user={user}")
    server.kubectl("-n", namespace, *words)


@dataclass(frozen=True)
class Court:
    """An API server with the policies in force, and who comes before it."""

    server: ApiServer
    mallory: Person
    """Editor of the tenant's namespace and nothing else."""
    admin: Person
    operator: Person
    """The operator's account, here with an administrator's rights, so that policies hold it."""

    def someone(self, name: str, *groups: str) -> Person:
        """Return somebody else with all rights that RBAC can give."""
        return Person(self.server, self.server.token, name, ("probes", *groups))


@contextlib.contextmanager
def court_of_law(folder: Path, tenant: str, others: Sequence[str]) -> Iterator[Court]:
    """Start an API server with the chart's policies and an editor of the tenant's namespace."""
    with started(folder, {"mallory": TOKEN}) as server:
        install_crds(server, foreign=True)
        for namespace in others:
            server.kubectl("create", "namespace", namespace)
        bind_editor(server, "mallory", tenant)
        install_policies(server, hostile_settings())
        aggregate(server)
        mallory = Person(server, TOKEN)
        instance = manifest("AppInstance", "probe", spec={})
        wait_for(
            "the editor's rights, which the API server learns late",
            lambda: "cannot create" not in mallory.create(tenant, instance, dry=True).message,
        )
        yield Court(
            server,
            mallory,
            Person(server, server.token),
            Person(server, server.token, OPERATOR, ("probes",)),
        )
