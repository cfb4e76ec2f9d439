"""The calls of `Fleet`, and the making of one, against a Kubernetes API server.

The pods start at the same moment as their NetworkPolicy is programmed, so the first connections may
be refused: they are retried for about half a minute, as is a busy API server (429, 5xx).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

import urllib3

from appinstance_operator.api.errors import SettingsError
from appinstance_operator.kube.access import Access
from appinstance_operator.kube.client import ApiError, Kube
from appinstance_operator.kube.kinds import APPINSTANCE

from .fleet import CommandError, Key, Seen, Snapshot

RETRIES = urllib3.Retry(
    connect=10,
    read=3,
    status=10,
    other=0,
    status_forcelist=(429, 500, 502, 503, 504),
    allowed_methods=None,  # every call here may be repeated: reads, and deletes of what is listed
    backoff_factor=0.2,
    backoff_max=5,
    raise_on_status=False,
)


_LOOK_SECONDS = 2.0


class KubernetesFleet:
    """The calls against a Kubernetes API server.

    `namespaces` keeps it to those, as their operator is; what lies elsewhere is another's.
    """

    def __init__(
        self,
        access: Access,
        retries: urllib3.Retry = RETRIES,
        namespaces: Sequence[str] = (),
    ) -> None:
        self._kube = Kube(access=access, retries=retries)
        self._namespaces = tuple(namespaces)

    @classmethod
    def from_environment(cls, namespaces: Sequence[str] = ()) -> KubernetesFleet:
        """Return one for the cluster this pod runs in or, outside of one, the kubeconfig's."""
        # Late: it loads the `kubernetes` package.
        from appinstance_operator.kube import credentials

        try:
            return cls(credentials.access(), namespaces=namespaces)
        except SettingsError as error:
            raise CommandError(str(error)) from error

    def snapshot(self, only: Key | None = None) -> Snapshot:
        """Return what is there now; nothing when the CRD is not installed."""
        namespace, name = _where(only)
        scopes = (namespace,) if only else self._namespaces or (None,)
        found: list[Seen] = []
        version = ""
        for scope in scopes:
            answer: dict[str, Any] = {"items": (), "metadata": {}}
            with _sentences("list AppInstances", fine=(404,)):
                answer = self._kube.list(APPINSTANCE, "", scope, name=name)
            found += (Seen.of(item) for item in answer["items"])
            version = version or answer["metadata"].get("resourceVersion", "")
        return Snapshot(
            tuple(found),
            version,
        )

    def create(self, key: Key, spec: Mapping[str, Any], labels: Mapping[str, str]) -> None:
        """Make an AppInstance; `CommandError` has what the API server says of it."""
        body = {
            "apiVersion": APPINSTANCE.api_version,
            "kind": APPINSTANCE.kind,
            "metadata": {"namespace": key.namespace, "name": key.name, "labels": dict(labels)},
            "spec": dict(spec),
        }
        with _sentences(f"make AppInstance {key}"):
            self._kube.create(APPINSTANCE, body)

    def delete(self, seen: Seen) -> None:
        """Ask for deletion; one that is gone already, or has been replaced, is fine."""
        with _sentences(f"delete AppInstance {seen.key}"):
            self._kube.delete(APPINSTANCE, seen.key.namespace, seen.key.name, seen.uid)

    def await_change(self, since: str, seconds: float, only: Key | None = None) -> None:
        """Return at the first change after `since`, or when `seconds` have passed.

        A watch that the server ends early (or with 410, when `since` is too old) also returns: the
        caller takes a new snapshot in any case.
        """
        if only is None and self._namespaces:
            time.sleep(min(seconds, _LOOK_SECONDS))  # one watch is for one namespace, or for all
            return
        namespace, name = _where(only)
        whole = max(1, round(seconds))
        with _sentences("watch AppInstances", fine=(404, 410)):
            watch = self._kube.watch(APPINSTANCE, "", since, whole, namespace, name=name)
            with closing(watch) as events:
                for event in events:
                    if event["type"] != "BOOKMARK":
                        return


def _where(only: Key | None) -> tuple[str | None, str]:
    return (only.namespace, only.name) if only else (None, "")


@contextmanager
def _sentences(what: str, fine: tuple[int, ...] = ()) -> Iterator[None]:
    """Turn what a request failed with into a sentence for the person who runs the command."""
    try:
        yield
    except ApiError as error:
        if error.status in fine:
            return
        if error.status == 0:
            raise CommandError(
                f"the API server cannot be reached; see the NetworkPolicy of this pod ({error})"
            ) from error
        raise CommandError(
            f"cannot {what}: the API server answered {error.status} ({error})"
        ) from error
