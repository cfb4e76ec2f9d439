"""How much memory the cache takes for so many instances, and how long a look at one takes.

    PYTHONPATH=tests python -m bench.memory 1000 5000

Each number is measured in a process of its own, which has loaded what the operator loads. The
instances are synthetic: what the API server would send for each object of the largest golden case,
with who owns which field, and the statuses that controllers write.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from support.golden_settings import golden_instance, golden_settings
from support.operator_world import GOLDEN

from appinstance_operator.api.spec import parse
from appinstance_operator.desired.plan import plan
from appinstance_operator.kube.cache import DATA_HASH, Cache
from appinstance_operator.kube.comparison import with_hash

Body = dict[str, Any]
CASE = GOLDEN.with_name("everything")
LOADED = ("appinstance_operator.runtime.operator", "kubernetes.client")
_NOW = "2026-01-01T00:00:00Z"
_LOOKS = 300


def _fields(value: object) -> Any:
    """Return what `managedFields` says of who set a value."""
    if isinstance(value, Mapping):
        return {f"f:{key}": _fields(item) for key, item in value.items()}
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        named = {json.dumps({"name": item.get("name", number)}): item
                 for number, item in enumerate(value)}  # fmt: skip
        return {f"k:{key}": {".": {}, **_fields(item)} for key, item in named.items()}
    return {}


def _status(kind: str) -> Body | None:
    condition = {"status": "True", "lastTransitionTime": _NOW, "lastUpdateTime": _NOW,
                 "reason": "MinimumReplicasAvailable", "message": "it has its pods"}  # fmt: skip
    conditions = [{**condition, "type": name} for name in ("Available", "Progressing")]
    if kind == "Deployment":
        return {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2,
                "readyReplicas": 2, "availableReplicas": 2, "conditions": conditions}  # fmt: skip
    if kind in {"Job", "ExternalSecret", "SecretStore", "HorizontalPodAutoscaler"}:
        return {"conditions": conditions, "refreshTime": _NOW, "syncedResourceVersion": "1-x"}
    if kind == "Ingress":
        return {"loadBalancer": {"ingress": [{"hostname": "k8s-x.elb.amazonaws.com"}]}}
    return None


def _sent(manifest: Body, version: int) -> Body:
    """Return an object as the API server sends it."""
    meta = {
        **manifest["metadata"],
        "uid": str(uuid.UUID(int=random.getrandbits(128))),
        "resourceVersion": str(version),
        "generation": 1,
        "creationTimestamp": _NOW,
        "managedFields": [
            {"manager": "appinstance-operator", "operation": "Apply", "time": _NOW,
             "apiVersion": manifest["apiVersion"], "fieldsType": "FieldsV1",
             "fieldsV1": _fields({key: value for key, value in manifest.items()
                                  if key not in {"apiVersion", "kind"}})},
        ],
    }  # fmt: skip
    status = _status(manifest["kind"])
    return {**manifest, "metadata": meta, **({"status": status} if status else {})}


def bodies(count: int) -> Iterator[tuple[bytes, list[bytes]]]:
    """Yield so many instances, each with what it owns, as bytes like those of a watch."""
    settings = golden_settings(CASE)
    golden = golden_instance(CASE)
    instance = {**golden, "metadata": {**golden["metadata"], "uid": "UID", "name": "NAME"}}
    objects = [with_hash(item) for item in plan(parse(instance), settings).objects]
    secrets = [
        {"apiVersion": "v1", "kind": "Secret",
         "metadata": {**item["metadata"], "annotations": {DATA_HASH: "x" * 56}}}
        for item in objects if item["kind"] == "ExternalSecret"
    ]  # fmt: skip
    version = 1000
    status = {"observedGeneration": 1, "conditions": [
        {"type": kind, "status": "True", "reason": "Applied", "observedGeneration": 1,
         "lastTransitionTime": _NOW, "message": "everything is closed but what the spec opens"}
        for kind in ("Ready", "NetworkPoliciesApplied", "CloudAccessReady", "SecretsReady",
                     "MigrationsApplied", "WorkloadsAvailable", "IngressReady")
    ], "inventory": [f"{item['kind']}/{item['metadata']['name']}" for item in objects]}  # fmt: skip
    for number in range(count):
        name, uid = f"shop-{number:05}", str(uuid.UUID(int=random.getrandbits(128)))
        sent = []
        for body in ({**instance, "status": status}, *objects, *secrets):
            version += 1
            text = json.dumps(_sent(body, version))
            sent.append(text.replace("NAME", name).replace("UID", uid).encode())
        yield sent[0], sent[1:]


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def measure(count: int) -> dict[str, float]:
    """Return the figures of one process."""
    for name in LOADED:
        __import__(name)
    gc.collect()
    before, cache, started, spent = _resident(), Cache(), time.process_time(), 0.0
    objects = size = 0
    for instance, children in bodies(count):
        objects += len(children)
        size += sum(map(len, children))
        started = time.process_time()
        cache.put_instance(msgspec.json.decode(instance))
        for body in children:
            cache.put_child(msgspec.json.decode(body))
        spent += time.process_time() - started
    gc.collect()
    after = _resident()
    keys = random.sample(cache.keys(), min(_LOOKS, count))
    started = time.process_time()
    for key in keys:
        list(cache.children(key).values())
    look = (time.process_time() - started) / len(keys)
    started = time.process_time()
    for key in keys:
        cache.instance(key)
    one = (time.process_time() - started) / len(keys)
    return {
        "instances": count,
        "objects each": objects / count,
        "KiB each as sent": size / count / 1024,
        "MiB before": before,
        "MiB resident": after,
        "KiB each kept": (after - before) * 1024 / count,
        "µs to take in one object": spent / (objects + count) * 1e6,
        "µs for children(), all decoded": look * 1e6,
        "µs for instance()": one * 1e6,
    }


def main() -> None:
    """Print the figures of each number of instances."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("counts", type=int, nargs="+")
    options.add_argument("--here", action="store_true")
    chosen = options.parse_args()
    if chosen.here:
        sys.stdout.write(json.dumps(measure(chosen.counts[0])))
        return
    rows = []
    for count in chosen.counts:
        command = [sys.executable, "-m", "bench.memory", "--here", str(count)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        rows.append(json.loads(done.stdout))
    for name in rows[0]:
        sys.stdout.write(f"{name:32}" + "".join(f"{row[name]:12.1f}" for row in rows) + "\n")


if __name__ == "__main__":
    main()
