"""What Prometheus gets to see. One registry per app, so that tests and apps do not share numbers.

Labels have few values: the route's template, never the path, and only methods that HTTP knows.
"""

from __future__ import annotations

from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The app's metrics and the registry that holds them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.requests = Counter(
            "http_requests_total",
            "Requests by method, route template and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "http_request_duration_seconds",
            "Time from the request's head to the answer's end.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.in_progress = Gauge(
            "http_requests_in_progress",
            "Requests that are being answered.",
            registry=self.registry,
        )
        self.sign_ins = Counter(
            "appinstance_sign_ins_total",
            "Sign-ins by outcome: ok, refused, limited.",
            ("outcome",),
            registry=self.registry,
        )
        self.refreshes = Counter(
            "appinstance_refreshes_total",
            "Refreshes by outcome: ok, refused, reused (a copied token).",
            ("outcome",),
            registry=self.registry,
        )
        self.mails = Counter(
            "appinstance_mails_total",
            "Mails by outcome: sent, failed.",
            ("outcome",),
            registry=self.registry,
        )
        self.uploads = Counter(
            "appinstance_avatar_uploads_total",
            "Uploads of pictures by the status they got.",
            ("status",),
            registry=self.registry,
        )
        self.picture_deletions = Counter(
            "appinstance_picture_deletions_total",
            "Objects of old pictures by what came of deleting them: done, failed.",
            ("outcome",),
            registry=self.registry,
        )
        self.old_pictures = Gauge(
            "appinstance_old_pictures",
            "Pictures that were replaced or removed and whose objects are still to be deleted.",
            registry=self.registry,
        )
        self.old_pictures_age = Gauge(
            "appinstance_old_pictures_oldest_seconds",
            "How long the oldest of them has been so; 0 where there is none.",
            registry=self.registry,
        )
        self.hashing_in_line = Gauge(
            "appinstance_password_hashing_in_line",
            "Password checks that wait for a CPU.",
            registry=self.registry,
        )
