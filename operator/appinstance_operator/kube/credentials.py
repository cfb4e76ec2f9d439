"""Where the cluster is and as whom one goes there: all that `kubernetes` (the package) is for."""

from __future__ import annotations

from kubernetes import client, config


def client_configuration() -> client.Configuration:
    """Return the pod's own configuration or, outside of one, the kubeconfig's."""
    made = client.Configuration()
    try:
        config.load_incluster_config(client_configuration=made)  # type: ignore[no-untyped-call]
    except config.ConfigException:
        config.load_kube_config(client_configuration=made)  # type: ignore[no-untyped-call]
    return made
