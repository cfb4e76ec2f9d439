"""What leads the pods of the local cluster to AWS's stand-in on the host, and what EKS has besides.

A pod in the subnet of the endpoints passes on what comes to AWS's names; pods of marked namespaces
trust its certificate. All of it is taken away again.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from e2e.support import PATIENTLY, kubectl, wait_for

from appinstance_local.platform import install, tls

_TRUST = "appinstance-e2e/trusts-the-stand-in"
_SGP = Path(__file__).resolve().parents[1] / "support" / "securitygrouppolicies.crd.yaml"

_FORWARD = """
import asyncio, sys
async def pipe(source, sink):
    try:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    finally:
        sink.close()
async def serve(reader, writer):
    there, back = await asyncio.open_connection(sys.argv[1], int(sys.argv[2]))
    await asyncio.gather(pipe(reader, back), pipe(there, writer), return_exceptions=True)
async def main():
    server = await asyncio.start_server(serve, "0.0.0.0", 443)
    await server.serve_forever()
asyncio.run(main())
"""


def _endpoint_objects(address: str, port: int) -> list[dict[str, Any]]:
    labels = {"app.kubernetes.io/name": "endpoints"}
    where = {"namespace": "aws", "name": "endpoints"}
    container = {
        "name": "forward",
        "image": "docker.io/motoserver/moto:5.2.5",
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-c", _FORWARD, address, str(port)],
        "readinessProbe": {"tcpSocket": {"port": 443}, "periodSeconds": 1},
        "resources": {"limits": {"memory": "128Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }  # fmt: skip
    pod = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {**where, "labels": labels},
        "spec": {
            "automountServiceAccountToken": False, "terminationGracePeriodSeconds": 0,
            "securityContext": {
                "runAsNonRoot": True, "runAsUser": 10001,
                "seccompProfile": {"type": "RuntimeDefault"},
                "sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}],
            },
            "containers": [container],
        },
    }  # fmt: skip
    service = {
        "apiVersion": "v1", "kind": "Service", "metadata": where,
        "spec": {"selector": labels, "ports": [{"port": 443}]},
    }  # fmt: skip
    policy = {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": where,
        "spec": {
            "podSelector": {"matchLabels": labels},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"ports": [{"protocol": "TCP", "port": 443}]}],
            "egress": [
                {
                    "to": [{"ipBlock": {"cidr": f"{address}/32"}}],
                    "ports": [{"protocol": "TCP", "port": port}],
                }
            ],
        },
    }  # fmt: skip
    return [pod, service, policy]


def _edge_and_groups() -> list[dict[str, Any]]:
    """Return what EKS has and kind has not: the load balancers' class, and groups of pods."""
    edge = {
        "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "alb"},
        "spec": {"controller": "traefik.io/ingress-controller"},
    }  # fmt: skip
    return [edge, *yaml.safe_load_all(_SGP.read_text())]


def _trust_objects() -> list[dict[str, Any]]:
    """Return what makes the pods of marked namespaces trust the stand-in's certificate.

    Nothing of the product says so: with AWS's own certificate no pod needs it.
    """
    rules = [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}]
    change = """Object{spec: Object.spec{
      volumes: [Object.spec.volumes{name: "stand-in-ca",
        configMap: Object.spec.volumes.configMap{name: "stand-in-ca"}}],
      containers: object.spec.containers.map(c, Object.spec.containers{name: c.name,
        env: [Object.spec.containers.env{name: "AWS_CA_BUNDLE", value: "/stand-in-ca/ca.crt"},
              Object.spec.containers.env{name: "SSL_CERT_FILE", value: "/stand-in-ca/ca.crt"}],
        volumeMounts: [Object.spec.containers.volumeMounts{name: "stand-in-ca",
          mountPath: "/stand-in-ca", readOnly: true}]})}}"""
    api = "admissionregistration.k8s.io/v1"
    policy = {
        "apiVersion": api, "kind": "MutatingAdmissionPolicy", "metadata": {"name": "stand-in-ca"},
        "spec": {
            "matchConstraints": {"resourceRules": [{**rules[0], "operations": ["CREATE"]}]},
            "reinvocationPolicy": "Never", "failurePolicy": "Fail",
            "mutations": [
                {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": change}}
            ],
        },
    }  # fmt: skip
    binding = {
        "apiVersion": api, "kind": "MutatingAdmissionPolicyBinding",
        "metadata": {"name": "stand-in-ca"},
        "spec": {
            "policyName": "stand-in-ca",
            "matchResources": {"namespaceSelector": {"matchLabels": {_TRUST: "yes"}}},
        },
    }  # fmt: skip
    return [policy, binding]


# What the "restricted" level lets pass.
_ASKING = {
    "automountServiceAccountToken": False,
    "securityContext": {
        "runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"},
    },
    "containers": [
        {
            "name": "asks", "image": "nobody/nothing",
            "securityContext": {
                "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]},
            },
        }
    ],
}  # fmt: skip


def trusting(namespace: str) -> None:
    """Let pods of a namespace that are made from now on trust the stand-in.

    The API server takes up a policy and a label within a second or two, so it is asked what it
    would make of a pod: one that is made too early would never trust it.
    """
    body = {
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "stand-in-ca", "namespace": namespace},
        "data": {"ca.crt": tls.authority().certificate.decode()},
    }  # fmt: skip
    install.apply(json.dumps(body))
    kubectl("label", "--overwrite", "namespace", namespace, f"{_TRUST}=yes")
    asked = {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "asks-for-trust", "namespace": namespace}, "spec": _ASKING,
    }  # fmt: skip
    words = ("create", "--dry-run=server", "-o", "json", "-f", "-")
    wait_for(
        f"pods of {namespace} to trust the stand-in",
        lambda: "stand-in-ca" in kubectl(*words, stdin=json.dumps(asked)),
    )


def _distrusting(namespace: str) -> None:
    kubectl("label", "namespace", namespace, f"{_TRUST}-")
    kubectl("-n", namespace, "delete", "configmap", "stand-in-ca", "--ignore-not-found")


@contextlib.contextmanager
def led_to(address: str, port: int) -> Iterator[None]:
    """Put into the cluster what leads pods to the stand-in; takes all of it away again."""
    objects = [*_endpoint_objects(address, port), *_edge_and_groups(), *_trust_objects()]
    text = yaml.safe_dump_all(objects)
    eso = ("-n", "external-secrets")
    try:
        install.apply(text)
        kubectl("-n", "aws", "wait", "--for=condition=Ready", "pod/endpoints", PATIENTLY)
        for namespace in ("external-secrets", "appinstance-system"):
            trusting(namespace)
        # From the local stand-in's address to AWS's own names.
        kubectl(
            *eso, "set", "env", "deployment/external-secrets",
            "AWS_SECRETSMANAGER_ENDPOINT-", "AWS_STS_ENDPOINT-",
        )  # fmt: skip
        install.wait_for_rollouts(["external-secrets deployment/external-secrets"])
        yield
    finally:
        for namespace in ("external-secrets", "appinstance-system"):
            _distrusting(namespace)
        kubectl("delete", "--ignore-not-found", "-f", "-", stdin=text)
        install.apply((install.MANIFESTS / "external-secrets" / "controller.yaml").read_text())
        install.wait_for_rollouts(["external-secrets deployment/external-secrets"])
