"""What of the host goes where: by default `/api` to the backend and the rest to the frontend."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# One below what ELB takes in a condition, where a path stands once more with /* behind it.
MAX_PATH = 125
_PATH = re.compile(r"/|(/(?!\.{1,2}(/|\Z))[A-Za-z0-9._~-]+)+")


@dataclass(frozen=True)
class Route:
    """A path with all below it, and the component that answers there."""

    path: str
    to: str

    def is_within(self, other: Route) -> bool:
        """Return whether another route would take this one's requests, were it not there."""
        return self.path != other.path and f"{self.path}/".startswith(other.path.rstrip("/") + "/")


def parsed_routes(raw: Sequence[Mapping[str, Any]] | None, *, frontend: bool) -> tuple[Route, ...]:
    """Return the routes, the longest path first: whatever takes the first that fits is right."""
    if raw is None:
        return (Route("/api", "backend"), Route("/", "frontend" if frontend else "backend"))
    routes = [Route(item["path"], item["to"]) for item in raw]
    return tuple(sorted(routes, key=lambda route: (-len(route.path), route.path)))


def route_violations(routes: Sequence[Route], *, frontend: bool) -> Iterator[str]:
    """Yield a sentence for each route that can't be, or that changes nothing."""
    if routes == parsed_routes(None, frontend=frontend):
        return
    parts = ("backend", "frontend") if frontend else ("backend",)
    paths = [route.path for route in routes]
    for route in routes:
        if not _PATH.fullmatch(route.path) or len(route.path) > MAX_PATH:
            yield (
                f"paths: {route.path!r} must be / or a path such as /api/v1, without a slash at "
                f"its end, a wildcard or a query, of {MAX_PATH} characters at the most"
            )
        if route.to not in parts:
            yield (
                f"paths: {route.path} goes to {route.to}, which the spec does not have; send it to "
                f"{' or '.join(parts)}"
            )
        taker = _taker(route, routes)
        if taker is not None and taker.to == route.to:
            yield f"paths: {route.path} goes to the {route.to} by {taker.path} already; remove it"
    for path in sorted({path for path in paths if paths.count(path) > 1}):
        yield f"paths: {path} stands there twice; remove one"
    for part in parts:
        if part not in {route.to for route in routes}:
            yield f"paths: nothing of the host goes to the {part}; name a path that does"


def _taker(route: Route, routes: Sequence[Route]) -> Route | None:
    """Return the route that takes a route's requests where that one is not there."""
    outer = [other for other in routes if route.is_within(other)]
    return max(outer, key=lambda other: len(other.path), default=None)
