"""What the commands look at, and how they end."""

from __future__ import annotations

import pytest

from appinstance_operator.cli.fleet import CommandError, Key, Seen, exit_code


def test_an_object_without_a_status_is_not_current() -> None:
    seen = Seen.of(
        {"metadata": {"namespace": "tenants", "name": "acme", "uid": "u", "generation": 1}}
    )
    assert not seen.current
    assert not seen.is_true("Ready")
    assert not seen.deleting


def test_a_command_ends_with_its_sentence_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(lambda: "all gone") == 0
    assert capsys.readouterr() == ("all gone\n", "")


def test_a_failed_command_ends_with_its_sentence_on_stderr(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail() -> str:
        raise CommandError("two are left")

    assert exit_code(fail) == 1
    assert capsys.readouterr() == ("", "error: two are left\n")


@pytest.mark.parametrize("text", ["acme", "/acme", "tenants/", "a/b/c"])
def test_a_key_has_two_parts(text: str) -> None:
    with pytest.raises(ValueError, match="<namespace>/<name>"):
        Key.parse(text)
