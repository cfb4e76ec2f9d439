"""The one request to the load balancer: asked once, asked again while it is not fine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from queue import Queue

import pytest
import urllib3
from support.waiting import WAIT_SECONDS

from appinstance_operator.kube.cache import Key
from appinstance_operator.reconcile.reach import AGAIN_SECONDS, Reach

KEY: Key = ("team", "shop")
HOST, ADDRESS = "shop.apps.example.com", "lb.example.com"


class World:
    def __init__(self) -> None:
        self.now = 0.0
        self.answers: list[int | Exception] = []
        self.asked: list[tuple[str, str]] = []
        self.woken: Queue[Key] = Queue()
        self.reach = Reach(self.woken.put, self._ask, lambda: self.now)

    def _ask(self, address: str, host: str) -> int:
        self.asked.append((address, host))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def told(self) -> tuple[str, str]:
        """Look, let the request come to its end, and return what the next look sees."""
        if self.reach.seen(KEY, HOST, ADDRESS) is None:
            self.woken.get(timeout=WAIT_SECONDS)
        found = self.reach.seen(KEY, HOST, ADDRESS)
        assert found
        return found.status, found.message


@pytest.fixture
def world() -> World:
    return World()


def test_an_answer_is_asked_for_once(world: World) -> None:
    world.answers = [200]
    assert world.told() == ("True", f"https://{HOST} answered 200 at {ADDRESS}")
    world.now = 10_000
    assert world.told()[0] == "True"
    assert world.asked == [(ADDRESS, HOST)]


@pytest.mark.parametrize(
    "answer", [503, urllib3.exceptions.SSLError("wrong name"), TimeoutError()], ids=str
)
def test_a_bad_answer_is_told_and_asked_for_again_after_a_while(
    world: World, answer: int | Exception
) -> None:
    world.answers = [answer, 204]
    assert world.told()[0] == "False"
    assert world.told()[0] == "False", "not at once"
    assert len(world.asked) == 1
    world.now += AGAIN_SECONDS
    found = world.reach.seen(KEY, HOST, ADDRESS)
    assert found
    assert found.status == "False", "until it is answered, the old answer stands"
    world.woken.get(timeout=WAIT_SECONDS)
    assert world.told()[0] == "True"


def test_another_address_is_asked_anew(world: World) -> None:
    world.answers = [200, 200]
    world.told()
    assert world.reach.seen(KEY, HOST, "other.example.com") is None


def test_a_request_that_hangs_holds_up_no_look() -> None:
    held: Queue[int] = Queue()
    reach = Reach(lambda _key: None, lambda _address, _host: held.get(timeout=60))
    with ThreadPoolExecutor(1) as pool:
        looked = pool.submit(reach.seen, KEY, HOST, ADDRESS)
        assert looked.result(timeout=WAIT_SECONDS) is None
    held.put(200)
