"""One size: create side by side with the baseline, count, change, touch, weigh, start again."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx
import yaml
from operator_world import GOLDEN, wait_for

from appinstance_operator.kube import APPINSTANCE, BY_KIND, CHILDREN, Kind, Kube, with_hash
from appinstance_operator.names import MANAGED_BY
from appinstance_operator.plan import plan
from appinstance_operator.resource import parse
from appinstance_operator.run import WORKERS
from appinstance_operator.settings import load_settings

from .audit import by_kind, window
from .stage import Stage
from .standins import watch

Body = dict[str, Any]
BLOCKS = 4
CHANGED = 50
IDLE_SECONDS = 20
_PATIENCE_SECONDS = 900.0
_NAMESPACE = Kind("v1", "Namespace", "namespaces")
# The server made its certificate itself; a warning at each request would cost the operator alone.
QUIETLY = {"PYTHONWARNINGS": "ignore"}
CHILD_RESOURCES = frozenset(kind.plural for kind in CHILDREN)


@dataclass
class Creation:
    """What creating took, block by block."""

    raw_seconds: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    """Until the last child object was there."""
    ready_seconds: list[float] = field(default_factory=list)
    """Until the operator's last write: all are Ready."""
    raw_cpu: Counter[str] = field(default_factory=Counter)
    cpu: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    standins: int = 0
    aws: float = 0


@dataclass
class Result:
    """All figures of one size."""

    instances: int
    objects: int
    """Child objects of one instance."""
    creation: Creation
    changes: dict[str, dict[str, float]]
    """What was changed → requests of one instance (a mean)."""
    quiet: dict[str, int]
    """What happened → requests of all instances together."""
    rss: dict[str, float]
    """When → MiB."""
    restart_seconds: float
    restart: Counter[str]
    restart_aws: Counter[str]


def instance(number: int) -> Body:
    """Return the ten-line AppInstance of the golden files, in a namespace of its own."""
    body: Body = yaml.safe_load((GOLDEN / "appinstance.yaml").read_text())
    name = f"tenant-{number:04}"
    body["metadata"] = {"name": "acme", "namespace": name}
    body["spec"]["host"] = f"{name}.apps.localhost"
    return body


class Readiness(threading.Thread):
    """Watches which instances are Ready for the spec that they have."""

    def __init__(self, kube: Kube) -> None:
        super().__init__(daemon=True)
        self._kube = kube
        self.ready: dict[str, bool] = {}

    def run(self) -> None:
        """Follow the instances for ever."""
        for body in watch(self._kube, APPINSTANCE):
            meta, conditions = body["metadata"], body.get("status", {}).get("conditions") or ()
            self.ready[meta["namespace"]] = any(
                item["type"] == "Ready"
                and item["status"] == "True"
                and item["observedGeneration"] == meta["generation"]
                for item in conditions
            )

    def wait(self, count: int) -> None:
        """Wait until so many instances are Ready and none is not."""
        wait_for(
            f"{count} instances to be Ready",
            lambda: len(self.ready) == count and all(list(self.ready.values())),
            _PATIENCE_SECONDS,
        )


class Size:
    """The measurement of one size on a stage whose operator has been started."""

    def __init__(self, stage: Stage, count: int) -> None:
        self._stage = stage
        self._count = count
        self._settings = load_settings(stage.world.settings())
        self._readiness = Readiness(stage.admin)
        self._rss = {"without instances": stage.rss_mib()}

    def measure(self) -> Result:
        """Run all phases."""
        self._namespaces()
        self._readiness.start()
        creation = self._create()
        self._rss["settled"] = self._stage.rss_mib()
        changes = {
            "backend image": self._change({"backend": {"image": "appinstance/backend:two"}}),
            "frontend image": self._change({"frontend": {"image": "appinstance/frontend:two"}}),
            "replicas": self._change({"backend": {"replicas": 3}}),
        }
        quiet = self._quiet()
        self._rss["highest"] = self._stage.rss_mib(peak=True)
        seconds, requests, aws = self._restart()
        self._rss["after a restart"] = self._stage.rss_mib()
        objects = sum(count for kind, count in creation.requests.items() if _creates_a_child(kind))
        return Result(
            self._count, objects // self._count, creation, changes, quiet, self._rss,
            seconds, requests, aws,
        )  # fmt: skip

    def _namespaces(self) -> None:
        def make(name: str) -> None:
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            self._stage.admin._send("create", _NAMESPACE, "POST", "/api/v1/namespaces", body=body)

        numbers = range(self._count)
        _side_by_side(make, [f"{who}-{n:04}" for n in numbers for who in ("tenant", "raw")])
        self._stage.wait_quiet()

    # Creation, against the baseline

    def _create(self) -> Creation:
        """Create in blocks, each beside a block of the baseline; which is first alternates."""
        made = Creation()
        aws = self._aws()
        size = -(-self._count // BLOCKS)
        for block, start in enumerate(range(0, self._count, size)):
            numbers = range(start, min(start + size, self._count))
            turns: list[Callable[[range, Creation], None]] = [self._raw_block, self._block]
            for turn in turns if block % 2 == 0 else reversed(turns):
                turn(numbers, made)
        made.aws = sum((self._aws() - aws).values())
        return made

    def _raw_block(self, numbers: range, made: Creation) -> None:
        sets = [self._raw_objects(number) for number in numbers]
        before = self._cpu()

        def apply_all(objects: list[Body]) -> None:
            for item in objects:
                self._stage.raw.apply(item)

        _side_by_side(apply_all, sets)
        made.raw_cpu += self._cpu() - before
        seen = self._stage.wait_quiet()
        made.raw_seconds.append(window(item for item in seen if item.user == "raw"))

    def _raw_objects(self, number: int) -> list[Body]:
        """Return what the operator applies for an instance, as somebody else's in `raw-…`.

        The label by which operator and stand-ins know theirs has another value of the same length;
        the owner is one that does not exist, which only a garbage collector would mind.
        """
        body = instance(number)
        body["metadata"] |= {"namespace": f"raw-{number:04}", "uid": "0" * 36, "generation": 1}
        objects = [with_hash(item) for item in plan(parse(body), self._settings).objects]
        text = json.dumps(objects)
        made: list[Body] = json.loads(text)
        for item in made:
            labels = item["metadata"]["labels"]
            labels[MANAGED_BY] = "x" * len(labels[MANAGED_BY])
        return made

    def _block(self, numbers: range, made: Creation) -> None:
        before = self._cpu()
        _side_by_side(
            lambda number: self._stage.admin.create(APPINSTANCE, instance(number)), numbers
        )
        self._readiness.wait(numbers.stop)
        made.cpu += self._cpu() - before
        seen = self._stage.wait_quiet()
        begun = [item for item in seen if item.resource == "appinstances" and item.created]
        ours = [item for item in seen if item.user == "operator"]
        children = [item for item in ours if _creates_a_child(item.kind)]
        made.seconds.append(window([*begun, *children]))
        made.ready_seconds.append(window([*begun, *ours]))
        made.requests += by_kind(seen, "operator")
        made.standins += sum(by_kind(seen, "standins").values())

    # What comes after

    def _change(self, spec: Body) -> dict[str, float]:
        """Change some instances at once; return the operator's requests per instance."""
        numbers = range(min(CHANGED, self._count))
        _side_by_side(lambda number: self._patch(number, {"spec": spec}), numbers)
        time.sleep(0.5)
        self._readiness.wait(self._count)
        return mean(by_kind(self._stage.wait_quiet(), "operator"), len(numbers))

    def _quiet(self) -> dict[str, int]:
        """Return how many requests come of what needs none."""
        label = {"metadata": {"labels": {"team": "theirs"}}}
        numbers = range(self._count)
        deployment = BY_KIND["Deployment"]

        def touch_child(number: int) -> None:
            self._patch(number, label, deployment, "acme-backend")

        return {
            "each instance labelled by somebody": self._woken(
                lambda: _side_by_side(lambda number: self._patch(number, label), numbers)
            ),
            "a child of each labelled by somebody": self._woken(
                lambda: _side_by_side(touch_child, numbers)
            ),
            f"{IDLE_SECONDS} s without any event": self._count_during(
                lambda: time.sleep(IDLE_SECONDS)
            ),
        }

    def _woken(self, act: Callable[[], None]) -> int:
        total = "controller_runtime_reconcile_total"
        before = self._stage.world.metric(total)

        def act_and_wait() -> None:
            act()
            wait_for(
                "a look at each instance",
                lambda: self._stage.world.metric(total) >= before + self._count,
                _PATIENCE_SECONDS,
            )

        return self._count_during(act_and_wait)

    def _count_during(self, act: Callable[[], None]) -> int:
        aws = self._aws()
        act()
        kubernetes = by_kind(self._stage.wait_quiet(), "operator")
        return sum(kubernetes.values()) + sum((self._aws() - aws).values())

    def _restart(self) -> tuple[float, Counter[str], Counter[str]]:
        """Kill and start the operator; return seconds until all are settled, and its requests."""
        world = self._stage.world
        world.stop()
        self._stage.wait_quiet()
        start = time.time()
        world.start(**QUIETLY)
        while self._settled() < self._count:
            time.sleep(1)  # not oftener: telling of 500 instances takes the operator a moment
        end = world.metric("appinstance_last_reconcile_timestamp_seconds")
        return end - start, by_kind(self._stage.wait_quiet(), "operator"), self._aws()

    # Small things

    def _settled(self) -> int:
        page = httpx.get(f"http://127.0.0.1:{self._stage.world.port}/metrics", timeout=30).text
        ready = (line for line in page.splitlines() if 'status="True",type="Ready"' in line)
        return sum(line.endswith(" 1.0") for line in ready)

    def _patch(
        self, number: int, patch: Body, kind: Kind = APPINSTANCE, name: str = "acme"
    ) -> None:
        """Merge-patch as somebody else than the operator."""
        admin = self._stage.admin
        admin._send(
            "patch", kind, "PATCH", admin._path(kind, f"tenant-{number:04}", name),
            {"fieldManager": "somebody"}, patch, "application/merge-patch+json",
        )  # fmt: skip

    def _cpu(self) -> Counter[str]:
        return Counter(self._stage.cpu_seconds())

    def _aws(self) -> Counter[str]:
        counted = self._stage.world.requests().items()
        return Counter({key: int(value) for key, value in counted if 'target="aws"' in key})


def _creates_a_child(kind: str) -> bool:
    verb, _, resource = kind.partition(" ")
    return verb == "create" and resource in CHILD_RESOURCES


def mean(counted: Counter[str], count: int) -> dict[str, float]:
    """Return the counts for one of so many."""
    return {kind: number / count for kind, number in counted.items()}


def _side_by_side(work: Callable[[Any], object], items: Iterable[Any]) -> None:
    """Do the work on all items with as many threads as the operator has."""
    with ThreadPoolExecutor(WORKERS) as pool:
        for _ in pool.map(work, items):
            pass
