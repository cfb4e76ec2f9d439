"""The tables, as Markdown: printed, and kept in docs/performance.md with the machine's size."""

from __future__ import annotations

import os
import platform
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version

from appinstance_local.offline import versions
from appinstance_operator.runtime.workers import WORKERS

from . import creation, phases
from .creation import ANSWERED, BARE, OPERATOR
from .drift import quantile
from .growth import Growth
from .phases import Result
from .restart import Restart

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


def machine(creations: Sequence[creation.Creation]) -> str:
    """Return the machine's size and the versions, without names or paths."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    shares = " and ".join(f"{max(0, one.others):.0%}" for one in creations)
    beside = f"other work took {shares} of the processors meanwhile"
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB; {beside}. Python {platform.python_version()}, "
        f"kopf {version('kopf')}, kube-apiserver {versions.version('k8s.io/kubernetes')}, "
        f"etcd {versions.version('go.etcd.io/etcd/server/v3')}, moto {version('moto')}."
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def ratios(made: creation.Creation, baseline: str) -> list[float]:
    """Return how fast the operator was to a baseline, block by block."""
    pairs = zip(made.sides[baseline].seconds, made.sides[OPERATOR].seconds, strict=True)
    return [raw / ours for raw, ours in pairs]


def in_words(found: Sequence[float]) -> str:
    """Return the median, the least and the highest of some ratios."""
    return f"**{statistics.median(found):.2f}** ({min(found):.2f} to {max(found):.2f})"


def _rate(result: Result, name: str) -> str:
    seconds = sum(result.creation.sides[name].seconds)
    return f"{result.instances * result.objects / seconds:.0f}"


def cpu_each(made: creation.Creation, count: int) -> float:
    """Return the operator's processor time for an instance, in ms."""
    return made.sides[OPERATOR].cpu["operator"] * 1e3 / count


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
        (
            "**ratio**, median of the blocks (least to most)",
            lambda r: in_words(ratios(r.creation, ANSWERED)),
        ),
        ("ratio to a baseline that nobody answers", lambda r: in_words(ratios(r.creation, BARE))),
        (
            "operator's processor time, ms per instance",
            lambda r: f"**{cpu_each(r.creation, r.instances):.0f}**",
        ),
        ("instances Ready/s", _ready_rate),
        ("requests per create", lambda r: f"{_one_of(r, r.creation.requests):.1f}"),
        ("… and to IAM", lambda r: f"{r.creation.aws / r.instances:.1f}"),
    ]
    lines += [_changed(change) for change in results[0].changes]
    lines += [_untouched(event) for event in results[0].quiet]
    lines += [_memory(when) for when in results[0].rss]
    head = ["", *[f"{result.instances} instances" for result in results]]
    return table(head, [[name, *map(tell, results)] for name, tell in lines])


def writes(kubernetes: Counter[str], aws: Counter[str]) -> int:
    """Return how many of the requests may have changed something."""
    return sum(_writing(kubernetes + aws).values())


def _writing(requests: Counter[str]) -> Counter[str]:
    return Counter({kind: n for kind, n in requests.items() if not _reads_only(kind)})


def _reads_only(kind: str) -> bool:
    return kind.startswith(("get ", "list ")) or 'verb="get' in kind or 'verb="list' in kind


def restart_rows(again: Restart) -> list[list[str]]:
    """Return the rows of a restart."""
    aws = sum(count for labels, count in again.aws.items() if _reads_only(labels))
    kubernetes = sum(count for kind, count in again.kubernetes.items() if _reads_only(kind))
    return [
        ["until all are settled, s", f"**{again.seconds:.1f}**"],
        ["the operator's processor time until then, s", f"{again.cpu:.1f}"],
        ["writes", f"**{writes(again.kubernetes, again.aws)}**{_named(again)}"],
        ["reads of Kubernetes", f"{kubernetes}"],
        ["reads of IAM, in how many seconds", f"{aws} in {again.aws_seconds:.0f}"],
        ["operator's memory, MiB", f"{again.rss:.0f}"],
    ]


def _named(again: Restart) -> str:
    """Return which writes they were, as none is due."""
    found = _writing(again.kubernetes + again.aws)
    told = ", ".join(f"{kind} {count}" for kind, count in sorted(found.items()))
    return f" ({told})" if told else ""


def _restart_table(results: Sequence[Result]) -> str:
    columns = [restart_rows(result.restart) for result in results]
    rows = [[first[0], *(row[1] for row in same)]
            for same in zip(*columns, strict=True) for first in same[:1]]  # fmt: skip
    return table(["a restart", *(f"{one.restart.instances} instances" for one in results)], rows)


def _growth_table(growth: Growth) -> str:
    repairs = growth.repairs
    rows = [
        ["operator, objects/s", f"{growth.rate:.0f}"],
        ["operator's processor time, ms per instance", f"{growth.cpu_each:.0f}"],
        [f"operator's memory with {growth.after}, MiB", f"**{growth.rss:.0f}**"],
        ["changes by hand to those that run", f"{len(repairs)}"],
        ["… repaired after, s: median", f"{quantile(repairs, 0.5):.2f}"],
        ["… 99 of 100 within", f"**{quantile(repairs, 0.99):.2f}**"],
        ["… the last one", f"{repairs[-1]:.2f}" if repairs else ""],
    ]
    return table([f"{growth.after - growth.before} more at once, beside {growth.before}", ""], rows)


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
    return table(["requests of one instance", *columns], rows)


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
    return table(head, [*rows, ["all", *total]])


def _thinking_table(thought: dict[str, tuple[float, float]]) -> str:
    rows = [[name, f"{ms:.2f}", f"{ratio:.2f}"] for name, (ms, ratio) in thought.items()]
    return table(["one instance with everything", "ms", "ratio"], rows)


def _targets(result: Result) -> str:
    """Return what was to be reached, and whether it was."""
    growth, again = result.growth, result.restart
    cpu = cpu_each(result.creation, result.instances)
    found = ratios(result.creation, ANSWERED)
    quiet = sum(result.quiet.values())
    rows = [
        reached("creation, of the answered baseline", statistics.median(found), 0.75, most=False),
        reached("operator's processor time, ms per instance", cpu, 30),
        reached("requests where nothing is to be done", quiet, 0),
        reached(f"restart with {again.instances}: writes", writes(again.kubernetes, again.aws), 0),
        reached(f"restart with {again.instances}: seconds until settled", again.seconds, 15),
    ]
    if growth:
        rows += [
            reached(f"memory with {growth.after} instances, MiB", growth.rss, 150),
            reached("a change by hand repaired while many are made, s (99 of 100)",
                    quantile(growth.repairs, 0.99), 1),
        ]  # fmt: skip
    return table(["to be reached", "at", "this run", "reached"], rows)


def reached(what: str, value: float, bound: float, *, most: bool = True) -> list[str]:
    """Return the row of something that was to be reached."""
    fine = value <= bound if most else value >= bound
    text = f"{value:.2f}" if isinstance(value, float) and value < 10 else f"{value:.0f}"
    return [what, f"{'≤' if most else '≥'} {bound:g}", text, "yes" if fine else "**no**"]


def page(results: Sequence[Result], thought: dict[str, tuple[float, float]]) -> str:
    """Return the whole of docs/performance.md."""
    last = results[-1]
    parts = [
        "# Performance\n",
        "Written by `make bench`; the last run. Nothing is asserted. Thousands of instances "
        "are `make bench-large`'s.\n",
        f"Machine: {machine([result.creation for result in results])}\n",
        f"What is to be reached, at {last.instances} instances unless it says otherwise; rates and "
        "seconds are those of a quiet machine of 2 cores:\n",
        _targets(last),
        "## Many instances on one API server\n",
        _main_table(results),
        f"How to read it. {_READING}\n",
        f"Where the requests go, at {last.instances}:\n",
        _requests_table(last),
        f"Where the processors' time goes while creating, at {last.instances}; all share the "
        "cores:\n",
        _cpu_table(last),
    ]
    if last.growth:
        parts += [
            "## What runs is repaired while others are made\n",
            "Five times a second somebody changes an object of an instance that runs. Counted by "
            "the API server's clock, from the answer to that to the answer to the repair.\n",
            _growth_table(last.growth),
        ]
    parts += [
        "## Starting again\n",
        _restart_table(results),
        "## Thinking alone\n",
        "What a quiet look at one instance costs:\n",
        _thinking_table(thought),
    ]
    return "\n".join(parts)
