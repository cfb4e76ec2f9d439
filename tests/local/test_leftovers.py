"""What is taken away with our engine: what it made, and nothing that others made meanwhile."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from appinstance_local import leftovers

_PROGRAM = """#!{python}
import json, pathlib, sys
state = pathlib.Path({state!r})
now = json.loads(state.read_text())
name, words = pathlib.Path(sys.argv[0]).name, sys.argv[1:]
if name == "ip" and words[:2] == ["--json", "link"]:
    print(json.dumps([{{"ifname": item}} for item in now["bridges"]]))
elif name == "ip":
    now["bridges"].remove(words[-1])
elif words == ["--json", "list", "tables"]:
    rows = [item.split() for item in now["tables"]]
    print(json.dumps({{"nftables": [{{"metainfo": {{}}}}, *(
        {{"table": {{"family": family, "name": table}}}} for family, table in rows)]}}))
elif words == ["--json", "list", "chains"]:
    print(json.dumps({{"nftables": [
        {{"chain": {{"family": item.split()[0], "table": item.split()[1], "name": chain}}}}
        for item, chains in now["tables"].items() for chain in chains]}}))
elif words[:2] == ["delete", "table"]:
    del now["tables"][" ".join(words[2:])]
else:
    sys.exit(f"unexpected: {{words}}")
state.write_text(json.dumps(now))
"""


class Kernel:
    """The bridges and tables of a machine, behind stand-ins for `ip` and `nft`."""

    def __init__(self, home: Path) -> None:
        self.state = home / "state.json"
        for name in ("ip", "nft"):
            path = home / name
            path.write_text(_PROGRAM.format(python=sys.executable, state=str(self.state)))
            path.chmod(0o700)

    def has(self, bridges: list[str], tables: dict[str, list[str]]) -> None:
        """Say what there is."""
        self.state.write_text(json.dumps({"bridges": bridges, "tables": tables}))

    def now(self) -> tuple[list[str], list[str]]:
        """Return what there is."""
        found = json.loads(self.state.read_text())
        return found["bridges"], sorted(found["tables"])


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return Kernel(tmp_path)


def test_others_bridges_and_tables_that_came_meanwhile_stay(kernel: Kernel, tmp_path: Path) -> None:
    kernel.has(["docker0"], {"ip nat": ["DOCKER", "POSTROUTING"]})
    leftovers.record(tmp_path, tables=leftovers.tables(), bridges={"docker0"})
    leftovers.record(tmp_path, bridges={"br-0123456789ab"})
    kernel.has(
        ["docker0", "br-0123456789ab", "virbr0"],
        {"ip nat": ["DOCKER", "POSTROUTING"], "inet firewalld": ["filter_INPUT"]},
    )
    leftovers.remove(tmp_path)
    assert kernel.now() == (["virbr0"], ["inet firewalld"])


def test_a_table_into_which_somebody_put_a_chain_stays_and_is_said(
    kernel: Kernel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kernel.has([], {"ip filter": ["DOCKER-USER", "FORWARD", "my-firewall"], "ip nat": ["DOCKER"]})
    leftovers.record(tmp_path, tables={"ip filter", "ip nat"})
    leftovers.remove(tmp_path)
    assert kernel.now() == ([], ["ip filter"])
    assert "`ip filter` stays: my-firewall in it is not the engine's" in capsys.readouterr().out


def test_what_is_gone_already_is_no_trouble(kernel: Kernel, tmp_path: Path) -> None:
    leftovers.record(tmp_path, tables={"ip nat"}, bridges={"docker0"})
    kernel.has(["virbr0"], {})
    leftovers.remove(tmp_path)
    assert kernel.now() == (["virbr0"], [])


def test_nothing_recorded_removes_nothing(kernel: Kernel, tmp_path: Path) -> None:
    kernel.has(["docker0"], {"ip nat": ["DOCKER"]})
    leftovers.remove(tmp_path)
    assert kernel.now() == (["docker0"], ["ip nat"])


def test_a_bridge_has_the_name_that_its_network_gives_it_or_its_ids() -> None:
    named = {"Id": "f" * 64, "Options": {"com.docker.network.bridge.name": "docker0"}}
    assert leftovers.bridge(named) == "docker0"
    assert leftovers.bridge({"Id": "0123456789abcdef", "Options": None}) == "br-0123456789ab"
