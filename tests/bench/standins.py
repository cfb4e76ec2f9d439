"""Stand-ins for the controllers that a control plane without nodes lacks, in their own process.

External Secrets (a Secret per ExternalSecret), the Job and the Deployment controller and a load
balancer's: each looks at what its watch brings and writes the status that the real one would write
in the end, at once, whoever applied the object.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import urllib3
from kubernetes import client, config

from appinstance_operator.kube.cache import DATA_HASH
from appinstance_operator.kube.client import ApiError, Kube, path_of
from appinstance_operator.kube.credentials import access_by
from appinstance_operator.kube.kinds import BY_KIND, SECRET, Kind

Body = dict[str, Any]
_WORKERS = 4
_WATCH_SECONDS = 3000
KNOWN_BY = "app.kubernetes.io/part-of"
"""The label by which they know what to answer: also on objects that are not the operator's."""
_NOW = "2026-01-01T00:00:00Z"
_READY = {
    "type": "Ready",
    "status": "True",
    "reason": "Valid",
    "message": "",
}


def kube_for(kubeconfig: Path) -> Kube:
    """Return the operator's own client under another kubeconfig."""
    urllib3.disable_warnings()  # the server made its certificate itself a moment ago
    found = client.Configuration()
    config.load_kube_config(str(kubeconfig), client_configuration=found)
    return Kube(access=access_by(found))


def watch(kube: Kube, kind: Kind, selector: str = "") -> Iterator[Body]:
    """Yield objects as they are and as they become, for ever."""
    while True:
        try:
            told = kube.list(kind, selector)
            yield from told["items"] or ()
            yield from _changed(kube, kind, selector, told["metadata"]["resourceVersion"])
        except (ApiError, urllib3.exceptions.HTTPError):
            time.sleep(0.5)  # then all over again, as every informer


def _changed(kube: Kube, kind: Kind, selector: str, version: str) -> Iterator[Body]:
    """Yield what changes after a version, until the server ends the watch."""
    events = kube.watch(kind, selector, version, _WATCH_SECONDS)
    yield from (event["object"] for event in events if event["type"] in {"ADDED", "MODIFIED"})


def _condition(body: Mapping[str, Any], kind: str) -> bool:
    conditions = body.get("status", {}).get("conditions") or ()
    return any(item["type"] == kind and item["status"] == "True" for item in conditions)


def store(_kube: Kube, body: Body) -> Body | None:
    """Return a SecretStore's status, None when it has it."""
    return None if _condition(body, "Ready") else {"conditions": [_READY]}


def external_secret(kube: Kube, body: Body) -> Body | None:
    """Make the Secret and return the status, None when this generation is synced."""
    meta = body["metadata"]
    version = f"{meta['generation']}-x"
    if body.get("status", {}).get("syncedResourceVersion") == version:
        return None
    template = body["spec"]["target"]["template"]["metadata"]
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": meta["name"],
            "namespace": meta["namespace"],
            "labels": template["labels"],
            "annotations": {DATA_HASH: "one"},
        },
        "stringData": {"password": "planted-value"},
    }
    kube._send(
        "patch", SECRET, "PATCH", path_of(SECRET, meta["namespace"], meta["name"]),
        {"fieldManager": "standins", "force": "true"}, secret, "application/apply-patch+yaml",
    )  # fmt: skip
    return {"conditions": [_READY], "syncedResourceVersion": version}


def job(_kube: Kube, body: Body) -> Body | None:
    """Return the status of a Job that succeeded, None when it has."""
    if _condition(body, "Complete") or body["metadata"].get("deletionTimestamp"):
        return None
    kinds = ("SuccessCriteriaMet", "Complete")
    conditions = [
        {"type": kind, "status": "True", "reason": "CompletionsReached", "lastTransitionTime": _NOW}
        for kind in kinds
    ]
    return {"startTime": _NOW, "completionTime": _NOW, "succeeded": 1, "conditions": conditions}


def deployment(_kube: Kube, body: Body) -> Body | None:
    """Return the status of a finished rollout, None when this generation is rolled out."""
    count, generation = body["spec"]["replicas"], body["metadata"]["generation"]
    held = body.get("status", {})
    if held.get("observedGeneration") == generation and held.get("availableReplicas") == count:
        return None
    counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    return {"observedGeneration": generation, **dict.fromkeys(counts, count)}


def ingress(_kube: Kube, body: Body) -> Body | None:
    """Return the status of an Ingress with an address, None when it has one."""
    if body.get("status", {}).get("loadBalancer", {}).get("ingress"):
        return None
    return {"loadBalancer": {"ingress": [{"hostname": "lb.example.com"}]}}


Answer = Callable[[Kube, Body], Body | None]
ANSWERS: Mapping[str, Answer] = {
    "SecretStore": store,
    "ExternalSecret": external_secret,
    "Job": job,
    "Deployment": deployment,
    "Ingress": ingress,
}


def _answer(kube: Kube, kind: Kind, answer: Answer, body: Body) -> None:
    status = answer(kube, body)
    if status is not None:
        meta = body["metadata"]
        kube.merge(kind, meta["namespace"], meta["name"], {"status": status}, sub="status")


def _play(kube: Kube, name: str, pool: ThreadPoolExecutor) -> None:
    for body in watch(kube, BY_KIND[name], f"{KNOWN_BY}=appinstance-platform"):
        pool.submit(_answer, kube, BY_KIND[name], ANSWERS[name], body).add_done_callback(_tell)


def _tell(done: Any) -> None:
    if done.exception():
        sys.stderr.write(f"{done.exception()}\n")


def main() -> None:
    """Play all of them until killed. Argument: a kubeconfig."""
    kube = kube_for(Path(sys.argv[1]))
    with ThreadPoolExecutor(_WORKERS) as pool:
        threads = [threading.Thread(target=_play, args=(kube, name, pool)) for name in ANSWERS]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main()
