"""When databases were last put right and rotated where due: what the sweep's CronJob says of it.

The provisioner's own pods are too short to be asked for metrics, so the operator tells for them.
"""

from __future__ import annotations

import asyncio

import structlog

from appinstance_operator.api.errors import OperatorError
from appinstance_operator.kube.client import Kube
from appinstance_operator.kube.kinds import CRON_JOB, SWEEP_JOB
from appinstance_operator.reconcile.bodies import seconds
from appinstance_operator.signals.metrics import Metrics

log = structlog.get_logger(__name__)

LOOK_SECONDS = 60.0


class Sweeps:
    """Looks at the CronJob each minute."""

    def __init__(self, kube: Kube, namespace: str, metrics: Metrics) -> None:
        self._kube = kube
        self._namespace = namespace
        self._metrics = metrics

    def look(self) -> None:
        """Show when the last sweep ended well. Raises OperatorError, and shows what was known.

        One that never did counts from when it was made; where there is none, from the beginning of
        time.
        """
        found = self._kube.find(CRON_JOB, self._namespace, SWEEP_JOB) or {}
        made = found.get("metadata", {}).get("creationTimestamp")
        ended = found.get("status", {}).get("lastSuccessfulTime") or made
        self._metrics.last_sweep.set(seconds(ended))

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                await loop.run_in_executor(None, self.look)
            except OperatorError as error:
                log.warning("cannot look at the sweep of databases", error=error.message)
            await asyncio.sleep(LOOK_SECONDS)
