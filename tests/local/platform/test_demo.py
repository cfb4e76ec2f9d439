"""The demo is done when the edge serves, not before."""

from __future__ import annotations

import httpx
import pytest

from appinstance_local.errors import LocalError
from appinstance_local.platform import demo, install


def _edge(monkeypatch: pytest.MonkeyPatch, *api: int) -> list[str]:
    """Let the edge answer for the API one after the other, the last one for ever."""
    asked: list[str] = []

    def answer(_name: str, path: str) -> httpx.Response:
        asked.append(path)
        turn = min(asked.count(path), len(api)) - 1
        return httpx.Response(200 if path == "/" else api[turn])

    monkeypatch.setattr(demo, "through_edge", answer)
    return asked


def test_an_edge_that_takes_up_the_routes_later_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = _edge(monkeypatch, 404, 503, 401)
    demo.wait_until_served("acme", 60)
    assert len(asked) == 6


def test_an_edge_that_gives_no_answer_is_an_error_that_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_name: str, _path: str) -> httpx.Response:
        raise httpx.ConnectError("connection refused")

    monkeypatch.setattr(demo, "through_edge", refuse)
    with pytest.raises(LocalError, match="connection refused"):
        demo.wait_until_served("acme", 0)


def test_an_instance_without_a_page_is_not_asked_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _edge(monkeypatch, 401)
    demo.wait_until_served("globex", 60, page=False)
    assert asked == ["/api/v1/users/me"]


def test_an_edge_that_serves_something_else_is_an_error_that_says_what(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _edge(monkeypatch, 404)
    with pytest.raises(LocalError, match=r"answers .*404.* for acme where .*401.* is due"):
        demo.wait_until_served("acme", 0)


def test_an_instance_of_an_earlier_checkout_keeps_its_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = "apps/acme/acme/database"
    monkeypatch.setattr(install, "kubectl", lambda *_words: told)
    with pytest.raises(LocalError, match="kubectl -n acme delete appi acme"):
        demo.refuse_given_database("acme", "acme")
    told = ""
    demo.refuse_given_database("acme", "acme")


def test_the_way_without_aws_begins_on_a_cluster_without_instances(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = "acme     acme\nglobex   globex\n"
    monkeypatch.setattr(install, "kubectl", lambda *_words: told)
    with pytest.raises(LocalError, match=r"acme/acme, globex/globex.*kubectl delete appinstances"):
        demo.refuse_instances()
    told = ""
    demo.refuse_instances()
