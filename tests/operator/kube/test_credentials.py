"""Where the cluster is and as whom: a pod's account, whose token is renewed, or a kubeconfig."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client
from kubernetes.config import incluster_config

from appinstance_operator.api.errors import SettingsError
from appinstance_operator.kube import credentials


class _Later(datetime.datetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        return super().now(tz) + datetime.timedelta(minutes=2)


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pod's folder with its token."""
    (tmp_path / "token").write_text("first")
    (tmp_path / "ca.crt").write_text("a certificate")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    return tmp_path


def test_a_pod_goes_by_its_own_account_and_verifies_by_the_clusters_ca(pod: Path) -> None:
    access = credentials.access()
    assert access.host == "https://[fd00::1]:443"
    assert access.credentials() == {"authorization": "bearer first"}
    used = access.pool.connection_pool_kw
    assert used["ca_certs"] == str(pod / "ca.crt")
    assert used["cert_reqs"] == 2, "required"
    assert used["maxsize"] == credentials.CONNECTIONS


def test_a_renewed_token_is_read_again(pod: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = 0.0
    access = credentials.access(clock=lambda: seconds)
    assert access.credentials() == {"authorization": "bearer first"}
    (pod / "token").write_text("second")
    seconds += credentials.HEADERS_SECONDS
    assert access.credentials() == {"authorization": "bearer first"}, "it holds for a minute"
    monkeypatch.setattr(datetime, "datetime", _Later)
    seconds += credentials.HEADERS_SECONDS
    assert access.credentials() == {"authorization": "bearer second"}


def test_the_package_is_not_asked_at_every_request() -> None:
    class Counting(client.Configuration):
        asked = 0

        def auth_settings(self) -> Any:
            type(self).asked += 1
            return super().auth_settings()

    seconds = 0.0
    access = credentials.access_by(Counting(), clock=lambda: seconds)
    for _ in range(3):
        access.credentials()
    assert Counting.asked == 1
    seconds += credentials.HEADERS_SECONDS
    access.credentials()
    assert Counting.asked == 2


def test_outside_of_a_pod_the_kubeconfig_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config"
    body = {
        "current-context": "it",
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        "clusters": [{"name": "it", "cluster": {"server": "https://there:6443"}}],
        "users": [{"name": "it", "user": {"token": "mine"}}],
    }
    path.write_text(yaml.safe_dump(body))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(path))
    access = credentials.access()
    assert access.host == "https://there:6443"
    assert access.credentials() == {"authorization": "Bearer mine"}


def test_without_a_cluster_a_sentence_says_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    nowhere = str(tmp_path / "none")
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", nowhere)
    with pytest.raises(SettingsError, match="no cluster to talk to; run this in a pod or set"):
        credentials.access()
