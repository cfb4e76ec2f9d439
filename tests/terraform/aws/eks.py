"""EKS as far as moto lacks it: add-ons, access entries, and what DescribeCluster leaves out.

Stands in for the bookkeeping of the control plane's API: what was made can be read, changed and
deleted again. It cannot show that a version of an add-on exists, that a configuration is valid, or
that an access entry lets anybody in.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

Answer = tuple[int, dict[str, str], bytes]
_PATH = re.compile(
    r"^/clusters/(?P<cluster>[^/]+)/(?P<kind>addons|access-entries|updates)"
    r"(?:/(?P<name>[^/]+)(?:/(?P<more>.+))?)?$"
)
_ACCOUNT = "123456789012"


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

    def handle(self, method: str, host: str, path: str, body: bytes) -> Answer | None:
        """Answer a call that is ours, None for one that moto answers."""
        if "://eks." not in host:
            return None
        region = host.split("://eks.", 1)[1].split(".", 1)[0]
        match = _PATH.match(path.split("?", 1)[0])
        if match is None:
            return None
        sent = json.loads(body) if body else {}
        cluster, name = match["cluster"], unquote(match["name"] or "")
        if match["kind"] == "addons":
            return self._addon(method, region, cluster, name, match["more"], sent)
        if match["kind"] == "access-entries":
            return self._entry(method, region, cluster, name, match["more"], sent)
        return answer({"update": _update(name)})

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
