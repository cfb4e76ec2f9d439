"""What a hostile editor of `evil` makes past the operator, each beside the allowed case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from support.people import manifest

_HOST = (
    "is under the platform's domains, whose hosts the operator alone gives out; make an "
    "AppInstance with it, or take a host elsewhere"
)
_ALB = "alb.ingress.kubernetes.io"
_DNS = "external-dns.alpha.kubernetes.io/hostname"
# external-dns v0.22 and later reads this one.
_NEWER_DNS = "external-dns.kubernetes.io/hostname"
_NLB = "service.beta.kubernetes.io/aws-load-balancer"
_ROLE = "eks.amazonaws.com/role-arn"
_CERTIFICATE = (
    "arn:aws:acm:eu-central-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
)
# As the load balancer controller finds it without another word: an ARN of anybody's target group.
_TARGETS = (
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/k8s-acme/0123456789abcdef"
)


@dataclass(frozen=True)
class Attempt:
    """An object, the sentence that it meets, and an object of the same shape that is allowed."""

    body: Mapping[str, Any]
    sentence: str
    allowed: Mapping[str, Any]


def _backend(port: int = 80) -> dict[str, Any]:
    return {"service": {"name": "shop", "port": {"number": port}}}


def ingress(
    host: str | None = "shop.evil.example.org",
    class_name: str | None = "nginx",
    annotations: Mapping[str, str] | None = None,
    **spec: Any,
) -> dict[str, Any]:
    """Return an Ingress of a tenant's own, honest unless told otherwise."""
    path = {"path": "/", "pathType": "Prefix", "backend": _backend()}
    rule: dict[str, Any] = {"http": {"paths": [path]}}
    if host is not None:
        rule["host"] = host
    spec = {"rules": [rule], **spec}
    if class_name is not None:
        spec["ingressClassName"] = class_name
    return manifest("Ingress", "own", annotations=annotations, spec=spec)


def _hosts(body: Mapping[str, Any], host: str, allowed: Mapping[str, Any]) -> Attempt:
    return Attempt(body, f"host {host} {_HOST}", allowed)


def _acting(name: str, value: str) -> Attempt:
    return Attempt(
        ingress(annotations={f"{_ALB}/{name}": value}),
        f"annotation {_ALB}/{name} acts on load balancers, which are the platform's; remove it",
        ingress(annotations={f"nginx.ingress.kubernetes.io/{name}": value}),
    )


def service(
    type_: str = "LoadBalancer", annotations: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return a Service of a tenant's own."""
    spec = {"type": type_, "ports": [{"port": 80}], "selector": {"app": "own"}}
    return manifest("Service", "own", annotations=annotations, spec=spec)


def _balanced(name: str, value: str) -> Attempt:
    return Attempt(
        service(annotations={f"{_NLB}-{name}": value}),
        f"annotation {_NLB}-{name} acts on load balancers, which are the platform's; remove it, "
        "and reach the app by its AppInstance",
        service(type_="ClusterIP", annotations={f"{_NLB}-{name}": value}),
    )


def _account(role: str) -> Attempt:
    return Attempt(
        manifest("ServiceAccount", "own", annotations={_ROLE: role}),
        f"role {role} is the operator's, which gives it to accounts of its own; remove the "
        f"annotation {_ROLE}, or name a role of yours",
        manifest(
            "ServiceAccount", "own",
            annotations={_ROLE: "arn:aws:iam::123456789012:role/tenants/evil.app"},
        ),
    )  # fmt: skip


def store(auth: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a SecretStore for AWS."""
    aws: dict[str, Any] = {"service": "SecretsManager", "region": "eu-central-1"}
    if auth is not None:
        aws["auth"] = auth
    return manifest("SecretStore", "own", spec={"provider": {"aws": aws}})


def _login(namespace: str | None = None, name: str = "shop-secrets") -> dict[str, Any]:
    reference = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"jwt": {"serviceAccountRef": reference}}


def _keys(namespace: str | None = None) -> dict[str, Any]:
    reference = {"name": "aws", "key": "id", **({"namespace": namespace} if namespace else {})}
    return {"secretRef": {"accessKeyIDSecretRef": reference, "secretAccessKeySecretRef": reference}}


def _stores(auth: Mapping[str, Any] | None, sentence: str) -> Attempt:
    return Attempt(store(auth), sentence, store(_login()))


_BORROWED = (
    "would use the External Secrets controller's own role; set auth.jwt.serviceAccountRef to a "
    "service account of this namespace"
)
_NO_AUTH = f"without auth, SecretStore own {_BORROWED}"


def _generator(kind: str) -> Attempt:
    spec = {"region": "eu-central-1"}
    return Attempt(
        manifest(kind, "own", spec=spec),
        f"without auth, {kind} own {_BORROWED}",
        manifest(kind, "own", spec={**spec, "auth": _login()}),
    )


def _external(**spec: Any) -> dict[str, Any]:
    return manifest("ExternalSecret", "own", spec={"refreshInterval": "1h", **spec})


def _own_store(kind: str) -> dict[str, Any]:
    return {"secretStoreRef": {"kind": kind, "name": "shop"}}


def _datum(source: Mapping[str, Any] | None = None) -> dict[str, Any]:
    datum: dict[str, Any] = {"secretKey": "a", "remoteRef": {"key": "apps/evil/a"}}
    return {**datum, "sourceRef": source} if source else datum


def _wide(kind: str) -> str:
    return f"names a {kind}, whose rights are not this namespace's; name a SecretStore of this"


def _push(kind: str) -> dict[str, Any]:
    spec = {
        "secretStoreRefs": [{"kind": kind, "name": "shop"}],
        "selector": {"secret": {"name": "own"}},
        "data": [{"match": {"secretKey": "a", "remoteRef": {"remoteKey": "apps/acme/acme/app"}}}],
    }
    return manifest("PushSecret", "own", spec=spec)


_SELECTOR = {"podSelector": {"matchLabels": {"app": "own"}}}
ATTEMPTS: Mapping[str, Attempt] = {
    "an ingress with another's host": _hosts(
        ingress("acme.apps.example.com"), "acme.apps.example.com", ingress()
    ),
    "an ingress with a host nobody has yet": _hosts(
        ingress("next.apps.example.com"), "next.apps.example.com", ingress()
    ),
    "an ingress with a wildcard of the domain": _hosts(
        ingress("*.apps.example.com"), "*.apps.example.com", ingress("*.evil.example.org")
    ),
    "an ingress with a wildcard above the domain": _hosts(
        ingress("*.example.com"), "*.example.com", ingress("*.example.test")
    ),
    "an ingress with the domain itself": _hosts(
        ingress("apps.example.com"), "apps.example.com", ingress("example.com")
    ),
    "an ingress with a host of a partner's domain": _hosts(
        ingress("x.partner.example.org"), "x.partner.example.org", ingress("partners.example.org")
    ),
    "an ingress with TLS for another's host": _hosts(
        ingress(tls=[{"hosts": ["a.example.org", "acme.apps.example.com"]}]),
        "acme.apps.example.com",
        ingress(tls=[{"hosts": ["a.example.org", "b.example.org"]}]),
    ),
    "an ingress with a DNS record for another's host": _hosts(
        ingress(annotations={_DNS: "a.example.org, Acme.apps.example.com"}),
        "acme.apps.example.com",
        ingress(annotations={_DNS: "a.example.org, b.example.org"}),
    ),
    "an ingress with a newer DNS record for another's host": _hosts(
        ingress(annotations={_DNS: "b.example.org", _NEWER_DNS: "Acme.apps.example.com"}),
        "acme.apps.example.com",
        ingress(annotations={_NEWER_DNS: "a.example.org, b.example.org"}),
    ),
    "an ingress of the platform's class": Attempt(
        ingress(class_name="alb"),
        "Ingresses of class alb are the operator's alone; make an AppInstance, or name another",
        ingress(),
    ),
    "an ingress of the platform's class by annotation": Attempt(
        ingress(class_name=None, annotations={"kubernetes.io/ingress.class": "alb"}),
        "Ingresses of class alb are the operator's alone",
        ingress(class_name=None, annotations={"kubernetes.io/ingress.class": "nginx"}),
    ),
    "an ingress that catches everything": Attempt(
        ingress(None, "alb", defaultBackend=_backend(), rules=[]),
        "Ingresses of class alb are the operator's alone",
        ingress(None, "nginx", defaultBackend=_backend(), rules=[]),
    ),
    "an ingress without a class": Attempt(
        ingress(class_name=None),
        "spec.ingressClassName is missing, and the platform's controller may take an Ingress "
        "without one; name a class other than alb",
        ingress(),
    ),
    "an ingress in another's group": _acting("group.name", "acme"),
    "an ingress with another web ACL": _acting("wafv2-acl-arn", "none"),
    "an ingress with the platform's certificate": _acting("certificate-arn", _CERTIFICATE),
    "an ingress with the database's group": _acting("security-groups", "sg-0bac0000"),
    "an ingress with a rule for another's host": _acting(
        "conditions.own", '[{"field":"host-header","hostHeaderConfig":{"values":["*"]}}]'
    ),
    "a balancer with the platform's certificate": _balanced("ssl-cert", _CERTIFICATE),
    "a balancer with the database's group": _balanced("security-groups", "sg-0bac0000"),
    "a balancer that is open to all": _balanced("scheme", "internet-facing"),
    "a service with a DNS record for another's host": _hosts(
        service("ClusterIP", {_DNS: "acme.apps.example.com"}),
        "acme.apps.example.com",
        service("ClusterIP", {_DNS: "acme.example.org"}),
    ),
    "a service with a newer DNS record for another's host": _hosts(
        service("ClusterIP", {_NEWER_DNS: "acme.apps.example.com"}),
        "acme.apps.example.com",
        service("ClusterIP", {_NEWER_DNS: "acme.example.org"}),
    ),
    "security groups for own pods": Attempt(
        manifest(
            "SecurityGroupPolicy", "own",
            spec={**_SELECTOR, "securityGroups": {"groupIds": ["sg-0bac0000"]}},
        ),
        "SecurityGroupPolicies put pods into security groups and are the operator's alone",
        manifest("NetworkPolicy", "own", spec=_SELECTOR),
    ),
    "own pods behind another's load balancer": Attempt(
        manifest(
            "TargetGroupBinding", "own",
            spec={"targetGroupARN": _TARGETS, "serviceRef": {"name": "own", "port": 80}},
        ),
        "TargetGroupBindings put pods behind a load balancer of anybody's and are its "
        "controller's alone",
        service("ClusterIP"),
    ),
    "an account with another's role": _account(
        "arn:aws:iam::123456789012:role/appinstances/appi-acme-acme-0123-backend"
    ),
    "an account with the operator's role": _account(
        "arn:aws:iam::123456789012:role/platform/appinstance-operator"
    ),
    "a store without auth": _stores(None, _NO_AUTH),
    "a store with an empty auth": _stores({}, _NO_AUTH),
    "a store with an empty login": _stores({"jwt": {}}, _NO_AUTH),
    "a store with another's account": _stores(
        _login("acme", "acme-secrets"),
        "SecretStore own logs in with what belongs to namespace acme; name a service account",
    ),
    "a store with another's keys": Attempt(
        store(_keys("acme")),
        "SecretStore own logs in with what belongs to namespace acme",
        store(_keys()),
    ),
    "a token of the controller's role": _generator("STSSessionToken"),
    "the registry by the controller's role": _generator("ECRAuthorizationToken"),
    "a secret from the cluster's store": Attempt(
        _external(**_own_store("ClusterSecretStore"), data=[_datum()]),
        _wide("ClusterSecretStore"),
        _external(**_own_store("SecretStore"), data=[_datum()]),
    ),
    "one entry from the cluster's store": Attempt(
        _external(
            **_own_store("SecretStore"),
            data=[_datum({"storeRef": {"kind": "ClusterSecretStore", "name": "all"}})],
        ),
        _wide("ClusterSecretStore"),
        _external(data=[_datum({"storeRef": {"kind": "SecretStore", "name": "shop"}})]),
    ),
    "all entries from the cluster's store": Attempt(
        _external(
            dataFrom=[
                {
                    "find": {"name": {"regexp": ".*"}},
                    "sourceRef": {"storeRef": {"kind": "ClusterSecretStore", "name": "all"}},
                }
            ]
        ),
        _wide("ClusterSecretStore"),
        _external(
            dataFrom=[
                {
                    "find": {"name": {"regexp": ".*"}},
                    "sourceRef": {"storeRef": {"kind": "SecretStore", "name": "shop"}},
                }
            ]
        ),
    ),
    "a generator of the cluster's": Attempt(
        _external(
            dataFrom=[{"sourceRef": {"generatorRef": {"kind": "ClusterGenerator", "name": "sts"}}}]
        ),
        _wide("ClusterGenerator"),
        _external(
            dataFrom=[{"sourceRef": {"generatorRef": {"kind": "STSSessionToken", "name": "sts"}}}]
        ),
    ),
    "writing into the cluster's store": Attempt(
        _push("ClusterSecretStore"), _wide("ClusterSecretStore"), _push("SecretStore")
    ),
}  # fmt: skip
