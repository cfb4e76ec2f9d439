"""Where the cluster is and as whom one goes there: all that `kubernetes` (the package) is for.

A pod's token is a file that the kubelet renews, a kubeconfig may name a program that gives one. The
package knows both, and reads them again before they expire, when it is asked for the headers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from kubernetes import client, config
from kubernetes.client.rest import RESTClientObject

from appinstance_operator.api.errors import SettingsError

from .access import Access
from .connections import send_whole

# The library keeps 5 for each core; more threads than that would shake hands at every request.
CONNECTIONS = 32
# With a kubeconfig the package sets itself up anew at each question, which takes a fifth of a
# request's time; a pod's token it reads once a minute.
HEADERS_SECONDS = 10.0

Clock = Callable[[], float]


def access(connections: int = CONNECTIONS, clock: Clock = time.monotonic) -> Access:
    """Return the pod's own access or, outside of one, the kubeconfig's.

    Raises SettingsError where there is neither.
    """
    found = client.Configuration()
    loading: Any = config  # without annotations in the library
    try:
        loading.load_incluster_config(client_configuration=found)
    except config.ConfigException:
        try:
            loading.load_kube_config(client_configuration=found)
        except config.ConfigException as error:
            raise SettingsError(
                f"no cluster to talk to; run this in a pod or set KUBECONFIG ({error})"
            ) from None
    return access_by(found, connections, clock)


def access_by(
    configuration: client.Configuration,
    connections: int = CONNECTIONS,
    clock: Clock = time.monotonic,
) -> Access:
    """Return the access that a configuration of the package describes."""
    configuration.connection_pool_maxsize = connections
    held: tuple[float, Mapping[str, str]] | None = None

    def credentials() -> Mapping[str, str]:
        nonlocal held
        now, known = clock(), held
        if known is None or now >= known[0]:
            settings: Mapping[str, Any] = configuration.auth_settings()
            headers = {item["key"]: item["value"] for item in settings.values()}
            known = held = now + HEADERS_SECONDS, headers
        return known[1]

    pool = send_whole(RESTClientObject(configuration).pool_manager)
    return Access(configuration.host, pool, credentials)
