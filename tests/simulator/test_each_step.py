"""A life of an instance, broken off at each of its steps in turn: nothing is left to chance here.

A step is a request to the API server or to IAM, or a fault point between them. The seeds of
test_simulator.py combine such troubles; these runs leave none out.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import pytest

from simulator import specs
from simulator.ending import end
from simulator.world import Crash, Trap, World

PLACE = specs.PLACES[0]
_WITH_PAGE, _SECOND_IMAGE, _OWNING = 1, 3, 1 + specs.OWNING
Life = Callable[[World], None]


def _calm(world: World) -> None:
    assert world.come_to_rest()


def _is_made(world: World) -> Life:
    return lambda world: world.set_spec(PLACE, _OWNING)


def _gets_an_image(world: World) -> Life:
    world.set_spec(PLACE, _WITH_PAGE)
    _calm(world)
    return lambda world: world.set_spec(PLACE, _SECOND_IMAGE)


def _gives_its_own_roles_back(world: World) -> Life:
    world.set_spec(PLACE, _OWNING)
    _calm(world)
    return lambda world: world.set_spec(PLACE, _WITH_PAGE)


def _asks_for_some_for_a_moment(world: World) -> Life:
    world.set_spec(PLACE, _WITH_PAGE)
    _calm(world)

    def asked(world: World) -> None:
        world.set_spec(PLACE, _OWNING)
        world.leader.follow("AppInstance")
        world.work()
        world.background()
        world.set_spec(PLACE, _WITH_PAGE)

    return asked


def _is_deleted(world: World) -> Life:
    world.set_spec(PLACE, _OWNING)
    _calm(world)
    return lambda world: world.delete(PLACE)


def _goes_by_force(world: World) -> Life:
    world.set_spec(PLACE, _WITH_PAGE)
    _calm(world)

    def replaced(world: World) -> None:
        world.delete(PLACE, force=True)
        world.set_spec(PLACE, _SECOND_IMAGE)

    return replaced


def _crashes(world: World, _where: str) -> None:
    raise Crash


def _loses_the_answer(world: World, where: str) -> None:
    world.lose_answer(where)


def _is_overtaken(world: World, _where: str) -> None:
    world.overtake()


LIVES = (
    _is_made, _gets_an_image, _gives_its_own_roles_back, _asks_for_some_for_a_moment, _is_deleted,
    _goes_by_force,
)  # fmt: skip
TROUBLES = (_crashes, _loses_the_answer, _is_overtaken)


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda it: it.__name__.strip("_"))
@pytest.mark.parametrize("life", LIVES, ids=lambda it: it.__name__.strip("_"))
def test_it_comes_right_wherever_it_is_broken_off(
    life: Callable[[World], Life], trouble: Callable[[World, str], None]
) -> None:
    for step in itertools.count(1):
        random.seed(1)  # the operator's jitter
        world = World()
        begin = life(world)
        world.traps.append(Trap(step, lambda where, world=world: trouble(world, where)))  # type: ignore[misc]
        begin(world)
        world.make_progress(8)
        sprung = not world.traps
        world.haunt()
        end(world)
        if not sprung:
            break
    assert step > 5, "there was hardly a step to break it off at"
