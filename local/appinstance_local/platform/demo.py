"""`make demo`: from nothing to a running AppInstance that answers over HTTPS."""

from __future__ import annotations

import json
import ssl
import time
from pathlib import Path
from typing import Any

import httpx

from appinstance_local import engine
from appinstance_local.errors import LocalError
from appinstance_local.paths import REPO, binary, kubeconfig
from appinstance_local.progress import say, step
from appinstance_local.shell import run

from . import app_images, cluster, install, seed, tls

CHART = REPO / "charts" / "appinstance-operator"
SAMPLE = REPO / "manifests" / "samples" / "minimal.yaml"
NAMESPACE, NAME = "acme", "acme"
URL = "https://acme.apps.localhost:8443"
_READY_SECONDS = 300
_EDGE_SECONDS = 180
# The API without a session, and the page.
_API = {"/api/v1/users/me": 401}
_PAGE = {"/": 200}


def _api_server_cidrs() -> list[str]:
    """Return the addresses of the API server: the Service's, and the one behind it."""
    service = install.kubectl("get", "service", "kubernetes", "-o", "jsonpath={.spec.clusterIP}")
    slices = install.kubectl(
        "get", "endpointslices", "-l", "kubernetes.io/service-name=kubernetes",
        "-o", "jsonpath={.items[*].endpoints[*].addresses[*]}",
    )  # fmt: skip
    return [f"{address}/32" for address in [service, *slices.split()]]


def install_operator() -> None:
    """Install or upgrade the operator's chart with the local values."""
    with step("install the operator (helm)"):
        cidrs = ",".join(_api_server_cidrs())
        run(
            [
                binary("helm"), "upgrade", "--install", "appinstance-operator", CHART,
                "--kubeconfig", kubeconfig(), "--namespace", "appinstance-system",
                "--values", seed.VALUES,
                "--set-file", f"settings.database.caBundle={_ca_file()}",
                "--set", f"networkPolicy.apiServer.cidrs={{{cidrs}}}",
                "--set-string", rf"podAnnotations.platform\.appinstance\.io/image={_image_id()}",
                "--wait", "--timeout", "300s",
            ]
        )  # fmt: skip


def _image_id() -> str:
    """Return what the operator's image holds: with its tag alone, the pods of an older one stay."""
    name = app_images.IMAGES["operator"]
    return engine.ensure().docker("image", "inspect", "--format", "{{.Id}}", name).strip()


def _ca_file() -> Path:
    tls.authority()
    return tls.ca_path()


def ensure_namespace(name: str) -> None:
    """Make a namespace that enforces the "restricted" pod security level."""
    install.apply(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {
                    "name": name,
                    "labels": {"pod-security.kubernetes.io/enforce": "restricted"},
                },
            }
        )
    )


def _conditions(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {item["type"]: item for item in body.get("status", {}).get("conditions", [])}


def wait_until_ready(namespace: str, name: str, seconds: float = _READY_SECONDS) -> None:
    """Wait for Ready, saying each change of a condition once."""
    told: dict[str, tuple[str, str]] = {}
    deadline = time.monotonic() + seconds
    while True:
        body = json.loads(install.kubectl("-n", namespace, "get", "appi", name, "-o", "json"))
        conditions = _conditions(body)
        for kind, item in conditions.items():
            now = (item["status"], item["reason"])
            if told.get(kind) != now:
                told[kind] = now
                say(f"  {kind}={item['status']} {item['reason']}: {item['message']}")
        ready = conditions.get("Ready", {})
        current = body.get("status", {}).get("observedGeneration") == body["metadata"]["generation"]
        if ready.get("status") == "True" and current:
            return
        if time.monotonic() > deadline:
            raise LocalError(
                f"{namespace}/{name} is not ready: {ready.get('message', 'no status')}"
            )
        time.sleep(0.5)


def through_edge(name: str, path: str, client: httpx.Client | None = None) -> httpx.Response:
    """GET a path of an instance through the edge, under our own CA.

    By address, as not every resolver knows that names under `localhost` are this machine.
    """
    host = f"{name}.{install.DOMAIN}"
    context = ssl.create_default_context(cafile=str(tls.ca_path()))
    with httpx.Client(verify=context, timeout=30) as fresh:
        return (client or fresh).get(
            f"https://127.0.0.1:8443{path}",
            headers={"Host": f"{host}:8443"},
            extensions={"sni_hostname": host},
        )


def _answer(name: str, path: str) -> int | str:
    """Return the status that the edge answers with, or why it gives none."""
    try:
        return through_edge(name, path).status_code
    except httpx.TransportError as error:
        return str(error)


def wait_until_served(name: str, seconds: float = _EDGE_SECONDS, *, page: bool = True) -> None:
    """Wait until the API (and the page) answer: the edge takes up new pods a moment after us.

    Raises LocalError with what it answered instead.
    """
    due = _API | _PAGE if page else _API
    deadline = time.monotonic() + seconds
    while True:
        told = {path: _answer(name, path) for path in due}
        if told == due:
            return
        if time.monotonic() > deadline:
            raise LocalError(f"the edge answers {told} for {name} where {due} is due")
        time.sleep(0.2)


def prepare() -> None:
    """Bring up the cluster with the platform and the operator from this checkout."""
    docker = engine.ensure()
    mode = cluster.create(docker)
    install.bring_up(mode)
    cluster.load_images(docker, app_images.build(docker, mode))
    _migrate_anew()
    install_operator()


def _migrate_anew() -> None:
    """Let migrations run once more: the tag of an image stays while what is in it changes, so one
    that has run says nothing of the image that was just loaded.
    """
    labels = "app.kubernetes.io/managed-by=appinstance-operator,app.kubernetes.io/component=migrate"
    install.kubectl("delete", "jobs", "-A", "-l", labels)


def refuse_instances() -> None:
    """Raise LocalError where there are AppInstances: the way without AWS takes their operator away.

    Said before it begins, and not after minutes of it.
    """
    columns = "custom-columns=:metadata.namespace,:metadata.name"
    found = install.kubectl("get", "appi", "-A", "--no-headers", "-o", columns).splitlines()
    if found:
        names = ", ".join("/".join(line.split()) for line in found)
        raise LocalError(
            f"there are AppInstances on the local cluster ({names}), whose operator this would "
            "take away: kubectl delete appinstances.platform.appinstance.io -A --all, and start "
            "again"
        )


def refuse_given_database(namespace: str, name: str) -> None:
    """Raise LocalError where an instance of an earlier checkout has a database given to it.

    The API server would refuse the change, and its entry is not ours to take away.
    """
    path = "jsonpath={.spec.database.credentials.remoteRef.key}"
    words = ("-n", namespace, "get", "appi", name, "--ignore-not-found", "-o", path)
    if install.kubectl(*words).strip():
        raise LocalError(
            f"AppInstance {namespace}/{name} is of an earlier checkout and has a database that was "
            "given to it; now the platform makes one: "
            f"kubectl -n {namespace} delete appi {name}, and start again"
        )


def run_sample() -> None:
    """Apply the ten-line sample and wait until it serves."""
    ensure_namespace(NAMESPACE)
    refuse_given_database(NAMESPACE, NAME)
    with step("make the team's secret"):
        seed.seed_app(NAMESPACE, NAME)
    with step(f"kubectl apply -f {SAMPLE.relative_to(REPO)}"):
        install.kubectl("apply", "-f", SAMPLE)
        wait_until_ready(NAMESPACE, NAME)
        wait_until_served(NAME)


def demo() -> None:
    """Do all of it and say what to try next."""
    prepare()
    run_sample()
    print(
        f"""
{install.kubectl("-n", NAMESPACE, "get", "appi")}
The app runs at {URL} (the certificate is signed by {tls.ca_path()}).

Try next, after  eval "$(make env)"
  kubectl get appi -A -o wide
  kubectl -n {NAMESPACE} describe appi {NAME}
  kubectl -n {NAMESPACE} delete deployment {NAME}-backend    # and see it come back
  make cluster-down                                  # take everything away
"""
    )
