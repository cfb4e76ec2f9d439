"""The tables, as Markdown: printed, and kept in docs/performance.md with the machine's size."""

from __future__ import annotations

import os
import platform
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version

from appinstance_local import versions
from appinstance_operator.runtime.workers import WORKERS

from . import creation, phases
from .creation import ANSWERED, BARE, OPERATOR
from .phases import Result

Line = tuple[str, Callable[[Result], str]]
"""A row's name, and what it says of a result."""

_READING = f"""\
The control plane has no nodes (etcd and kube-apiserver as processes), IAM is moto, and one process
plays the controllers that would answer: it makes the Secrets and writes the statuses at once. Each
instance is the ten-line one of the golden files, in a namespace of its own. The **baseline** is the
same objects, ready-made, applied server-side by the operator's own client with as many threads
({WORKERS}) in other namespaces, in blocks of {creation.BLOCK} instances that take turns with the
operator's. It does nothing else, and the same controllers answer it; the operator's time also holds
what lies between its objects: IAM, finalizer, status, events, and waiting for those answers. Time
runs until the last object is there. **The ratio is the figure to compare** between versions and
machines; rates and seconds are this machine's alone. The row below it takes a baseline that nobody
answers: there the operator alone pays for the stand-ins, which on a cluster work on other cores.
Requests are counted in the API server's audit log (watches excluded), those to IAM by the
operator's own metric. A change's are means over up to {phases.CHANGED} instances changed at once
and may be fractions: two answers that come while an instance is being looked at make one status.
"""


def machine(results: Sequence[Result]) -> str:
    """Return the machine's size and the versions, without names or paths."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    shares = " and ".join(f"{max(0, result.creation.others):.0%}" for result in results)
    beside = f"other work took {shares} of the processors meanwhile"
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB; {beside}. Python {platform.python_version()}, "
        f"kopf {version('kopf')}, kube-apiserver {versions.version('k8s.io/kubernetes')}, "
        f"etcd {versions.version('go.etcd.io/etcd/server/v3')}, moto {version('moto')}."
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _seconds(result: Result, name: str) -> list[float]:
    return result.creation.sides[name].seconds


def _ratio(result: Result, baseline: str) -> str:
    """Return the median, the least and the highest ratio of the blocks."""
    pairs = list(zip(_seconds(result, baseline), _seconds(result, OPERATOR), strict=True))
    ratios = [raw / ours for raw, ours in pairs]
    return f"**{statistics.median(ratios):.2f}** ({min(ratios):.2f} to {max(ratios):.2f})"


def _rate(result: Result, name: str) -> str:
    return f"{result.instances * result.objects / sum(_seconds(result, name)):.0f}"


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


def _ready_rate(result: Result) -> str:
    return f"{result.instances / sum(result.creation.sides[OPERATOR].settled_seconds):.1f}"


def _main_table(results: Sequence[Result]) -> str:
    lines: list[Line] = [
        ("child objects per instance", lambda r: f"{r.objects}"),
        ("baseline, objects/s", lambda r: _rate(r, ANSWERED)),
        ("operator, objects/s", lambda r: _rate(r, OPERATOR)),
        ("**ratio**, median of the blocks (least to most)", lambda r: _ratio(r, ANSWERED)),
        ("ratio to a baseline that nobody answers", lambda r: _ratio(r, BARE)),
        ("instances Ready/s", _ready_rate),
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
    return f"{verb} child objects" if resource in creation.CHILD_RESOURCES else kind


def _cpu_table(result: Result) -> str:
    sides = result.creation.sides
    names = sorted(sides[OPERATOR].cpu, key=lambda name: -sides[OPERATOR].cpu[name])
    rows = [
        [name, *[f"{side.cpu[name] * 1e3 / result.instances:.0f}" for side in sides.values()]]
        for name in names
    ]
    total = [f"{sum(side.cpu.values()) * 1e3 / result.instances:.0f}" for side in sides.values()]
    head = ["processor time, ms per instance", *sides]
    return _table(head, [*rows, ["all", *total]])


def _thinking_table(thought: dict[str, tuple[float, float]]) -> str:
    rows = [[name, f"{ms:.2f}", f"{ratio:.2f}"] for name, (ms, ratio) in thought.items()]
    return _table(["one instance with everything", "ms", "ratio"], rows)


def page(results: Sequence[Result], thought: dict[str, tuple[float, float]]) -> str:
    """Return the whole of docs/performance.md."""
    return "\n".join(
        [
            "# Performance\n",
            "Written by `make bench`; the last run. Nothing is asserted.\n",
            f"Machine: {machine(results)}\n",
            "## Many instances on one API server\n",
            _main_table(results),
            f"How to read it. {_READING}\n",
            f"Where the requests go, at {results[-1].instances}:\n",
            _requests_table(results[-1]),
            "Where the processors' time goes while creating, at "
            f"{results[-1].instances}; all share the cores:\n",
            _cpu_table(results[-1]),
            "## Thinking alone\n",
            "What a quiet look at one instance costs:\n",
            _thinking_table(thought),
        ]
    )
