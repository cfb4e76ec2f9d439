"""kopf decorators and nothing else: events become entries of the cache and wake-ups.

Only `on.event` is used, and only for AppInstances: kopf's change handlers fire on edges and keep
their progress in annotations; here the level counts, and there is nothing to keep. What instances
own is watched by `kube/watch.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import kopf

from appinstance_operator.api.settings import Settings
from appinstance_operator.kube.cache import Cache, Key
from appinstance_operator.kube.kinds import APPINSTANCE

from .stateless import NoDiffs, NoProgress

_INACTIVITY_SECONDS = 90.0
_PAGE = 200
_IDLE_SECONDS = 1.0


def configure(settings: kopf.OperatorSettings) -> None:
    """Set what the library's defaults leave open; each is one of the traps others fell into."""
    settings.posting.enabled = False  # our own Events, on transitions only
    settings.persistence.diffbase_storage = NoDiffs()
    settings.persistence.progress_storage = NoProgress()
    settings.scanning.disabled = True  # no right to list CRDs and namespaces is needed
    settings.watching.inactivity_timeout = _INACTIVITY_SECONDS  # a silent stall ends
    settings.watching.connect_timeout = 10.0
    settings.watching.chunk_size = _PAGE  # never all bodies of a large cluster at once
    # Until then an object's worker holds the last body that came, all decoded, for nobody.
    settings.queueing.idle_timeout = _IDLE_SECONDS


def scope(settings: Settings) -> dict[str, Any]:
    """Return where kopf watches: in the settings' namespaces or, without any, everywhere."""
    named = settings.namespaces
    return {"namespaces": list(named)} if named else {"clusterwide": True}


def register(
    registry: kopf.OperatorRegistry,
    cache: Cache,
    wake: Callable[[Key], None],
    listed: Callable[[], None] = lambda: None,
) -> None:
    """Register the handlers of AppInstances.

    `listed()` is called where kopf has listed them, at the start and after a watch that expired.
    """

    @kopf.on.login(registry=registry)
    def login(**kwargs: Any) -> kopf.ConnectionInfo | None:
        return kopf.login_via_client(**kwargs)

    @kopf.on.event(APPINSTANCE.api_version, APPINSTANCE.plural, registry=registry)
    async def on_instance(event: Any, **_: Any) -> None:
        body = event["object"]
        key = (body["metadata"]["namespace"], body["metadata"]["name"])
        if event["type"] == "DELETED":
            cache.drop_instance(key)
            wake(key)
        elif cache.put_instance(body):
            wake(key)
        if event["type"] is None:
            listed()
