"""Password hashes: the right kind, the right cost, for everybody alike."""

from __future__ import annotations

import hashlib
from threading import Barrier, Event, Lock
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from appinstance_app.auth.passwords import LANES, MEMORY_KIB, PASSES, Passwords, Verdict
from appinstance_app.workers import Busy

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "correct horse battery staple"


def legacy(password: str, salt: str = "s4lt") -> str:
    return f"sha256${salt}${hashlib.sha256((salt + password).encode()).hexdigest()}"


@pytest.fixture(autouse=True)
def _cheap_hashing() -> None:
    """Overrides the fixture of this name: here the real cost counts."""


@pytest.fixture(scope="module")
def passwords() -> Passwords:
    return Passwords(together=2)


def counted(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that argon2 is made to verify from now on."""
    seen: list[str] = []
    real = passwords._hasher

    class Counting:
        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def verify(self, stored: str, password: str) -> bool:
            seen.append(stored)
            return real.verify(stored, password)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    return seen


async def test_new_hashes_are_argon2id_at_owasps_parameters(passwords: Passwords) -> None:
    parameters = extract_parameters(await passwords.hash_new(PASSWORD, "ada@example.com", "Ada"))
    assert parameters.type is Type.ID
    # OWASP Password Storage Cheat Sheet: m=19456 (19 MiB), t=2, p=1
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (19456, 2, 1)
    assert (MEMORY_KIB, PASSES, LANES) == (19456, 2, 1)


async def test_a_current_hash_matches_and_stays(passwords: Passwords) -> None:
    stored = await passwords.hash_new(PASSWORD, "ada@example.com", "Ada")
    assert await passwords.verify(stored, PASSWORD) == Verdict(matches=True)
    assert await passwords.verify(stored, PASSWORD + " ") == Verdict(matches=False)


async def test_an_outdated_hash_is_replaced_once_it_matched(passwords: Passwords) -> None:
    stored = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    verdict = await passwords.verify(stored, PASSWORD)
    assert verdict.matches
    assert verdict.replacement is not None
    assert await passwords.verify(verdict.replacement, PASSWORD) == Verdict(matches=True)
    assert await passwords.verify(stored, "wrong") == Verdict(matches=False)


async def test_a_legacy_hash_is_verified_and_upgraded(passwords: Passwords) -> None:
    verdict = await passwords.verify(legacy(PASSWORD), PASSWORD)
    assert verdict.matches
    assert verdict.replacement is not None
    assert verdict.replacement.startswith("$argon2id$")
    assert await passwords.verify(legacy(PASSWORD), "wrong") == Verdict(matches=False)


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "plain",
        PASSWORD,
        "sha256$salt$",
        "sha256$salt$" + "0" * 63,
        "sha1$salt$" + "0" * 64,
        "$argon2id$v=19$m=19456,t=2,p=1$broken",
        hashlib.sha256(PASSWORD.encode()).hexdigest(),
    ],
)
async def test_what_is_no_hash_matches_nothing(passwords: Passwords, stored: str) -> None:
    assert await passwords.verify(stored, PASSWORD) == Verdict(matches=False)


async def test_an_unknown_account_costs_one_verification_by_the_live_hasher(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = counted(passwords, monkeypatch)
    assert await passwords.verify(None, PASSWORD) == Verdict(matches=False)
    assert len(seen) == 1
    assert not passwords._hasher.check_needs_rehash(seen[0])


async def test_a_legacy_account_costs_as_much_as_any_other(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = counted(passwords, monkeypatch)
    await passwords.verify(legacy(PASSWORD), "wrong")
    assert len(seen) == 1


async def test_no_more_run_at_once_than_there_is_room_for_and_a_long_line_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passwords = Passwords(together=2)
    lock, release = Lock(), Event()
    # The two that run, and the test once three were refused.
    ready = Barrier(3)
    running = most = 0

    class Slow:
        def hash(self, _password: str) -> str:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            if not release.is_set():
                ready.wait(20)
            release.wait(20)
            with lock:
                running -= 1
            return "hash"

    monkeypatch.setattr(passwords, "_hasher", Slow())
    refused: list[Busy] = []

    async def one() -> None:
        try:
            await passwords.hash_new(PASSWORD, "ada@example.com", "Ada")
        except Busy as busy:
            refused.append(busy)
            if len(refused) == 3:
                await anyio.to_thread.run_sync(ready.wait, 20)
                release.set()

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            for _ in range(2 + 2 * 32 + 3):
                tasks.start_soon(one)
    assert most == 2
    assert len(refused) == 3
    assert {busy.name for busy in refused} == {"passwords"}


@pytest.mark.parametrize(
    ("cpus", "memory", "expected"),
    [(32, "536870912", 5), (2, "536870912", 2), (32, "67108864", 1), (32, "max", 32), (8, None, 8)],
)
def test_a_small_container_on_a_large_node_hashes_what_fits_its_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cpus: int, memory: str | None, expected: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(cpus)))
    monkeypatch.setattr("appinstance_app.auth.passwords.MEMORY_KIB", 19 * 1024)
    (tmp_path / "cpu.max").write_text("max 100000")
    if memory is not None:
        (tmp_path / "memory.max").write_text(memory)
    passwords = Passwords(cgroup=tmp_path)
    assert passwords._pool.at_once == expected
