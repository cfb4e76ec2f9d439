"""A migration that fails looks failed at once, and is tried again less and less often."""

from __future__ import annotations

from support.fake_controllers import Mood
from support.stage import V1, V2, Stage


def _fail(stage: Stage) -> None:
    stage.controllers.jobs.mood = Mood.REFUSES
    stage.apply(backend={"image": V2})
    stage.settle()


def test_it_is_stalled_at_once(running: Stage) -> None:
    _fail(running)
    assert running.condition("Stalled")["reason"] == "MigrationFailed"
    assert running.condition("Reconciling") == {}
    assert running.ready() == "False"


def test_it_is_tried_again_by_itself_and_then_rolls_out(running: Stage) -> None:
    _fail(running)
    running.controllers.jobs.mood = Mood.WORKS
    running.settle()
    assert running.image() == V1
    running.pass_time(61)
    running.settle()
    assert running.image() == V2
    assert running.ready() == "True"
    assert running.condition("Stalled") == {}


def test_tries_come_less_and_less_often(running: Stage) -> None:
    _fail(running)
    made = []
    for _ in range(40):
        running.pass_time(61)
        running.settle()
        made.append(sum(words.startswith("create Job") for words in running.operator_writes()))
    first, later = sum(made[:10]), sum(made[-10:])
    assert first > later > 0


def test_a_new_image_is_tried_at_once(running: Stage) -> None:
    _fail(running)
    running.controllers.jobs.mood = Mood.WORKS
    running.apply(backend={"image": V1})
    running.settle()
    assert running.ready() == "True"
