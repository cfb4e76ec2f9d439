"""AppInstances by the thousand, good and bad, made from the CRD's schema and a seed."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

from appinstance_operator.api.spec import GROUP, KIND, VERSION

NAMESPACES = ("default", "acme", "team")
_REMOTE = [{"key": "apps/acme/x"}, {"key": "apps/acme/a_b+c=d.e@f-1"}]
_FILES = ("/app/keys/signing.pem", "/etc/ssl/x.crt", "/a/b/.c")
_ROUTES = {
    True: [
        [{"path": "/", "to": "frontend"}, {"path": "/api", "to": "backend"}],
        [
            {"path": "/a", "to": "backend"},
            {"path": "/a/b", "to": "frontend"},
            {"path": "/a/b/c", "to": "backend"},
        ],
        [{"path": "/api", "to": "backend"}, {"path": "/apis", "to": "frontend"}],
    ],
    False: [[{"path": "/", "to": "backend"}], [{"path": "/v1", "to": "backend"}]],
}
_IMAGES = [
    "registry.example.com/shop:1.4.2",
    "shop:1",
    "registry:5000/team/shop:1.4.2_rc-1",
    f"registry:5000/shop@sha256:{'0a' * 32}",
    f"shop:1@sha256:{'0A' * 32}",
    "a/b/c:v",
]
# What a field may hold, by its name; fields that are not here are made from the schema alone.
_GOOD: dict[str, list[Any]] = {
    "host": ["shop.apps.example.com", "a.b", "x1.apps.localhost", f"{'a' * 63}.example.com"],
    "image": _IMAGES,
    "cidr": ["10.20.0.0/16", "192.168.1.0/24", "10.0.0.1/32", "fd00::/8", "2001:db8::/32"],
    "key": ["apps/acme/database", "a", "apps/acme/a_b+c=d.e@f-1"],
    "backendRoleArn": [
        "arn:aws:iam::123456789012:role/shop",
        "arn:aws-cn:iam::123456789012:role/a/b",
    ],
    "secretsRoleArn": ["arn:aws:iam::123456789012:role/shop"],
    "bucket": ["media", "a.b-c", "abc"],
    "arn": ["arn:aws:acm:eu-central-1:123456789012:certificate/1a-2b"],
    "prefix": ["acme/", "acme/shop/", "a_=@.-/b/"],
    "domain": ["d111111abcdef8.cloudfront.net", "media.example.com"],
    "keyPairId": ["K2JCJMDEHXQW5F"],
    "path": ["/healthz", "/", "/api/v1/health.json"],
    "port": [1024, 8000, 65535],
    "resource": ["250m", "0.5", 1, "128Mi", "1.5Gi", 2],
    "matchLabels": [{"app": "x"}, {"kubernetes.io/metadata.name": "monitoring"}],
    "name": ["LOG_LEVEL", "x", "_y", "FEATURE_1"],
    "schedule": ["30 2 * * *", "*/5 0-6,22 1 jan-mar 1-5", "@daily", "0 0 31 12 sun"],
    "timeZone": ["Europe/Berlin", "Etc/UTC", "America/Argentina/Buenos_Aires"],
}
_PROCESSES = ("mail", "x", "a-1", "b" * 15)
_PROCESS_NAMES = (
    *_PROCESSES,
    "backend",
    "a-job-b",
    "jobs",
    "b" * 16,
    "Mail",
    "a-",
    "1a",
    "a.b",
    "",
    "a\n",
)
"""A worker's names have another form than a variable's."""
_ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    2,
    50,
    51,
    1000,
    1.5,
    5.0,
    -0.0,
    2**31,
    2**63,
    1e30,
    "",
    " ",
    "x",
    "x\n",
    "\n",
    "ä",
    "💥",
    "X",
    "1",
    "true",
    "a b",
    "*",
    "a" * 64,
    "a" * 513,
    [],
    {},
    [None],
    [[]],
    [{}],
    {"a": 1},
    {"a": None},
    {"": ""},
    [1],
    ["a"],
    [1, 1],
    "null",
    "\u0000",
    "latest",
    "x:latest",
    "9090",
)
_TWISTS: tuple[Callable[[str], str], ...] = (
    lambda text: text + "\n",
    lambda text: " " + text,
    lambda text: text + "*",
    lambda text: text.upper(),
    lambda text: f"https://{text}",
    lambda text: text + "/",
    lambda text: "/" + text,
    lambda text: text[:-1],
    lambda text: text[1:],
    lambda text: text.partition(":")[0],
    lambda text: text + ":latest",
    lambda text: text + "/../",
    lambda text: text.replace(".", "..", 1),
    lambda text: text.replace("a", "ä", 1),
    lambda text: (text + "a") * 40,
    lambda text: text.replace("0", "00", 1),
    lambda text: "::ffff:" + text,
    lambda text: text.replace("/", "/0", 1),
    lambda text: text + "\u2028",
    lambda text: text.replace("1", "١", 1),
)
_SPECIAL: dict[str, list[Any]] = {
    "name": [
        "DB_HOST",
        "AWS_X",
        "APP_PORT",
        "USE_FILE_STORAGE",
        "A-B",
        "1A",
        "DB",
        "DB_",
        "X" * 128,
        "X" * 129,
    ],
    "host": [
        "localhost",
        "a..b",
        "-a.example.com",
        "a.example.com.",
        "1.2",
        "a.1",
        "a.b:443",
        "b" * 64 + ".c",
    ],
    "arn": ["arn:aws:acm:eu-central-1:123456789012:certificate/", "arn:aws:iam::1:role/x", ""],
    "allowFrom": [["10.0.0.0/8", "10.0.0.0/8"], ["10.1.0.0/8"], ["::/0"], ["x"], [], "10.0.0.0/8"],
    "hosts": [
        ["shop.apps.example.com"],
        ["a.b", "a.b"],
        ["*.b"],
        [""],
        ["A.b"],
        "a.b",
        [None],
        [1],
    ],
    "cidr": [
        "0.0.0.0/0",
        "::/0",
        "10.1.2.3/16",
        "10.0.0.0",
        "10.0.0.0/33",
        "10.0.0.0/08",
        "010.0.0.0/8",
        "10.0/8",
        "::ffff:10.0.0.0/104",
        "::FFFF:a00:0/120",
        "fe80::1%eth0/64",
        "FD00::/8",
        "10.0.0.0/+8",
        "fd00:0::/8",
        "10.0.0.0/255.0.0.0",
        "1.2.3.4/32",
        "::1.2.3.4/128",
    ],
    "port": [9090, 80, 1023, 65536],
    "image": [
        "shop",
        "shop:",
        "registry:5000/shop",
        "shop:latest",
        "shop@sha256:abc",
        "a:b:c",
        "shop:1 ",
        ":1",
    ],
    "prefix": ["shop", "../", "a/../", "./", "a/./b/", "a//", "a/.../", "..a/"],
    "resource": [
        "250mm",
        "lots",
        "",
        "-1",
        "1e3",
        "1Ei",
        "1.",
        ".5",
        -1,
        0.5,
        "1 ",
        "1\n",
        "0x1",
        "1Pi",
    ],
    "bucket": ["arn:aws:s3:::x", "a", "A-b", "a_b"],
    "to": ["backend", "frontend", "worker"],
    "path": [
        "/tmp/x",  # noqa: S108
        "/a",
        "/a/b/c/d",
        "/api/*",
        "/x/",
        "/" + "a" * 125,
        "/var/run/secrets/x",
        "/app/keys",
        "/app/..",
        "/runs/x",
        "/etc/hosts",
        "healthz",
        "/a?b",
        "//",
        "/ä",
        "/a\n",
        "",
        "https://x/",
    ],
    "maxSurge": [0, 1, 11],
    "maxUnavailable": [0, 1, 2, 25, 26],
    "failureThreshold": [1, 121, 240, 241],
    "deletionPolicy": ["delete", "Keep"],
    "schedule": [
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 7",
        "*/0 * * * *",
        "* * * *",
        "* * * * * *",
        "@every 1h",
        "TZ=UTC * * * * *",
        "? * * * *",
        "30 2 * * *\n",
        "30  2 * * *",
        "* * * * MON",
        "5-1 * * * *",
    ],
    "timeZone": ["Local", "Europe/", "/UTC", "a/../b", "Mars/Base", "x" * 65],
    "key": ["arn:aws:secretsmanager:eu-central-1:1:secret:x", "apps/*", "a b", "k" * 513],
    "namespace": ["*", "team-*", "Team", "a b", "-a", "a-", "a" * 64, "", "1a", "a.b"],
}
_METADATA: tuple[tuple[str, Any], ...] = (
    ("name", "s" * 40),
    ("name", "s" * 41),
    ("name", "1shop"),
    ("name", "shop.one"),
    ("name", "Shop"),
    ("name", ""),
    ("name", 5),
    ("name", None),
    ("name", "a-"),
    ("name", "s" * 254),
    ("name", "a\n"),
    ("labels", {"team": "a"}),
    ("labels", {"team": "a b"}),
    ("labels", {"a/b/c": "x"}),
    ("labels", {"": "x"}),
    ("labels", {"x": 1}),
    ("labels", {"x": None}),
    ("labels", {"Ex.com/x": "y"}),
    ("labels", {"x": "y" * 64}),
    ("labels", []),
    ("annotations", {"a b": "x"}),
    ("annotations", {"X/y": "z"}),
    ("annotations", {"a": "ä\n"}),
    ("annotations", {"a": "x" * 270_000}),
    ("annotations", {"a": True}),
    ("finalizers", ["x"]),
    ("finalizers", ["example.com/x"]),
    ("finalizers", "x"),
    ("ownerReferences", [{"kind": "Pod"}]),
    ("ownerReferences", [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u"}]),
    ("ownerReferences", [{"apiVersion": "a/b/c", "kind": "Pod", "name": "p", "uid": "u"}]),
    ("ownerReferences", [{"apiVersion": "v1", "kind": "Event", "name": "p", "uid": "u"}]),
    (
        "ownerReferences",
        [
            {"apiVersion": "v1", "kind": "P", "name": str(n), "uid": "u", "controller": True}
            for n in (1, 2)
        ],
    ),
    ("finalizers", ["a b"]),
    ("uid", "x"),
    ("creationTimestamp", None),
    ("creationTimestamp", "yesterday"),
    ("creationTimestamp", "2026-01-31T12:00:00Z"),
    ("generation", 5),
    ("generation", "5"),
    ("selfLink", "x"),
    ("label", {}),
    ("clusterName", "x"),
    ("generateName", "shop-"),
    ("namespace", "A b"),
    ("namespace", 1),
)


class Specs:
    """Makes AppInstances; the same ones for the same seed."""

    def __init__(self, schema: dict[str, Any], seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311
        self._spec = schema["properties"]["spec"]

    def body(self) -> dict[str, Any]:
        """Return the next one: a third of them as they are meant to be."""
        chance = self._random
        body: dict[str, Any] = {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": KIND,
            "metadata": {"name": "shop", "namespace": chance.choice(NAMESPACES)},
            "spec": self._sound(self._made(self._spec, "spec")),
        }
        kind = chance.random()
        if kind < 0.25:
            return body
        if kind < 0.4:
            key, value = chance.choice(_METADATA)
            body["metadata"][key] = copy.deepcopy(value)
            return body
        for _ in range(chance.choice((1, 1, 1, 2))):
            self._twisted(body)
        return body

    def _made(self, schema: dict[str, Any], name: str) -> Any:
        chance = self._random
        if name in _GOOD and (schema.get("type") != "object" or name == "matchLabels"):
            return copy.deepcopy(chance.choice(_GOOD[name]))
        if schema.get("x-kubernetes-int-or-string"):
            return chance.choice(_GOOD["resource"])
        if "enum" in schema:
            return chance.choice(schema["enum"])
        kind = schema["type"]
        if kind == "object" and "properties" in schema:
            needed = set(schema.get("required", ()))
            return {
                key: self._made(inner, key)
                for key, inner in schema["properties"].items()
                if key in needed or chance.random() < 0.45
            }
        if kind == "object":
            keys = chance.sample(["cpu", "memory", "ephemeral-storage"], chance.randint(0, 3))
            return {key: self._made(schema["additionalProperties"], "resource") for key in keys}
        if kind == "array":
            count = chance.randint(schema.get("minItems", 0), 3)
            return [self._made(schema["items"], f"{name}-item") for _ in range(count)]
        if kind == "integer":
            return chance.randint(schema.get("minimum", 0), schema.get("maximum", 100))
        return chance.random() < 0.5 if kind == "boolean" else chance.choice(["x", "a b", "ä"])

    def _sound(self, spec: dict[str, Any]) -> dict[str, Any]:
        """Return a spec without what its own parts rule out together."""
        self._sound_secrets(spec)
        processes = [*self._named(spec, "workers"), *self._named(spec, "jobs")]
        for component in (spec.get("backend", {}), spec.get("frontend", {}), *processes):
            if self._random.random() < 0.5:
                component.pop("autoscaling", None)
            else:
                component.pop("replicas", None)
            probes = component.get("probes", {})
            probes.get("startup", {}).pop("failureThreshold", None)
            probes.get("startup", {}).pop("periodSeconds", None)
            if "port" in probes:
                probes["port"] = component.get("port", 9090)
            if "port" in component.get("metrics", {}):
                component["metrics"]["port"] = component.get("port", 9090)
            scaling = component.get("autoscaling")
            if scaling:
                scaling["maxReplicas"] = max(scaling["maxReplicas"], scaling.get("minReplicas", 2))
            if "strategy" in component and self._random.random() < 0.9:
                least = scaling.get("minReplicas", 2) if scaling else component.get("replicas", 2)
                component["strategy"] = {
                    "maxSurge": self._random.randint(1, 10),
                    "maxUnavailable": self._random.randint(0, least // 2),
                }
            for file, path in zip(component.get("files", []), _FILES, strict=False):
                file["path"] = path
            _unique(component.get("env", []))
            for item in component.get("env", []):
                source = item.get("valueFrom")
                if source is not None:
                    item.pop("value", None)
                    source.pop(self._random.choice(("fieldRef", "resourceFieldRef")), None)
                    if len(source) != 1:
                        del item["valueFrom"]
        if "nodeSelector" in spec.get("scheduling", {}):
            spec["scheduling"]["nodeSelector"] = {"kubernetes.io/arch": "arm64"}
        if "paths" in spec:
            spec["paths"] = copy.deepcopy(self._random.choice(_ROUTES["frontend" in spec]))
        if "imagePullSecrets" in spec:
            spec["imagePullSecrets"] = [{"name": "registry"}, {"name": "other.1"}]
        if "database" in spec:
            spec["database"].pop("provision", None)
            spec["database"].pop("rotate", None)
            spec["database"]["credentials"] = {"remoteRef": dict(self._random.choice(_REMOTE))}
        if not spec.get("media", {}).get("enabled", True):
            spec["media"] = {"enabled": False}
        if self._random.random() < 0.5:
            spec.get("media", {}).pop("legacyCredentials", None)
        else:
            spec.get("identity", {}).pop("backendRoleArn", None)
        if "allowFrom" in spec:
            spec["allowFrom"] = self._random.sample(_GOOD["cidr"], self._random.randint(1, 4))
        if "hosts" in spec:
            spec["hosts"] = self._random.sample(["a.example.com", "b.c", f"{'d' * 63}.x"], 2)
        for side in spec.get("access", {}).values():
            for item in side:
                item["name"] = self._random.choice(("billing", "a-1", "x" * 40))
                if "namespace" in item:
                    item["namespace"] = self._random.choice(("payments", "1a", "x" * 63))
        for rules in spec.get("network", {}).values():
            for rule in rules:
                rule["ports"] = sorted(set(rule["ports"])) or [443]
        return spec

    def _sound_secrets(self, spec: dict[str, Any]) -> None:
        _unique(spec.get("secrets", []))
        taken = {item["name"] for item in spec["backend"].get("env", [])}
        spec["secrets"] = [item for item in spec.get("secrets", []) if item["name"] not in taken]

    def _named(self, spec: dict[str, Any], field: str) -> list[dict[str, Any]]:
        """Return the processes under a field, made sound but for what all components share."""
        processes: list[dict[str, Any]] = spec.get(field, [])
        known = [item["name"] for item in spec["secrets"]]
        for process, name in zip(processes, _PROCESSES, strict=False):
            process["name"] = name
            if not {"image", "command"} & process.keys():
                process.setdefault("args", ["x"])
            if "uses" in process:
                missing = {
                    "database": "database" not in spec,
                    "media": not spec.get("media", {}).get("enabled", True),
                }
                process["uses"] = sorted(u for u in set(process["uses"]) if not missing.get(u))
            keys = "legacyCredentials" in spec.get("media", {})
            if (keys or "media" not in process.get("uses", ())) and self._random.random() < 0.95:
                process.pop("role", None)
            if "secrets" in process:
                process["secrets"] = self._random.sample(known, min(len(known), 2))
                names = {item["name"] for item in process.get("env", [])}
                process["secrets"] = [item for item in process["secrets"] if item not in names]
        return processes

    def _twisted(self, body: dict[str, Any]) -> None:
        """Change one place of a body for the worse, or only for the odder."""
        chance = self._random
        holder, key = chance.choice(list(_places(body["spec"], "spec")) or [(body, "spec")])
        name = key if isinstance(key, str) else ""
        value, kind = holder[key], chance.random()
        special: Any = _SPECIAL.get("resource" if name in ("cpu", "memory") else name)
        if name == "name" and {"uses", "schedule"} & holder.keys():
            special = _PROCESS_NAMES
        if special and kind < 0.5:
            holder[key] = copy.deepcopy(chance.choice(special))
        elif kind < 0.6 and isinstance(holder, dict):
            del holder[key]
        elif isinstance(value, str) and kind < 0.8:
            holder[key] = chance.choice(_TWISTS)(value)
        elif isinstance(value, int) and not isinstance(value, bool) and kind < 0.7:
            holder[key] = value + chance.choice((-1000, -1, 1, 50, 100_000, 2**31))
        elif isinstance(value, list) and value and kind < 0.8:
            value += copy.deepcopy(value) * chance.choice((1, 1, 1, 30))
        elif isinstance(value, dict) and kind < 0.8:
            value[chance.choice(("replica", "x", "", "imagee", "X" * 80, "a.b"))] = chance.choice(
                _ODD
            )
        else:
            holder[key] = copy.deepcopy(chance.choice(_ODD))


def _unique(items: list[dict[str, Any]]) -> None:
    seen: set[str] = set()
    items[:] = [item for item in items if not (item["name"] in seen or seen.add(item["name"]))]  # type: ignore[func-returns-value]


def _places(value: Any, _name: str) -> Iterator[tuple[Any, Any]]:
    """Yield every place in a value as (holder, key)."""
    keys: Any = list(value) if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key], str(key))
