"""The containers of our own engine weigh more than one process, and as before when it is gone."""

from pathlib import Path

import pytest

from appinstance_local import weight


@pytest.mark.parametrize(
    ("name", "one"), [("cpu/docker/cpu.shares", 1024), ("docker/cpu.weight", 100)]
)
def test_the_containers_together_weigh_as_ten_processes_until_it_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, one: int
) -> None:
    monkeypatch.setattr(weight, "CGROUPS", tmp_path)
    file = tmp_path / name
    file.parent.mkdir(parents=True)
    file.write_text(f"{one}\n")
    weight.give()
    assert int(file.read_text()) == 10 * one
    weight.take_back()
    assert int(file.read_text()) == one


def test_where_there_is_no_such_group_it_is_said_and_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(weight, "CGROUPS", tmp_path)
    weight.give()
    assert "no group of theirs here" in capsys.readouterr().out
    weight.take_back()
    assert list(tmp_path.iterdir()) == []
