"""What the tests on the cluster share: kubectl, instances, probes from inside pods, the edge."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import yaml
from support import waiting

from appinstance_local.errors import LocalError
from appinstance_local.paths import binary, kubeconfig
from appinstance_local.platform import aws, demo, install, seed
from appinstance_local.shell import run

T = TypeVar("T")

WAIT_SECONDS = 300.0
PATIENTLY = f"--timeout={WAIT_SECONDS:.0f}s"
RETIRED: dict[str, str] = {}
"""Values of entries that a test has had removed, for test_secrets_stay_secret."""
BACKEND_IMAGE = "appinstance/backend:dev"


SYSTEM, RELEASE = "appinstance-system", "appinstance-operator"
# What kubectl says where the API server, its store or the kubelet gave no answer: nothing about
# what was asked for.
_UNHEARD = (
    "was refused - did you specify the right host or port",
    "TLS handshake timeout",
    "error dialing backend",
    "etcdserver: ",
)


def is_unheard(said: str) -> bool:
    """Return whether kubectl says that its request got no answer, so that it is made again."""
    return any(words in said for words in _UNHEARD)


def _heard(words: Sequence[str], ask: Callable[[], T | None]) -> T:
    return waiting.wait_for(f"an answer to `kubectl {' '.join(words[:4])}`", ask, pause=1.0)


def kubectl(*words: str, stdin: str | None = None) -> str:
    """Run kubectl and return what it prints; LocalError when it fails."""

    def asked() -> tuple[str] | None:
        try:
            return (install.kubectl(*words, stdin=stdin),)
        except LocalError as error:
            if is_unheard(str(error)):
                return None
            raise

    return _heard(words, asked)[0]


def helm(*words: str) -> str:
    """Run Helm and return what it prints; LocalError, with what it said, when it fails."""
    return run([binary("helm"), "--kubeconfig", kubeconfig(), *words])


def roles(containing: str = "") -> list[str]:
    """Return the names of the IAM roles that the operator made and that contain a text."""
    found = aws.client("iam").list_roles(PathPrefix="/appinstances/")["Roles"]
    return [item["RoleName"] for item in found if containing in item["RoleName"]]


def get(namespace: str, kind: str, name: str) -> dict[str, Any] | None:
    """Return one object, None when it is not there."""
    told = kubectl("-n", namespace, "get", kind, name, "-o", "json", "--ignore-not-found")
    return json.loads(told) if told.strip() else None


def names(namespace: str, kind: str, selector: str = "") -> list[str]:
    """Return the names of the objects of a kind."""
    words = ["-n", namespace, "get", kind, "-o", "jsonpath={.items[*].metadata.name}"]
    return kubectl(*words, *(["-l", selector] if selector else [])).split()


def wait_for(what: str, look: Callable[[], T | None], seconds: float = WAIT_SECONDS) -> T:
    """Wait as the other suites do, for longer, and past a failed kubectl or a silent edge."""
    passing = (LocalError, httpx.TransportError)
    return waiting.wait_for(what, look, seconds, pause=0.3, passing=passing)


def wait_until_not_ending(kind: str, name: str) -> None:
    """Wait for the end of a cluster-wide object that is being deleted; else there is none."""
    words = ("get", kind, name, "--ignore-not-found", "-o")
    wait_for(
        f"the end of {kind} {name}",
        lambda: not kubectl(*words, "jsonpath={.metadata.deletionTimestamp}"),
    )


def ensure_namespace(name: str) -> None:
    """Make a namespace, after the end of one that an earlier run left to its end."""
    wait_until_not_ending("namespace", name)
    demo.ensure_namespace(name)


def manifest(namespace: str, name: str, **spec: Any) -> dict[str, Any]:
    """Return an AppInstance like the sample, with parts of the spec replaced."""
    base = f"apps/{namespace}/{name}"
    secret = {
        "name": "APP_SECRET_KEY",
        "remoteRef": {"key": f"{base}/app", "property": "secretKey"},
    }
    made: dict[str, Any] = {
        "host": f"{name}.apps.localhost",
        "backend": {"image": BACKEND_IMAGE, "replicas": 1},
        "database": {"credentials": {"remoteRef": {"key": f"{base}/database"}}},
        "secrets": [secret],
        **spec,
    }
    return {
        "apiVersion": "platform.appinstance.io/v1alpha1",
        "kind": "AppInstance",
        "metadata": {"name": name, "namespace": namespace},
        "spec": made,
    }


def create(namespace: str, name: str, **spec: Any) -> None:
    """Make what an instance needs of its platform, and apply it."""
    ensure_namespace(namespace)
    if spec.get("database", {}).get("provision"):
        seed.seed_app(namespace, name)
    else:
        seed.seed_instance(namespace, name)
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(manifest(namespace, name, **spec)))


def condition(namespace: str, name: str, kind: str) -> dict[str, Any]:
    """Return a condition of an instance, empty when there is none of that type."""
    body = get(namespace, "appi", name) or {}
    for item in body.get("status", {}).get("conditions", []):
        if item["type"] == kind:
            return dict(item)
    return {}


def wait_until_ready(namespace: str, name: str) -> None:
    """Wait as a user would: with kubectl, on the condition."""
    kubectl(
        "-n", namespace, "wait", "--for=condition=Ready", f"appi/{name}",
        PATIENTLY,
    )  # fmt: skip


def pod(namespace: str, component: str, instance: str) -> str:
    """Return the name of the newest pod of a component, once all of them are ready.

    While pods are being replaced one of them is not; then an older one may go at any moment.
    """
    selector = f"app.kubernetes.io/instance={instance},app.kubernetes.io/component={component}"

    def look() -> str | None:
        told = json.loads(kubectl("-n", namespace, "get", "pods", "-l", selector, "-o", "json"))
        there = [
            item
            for item in told["items"]
            if "deletionTimestamp" not in item["metadata"]
            and item["status"]["phase"] not in {"Succeeded", "Failed"}
        ]
        if not there or not all(map(_is_ready, there)):
            return None
        newest = max(there, key=lambda item: str(item["metadata"]["creationTimestamp"]))
        return str(newest["metadata"]["name"])

    return wait_for(f"a ready {component} pod of {namespace}/{instance}", look)


def _is_ready(body: dict[str, Any]) -> bool:
    found = {item["type"]: item["status"] for item in body["status"].get("conditions", [])}
    return found.get("Ready") == "True"


def pod_ip(namespace: str, name: str) -> str:
    """Return a pod's address."""
    return kubectl("-n", namespace, "get", "pod", name, "-o", "jsonpath={.status.podIP}")


def run_in(namespace: str, name: str, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a pod and return how it went."""
    return _run_kubectl(kubeconfig(), "-n", namespace, "exec", name, "--", *command)


def _run_kubectl(
    who: Path, *words: str, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    def asked() -> subprocess.CompletedProcess[str] | None:
        done = subprocess.run(
            [str(binary("kubectl")), "--kubeconfig", str(who), *words],
            input=stdin, capture_output=True, text=True, check=False, timeout=WAIT_SECONDS,
        )  # fmt: skip
        return None if done.returncode and is_unheard(done.stderr) else done

    return _heard(words, asked)


def python_in(namespace: str, name: str, program: str) -> Any:
    """Run Python in a backend pod; it prints one JSON document, which is returned."""
    answer = run_in(namespace, name, "python3", "-c", program)
    assert answer.returncode == 0, answer.stderr[-2000:]
    return json.loads(answer.stdout)


@contextmanager
def migration_of(namespace: str) -> Iterator[str]:
    """Make a pod like a migration's, under its labels and its account, that waits to be asked."""

    def look() -> dict[str, Any] | None:
        words = ("get", "jobs", "-l", "app.kubernetes.io/component=migrate", "-o", "json")
        found = json.loads(kubectl("-n", namespace, *words))["items"]
        return dict(found[0]["spec"]["template"]) if found else None

    template = wait_for(f"a migration of {namespace}", look)
    container: dict[str, Any] = dict(template["spec"]["containers"][0])
    container.pop("args", None)
    container["command"] = ["sleep", "infinity"]
    # What ties a pod to the Job; without it nobody counts or collects this one.
    ours = {
        key: value
        for key, value in template["metadata"]["labels"].items()
        if "job" not in key and "controller" not in key
    }
    # Another one each time: nobody waits for the end of the one before.
    name = f"like-the-migration-{secrets.token_hex(3)}"
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": ours},
        "spec": {
            **template["spec"], "containers": [container], "terminationGracePeriodSeconds": 0,
        },
    }  # fmt: skip
    kubectl("apply", "-f", "-", stdin=json.dumps(body))
    try:
        kubectl("-n", namespace, "wait", "--for=condition=Ready", f"pod/{name}", PATIENTLY)
        yield name
    finally:
        kubectl("-n", namespace, "delete", "pod", name, "--wait=false")


def scale_operator(replicas: int) -> None:
    """Let the operator have so many pods, and wait until it has."""
    kubectl("-n", SYSTEM, "scale", f"deployment/{RELEASE}", f"--replicas={replicas}")
    kubectl("-n", SYSTEM, "rollout", "status", f"deployment/{RELEASE}", PATIENTLY)
    if replicas == 0:
        of_it = f"app.kubernetes.io/name={RELEASE}"
        wait_for("the operator's pods to end", lambda: not names(SYSTEM, "pods", of_it))


def editor_of(namespace: str, account: str, folder: Path) -> Path:
    """Make a service account that may edit a namespace, and return the kubeconfig that it has.

    Its token is all that it has: the administrator's certificate is not in the file.
    """
    for manifest_ in (
        {"kind": "ServiceAccount", "apiVersion": "v1"},
        {
            "kind": "RoleBinding",
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit",
            },
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
        },
    ):  # fmt: skip
        body = {**manifest_, "metadata": {"name": account, "namespace": namespace}}
        kubectl("apply", "-f", "-", stdin=json.dumps(body))
    config = json.loads(kubectl("config", "view", "--raw", "--minify", "-o", "json"))
    token = kubectl("-n", namespace, "create", "token", account, "--duration=2h").strip()
    config["users"] = [{"name": config["users"][0]["name"], "user": {"token": token}}]
    path = folder / f"{namespace}-{account}"
    path.touch(mode=0o600)
    path.write_text(json.dumps(config))
    may = ("-n", namespace, "auth", "can-i", "create", "appinstances.platform.appinstance.io")
    wait_for("the editor's rights", lambda: kubectl_as(path, *may)[0])
    return path


def kubectl_as(who: Path, *words: str, stdin: str | None = None) -> tuple[bool, str]:
    """Run kubectl with a kubeconfig; return whether it succeeded, and all that it said."""
    done = _run_kubectl(who, *words, stdin=stdin)
    return done.returncode == 0, done.stdout + done.stderr


def url(name: str) -> str:
    """Return the address of an instance's page from this host."""
    return f"https://{name}.apps.localhost:8443"


LISTENS = 8080
STRANGER = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "stranger", "namespace": "stranger", "labels": {"app": "stranger"}},
    "spec": {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 0,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": "shell",
                "image": BACKEND_IMAGE,
                "imagePullPolicy": "IfNotPresent",
                "command": ["python3", "-m", "http.server", str(LISTENS), "-d", "/usr/share"],
                "readinessProbe": {"tcpSocket": {"port": LISTENS}, "periodSeconds": 1},
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                },
            }
        ],
    },
}
