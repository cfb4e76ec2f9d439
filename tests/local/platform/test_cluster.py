"""kind's configuration for both modes, and the choice between them."""

import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from appinstance_local import engine
from appinstance_local.engine import Engine
from appinstance_local.errors import LocalError
from appinstance_local.paths import REPO
from appinstance_local.platform import cluster, install
from appinstance_local.platform.cluster import Mode

BASE: dict[str, Any] = {
    "kind": "Cluster",
    "nodes": [{"role": "control-plane", "extraPortMappings": [{"hostPort": 8443}]}],
    "kubeadmConfigPatches": ["kind: ClusterConfiguration\n"],
}


def test_a_stock_node_adds_only_the_name() -> None:
    assert cluster.configuration(BASE, None) == {**BASE, "name": "appinstance"}


def test_built_mode_keeps_what_is_configured_and_adds_what_the_node_needs() -> None:
    config = cluster.configuration(BASE, "appinstance.local/node:1")
    assert config["nodes"][0]["image"] == "appinstance.local/node:1"
    assert config["networking"] == {"disableDefaultCNI": True, "kubeProxyMode": "nftables"}
    assert config["kubeadmConfigPatches"][0] == BASE["kubeadmConfigPatches"][0]
    assert "failCgroupV1: false" in config["kubeadmConfigPatches"][1]
    assert config["nodes"][0]["extraPortMappings"] == [{"hostPort": 8443}]


def test_mode_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPINSTANCE_NODE", "stock")
    assert cluster.choose_mode(Engine(own=True)) is Mode.STOCK


def test_an_unknown_mode_is_refused_with_the_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPINSTANCE_NODE", "minikube")
    with pytest.raises(LocalError, match="stock, built or auto"):
        cluster.choose_mode(Engine(own=True))


def test_an_engine_of_our_own_means_a_built_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("APPINSTANCE_NODE", raising=False)
    assert cluster.choose_mode(Engine(own=True)) is Mode.BUILT


def _docker(folder: Path, monkeypatch: pytest.MonkeyPatch, answers: str) -> None:
    """Put a docker first that has no image, and whose registry answers so."""
    program = folder / "docker"
    program.write_text(f'#!/bin/sh\ntest "$1" = manifest || exit 1\n{answers}\n')
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    monkeypatch.delenv("APPINSTANCE_NODE", raising=False)


def test_where_no_registry_answers_it_is_said_and_nothing_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _docker(tmp_path, monkeypatch, "echo no route to host >&2; exit 1")
    with pytest.raises(LocalError) as told:
        cluster.choose_mode(Engine(own=False))
    assert "no image registry answers" in str(told.value)
    assert "(no route to host); see to it, or set APPINSTANCE_NODE=built" in str(told.value)
    assert "\n" not in str(told.value)


def test_where_a_registry_answers_the_node_is_the_stock_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _docker(tmp_path, monkeypatch, "exit 0")
    assert cluster.choose_mode(Engine(own=False)) is Mode.STOCK


def test_the_image_that_is_asked_for_is_one_that_a_stock_cluster_needs() -> None:
    texts = [path.read_text() for path in install.MANIFESTS.rglob("*.yaml")]
    assert any(f"image: {cluster.STOCK_PROBE}\n" in text for text in texts)


# What a person's shell is given


def _evaluated(text: str, *names: str) -> list[str]:
    shown = "; ".join(f'echo "${name}"' for name in names)
    told = subprocess.run(
        ["bash", "-c", f'eval "$1"; {shown}', "bash", text],
        check=True, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    return told.stdout.splitlines()


def test_a_shell_reaches_the_cluster_with_what_it_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "with a space"
    folder.mkdir()
    monkeypatch.setenv("APPINSTANCE_CACHE", str(folder))
    monkeypatch.setenv("APPINSTANCE_BIN", str(folder / "bin"))
    (folder / "kubeconfig").touch()
    own = Engine(own=True, env={"DOCKER_HOST": "unix:///run/x.sock"})
    monkeypatch.setattr(engine, "running", lambda: own)
    kubeconfig, host, mode, path = _evaluated(
        cluster.shell_variables(), "KUBECONFIG", "DOCKER_HOST", "APPINSTANCE_NODE", "PATH"
    )
    # An engine that is named does not look like one of our own: `make demo` again in this shell.
    assert mode == "built"
    assert kubeconfig == str(folder / "kubeconfig")
    assert host == "unix:///run/x.sock"
    # Last, so that one's own programs stay one's own.
    assert path == f"/usr/bin:/bin:{folder / 'bin'}:{REPO / '.venv' / 'bin'}"


@pytest.mark.parametrize("there", [None, Engine(own=False)])
def test_without_a_cluster_a_shell_is_told_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, there: Engine | None
) -> None:
    monkeypatch.setenv("APPINSTANCE_CACHE", str(tmp_path))
    monkeypatch.setattr(engine, "running", lambda: there)
    with pytest.raises(LocalError, match="make demo"):
        cluster.shell_variables()


def _kubectl(folder: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> Path:
    """Put a kubectl in place that runs this for the path `$5`; return the file of all paths."""
    kubectl = folder / "kubectl"
    kubectl.write_text(f"#!/bin/sh\necho $5 >> {folder}/asked\n{program}\n")
    kubectl.chmod(0o700)
    monkeypatch.setattr(cluster, "binary", lambda _name: kubectl)
    monkeypatch.setattr(cluster, "kubeconfig", lambda: kubectl)
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    return folder / "asked"


def test_a_cluster_that_answers_and_is_not_ready_for_a_moment_is_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _kubectl(
        tmp_path, monkeypatch, f'test "$5" = /version || test "$(wc -l < {tmp_path}/asked)" -ge 4'
    )
    assert cluster.is_up()
    assert asked.read_text().split() == ["/version", "/readyz", "/readyz", "/readyz"]


def test_a_cluster_that_does_not_answer_is_not_up_and_that_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _kubectl(tmp_path, monkeypatch, "exit 1")
    assert not cluster.is_up()
    assert asked.read_text().split() == ["/version"]


def test_a_cluster_that_does_not_become_ready_is_not_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_READY_SECONDS", 0.0)
    _kubectl(tmp_path, monkeypatch, 'test "$5" = /version')
    assert not cluster.is_up()
