"""That tests/e2e tell closed from slow and an answer from none: tried here, without a pod."""

from __future__ import annotations

import socket
import subprocess

import pytest
from e2e.support import is_unheard
from e2e.ways import judged, program_to_try


def _tried(port: int) -> tuple[bool] | None:
    command = ["bash", "-c", program_to_try("127.0.0.1", port)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return judged(answer.stdout, answer.stderr)


def test_a_listener_and_a_host_that_refuses_are_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert _tried(port) == (True,)
    assert _tried(port) == (True,)


def test_closed_is_what_times_out_while_the_pod_gets_to_itself() -> None:
    assert judged("itself 1\nended 124\n", "") == (False,)
    assert judged("ended 124\nitself 1\n", "") == (False,)


@pytest.mark.parametrize("output", ["itself 124\nended 124\n", "ended 124\n"])
def test_a_pod_that_is_too_slow_for_itself_says_nothing(output: str) -> None:
    assert judged(output, "") is None


@pytest.mark.parametrize(
    ("output", "errors"),
    [
        ("", "OCI runtime exec failed: bash: no such file"),
        ("itself 1\nended 1\n", "bash: nowhere.example: Name or service not known"),
        ("", "error: Connection refused by the kubelet"),
    ],
)
def test_what_could_not_be_tried_is_an_error(output: str, errors: str) -> None:
    with pytest.raises(AssertionError, match="could not be tried"):
        judged(output, errors)


@pytest.mark.parametrize(
    "said",
    [
        "The connection to the server 127.0.0.1:6443 was refused - did you specify the right host "
        "or port?",
        "Unable to connect to the server: net/http: TLS handshake timeout",
        "Error from server: error dialing backend: dial tcp 172.18.0.2:10250: connect: refused",
        "Error from server: etcdserver: request timed out",
    ],
)
def test_kubectl_without_an_answer_is_asked_again(said: str) -> None:
    assert is_unheard(f"{said}\n")


@pytest.mark.parametrize(
    "said",
    [
        'Error from server (NotFound): services "shop" not found',
        'Error from server (Forbidden): appinstances "x" is forbidden: denied request: host x',
        "error: timed out waiting for the condition on pods/says",
        "bash: connect: Connection refused\ncommand terminated with exit code 1",
        "error: unable to upgrade connection: container not found",
    ],
)
def test_whatever_else_kubectl_says_is_its_answer(said: str) -> None:
    assert not is_unheard(said)
