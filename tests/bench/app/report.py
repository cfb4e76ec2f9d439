"""The tables, as Markdown: printed, and kept in docs/performance-app.md with the machine's size."""

from __future__ import annotations

import contextlib
import os
import platform
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bench.report import in_words, reached, table

from .load import CONNECTIONS, HUNG_UP
from .memory import UPLOADS, Memory
from .outage import WAITING, Answers
from .reading import Side, ratios
from .signing_in import CONNECTIONS as SIGNING
from .signing_in import SigningIn
from .stage import Stage

OURS, BARE, TEMPLATE = "the app", "bare FastAPI + SQLAlchemy", "full-stack-fastapi-template"
OUR_PICTURE, BARE_PICTURE = "the app: a picture", "bare: a picture"
_TICKS = os.sysconf("SC_CLK_TCK")
_POD_MIB = 512

_READING = f"""\
One worker each, all on one processor; databases, the stand-in for S3 and the one who asks are on
the other. {CONNECTIONS} connections ask again as soon as they are answered, so the times hold the
wait for the {CONNECTIONS - 1} others. Blocks of a few seconds take turns, so that all sides meet
the same machine. **Ratios are of answers by second of the server's own processor time**, block by
block; those of the wall's clock are beside them, and suffer where others work on the machine.

- **The app** as `appinstance-app serve` runs in production: MariaDB over verified TLS, the session
  looked up with each request, limits, JSON log and metrics.
- **Bare** (`tests/bench/app/bare.py`): the JWT checked, the same question to the same database by
  the same driver and TLS, the same object by boto3; routes that are not async, uvicorn with uvloop
  and httptools and without its access log. No limits, log, metrics or headers.
- **full-stack-fastapi-template** (`tests/bench/app/template.py`, whose docstring says what was
  rebuilt and why): its own read, by SQLModel and psycopg from PostgreSQL without TLS; tokens that
  cannot be revoked. It has no pictures.
"""


@dataclass
class Figures:
    """All of one run."""

    sides: list[Side]
    variants: list[Side]
    signed: SigningIn
    hanging: list[Answers]
    memory: Memory
    others: list[float]
    """The share of the processors that other work took."""

    def side(self, name: str) -> Side:
        return next(side for side in self.sides if side.name == name)

    def compared(self, ours: str, theirs: str) -> list[float]:
        return ratios(self.side(ours).cpu, self.side(theirs).cpu)


@contextlib.contextmanager
def others_counted(stage: Stage) -> Iterator[list[float]]:
    """One number at the end: how much of the processors went to none of our processes."""
    found: list[float] = []
    before, begun = _busy(), time.monotonic()
    ours = _own()
    yield found
    spent = time.monotonic() - begun
    others = (_busy() - before) - (_own() - ours)
    found.append(max(0.0, others / (spent * (os.cpu_count() or 1))))


def _busy() -> float:
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    ticks = [int(field) for field in fields]
    return (sum(ticks) - ticks[3] - ticks[4]) / _TICKS


def _own() -> float:
    """Processor time of this process and all that came of it, the ended ones too."""
    times = os.times()
    total = times.user + times.system + times.children_user + times.children_system
    children, found = {os.getpid()}, True
    stats = [_stat(folder) for folder in Path("/proc").glob("[0-9]*")]
    while found:
        new = {pid for pid, parent, _ in stats if parent in children} - children
        children |= new
        found = bool(new)
    return total + sum(spent for pid, _, spent in stats if pid in children - {os.getpid()})


def _stat(folder: Path) -> tuple[int, int, float]:
    with contextlib.suppress(OSError):
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        return int(folder.name), int(fields[1]), sum(map(int, fields[11:15])) / _TICKS
    return 0, 0, 0.0


def machine(figures: Figures) -> str:
    """The machine's size and the versions, without names or paths."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    names = ("fastapi", "uvicorn", "uvloop", "httptools", "sqlalchemy", "pymysql", "sqlmodel")
    versions = ", ".join(f"{name} {version(name)}" for name in (*names, "psycopg", "argon2-cffi"))
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB; other work took {figures.others[0]:.0%} of the "
        f"processors meanwhile. Python {platform.python_version()}, {versions}."
    )


def _targets(figures: Figures) -> str:
    signed, memory = figures.signed, figures.memory
    others = [one for one in figures.hanging if one.name != "a picture"]
    lost = sum(set(one.statuses) != {200} for one in others)
    rows = [
        ("profile reads, of the bare app", figures.compared(OURS, BARE), 0.7),
        ("profile reads, of the template", figures.compared(OURS, TEMPLATE), 1.3),
        ("pictures, of the bare app", figures.compared(OUR_PICTURE, BARE_PICTURE), 0.7),
        ("sign-ins, of bare argon2", ratios(signed.ours_cpu, signed.argon2_cpu), 0.9),
    ]
    lines = [reached(name, statistics.median(found), at, most=False) for name, found, at in rows]
    lines += [
        reached(f"memory under {UPLOADS} uploads, MiB", memory.highest, _POD_MIB),
        reached("requests beside pictures that fail when S3 hangs", lost, 0),
    ]
    return table(["to be reached", "at", "this run", "reached"], lines)


def _reads(figures: Figures) -> str:
    rows = [
        [
            side.name,
            f"{side.rate:.0f}",
            f"{side.quantile(0.5) * 1e3:.1f}",
            f"{side.quantile(0.99) * 1e3:.1f}",
            f"{statistics.median(side.cpu):.0f}",
            f"{1e3 / statistics.median(side.cpu):.2f}",
        ]
        for side in figures.sides
    ]
    head = ["", "answers/s", "median, ms", "p99, ms", "answers/s of its processor", "ms of it each"]
    return table(head, rows)


def _ratios(figures: Figures) -> str:
    pairs = [(OURS, BARE), (OURS, TEMPLATE), (OUR_PICTURE, BARE_PICTURE)]
    rows = []
    for ours, theirs in pairs:
        wall = ratios(
            [load.rate for load in figures.side(ours).loads],
            [load.rate for load in figures.side(theirs).loads],
        )
        cpu = figures.compared(ours, theirs)
        rows.append([f"{ours} ÷ {theirs}", in_words(cpu), in_words(wall).replace("**", "")])
    return table(
        ["median of the blocks (least to most)", "by processor time", "by the clock"], rows
    )


def _variants(figures: Figures) -> str:
    first = figures.variants[0]
    rows = [
        [
            side.name,
            f"{side.rate:.0f}",
            f"{side.quantile(0.99) * 1e3:.1f}",
            in_words(ratios(side.cpu, first.cpu)),
        ]
        for side in figures.variants
    ]
    return table(["loop, parser", "profile reads/s", "p99, ms", "ratio to what runs"], rows)


def _signing(figures: Figures) -> str:
    signed = figures.signed
    rows = [
        ["sign-ins/s, one processor", f"{statistics.median(signed.ours):.1f}"],
        ["argon2 alone/s, the same one", f"{statistics.median(signed.argon2):.1f}"],
        ["… by second of processor time: sign-ins", f"{statistics.median(signed.ours_cpu):.1f}"],
        ["… argon2 alone", f"{statistics.median(signed.argon2_cpu):.1f}"],
        ["**ratio**", in_words(ratios(signed.ours_cpu, signed.argon2_cpu))],
        [f"p99 with {SIGNING} at a time, ms", f"{statistics.median(signed.p99) * 1e3:.0f}"],
    ]
    return table(["signing in", ""], rows)


def _memory(memory: Memory) -> str:
    told = {HUNG_UP: "hung up on"}
    answers = ", ".join(
        f"{count} × {told.get(status, status)}" for status, count in sorted(memory.statuses.items())
    )
    rows = [
        ["at rest", f"{memory.rest:.0f}"],
        [f"highest under {UPLOADS} uploads at once", f"**{memory.highest:.0f}**"],
        ["… of that the server itself, at most", f"{memory.server:.0f}"],
        ["two seconds later", f"{memory.after:.0f}"],
    ]
    return (
        table(["server and decoders, MiB", ""], rows)
        + f"\nEach is a photo of 12 megapixels, {memory.file_mib:.1f} MiB. Answers: {answers}, "
        f"within {memory.seconds:.0f} s: so many are taken at a time, the others are told to come "
        "again.\n"
    )


def _hanging(figures: Figures) -> str:
    rows = []
    for one in figures.hanging:
        statuses = ", ".join(map(str, sorted(one.statuses)))
        before, during = one.before.quantile(0.5), one.during.quantile(0.5)
        rows.append([
            one.name, f"{before * 1e3:.1f}", f"{during * 1e3:.1f}",
            f"{one.during.quantile(0.99) * 1e3:.1f}", f"{during / before:.1f}", statuses,
        ])  # fmt: skip
    head = ["time to the answer, ms", "before", "S3 hangs", "… p99", "ratio", "status"]
    return table(head, rows)


def page(figures: Figures) -> str:
    """The whole of docs/performance-app.md."""
    return "\n".join([
        "# Performance of the app\n",
        "Written by `make bench-app`; the last run. Nothing is asserted.\n",
        f"Machine: {machine(figures)}\n",
        _targets(figures),
        "## Reads\n",
        _reads(figures),
        _ratios(figures),
        f"How to read it. {_READING}\n",
        "## Loop and parser\n",
        "The same app with others (`tests/bench/app/variant.py`); ADR 0031 says why these.\n",
        _variants(figures),
        "## Signing in\n",
        "A sign-in is one argon2id at OWASP's parameters; and counting the attempt, the account, "
        "its history and the session, each in the database.\n",
        _signing(figures),
        "## Memory\n",
        _memory(figures.memory),
        "## When S3 hangs\n",
        f"S3 takes requests and answers none, and {WAITING} connections ask for a picture all the "
        "while; one more connection asks for each of these in turn.\n",
        _hanging(figures),
    ])  # fmt: skip
