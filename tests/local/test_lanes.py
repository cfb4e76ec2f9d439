"""Jobs side by side: at a time, in order, ended together."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from support.waiting import wait_for

from appinstance_local import lanes
from appinstance_local.errors import LocalError
from appinstance_local.lanes import Command


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPINSTANCE_CACHE", str(tmp_path / "cache"))


def _shell(name: str, text: str) -> Command:
    return Command(name, ["sh", "-ec", text])


def _waits_for(path: Path) -> str:
    return f"until test -e {path}; do sleep 0.05; done"


def test_lanes_run_side_by_side(tmp_path: Path) -> None:
    one, two = (tmp_path / name for name in ("one", "two"))
    lanes.run(
        [_shell("first", f"touch {one}; {_waits_for(two)}")],
        [_shell("second", f"{_waits_for(one)}; touch {two}")],
    )


def test_a_lane_does_its_jobs_in_order_and_never_two_at_once(tmp_path: Path) -> None:
    taken, done = tmp_path / "taken", tmp_path / "done"
    text = f"mkdir {taken}; echo {{}} >>{done}; sleep 0.05; rmdir {taken}"
    lanes.run([_shell(f"{number}", text.format(number)) for number in range(5)])
    assert done.read_text().split() == ["0", "1", "2", "3", "4"]


def test_lines_stand_under_the_name_of_their_job_and_in_its_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lanes.run([_shell("the talker", "echo one; echo two >&2; printf unfinished")])
    said = capsys.readouterr().out
    for line in ("one", "two", "unfinished"):
        assert f"the talker | {line}\n" in said
    log = tmp_path / "cache" / "logs" / "the-talker.log"
    assert log.read_text() == "one\ntwo\nunfinished"


def test_one_that_fails_ends_the_others_with_what_they_started(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pid, never = tmp_path / "pid", tmp_path / "never"
    next_ones = [_shell("waits", f"touch {never}")]
    serves = _shell("serves", f"sleep 600 & echo $! >{pid}.new; mv {pid}.new {pid}; wait")
    fails = _shell("fails", f"{_waits_for(pid)}; echo why it failed; exit 3")
    with pytest.raises(LocalError, match="fails failed with exit code 3"):
        lanes.run([serves, *next_ones], [fails, *next_ones])
    assert "fails | why it failed" in capsys.readouterr().out
    assert not never.exists()
    _await_end(int(pid.read_text()))


def test_what_a_job_leaves_behind_is_ended_with_it(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    lanes.run([_shell("leaves", f"sleep 600 & echo $! >{pid}")])
    _await_end(int(pid.read_text()))


def test_one_that_left_its_group_holds_nobody_up(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    text = "import os, time; os.setsid(); open({!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    program = text.format(str(pid))
    start = f'"{sys.executable}" -c "{program}" & until test -s {pid}; do sleep 0.05; done'
    try:
        lanes.run([_shell("leaves", start)])
    finally:
        os.kill(int(pid.read_text()), signal.SIGKILL)


def _await_end(pid: int) -> None:
    def ended() -> bool:
        try:
            # A zombie is dead: nobody of ours waits for another's child.
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True

    wait_for(f"the end of process {pid}", ended)
