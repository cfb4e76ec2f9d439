"""The tables, as Markdown: printed, and kept in docs/performance.md with the machine's size."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version

from appinstance_local import versions
from appinstance_operator.run import WORKERS

from . import phases
from .phases import Creation, Result

Line = tuple[str, Callable[[Result], str]]
"""A row's name, and what it says of a result."""

_READING = f"""\
A control plane without nodes (etcd and kube-apiserver as processes) and moto for IAM; the
controllers that would answer are played by one process, which makes the Secrets and writes the
statuses at once. Each instance is the ten-line one of the golden files, in a namespace of its own.
**Baseline**: the same objects, ready-made, applied server-side by the operator's own client with as
many threads ({WORKERS}) in other namespaces, in {phases.BLOCKS} blocks that alternate with the
operator's blocks. The baseline does nothing else, while the operator's time also holds what lies
between its objects: IAM, finalizer, status and events, and the answers of the stand-ins, all on the
same cores. So the ratio is a lower bound, and it is the figure to compare between machines and
versions; rates and seconds are this machine's alone. Requests are counted by the API server's audit
log (watches excluded), those to IAM by the operator's own metric. A change's are means over up to
{phases.CHANGED} instances changed at once, and may be fractions: two answers that come while an
instance is being looked at make one status.
"""


def machine(load: float) -> str:
    """Return the machine's size and the versions, without names or paths."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    beside = (
        "nothing else ran beside"
        if load < 0.5
        else f"other work ran beside (load {load:.1f} before the start)"
    )
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB; {beside}. Python {platform.python_version()}, "
        f"kopf {version('kopf')}, kube-apiserver {versions.version('k8s.io/kubernetes')}, "
        f"etcd {versions.version('go.etcd.io/etcd/server/v3')}, moto {version('moto')}."
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _ratios(creation: Creation) -> list[float]:
    pairs = zip(creation.raw_seconds, creation.seconds, strict=True)
    return [raw / ours for raw, ours in pairs]


def _one_of(result: Result, counted: Mapping[str, float]) -> float:
    return sum(counted.values()) / result.instances


def _changed(what: str) -> Line:
    return (
        f"requests per changed {what}",
        lambda result: f"{sum(result.changes[what].values()):.1f}",
    )


def _untouched(event: str) -> Line:
    return f"requests: {event}", lambda result: f"**{result.quiet[event]}**"


def _memory(when: str) -> Line:
    return f"operator's memory {when}, MiB", lambda result: f"{result.rss[when]:.0f}"


def _main_table(results: Sequence[Result]) -> str:
    def rate(result: Result, seconds: Sequence[float]) -> float:
        return result.instances * result.objects / sum(seconds)

    def spread(result: Result) -> str:
        ratios = _ratios(result.creation)
        whole = sum(result.creation.raw_seconds) / sum(result.creation.seconds)
        return f"**{whole:.2f}** ({min(ratios):.2f} to {max(ratios):.2f})"

    lines: list[Line] = [
        ("child objects per instance", lambda r: f"{r.objects}"),
        ("baseline, objects/s", lambda r: f"{rate(r, r.creation.raw_seconds):.0f}"),
        ("operator, objects/s", lambda r: f"{rate(r, r.creation.seconds):.0f}"),
        ("**ratio** (blocks: least to most)", spread),
        ("instances Ready/s", lambda r: f"{r.instances / sum(r.creation.ready_seconds):.1f}"),
        ("requests per create", lambda r: f"{_one_of(r, r.creation.requests):.1f}"),
        ("… and to IAM", lambda r: f"{r.creation.aws / r.instances:.1f}"),
    ]
    lines += [_changed(change) for change in results[0].changes]
    lines += [_untouched(event) for event in results[0].quiet]
    lines += [_memory(when) for when in results[0].rss]
    lines += [
        ("restart until all are settled, s", lambda r: f"{r.restart_seconds:.1f}"),
        ("… writes", lambda r: f"**{writes(r.restart, r.restart_aws)}**"),
        ("… reads of Kubernetes / of IAM", lambda r: _reads(r)),
    ]
    head = ["", *[f"{result.instances} instances" for result in results]]
    return _table(head, [[name, *map(tell, results)] for name, tell in lines])


def writes(kubernetes: Counter[str], aws: Counter[str]) -> int:
    """Return how many of the requests may have changed something."""
    ours = sum(count for kind, count in kubernetes.items() if not _reads_only(kind))
    theirs = sum(count for labels, count in aws.items() if not _reads_only(labels))
    return ours + theirs


def _reads_only(kind: str) -> bool:
    return kind.startswith(("get ", "list ")) or 'verb="get' in kind or 'verb="list' in kind


def _reads(result: Result) -> str:
    aws = sum(count for labels, count in result.restart_aws.items() if _reads_only(labels))
    kubernetes = sum(count for kind, count in result.restart.items() if _reads_only(kind))
    return f"{kubernetes} / {aws}"


def _requests_table(result: Result) -> str:
    columns = {"create": phases.mean(result.creation.requests, result.instances), **result.changes}
    kinds = sorted({_short(kind) for counted in columns.values() for kind in counted})
    rows = []
    for kind in kinds:
        counts = [
            sum(count for name, count in counted.items() if _short(name) == kind)
            for counted in columns.values()
        ]
        rows.append([kind, *[f"{count:.1f}" if count else "" for count in counts]])
    return _table(["requests of one instance", *columns], rows)


def _short(kind: str) -> str:
    """Return a request's kind, child objects taken together."""
    verb, _, resource = kind.partition(" ")
    return f"{verb} child objects" if resource in phases.CHILD_RESOURCES else kind


def _cpu_table(results: Sequence[Result]) -> str:
    head = ["processor time, ms per instance"]
    for result in results:
        head += [f"baseline, {result.instances}", f"operator, {result.instances}"]
    columns = [
        {name: seconds * 1e3 / result.instances for name, seconds in counted.items()}
        for result in results
        for counted in (result.creation.raw_cpu, result.creation.cpu)
    ]
    names = sorted(columns[-1], key=lambda name: -columns[-1][name])
    rows = [[name, *[f"{column.get(name, 0):.0f}" for column in columns]] for name in names]
    return _table(head, rows)


def _thinking_table(thought: dict[str, tuple[float, float]]) -> str:
    rows = [[name, f"{ms:.2f}", f"{ratio:.2f}"] for name, (ms, ratio) in thought.items()]
    return _table(["one instance with everything", "ms", "ratio"], rows)


def page(results: Sequence[Result], thought: dict[str, tuple[float, float]], load: float) -> str:
    """Return the whole of docs/performance.md."""
    return "\n".join(
        [
            "# Performance\n",
            "Written by `make bench`; the last run. Nothing is asserted.\n",
            f"Machine: {machine(load)}\n",
            "## Many instances on one API server\n",
            _main_table(results),
            f"How to read it. {_READING}\n",
            f"Where the requests go, at {results[-1].instances}:\n",
            _requests_table(results[-1]),
            "Where the processors' time goes while creating (all share the cores):\n",
            _cpu_table(results),
            "## Thinking alone\n",
            "What a quiet look at one instance costs:\n",
            _thinking_table(thought),
        ]
    )
