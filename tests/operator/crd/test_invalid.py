"""Bad AppInstances are refused with a sentence that says what to change, as `kubectl` shows it."""

from __future__ import annotations

import contextlib
import copy
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.apiserver import ApiServer
from support.people import Person, administrator
from support.yamls import documents

from appinstance_local.paths import REPO
from appinstance_operator.api.spec import parse

pytestmark = pytest.mark.integration

SAMPLES = [
    *sorted((REPO / "manifests" / "samples").glob("*.yaml")),
    *sorted((REPO / "examples").glob("*/appinstance.yaml")),
]
GOLDEN = Path(__file__).parents[1] / "desired" / "golden"
VALID: dict[str, Any] = {
    "apiVersion": "platform.appinstance.io/v1alpha1",
    "kind": "AppInstance",
    "metadata": {"name": "shop", "namespace": "default"},
    "spec": {
        "host": "shop.apps.example.com",
        "backend": {"image": "registry.example.com/shop:1.4.2"},
        "database": {"credentials": {"remoteRef": {"key": "apps/team/shop/database"}}},
    },
}
ROLE = "arn:aws:iam::123456789012:role/shop"
REF = {"remoteRef": {"key": "apps/team/shop/x"}}
CLOUD_FRONT = {"domain": "d1.cloudfront.net", "keyPairId": "K2JCJMDEHXQW5F", "privateKey": REF}

PAGE = {"spec.frontend": {"image": "page:1"}}


def _to(path: str, to: str) -> dict[str, str]:
    return {"path": path, "to": to}


IMAGES = (
    "shop:1",
    "appinstance/backend:dev",
    "registry:5000/shop:1.4.2",
    "registry:5000/team/shop:1.4.2_rc-1",
    f"registry:5000/shop@sha256:{'0a' * 32}",
    f"registry.example.com/shop:1.4.2@sha256:{'0a' * 32}",
)

# path in the object → value, and what the refusal must say
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "no host": ({"spec.host": None}, "spec.host: Required value"),
    "host with scheme": ({"spec.host": "https://shop.example.com"}, "host must be a DNS name"),
    "host with path": ({"spec.host": "shop.example.com/x"}, "host must be a DNS name"),
    "host in capitals": ({"spec.host": "Shop.example.com"}, "host must be a DNS name"),
    "host without dot": ({"spec.host": "shop"}, "host must be a DNS name"),
    "no backend": ({"spec.backend": None}, "spec.backend: Required value"),
    "no image": ({"spec.backend": {}}, "spec.backend.image: Required value"),
    "image without tag": ({"spec.backend.image": "shop"}, "image must name a tag or a digest"),
    "image with a port and no tag": (
        {"spec.backend.image": "registry:5000/shop"},
        "image must name a tag or a digest",
    ),
    "frontend image with a port and no tag": (
        {"spec.frontend": {"image": "registry:5000/shop"}},
        "image must name a tag or a digest",
    ),
    "image with an empty tag": ({"spec.backend.image": "shop:"}, "must name a tag or a digest"),
    "image with half a digest": (
        {"spec.backend.image": "shop@sha256:abc"},
        "must name a tag or a digest",
    ),
    "image latest": ({"spec.backend.image": "shop:latest"}, "must not be tagged latest"),
    "image with blank": ({"spec.backend.image": "shop: 1"}, "image must name a tag or a digest"),
    "no replicas": ({"spec.backend.replicas": 0}, "should be greater than or equal to 1"),
    "many replicas": ({"spec.backend.replicas": 1000}, "should be less than or equal to 50"),
    "replicas beside autoscaling": (
        {"spec.backend.replicas": 2, "spec.backend.autoscaling": {"maxReplicas": 3}},
        "replicas and autoscaling exclude each other",
    ),
    "min above max": (
        {"spec.backend.autoscaling": {"minReplicas": 5, "maxReplicas": 3}},
        "minReplicas must not be above maxReplicas",
    ),
    "privileged port": ({"spec.backend.port": 80}, "should be greater than or equal to 1024"),
    "metrics port": ({"spec.backend.port": 9090}, "port 9090 is the one for health and metrics"),
    "not a quantity": (
        {"spec.backend.resources": {"limits": {"memory": "lots"}}},
        "spec.backend.resources.limits[memory]",
    ),
    "a quantity with a letter too many": (
        {"spec.backend.resources": {"requests": {"cpu": "250mm"}}},
        "this must be a quantity such as 250m, 0.5 or 128Mi",
    ),
    "a quantity below zero": (
        {"spec.backend.resources": {"requests": {"cpu": -1}}},
        "this must be a quantity such as 250m, 0.5 or 128Mi",
    ),
    "probes on a port that is not the component's": (
        {"spec.backend.probes": {"port": 3000}},
        "probes.port must be 9090 or the component's own port",
    ),
    "a start that takes longer than a rollout": (
        {"spec.backend.probes": {"startup": {"periodSeconds": 10, "failureThreshold": 30}}},
        "a start may take 240 s at the most",
    ),
    "a start whose default period makes it too long": (
        {"spec.backend.probes": {"startup": {"failureThreshold": 121}}},
        "a start may take 240 s at the most",
    ),
    "a probe with a query": (
        {"spec.backend.probes": {"liveness": {"path": "/healthz?x=1"}}},
        "path must be a path such as /healthz",
    ),
    "metrics on a port that is not the backend's": (
        {"spec.backend.metrics": {"port": 3000}},
        "metrics.port must be 9090 or the backend's own port",
    ),
    "metrics of a page": (
        {"spec.frontend": {"image": "page:1", "metrics": {}}},
        'unknown field "spec.frontend.metrics"',
    ),
    "a further host with scheme": (
        {"spec.hosts": ["https://shop.example.com"]},
        "each of hosts must be a DNS name",
    ),
    "a further host by a wildcard": (
        {"spec.hosts": ["*.apps.example.com"]},
        "each of hosts must be a DNS name",
    ),
    "the host once more": (
        {"spec.hosts": ["shop.apps.example.com"]},
        "hosts repeats host",
    ),
    "a further host twice": (
        {"spec.hosts": ["a.apps.example.com", "a.apps.example.com"]},
        "Duplicate value",
    ),
    "hosts without end": (
        {"spec.hosts": [f"x{n}.apps.example.com" for n in range(9)]},
        "must have at most 8 items",
    ),
    "the platform's variable of hosts": (
        {"spec.backend.env": [{"name": "APP_OTHER_HOSTS", "value": "x"}]},
        "this variable is set by the platform",
    ),
    "a certificate of IAM": (
        {"spec.certificate": {"arn": "arn:aws:iam::123456789012:server-certificate/shop"}},
        "arn must be that of a certificate in ACM",
    ),
    "a certificate without its ARN": ({"spec.certificate": {}}, "arn: Required value"),
    "a scheme that the platform's is": (
        {"spec.scheme": "internet-facing"},
        'supported values: "internal"',
    ),
    "everybody let through": (
        {"spec.allowFrom": ["0.0.0.0/0"]},
        "lets everybody through; leave allowFrom out",
    ),
    "nobody let through": ({"spec.allowFrom": []}, "should have at least 1 items"),
    "let through by an address": (
        {"spec.allowFrom": ["198.51.100.7"]},
        "each of allowFrom must be a network",
    ),
    "let through with host bits": (
        {"spec.allowFrom": ["198.51.100.7/24"]},
        "allowFrom has host bits set",
    ),
    "more let through than rules hold": (
        {"spec.allowFrom": [f"10.{n}.0.0/16" for n in range(11)]},
        "must have at most 10 items",
    ),
    "access by a pattern": (
        {"spec.access": {"from": [{"name": "*"}]}},
        "name must be the name of an AppInstance",
    ),
    "access of a namespace by a pattern": (
        {"spec.access": {"from": [{"name": "shop", "namespace": "team-*"}]}},
        "namespace must be the name of a namespace",
    ),
    "access to a whole namespace": (
        {"spec.access": {"to": [{"namespace": "team"}]}},
        "spec.access.to[0].name: Required value",
    ),
    "access on a port": (
        {"spec.access": {"to": [{"name": "billing", "port": 8000}]}},
        'unknown field "spec.access.to[0].port"',
    ),
    "access without end": (
        {"spec.access": {"from": [{"name": f"x{n}"} for n in range(17)]}},
        "must have at most 16 items",
    ),
    "arguments without end": (
        {"spec.backend.args": ["x"] * 33},
        "must have at most 32 items",
    ),
    "reserved AWS": (
        {"spec.backend.env": [{"name": "AWS_ACCESS_KEY_ID", "value": "x"}]},
        "this variable is set by the platform",
    ),
    "reserved database": (
        {"spec.backend.env": [{"name": "DB_PASSWORD", "value": "x"}]},
        "this variable is set by the platform",
    ),
    "reserved file storage": (
        {"spec.secrets": [{"name": "USE_FILE_STORAGE", **REF}]},
        "this variable is set by the platform",
    ),
    "odd variable": (
        {"spec.backend.env": [{"name": "A-B", "value": "x"}]},
        "has only letters, digits and underscores",
    ),
    "variable twice": (
        {"spec.backend.env": [{"name": "X", "value": "1"}, {"name": "X", "value": "2"}]},
        "Duplicate value",
    ),
    "variable in both": (
        {"spec.backend.env": [{"name": "X", "value": "1"}], "spec.secrets": [{"name": "X", **REF}]},
        "a variable stands in both secrets and backend.env",
    ),
    "a value from a Secret": (
        {"spec.backend.env": [{"name": "X", "valueFrom": {"secretKeyRef": {"name": "a"}}}]},
        'unknown field "spec.backend.env[0].valueFrom.secretKeyRef"',
    ),
    "a value from a field that is the node's": (
        {
            "spec.backend.env": [
                {"name": "X", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
            ]
        },
        'supported values: "metadata.name"',
    ),
    "a value from nowhere": (
        {"spec.backend.env": [{"name": "X", "valueFrom": {}}]},
        "valueFrom must have either fieldRef or resourceFieldRef",
    ),
    "a value twice": (
        {
            "spec.backend.env": [
                {
                    "name": "X",
                    "value": "x",
                    "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}},
                }
            ]
        },
        "value and valueFrom exclude each other",
    ),
    "a pull secret by a path": (
        {"spec.imagePullSecrets": [{"name": "../registry"}]},
        "name must be the name of a Secret",
    ),
    "a pull secret twice": (
        {"spec.imagePullSecrets": [{"name": "a"}, {"name": "a"}]},
        "Duplicate value",
    ),
    "a file at the root": (
        {"spec.backend.files": [{"path": "/key.pem", **REF}]},
        "path must be the path of a file in a folder",
    ),
    "a file at the root itself": (
        {"spec.backend.files": [{"path": "/", **REF}]},
        "path must be the path of a file in a folder",
    ),
    "a file by a relative path": (
        {"spec.backend.files": [{"path": "app/key.pem", **REF}]},
        "path must be the path of a file in a folder",
    ),
    "a file that is a folder": (
        {"spec.backend.files": [{"path": "/app/keys/", **REF}]},
        "path must be the path of a file in a folder",
    ),
    "a file with a blank": (
        {"spec.backend.files": [{"path": "/app/a key", **REF}]},
        "path must be the path of a file in a folder",
    ),
    "a file upwards": (
        {"spec.backend.files": [{"path": "/app/../etc/hosts", **REF}]},
        "the parts . or ..",
    ),
    "a file here": (
        {"spec.backend.files": [{"path": "/app/./key", **REF}]},
        "the parts . or ..",
    ),
    "a file that ends upwards": (
        {"spec.backend.files": [{"path": "/app/..", **REF}]},
        "the parts . or ..",
    ),
    "a file in the temporary folder": (
        {"spec.backend.files": [{"path": "/tmp/key", **REF}]},  # noqa: S108
        "would hide what the system or the platform puts there",
    ),
    "a file over the roles' token": (
        {
            "spec.backend.files": [
                {"path": "/var/run/secrets/eks.amazonaws.com/serviceaccount/token", **REF}
            ]
        },
        "would hide what the system",
    ),
    "a file in run": (
        {"spec.backend.files": [{"path": "/run/secrets/key", **REF}]},
        "would hide what the system",
    ),
    "a file over the database's CA": (
        {"spec.backend.files": [{"path": "/etc/appinstance/database-ca/ca.crt", **REF}]},
        "would hide what the system",
    ),
    "a file over the folder of CAs": (
        {"spec.backend.files": [{"path": "/etc/appinstance", **REF}]},
        "would hide what the system",
    ),
    "a file over the resolver": (
        {"spec.backend.files": [{"path": "/etc/resolv.conf", **REF}]},
        "would hide what the system",
    ),
    "a file in the kernel's": (
        {"spec.backend.files": [{"path": "/proc/self/environ", **REF}]},
        "would hide what the system",
    ),
    "a file over a device": (
        {"spec.backend.files": [{"path": "/dev/null", **REF}]},
        "would hide what the system",
    ),
    "a file twice": (
        {"spec.backend.files": [{"path": "/app/a", **REF}, {"path": "/app/a", **REF}]},
        "Duplicate value",
    ),
    "a file in another": (
        {"spec.backend.files": [{"path": "/app/a", **REF}, {"path": "/app/a/b", **REF}]},
        "a file's path is a folder of another one",
    ),
    "a file that may be written": (
        {"spec.backend.files": [{"path": "/app/a", **REF, "mode": "0640"}]},
        'supported values: "0440", "0444", "0550", "0555"',
    ),
    "a file's mode as a number": (
        {"spec.backend.files": [{"path": "/app/a", **REF, "mode": 440}]},
        "spec.backend.files[0].mode",
    ),
    "a file of a wildcard": (
        {"spec.backend.files": [{"path": "/app/a", "remoteRef": {"key": "apps/*"}}]},
        "not an ARN or a wildcard",
    ),
    "a file of a page": (
        {"spec.frontend": {"image": "page:1", "files": []}},
        'unknown field "spec.frontend.files"',
    ),
    "a path that goes to a page that there is not": (
        {"spec.paths": [_to("/", "frontend"), _to("/api", "backend")]},
        "a path goes to the frontend, and the spec has none",
    ),
    "a host of which nothing goes to the backend": (
        {**PAGE, "spec.paths": [_to("/", "frontend")]},
        "nothing of the host goes to the backend",
    ),
    "a host of which nothing goes to the page": (
        {**PAGE, "spec.paths": [_to("/", "backend")]},
        "nothing of the host goes to the frontend",
    ),
    "a host of which nothing goes anywhere": (
        {"spec.paths": []},
        "should have at least 1 items",
    ),
    "a path twice": (
        {**PAGE, "spec.paths": [_to("/", "frontend"), _to("/", "backend")]},
        "Duplicate value",
    ),
    "a path within one that goes there": (
        {**PAGE, "spec.paths": [_to("/", "frontend"), _to("/x", "frontend"), _to("/y", "backend")]},
        "lies within another that goes to the same place",
    ),
    "a path deep within one that goes there": (
        {
            **PAGE,
            "spec.paths": [
                _to("/", "frontend"),
                _to("/a", "backend"),
                _to("/a/b", "frontend"),
                _to("/a/b/c/d", "frontend"),
            ],
        },
        "lies within another that goes to the same place",
    ),
    "a path with a wildcard": ({"spec.paths": [_to("/api/*", "backend")]}, "path must be / or"),
    "a path with a slash at its end": (
        {"spec.paths": [_to("/a/", "backend")]},
        "path must be / or",
    ),
    "a path with an empty part": ({"spec.paths": [_to("/a//b", "backend")]}, "path must be / or"),
    "a path with a query": ({"spec.paths": [_to("/a?b", "backend")]}, "path must be / or"),
    "a path upwards": ({"spec.paths": [_to("/a/../b", "backend")]}, "the parts . or .."),
    "a path without end": ({"spec.paths": [_to("/" + "a" * 125, "backend")]}, "Too long"),
    "a path to nowhere": (
        {"spec.paths": [_to("/", "worker")]},
        'supported values: "backend", "frontend"',
    ),
    "a rollout that replaces nothing": (
        {"spec.backend.strategy": {"maxSurge": 0}},
        "strategy lets no pod be replaced",
    ),
    "a rollout that takes both pods": (
        {"spec.backend.strategy": {"maxUnavailable": 2}},
        "strategy.maxUnavailable may be half of the pods at the most",
    ),
    "a rollout that takes the only pod": (
        {"spec.backend.strategy": {"maxSurge": 0, "maxUnavailable": 1}, "spec.backend.replicas": 1},
        "strategy.maxUnavailable may be half of the pods at the most",
    ),
    "a rollout that takes more than half of the least": (
        {
            "spec.backend.strategy": {"maxUnavailable": 2},
            "spec.backend.autoscaling": {"minReplicas": 3, "maxReplicas": 9},
        },
        "strategy.maxUnavailable may be half of the pods at the most",
    ),
    "a page's rollout that takes both pods": (
        {"spec.frontend": {"image": "page:1", "strategy": {"maxUnavailable": 2}}},
        "strategy.maxUnavailable may be half of the pods at the most",
    ),
    "a rollout by shares": (
        {"spec.backend.strategy": {"maxSurge": "25%"}},
        "must be of type integer",
    ),
    "a spread by another word": (
        {"spec.scheduling": {"topologySpread": "DoNotSchedule"}},
        'supported values: "Preferred", "Required"',
    ),
    "tolerations": (
        {"spec.scheduling": {"tolerations": []}},
        'unknown field "spec.scheduling.tolerations"',
    ),
    "a database of which nothing is said": (
        {"spec.database": {}},
        "database has neither credentials nor provision",
    ),
    "a database that is only not migrated": (
        {"spec.database": {"migrate": False}},
        "database has neither credentials nor provision",
    ),
    "media that are off and somewhere": (
        {"spec.media": {"enabled": False, "prefix": "default/shop/"}},
        "media is off; take out enabled",
    ),
    "media that are off with keys": (
        {"spec.media": {"enabled": False, "legacyCredentials": REF}},
        "media is off; take out enabled",
    ),
    "provision beside credentials": (
        {"spec.database.provision": True},
        "database.provision and database.credentials exclude each other",
    ),
    "rotation of an entry of one's own": (
        {"spec.database.rotate": "1"},
        "database.rotate is for a provisioned database",
    ),
    "rotation by a sentence": (
        {"spec.database": {"provision": True, "rotate": "now, please"}},
        "rotate must have letters, digits",
    ),
    "rotation by too long a word": (
        {"spec.database": {"provision": True, "rotate": "x" * 65}},
        "Too long",
    ),
    "key is an ARN": (
        {
            "spec.database.credentials.remoteRef.key": (
                "arn:aws:secretsmanager:eu-central-1:1:secret:x"
            )
        },
        "not an ARN or a wildcard",
    ),
    "key with wildcard": (
        {"spec.database.credentials.remoteRef.key": "apps/*"},
        "not an ARN or a wildcard",
    ),
    "prefix without slash": ({"spec.media": {"prefix": "shop"}}, "prefix must end with a slash"),
    "prefix with wildcard": ({"spec.media": {"prefix": "*/"}}, "prefix must end with a slash"),
    "prefix from the root": ({"spec.media": {"prefix": "/shop/"}}, "not start with one"),
    "prefix upwards": ({"spec.media": {"prefix": "shop/../"}}, "the parts . or .."),
    "bucket is an ARN": ({"spec.media": {"bucket": "arn:aws:s3:::x"}}, "the name of an S3 bucket"),
    "CloudFront's domain is a URL": (
        {"spec.media": {"cloudFront": {**CLOUD_FRONT, "domain": "https://d1.cloudfront.net"}}},
        "without https:// and path",
    ),
    "CloudFront's domain has a header in it": (
        {
            "spec.media": {
                "cloudFront": {**CLOUD_FRONT, "domain": "d1.cloudfront.net; script-src *"}
            }
        },
        "without https:// and path",
    ),
    "key pair is an ARN": (
        {
            "spec.media": {
                "cloudFront": {**CLOUD_FRONT, "keyPairId": "arn:aws:cloudfront::1:key/K2"}
            }
        },
        "the id of a CloudFront public key",
    ),
    "no private key": (
        {"spec.media": {"cloudFront": {**CLOUD_FRONT, "privateKey": None}}},
        "spec.media.cloudFront.privateKey",
    ),
    "not a role": (
        {"spec.identity": {"backendRoleArn": "arn:aws:iam::123456789012:user/x"}},
        "must be the ARN of an IAM role",
    ),
    "role beside legacy keys": (
        {"spec.identity": {"backendRoleArn": ROLE}, "spec.media": {"legacyCredentials": REF}},
        "exclude each other; keep the role",
    ),
    "everywhere": (
        {"spec.network": {"egress": [{"cidr": "0.0.0.0/0", "ports": [443]}]}},
        "opens everything",
    ),
    "host bits": (
        {"spec.network": {"egress": [{"cidr": "10.1.2.3/16", "ports": [443]}]}},
        "cidr has host bits set",
    ),
    "not a network": (
        {"spec.network": {"egress": [{"cidr": "example.com", "ports": [443]}]}},
        "cidr must be a network",
    ),
    "no ports": (
        {"spec.network": {"egress": [{"cidr": "10.0.0.0/16", "ports": []}]}},
        "should have at least 1 items",
    ),
    "every namespace": (
        {
            "spec.network": {
                "ingress": [
                    {
                        "namespaceSelector": {"matchLabels": {}},
                        "podSelector": {"matchLabels": {"a": "b"}},
                        "ports": [8000],
                    }
                ]
            }
        },
        "should have at least 1 properties",
    ),
    "deletion policy": ({"spec.deletionPolicy": "Keep"}, 'supported values: "Delete", "Retain"'),
    "long name": ({"metadata.name": "s" * 41}, "at most 40 characters"),
    "name with dot": ({"metadata.name": "shop.one"}, "must start with a letter"),
    "name from a digit": ({"metadata.name": "1shop"}, "must start with a letter"),
    "worker without a name": ({"spec.workers": [{"args": ["x"]}]}, "workers[0].name: Required"),
    "worker's name in capitals": (
        {"spec.workers": [{"name": "Mail", "args": ["x"]}]},
        "name must start with a letter",
    ),
    "worker's long name": (
        {"spec.workers": [{"name": "m" * 16, "args": ["x"]}]},
        "may not be more than 15",
    ),
    "worker twice": (
        {"spec.workers": [{"name": "mail", "args": ["x"]}, {"name": "mail", "args": ["y"]}]},
        "Duplicate value",
    ),
    "worker as the backend": ({"spec.workers": [{"name": "mail"}]}, "as the backend does"),
    "worker's image latest": (
        {"spec.workers": [{"name": "mail", "image": "mail:latest"}]},
        "must not be tagged latest",
    ),
    "worker without pods": (
        {"spec.workers": [{"name": "mail", "args": ["x"], "replicas": 0}]},
        "should be greater than or equal to 1",
    ),
    "worker's replicas beside autoscaling": (
        {
            "spec.workers": [
                {"name": "m", "args": ["x"], "replicas": 2, "autoscaling": {"maxReplicas": 3}}
            ]
        },
        "replicas and autoscaling exclude each other",
    ),
    "worker uses what is not there": (
        {"spec.workers": [{"name": "mail", "args": ["x"], "uses": ["cluster"]}]},
        'supported values: "database", "media", "egress"',
    ),
    "worker's unknown secret": (
        {"spec.workers": [{"name": "mail", "args": ["x"], "secrets": ["TOKEN"]}]},
        "a worker names a secret that spec.secrets does not have",
    ),
    "worker's variable twice": (
        {
            "spec.secrets": [{"name": "TOKEN", **REF}],
            "spec.workers": [
                {"name": "m", "args": ["x"], "secrets": ["TOKEN"], "env": [{"name": "TOKEN"}]}
            ],
        },
        "a variable stands in both secrets and env",
    ),
    "worker's variable of the platform": (
        {"spec.workers": [{"name": "mail", "args": ["x"], "env": [{"name": "DB_HOST"}]}]},
        "this variable is set by the platform",
    ),
    "worker with a port": (
        {"spec.workers": [{"name": "mail", "args": ["x"], "port": 8000}]},
        'unknown field "spec.workers[0].port"',
    ),
    "worker's metrics by a query": (
        {"spec.workers": [{"name": "mail", "args": ["x"], "metrics": {"path": "/m?x=1"}}]},
        "path must be a path such as /metrics",
    ),
    "worker's role without media": (
        {"spec.workers": [{"name": "mail", "args": ["x"], "uses": ["database"], "role": "Own"}]},
        "role is for what uses the media",
    ),
    "worker's role that there is not": (
        {"spec.workers": [{"name": "mail", "args": ["x"], "uses": ["media"], "role": "Admin"}]},
        'supported values: "Own", "ReadOnly"',
    ),
    "worker's role by an ARN": (
        {
            "spec.workers": [
                {
                    "name": "mail",
                    "args": ["x"],
                    "uses": ["media"],
                    "role": "arn:aws:iam::123456789012:role/admin",
                }
            ]
        },
        'supported values: "Own", "ReadOnly"',
    ),
    "worker with a role and the name of another's account": (
        {"spec.workers": [{"name": "backend", "args": ["x"], "uses": ["media"], "role": "Own"}]},
        "with a role, no word of the name may be backend",
    ),
    "job with a role and the name of another's account": (
        {
            "spec.jobs": [
                {
                    "name": "a-worker-b",
                    "schedule": "@daily",
                    "args": ["x"],
                    "uses": ["media"],
                    "role": "ReadOnly",
                }
            ]
        },
        "with a role, no word of the name may be backend",
    ),
    "job's role beside keys": (
        {
            "spec.media": {"legacyCredentials": REF},
            "spec.jobs": [
                {
                    "name": "j",
                    "schedule": "@daily",
                    "args": ["x"],
                    "uses": ["media"],
                    "role": "Own",
                }
            ],
        },
        "media.legacyCredentials are keys in place of roles",
    ),
    "job without a schedule": (
        {"spec.jobs": [{"name": "j", "args": ["x"]}]},
        "spec.jobs[0].schedule: Required",
    ),
    "job at minute 60": (
        {"spec.jobs": [{"name": "j", "args": ["x"], "schedule": "60 * * * *"}]},
        "schedule must be minute, hour, day of the month",
    ),
    "job with another clock in its schedule": (
        {"spec.jobs": [{"name": "j", "args": ["x"], "schedule": "TZ=UTC 0 2 * * *"}]},
        "schedule must be minute, hour, day of the month",
    ),
    "job by the machine's clock": (
        {"spec.jobs": [{"name": "j", "args": ["x"], "schedule": "@daily", "timeZone": "Local"}]},
        "timeZone must be a time zone such as",
    ),
    "job as the backend": (
        {"spec.jobs": [{"name": "j", "schedule": "@daily"}]},
        "as the backend does",
    ),
    "job's name too long with the instance's": (
        {
            "metadata.name": "s" * 30,
            "spec.jobs": [{"name": "j" * 18, "args": ["x"], "schedule": "@daily"}],
        },
        "may have 47 characters together",
    ),
    "job's name in capitals": (
        {"spec.jobs": [{"name": "Job", "args": ["x"], "schedule": "@daily"}]},
        "name must start with a letter",
    ),
    "job without history": (
        {
            "spec.jobs": [
                {"name": "j", "args": ["x"], "schedule": "@daily", "failedJobsHistoryLimit": 0}
            ]
        },
        "should be greater than or equal to 1",
    ),
    "job's unknown policy": (
        {
            "spec.jobs": [
                {"name": "j", "args": ["x"], "schedule": "@daily", "concurrencyPolicy": "Queue"}
            ]
        },
        'supported values: "Allow", "Forbid", "Replace"',
    ),
    "job's unknown secret": (
        {"spec.jobs": [{"name": "j", "args": ["x"], "schedule": "@daily", "secrets": ["TOKEN"]}]},
        "a job names a secret that spec.secrets does not have",
    ),
    "job with replicas": (
        {"spec.jobs": [{"name": "j", "args": ["x"], "schedule": "@daily", "replicas": 2}]},
        'unknown field "spec.jobs[0].replicas"',
    ),
    "job with a deadline of a second": (
        {
            "spec.jobs": [
                {"name": "j", "args": ["x"], "schedule": "@daily", "activeDeadlineSeconds": 1}
            ]
        },
        "should be greater than or equal to 10",
    ),
    "misspelt field": ({"spec.replicas": 2}, 'unknown field "spec.replicas"'),
}


def _changed(changes: dict[str, Any]) -> dict[str, Any]:
    body = copy.deepcopy(VALID)
    for path, value in changes.items():
        *parents, last = path.split(".")
        target = body
        for part in parents:
            target = target.setdefault(part, {})
        if value is None:
            target.pop(last, None)
        else:
            target[last] = value
    return body


def _apply(server: ApiServer, body: dict[str, Any]) -> str:
    """Return what the API server says against an object, asked as `kubectl` asks."""
    namespace = body["metadata"]["namespace"]
    told = administrator(server).create(namespace, body, dry=True, fieldValidation="Strict")
    return told.message


def test_the_base_of_all_cases_is_valid(apiserver: ApiServer) -> None:
    assert _apply(apiserver, VALID) == ""


@pytest.mark.parametrize("case", CASES, ids=str)
def test_refused_with_a_sentence(apiserver: ApiServer, case: str) -> None:
    changes, sentence = CASES[case]
    assert sentence in _apply(apiserver, _changed(changes))


def test_kubectl_shows_each_sentence(apiserver: ApiServer) -> None:
    """All in one call, for a process each takes its time."""
    bodies = "---\n".join(json.dumps(_changed(changes)) + "\n" for changes, _ in CASES.values())
    told = apiserver.kubectl("create", "--dry-run=server", "-f", "-", stdin=bodies, check=False)
    assert told.stdout == "", "nothing of it is taken"
    for sentence, count in Counter(sentence for _, sentence in CASES.values()).items():
        assert told.stderr.count(sentence) >= count, sentence


@pytest.mark.parametrize(
    "paths",
    [
        [_to("/", "frontend"), _to("/api", "backend"), _to("/api/docs", "frontend")],
        [_to("/", "frontend"), _to("/a", "backend"), _to("/a/b", "frontend")],
        [_to("/a", "frontend"), _to("/a/b", "backend"), _to("/a/b/c", "frontend")],
        [_to("/app", "frontend"), _to("/api", "backend"), _to("/apis", "backend")],
        [_to("/.well-known", "backend"), _to("/", "frontend")],
    ],
    ids=lambda paths: "".join(item["path"] for item in paths),
)  # fmt: skip
def test_paths_within_others_that_go_elsewhere_are_accepted(
    apiserver: ApiServer, paths: list[dict[str, str]]
) -> None:
    body = _changed({**PAGE, "spec.paths": paths})
    assert _apply(apiserver, body) == ""
    parse(body)


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_with_a_tag_or_a_digest_is_accepted(apiserver: ApiServer, image: str) -> None:
    assert _apply(apiserver, _changed({"spec.backend.image": image})) == ""
    parse(_changed({"spec.backend.image": image}))


def test_kubectl_explains_every_field(apiserver: ApiServer) -> None:
    told = apiserver.kubectl("explain", "appi", "--recursive").stdout
    assert "targetCPUUtilizationPercentage" in told
    for path, sentence in (
        ("spec.backend.resources.limits", "What a pod may take at the most"),
        ("spec.network.egress.cidr", "A network, by its own address"),
        ("spec.workers.uses", "What of the instance it works with"),
        ("spec.jobs.role", "As whom it goes to the media"),
        ("status.conditions.reason", "One word for why"),
    ):
        assert sentence in apiserver.kubectl("explain", f"appi.{path}").stdout


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_samples_are_valid(apiserver: ApiServer, sample: Path) -> None:
    namespace = yaml.safe_load(sample.read_text())["metadata"]["namespace"]
    apiserver.kubectl("create", "namespace", namespace, check=False)
    apiserver.kubectl("apply", "--dry-run=server", "-f", str(sample))


@pytest.mark.parametrize("case", sorted(GOLDEN.iterdir()), ids=lambda path: path.name)
def test_what_the_golden_files_render_is_accepted(apiserver: ApiServer, case: Path) -> None:
    for namespace in ("acme", "team"):
        administrator(apiserver).create_namespace(namespace)
    objects = [
        body
        for body in documents((case / "expected.yaml").read_text())
        if body["kind"] != "IAMRole"
    ]
    assert objects
    for body in objects:
        assert _apply(apiserver, body) == ""


@contextlib.contextmanager
def _held(server: ApiServer, name: str, **changes: Any) -> Iterator[Person]:
    """An instance that is there for a while, and who may change it."""
    admin = administrator(server)
    body = _changed({"metadata.name": name, **{f"spec.{k}": v for k, v in changes.items()}})
    created = admin.create("default", body, fieldValidation="Strict")
    assert created.status == 201, created.message
    try:
        yield admin
    finally:
        admin.delete("default", "AppInstance", name)


def test_a_database_that_was_made_cannot_be_left_out(apiserver: ApiServer) -> None:
    """It would stay behind, and nobody would know that it is there."""
    with _held(apiserver, "left", database={"provision": True}) as admin:
        change = [{"op": "remove", "path": "/spec/database"}]
        told = admin.patch("default", "AppInstance", "left", change, dry=True)
        assert told.status == 422
        assert "cannot be left out" in told.message


def test_a_database_of_an_entry_can_be_left_out_and_taken_up(apiserver: ApiServer) -> None:
    with _held(apiserver, "without") as admin:
        for change in (
            {"op": "remove", "path": "/spec/database"},
            {"op": "add", "path": "/spec/database", "value": {"provision": True}},
        ):
            told = admin.patch("default", "AppInstance", "without", [change])
            assert told.status == 200, told.message


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (VALID["spec"]["database"], {"provision": True}),
        ({"provision": True}, VALID["spec"]["database"]),
        ({**VALID["spec"]["database"], "provision": False}, {"provision": True}),
    ],
    ids=["to a provisioned one", "back", "from a spelled-out false"],
)
def test_a_change_of_who_makes_the_database_is_refused(
    apiserver: ApiServer, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """Nothing would move the data, and the app would serve an empty database."""
    with _held(apiserver, "moved", database=before) as admin:
        change = [{"op": "replace", "path": "/spec/database", "value": after}]
        told = admin.patch("default", "AppInstance", "moved", change, dry=True)
        assert told.status == 422
        assert "database.provision cannot be changed" in told.message
        same = [{"op": "replace", "path": "/spec/suspend", "value": True}]
        told = admin.patch("default", "AppInstance", "moved", same, dry=True)
        assert told.status == 200, told.message
