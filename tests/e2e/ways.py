"""Which ways are open: TCP connections that are tried from inside pods."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from e2e.support import run_in, wait_for

Way = tuple[str, str, str, int]
"""From a pod, by its namespace and name, to a host and port."""

# How the shell says that a connection came to be, or that its packets were dropped on the way.
_CONNECTED, _TIMED_OUT = 0, 124
_TRY_SECONDS = 3
_NOBODY = 1
"""A port on which no pod of ours listens, so that one that asks itself is refused at once."""


def reaches(namespace: str, name: str, host: str, port: int) -> bool:
    """Return whether a TCP connection from inside a pod comes to be.

    A policy drops packets, so a refused connection counts as reached: the packet got there. Closed
    is only what times out while the pod gets to itself in the same time; a machine that is too slow
    for that is asked again. A pod without a shell, a name that does not resolve or a failed exec
    are errors, as they say nothing about a policy.
    """
    program = program_to_try(host, port)

    def tried() -> tuple[bool] | None:
        answer = run_in(namespace, name, "bash", "-c", program)
        return judged(answer.stdout, answer.stderr)

    return wait_for(f"{namespace}/{name} to get to itself within {_TRY_SECONDS} s", tried)[0]


def program_to_try(host: str, port: int) -> str:
    """Return the shell program that tries a way, and beside it the way to itself."""

    def connects(to: str) -> str:
        return f"timeout {_TRY_SECONDS} bash -c 'exec 3<>/dev/tcp/{to}'"

    itself = f"{{ {connects(f'127.0.0.1/{_NOBODY}')} 2>/dev/null; echo itself $?; }} &"
    return f"{itself} {connects(f'{host}/{port}')}; echo ended $?; wait"


def judged(output: str, errors: str) -> tuple[bool] | None:
    """Return whether the way is open; None where the pod was too slow to say that it is closed."""
    codes = {word: int(code) for word, code in map(str.split, output.splitlines())}
    ended, itself = codes.get("ended"), codes.get("itself")
    if ended == _CONNECTED or (ended is not None and "Connection refused" in errors):
        return (True,)
    assert ended == _TIMED_OUT, f"it could not be tried: {output} {errors[-500:]}"
    return None if itself in {None, _TIMED_OUT} else (False,)


def open_among(*ways: Way) -> list[Way]:
    """Return those on which a connection comes to be; all are tried at once."""
    with ThreadPoolExecutor(len(ways)) as pool:
        found = pool.map(lambda way: reaches(*way), ways)
    return [way for way, is_open in zip(ways, found, strict=True) if is_open]


def await_open(*ways: Way) -> None:
    """Wait until a connection comes to be on each, as a machine may be slow."""
    wait_for(f"all of {ways} to be open", lambda: open_among(*ways) == list(ways))
