"""What our Docker engine leaves in the kernel when it stops, as it was recorded while it ran.

Bridges are those of the networks that the engine itself lists. nft tables are those that came while
it started; one that somebody else has put a chain into since is left, and that is said.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .progress import say
from .shell import run

_RECORD = "made.json"
_BRIDGE_NAME = "com.docker.network.bridge.name"
# The chains that iptables-nft makes in its tables, and Docker's own.
_OURS = re.compile(r"DOCKER.*|INPUT|OUTPUT|FORWARD|PREROUTING|POSTROUTING|filter-.*|nat-.*|raw-.*")


def bridge(network: Mapping[str, Any]) -> str:
    """Return the bridge of a network, as `docker network inspect` tells it."""
    named = (network.get("Options") or {}).get(_BRIDGE_NAME)
    return str(named or f"br-{network['Id'][:12]}")


def tables() -> set[str]:
    """Return the nft tables that there are, such as `ip nat`."""
    if not shutil.which("nft"):
        return set()
    return {f"{row['family']} {row['name']}" for row in _listed("tables", "table")}


def _foreign_chains(table: str) -> list[str]:
    chains = [
        row for row in _listed("chains", "chain") if f"{row['family']} {row['table']}" == table
    ]
    return sorted(row["name"] for row in chains if not _OURS.fullmatch(row["name"]))


def _listed(what: str, kind: str) -> list[dict[str, Any]]:
    told = json.loads(run(["nft", "--json", "list", what]) or "{}")
    return [row[kind] for row in told.get("nftables", []) if kind in row]


def _bridges() -> set[str]:
    told = json.loads(run(["ip", "--json", "link", "show", "type", "bridge"]) or "[]")
    return {row["ifname"] for row in told if row}


def record(folder: Path, **made: Iterable[str]) -> None:
    """Add names of `bridges` and `tables` to what is recorded in a folder."""
    found = _recorded(folder)
    for kind, names in made.items():
        found[kind] = sorted({*found.get(kind, ()), *names})
    (folder / _RECORD).write_text(json.dumps(found))


def _recorded(folder: Path) -> dict[str, list[str]]:
    path = folder / _RECORD
    found: dict[str, list[str]] = json.loads(path.read_text()) if path.exists() else {}
    return found


def remove(folder: Path) -> None:
    """Remove what is recorded and still there, and nothing else."""
    made = _recorded(folder)
    for name in sorted(_bridges().intersection(made.get("bridges", ()))):
        run(["ip", "link", "delete", name])
    for table in sorted(tables().intersection(made.get("tables", ()))):
        foreign = _foreign_chains(table)
        if foreign:
            say(f"the nft table `{table}` stays: {', '.join(foreign)} in it is not the engine's")
        else:
            run(["nft", "delete", "table", *table.split(" ", 1)])
