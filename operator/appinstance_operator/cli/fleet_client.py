"""The four calls of `Fleet` against a Kubernetes API server.

The pods start at the same moment as their NetworkPolicy is programmed, so the first connections may
be refused: they are retried for about half a minute, as is a busy API server (429, 5xx).
"""

from __future__ import annotations

from typing import Any

import urllib3
from kubernetes import client, config, watch

from .fleet import GROUP, PLURAL, VERSION, CommandError, Key, Seen, Snapshot

_CONNECT_SECONDS = 5
_READ_SECONDS = 30
_RETRIES = urllib3.Retry(
    connect=10,
    read=3,
    status=10,
    other=0,
    status_forcelist=(429, 500, 502, 503, 504),
    allowed_methods=None,  # every call here may be repeated: reads, and deletes of what is listed
    backoff_factor=0.2,
    backoff_max=5,
)


class KubernetesFleet:
    """The calls against a Kubernetes API server."""

    def __init__(self, api: client.ApiClient) -> None:
        # Any: the library's annotations end at `object` for custom resources.
        self._objects: Any = client.CustomObjectsApi(api)

    @classmethod
    def from_environment(cls) -> KubernetesFleet:
        """Return one for the cluster this pod runs in or, outside of one, the kubeconfig's."""
        configuration = client.Configuration()
        loading: Any = config
        try:
            loading.load_incluster_config(client_configuration=configuration)
        except config.ConfigException:
            try:
                loading.load_kube_config(client_configuration=configuration)
            except config.ConfigException as error:
                raise CommandError(
                    f"no cluster to talk to; run this in a pod or set KUBECONFIG ({error})"
                ) from error
        configuration.retries = _RETRIES
        return cls(client.ApiClient(configuration))

    def snapshot(self, only: Key | None = None) -> Snapshot:
        """Return what is there now; nothing when the CRD is not installed."""
        timeouts = (_CONNECT_SECONDS, _READ_SECONDS)
        try:
            if only is None:
                answer = self._objects.list_cluster_custom_object(
                    GROUP, VERSION, PLURAL, _request_timeout=timeouts
                )
            else:
                answer = self._objects.list_namespaced_custom_object(
                    GROUP, VERSION, only.namespace, PLURAL,
                    field_selector=f"metadata.name={only.name}", _request_timeout=timeouts,
                )  # fmt: skip
        except client.ApiException as error:
            if error.status == 404:
                return Snapshot((), "")
            raise CommandError(_sentence("list AppInstances", error)) from error
        except urllib3.exceptions.HTTPError as error:
            raise CommandError(_unreachable(error)) from error
        return Snapshot(
            tuple(Seen.of(item) for item in answer["items"]),
            answer["metadata"].get("resourceVersion", ""),
        )

    def delete(self, key: Key) -> None:
        """Ask for deletion; one that is gone already is fine."""
        try:
            self._objects.delete_namespaced_custom_object(
                GROUP, VERSION, key.namespace, PLURAL, key.name,
                _request_timeout=(_CONNECT_SECONDS, _READ_SECONDS),
            )  # fmt: skip
        except client.ApiException as error:
            if error.status != 404:
                raise CommandError(_sentence(f"delete AppInstance {key}", error)) from error
        except urllib3.exceptions.HTTPError as error:
            raise CommandError(_unreachable(error)) from error

    def await_change(self, since: str, seconds: float, only: Key | None = None) -> None:
        """Return at the first change after `since`, or when `seconds` have passed.

        A watch that the server ends early (or with 410, when `since` is too old) also returns: the
        caller takes a new snapshot in any case.
        """
        whole = max(1, round(seconds))
        options: dict[str, Any] = {
            "resource_version": since,
            "timeout_seconds": whole,
            "_request_timeout": (_CONNECT_SECONDS, whole + _READ_SECONDS),
        }
        call, where = self._objects.list_cluster_custom_object, [GROUP, VERSION, PLURAL]
        if only is not None:
            call = self._objects.list_namespaced_custom_object
            where = [GROUP, VERSION, only.namespace, PLURAL]
            options["field_selector"] = f"metadata.name={only.name}"
        stream: Any = watch.Watch  # without annotations in the library
        watching = stream()
        try:
            for _ in watching.stream(call, *where, **options):
                watching.stop()
        except client.ApiException as error:
            if error.status not in (404, 410):
                raise CommandError(_sentence("watch AppInstances", error)) from error
        except urllib3.exceptions.HTTPError as error:
            raise CommandError(_unreachable(error)) from error


def _sentence(what: str, error: client.ApiException) -> str:
    return f"cannot {what}: the API server answered {error.status} {error.reason}"


def _unreachable(error: Exception) -> str:
    return f"the API server cannot be reached; see the NetworkPolicy of this pod ({error})"
