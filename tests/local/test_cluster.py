"""kind's configuration for both modes, and the choice between them."""

from typing import Any

import pytest

from appinstance_local import cluster
from appinstance_local.cluster import Mode
from appinstance_local.engine import Engine
from appinstance_local.errors import LocalError

BASE: dict[str, Any] = {
    "kind": "Cluster",
    "nodes": [{"role": "control-plane", "extraPortMappings": [{"hostPort": 8443}]}],
    "kubeadmConfigPatches": ["kind: ClusterConfiguration\n"],
}


def test_stock_mode_adds_only_name_and_image() -> None:
    config = cluster.configuration(BASE, Mode.STOCK, "kindest/node:v1")
    assert config == {
        **BASE,
        "name": "appinstance",
        "nodes": [{**BASE["nodes"][0], "image": "kindest/node:v1"}],
    }


def test_built_mode_keeps_what_is_configured_and_adds_what_the_node_needs() -> None:
    config = cluster.configuration(BASE, Mode.BUILT, "appinstance.local/node:1")
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
