"""What controllers would write into a namespace where none runs."""

from __future__ import annotations

import datetime
from functools import partial
from typing import Any

from support.objects import Objects, done
from support.waiting import wait_for


class Controllers(Objects):
    """A namespace whose controllers a test plays."""

    def sync_secrets(self, name: str = "shop", hash_: str = "one") -> None:
        """Do External Secrets' part: Secrets with a hash of their content, and Ready."""
        ready = [{"type": "Ready", "status": "True", "reason": "Valid", "message": ""}]
        wait_for("the store", lambda: self.get("secretstore", name))
        self.patch_status("secretstore", name, {"conditions": ready})
        for part in ("database", "app"):
            full = f"{name}-{part}"
            external = wait_for(full, partial(self.get, "externalsecret", full))
            secret = {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {
                    "name": full,
                    "labels": external["spec"]["target"]["template"]["metadata"]["labels"],
                    "annotations": {"reconcile.external-secrets.io/data-hash": hash_},
                },
                "stringData": {"password": "planted-value"},
            }
            done(self.admin.apply(self.namespace, secret))
            generation = external["metadata"]["generation"]
            self.patch_status(
                "externalsecret",
                full,
                {"conditions": ready, "syncedResourceVersion": f"{generation}-x"},
            )

    def refuse_secret(self, name: str = "shop") -> None:
        """Do External Secrets' part when AWS refuses: a bare condition, an event with the cause."""
        full = f"{name}-database"
        body = wait_for(full, lambda: self.get("externalsecret", full))
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": "refused-", "namespace": self.namespace},
            "type": "Warning",
            "reason": "UpdateFailed",
            "message": "error processing spec.data[0], err: AccessDeniedException: not authorized",
            "lastTimestamp": "2026-01-01T00:00:00Z",
            "involvedObject": {
                "kind": "ExternalSecret",
                "name": full,
                "namespace": self.namespace,
                "uid": body["metadata"]["uid"],
            },
        }
        done(self.admin.create(self.namespace, event))
        condition = {"type": "Ready", "status": "False", "reason": "SecretSyncedError"}
        words = {"message": "could not get secret data from provider"}
        self.patch_status("externalsecret", full, {"conditions": [{**condition, **words}]})

    def jobs(self) -> list[str]:
        """Return the names of the migration Jobs."""
        return self.names("job")

    def finish_job(self, job: str, *, failed: bool = False) -> None:
        """Do the Job controller's part, once."""
        if self.get("job", job).get("status", {}).get("conditions"):
            return
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        kinds = ("FailureTarget", "Failed") if failed else ("SuccessCriteriaMet", "Complete")
        message = "Job has reached the specified backoff limit" if failed else ""
        reason = "BackoffLimitExceeded" if failed else "CompletionsReached"
        status: dict[str, Any] = {
            "startTime": now,
            "conditions": [
                {"type": kind, "status": "True", "reason": reason, "message": message,
                 "lastTransitionTime": now}
                for kind in kinds
            ],
        }  # fmt: skip
        if failed:
            status["failed"] = 1
        else:
            status |= {"succeeded": 1, "completionTime": now}
        self.patch_status("job", job, status)

    def roll_out(
        self, name: str = "shop", parts: tuple[str, ...] = ("backend", "frontend")
    ) -> None:
        """Do the Deployment controller's part."""
        for part in parts:
            full = f"{name}-{part}"
            body = wait_for(full, partial(self.get, "deployment", full))
            count = body["spec"]["replicas"]
            self.patch_status(
                "deployment",
                full,
                {
                    "observedGeneration": body["metadata"]["generation"],
                    "replicas": count,
                    "updatedReplicas": count,
                    "readyReplicas": count,
                    "availableReplicas": count,
                },
            )

    def give_address(self, name: str = "shop") -> None:
        """Do the load balancer controller's part."""
        wait_for("the ingress", lambda: self.get("ingress", name))
        self.patch_status(
            "ingress", name, {"loadBalancer": {"ingress": [{"hostname": "lb.example.com"}]}}
        )
