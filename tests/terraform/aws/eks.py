"""EKS as far as moto lacks it: add-ons, access entries, and what its answers leave out.

Stands in for the bookkeeping of the control plane's API: what was made can be read, changed and
deleted again. It cannot show that a version of an add-on exists, that a configuration is valid,
that an access entry lets anybody in, or that a node ever joins. The cluster's endpoint is that of
the API server which the environment names (APPINSTANCE_API_URL and _CA), for charts to go to.
"""

from __future__ import annotations

import json
import os
import re
import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from moto.ec2.models import ec2_backends

Answer = tuple[int, dict[str, str], bytes]
_PATH = re.compile(
    r"^/clusters/(?P<cluster>[^/]+)/(?P<kind>addons|access-entries|updates)"
    r"(?:/(?P<name>[^/]+)(?:/(?P<more>.+))?)?$"
)
_CLUSTER = re.compile(r"^/clusters/(?P<cluster>[^/]+)$")
_GROUP = re.compile(
    r"^/clusters/(?P<cluster>[^/]+)/node-groups(?:/(?P<name>[^/]+))?(?P<more>/.+)?$"
)
_ACCOUNT = "123456789012"
# What moto forgets of a request, and AWS shows again.
_CLUSTER_FIELDS = (
    "accessConfig",
    "upgradePolicy",
    "deletionProtection",
    "bootstrapSelfManagedAddons",
)
_GROUP_FIELDS = (
    "subnets", "version", "releaseVersion", "updateConfig", "nodeRepairConfig", "labels", "taints",
    "scalingConfig", "capacityType", "amiType", "instanceTypes",
)  # fmt: skip


def answer(body: object, status: int = 200, kind: str = "") -> Answer:
    """Return an answer in EKS's protocol, restJson1."""
    headers = {"Content-Type": "application/json"}
    if kind:
        headers["x-amzn-ErrorType"] = kind
    return status, headers, json.dumps(body).encode()


def _arn(region: str, kind: str, cluster: str) -> str:
    return f"arn:aws:eks:{region}:{_ACCOUNT}:{kind}/{cluster}"


def _absent(what: str) -> Answer:
    return answer({"message": f"No {what} found"}, 404, "ResourceNotFoundException")


@dataclass
class Extension:
    """What moto does not keep, by cluster."""

    addons: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    entries: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    policies: dict[tuple[str, str], dict[str, dict[str, Any]]] = field(default_factory=dict)
    clusters: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def handle(self, method: str, host: str, path: str, body: bytes) -> Answer | None:
        """Answer a call that is ours, None for one that moto answers."""
        if "://eks." not in host:
            return None
        region = host.split("://eks.", 1)[1].split(".", 1)[0]
        path = path.split("?", 1)[0]
        sent = json.loads(body) if body else {}
        match = _PATH.match(path)
        if match is None:
            return self._change(method, path, sent)
        cluster, name = match["cluster"], unquote(match["name"] or "")
        if match["kind"] == "addons":
            return self._addon(method, region, cluster, name, match["more"], sent)
        if match["kind"] == "access-entries":
            return self._entry(method, region, cluster, name, match["more"], sent)
        return answer({"update": _update(name)})

    # Clusters and node groups: moto's, with what it forgets

    def _change(self, method: str, path: str, sent: dict[str, Any]) -> Answer | None:
        """Remember what moto will forget; answer the updates that it does not know."""
        if method != "POST":
            return None
        if path == "/clusters":
            kept = {key: sent[key] for key in _CLUSTER_FIELDS if key in sent}
            self.clusters[sent["name"]] = kept
            return None
        if path.endswith("/update-config") and "/node-groups/" not in path:
            cluster = path.split("/")[2]
            changed = {key: sent[key] for key in _CLUSTER_FIELDS if key in sent}
            self.clusters.setdefault(cluster, {}).update(changed)
            return answer({"update": _update(str(uuid.uuid4()))})
        group = _GROUP.match(path)
        if group and not group["name"]:
            self.groups[(group["cluster"], sent["nodegroupName"])] = sent
        return None

    def completed(self, host: str, path: str, told: Any) -> Any:
        """Return moto's answer about a cluster or a node group with what it forgot."""
        if "://eks." not in host or not isinstance(told, tuple):
            return told
        path = path.split("?", 1)[0]
        status, headers, text = told
        if path == "/clusters" or _CLUSTER.match(path):
            body = json.loads(text)
            if "cluster" in body:
                self._complete_cluster(host, body["cluster"])
        elif _GROUP.match(path):
            body = json.loads(text)
            if "nodegroup" in body:
                self._complete_group(body["nodegroup"])
        else:
            return told
        headers = {k: v for k, v in dict(headers).items() if k.lower() != "content-length"}
        return status, headers, json.dumps(body).encode()

    def _complete_cluster(self, host: str, cluster: dict[str, Any]) -> None:
        region = host.split("://eks.", 1)[1].split(".", 1)[0]
        kept = self.clusters.setdefault(cluster["name"], {})
        network = cluster["resourcesVpcConfig"]
        if "group" not in kept:
            ec2 = ec2_backends[_ACCOUNT][region]
            subnet = ec2.get_subnet(network["subnetIds"][0])
            made = ec2.create_security_group(
                f"eks-cluster-sg-{cluster['name']}", "made by EKS", subnet.vpc_id
            )
            kept["group"], kept["vpc"] = made.id, subnet.vpc_id
        network |= {"clusterSecurityGroupId": kept["group"], "vpcId": kept["vpc"]}
        cluster |= {key: kept[key] for key in _CLUSTER_FIELDS if key in kept}
        if "APPINSTANCE_API_URL" in os.environ:
            cluster["endpoint"] = os.environ["APPINSTANCE_API_URL"]
            cluster["certificateAuthority"] = {"data": os.environ["APPINSTANCE_API_CA"]}

    def _complete_group(self, group: dict[str, Any]) -> None:
        sent = self.groups.get((group["clusterName"], group["nodegroupName"]), {})
        group |= {key: sent[key] for key in _GROUP_FIELDS if key in sent}
        if sent and "remoteAccess" not in sent:
            group.pop("remoteAccess", None)
        if "launchTemplate" in sent:
            known = group.get("launchTemplate") or {}
            group["launchTemplate"] = {**known, **sent["launchTemplate"]}

    # Add-ons

    def _addon(
        self, method: str, region: str, cluster: str, name: str, more: str | None,
        sent: dict[str, Any],
    ) -> Answer:  # fmt: skip
        if method == "POST" and not name:
            return self._create_addon(region, cluster, sent)
        if method == "GET" and not name:
            return answer({"addons": [addon for owner, addon in self.addons if owner == cluster]})
        found = self.addons.get((cluster, name))
        if found is None:
            return _absent(f"addon: {name}")
        if method == "DELETE":
            del self.addons[(cluster, name)]
            return answer({"addon": {**found, "status": "DELETING"}})
        if method == "POST" and more == "update":
            found |= {key: sent[key] for key in _ADDON_FIELDS if key in sent}
            return answer({"update": _update(str(uuid.uuid4()))})
        return answer({"addon": found})

    def _create_addon(self, region: str, cluster: str, sent: dict[str, Any]) -> Answer:
        name = sent["addonName"]
        if (cluster, name) in self.addons:
            return answer({"message": "Addon already exists"}, 409, "ResourceInUseException")
        now = time.time()
        made = {
            "addonName": name,
            "clusterName": cluster,
            "status": "ACTIVE",
            "health": {"issues": []},
            "addonArn": f"{_arn(region, 'addon', cluster)}/{name}/{uuid.uuid4()}",
            "createdAt": now,
            "modifiedAt": now,
            "tags": sent.get("tags", {}),
            **{key: sent[key] for key in _ADDON_FIELDS if key in sent},
        }
        self.addons[(cluster, name)] = made
        return answer({"addon": made})

    # Access entries

    def _entry(
        self, method: str, region: str, cluster: str, principal: str, more: str | None,
        sent: dict[str, Any],
    ) -> Answer:  # fmt: skip
        if method == "POST" and not principal:
            return self._create_entry(region, cluster, sent)
        if method == "GET" and not principal:
            return answer(
                {"accessEntries": [arn for owner, arn in self.entries if owner == cluster]}
            )
        found = self.entries.get((cluster, principal))
        if found is None:
            return _absent(f"access entry: {principal}")
        if more:
            return self._policy(method, (cluster, principal), unquote(more), sent)
        if method == "DELETE":
            del self.entries[(cluster, principal)]
            return answer({})
        if method == "POST":
            found |= {key: sent[key] for key in ("kubernetesGroups", "username") if key in sent}
        return answer({"accessEntry": found})

    def _create_entry(self, region: str, cluster: str, sent: dict[str, Any]) -> Answer:
        principal = sent["principalArn"]
        if (cluster, principal) in self.entries:
            return answer({"message": "The entry exists"}, 409, "ResourceInUseException")
        now = time.time()
        made = {
            "clusterName": cluster,
            "principalArn": principal,
            "kubernetesGroups": sent.get("kubernetesGroups", []),
            "accessEntryArn": f"{_arn(region, 'access-entry', cluster)}/x/{uuid.uuid4()}",
            "createdAt": now,
            "modifiedAt": now,
            "tags": sent.get("tags", {}),
            "username": sent.get("username", principal),
            "type": sent.get("type", "STANDARD"),
        }
        self.entries[(cluster, principal)] = made
        return answer({"accessEntry": made})

    def _policy(self, method: str, key: tuple[str, str], more: str, sent: dict[str, Any]) -> Answer:
        kept = self.policies.setdefault(key, {})
        head = {"clusterName": key[0], "principalArn": key[1]}
        if method == "POST":
            now = time.time()
            made = {
                "policyArn": sent["policyArn"],
                "accessScope": sent["accessScope"],
                "associatedAt": now,
                "modifiedAt": now,
            }
            kept[sent["policyArn"]] = made
            return answer({**head, "associatedAccessPolicy": made})
        if method == "DELETE":
            kept.pop(more.removeprefix("access-policies/"), None)
            return answer({})
        return answer({**head, "associatedAccessPolicies": list(kept.values())})


_ADDON_FIELDS = ("addonVersion", "serviceAccountRoleArn", "configurationValues")


def _update(identity: str) -> dict[str, Any]:
    """Return an update that has been made: nothing takes time here."""
    return {
        "id": identity, "status": "Successful", "type": "AddonUpdate",
        "params": [], "errors": [], "createdAt": time.time(),
    }  # fmt: skip
