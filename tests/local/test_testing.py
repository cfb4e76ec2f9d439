"""What `make test` runs side by side, and what never."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from appinstance_local import debian, engine, lanes, testing
from appinstance_local.errors import LocalError
from appinstance_local.lanes import Command
from appinstance_local.offline import builds
from appinstance_local.platform import cluster, terraform
from appinstance_local.platform.cluster import Mode


@pytest.fixture(autouse=True)
def _nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(testing, "unit", lambda: None)
    monkeypatch.setattr(builds, "ensure", lambda parts=None: None)
    monkeypatch.setattr(debian, "ensure", lambda packages: None)
    monkeypatch.setattr(terraform, "environment", dict)
    monkeypatch.setattr(engine, "ensure", lambda: None)
    monkeypatch.setattr(cluster, "choose_mode", lambda docker: Mode.BUILT)


def _lanes(monkeypatch: pytest.MonkeyPatch, mode: Mode) -> tuple[list[list[str]], list[object]]:
    """Return the names of the jobs in each lane of `make test`, and what was built before them."""
    begun: list[list[str]] = []
    built: list[object] = []

    def run(*worked_off: Sequence[Command]) -> None:
        begun.extend([job.name for job in lane] for lane in worked_off)

    def ensure(parts: Sequence[str] | None = None) -> None:
        assert not begun
        built.append(parts)

    monkeypatch.setattr(lanes, "run", run)
    monkeypatch.setattr(builds, "ensure", ensure)
    monkeypatch.setattr(cluster, "choose_mode", lambda docker: mode)
    testing.everything()
    return begun, built


def test_the_tests_on_the_cluster_come_before_the_browsers_and_never_beside_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert ["on the cluster", "app and the rest"] in _lanes(monkeypatch, Mode.BUILT)[0]


def test_a_node_that_is_built_here_is_built_before_any_lane(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert None in _lanes(monkeypatch, Mode.BUILT)[1]  # all parts
    assert None not in _lanes(monkeypatch, Mode.STOCK)[1]


@pytest.mark.parametrize(("variable", "taken_away"), [("1", 1), ("", 0)])
@pytest.mark.parametrize("part", [(lanes, "run"), (cluster, "choose_mode")])
def test_in_ci_the_cluster_is_taken_away_also_where_a_lane_or_the_node_fails(
    monkeypatch: pytest.MonkeyPatch, part: tuple[object, str], variable: str, taken_away: int
) -> None:
    def fail(*_given: object) -> None:
        raise LocalError("failed")

    downs: list[None] = []
    monkeypatch.setenv("CI", variable)
    monkeypatch.setattr(*part, fail)
    monkeypatch.setattr(cluster, "down", lambda: downs.append(None))
    with pytest.raises(LocalError):
        testing.everything()
    assert len(downs) == taken_away
