"""What the commands for people ask of a cluster, through kubectl.

A person has kubectl, with contexts, logins and proxies set up for it; so what kubectl reaches,
these commands reach, and as the same person. Only reading is done here.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from appinstance_operator.api.spec import GROUP, PLURAL

from .fleet import CommandError
from .objectmeta import name_problems

APPINSTANCES = f"{PLURAL}.{GROUP}"
_SECONDS = 60
_DEFAULT_BINARY = "kubectl"


class Kubectl:
    """Calls of kubectl with the same cluster and namespace."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._binary = os.environ.get("KUBECTL") or _DEFAULT_BINARY
        self._flags = [
            f"--{name}={value}"
            for name in ("kubeconfig", "context", "namespace")
            if (value := getattr(options, name, None)) is not None
        ]

    def command(self, *words: str) -> list[str]:
        """Return the words of a call."""
        verb, *rest = words
        return [self._binary, verb, *self._flags, *rest]

    def call(self, *words: str) -> str:
        """Return what kubectl writes; CommandError carries its complaint."""
        told = self._told(self.command(*words, "--request-timeout=30s"))
        if told.returncode:
            raise CommandError(_sentence(told.stderr))
        return told.stdout

    def objects(self, kinds: str, *words: str) -> list[dict[str, Any]]:
        """Return the objects that `kubectl get` lists."""
        text = self.call("get", kinds, *words, "-o", "json", "--ignore-not-found")
        if not text.strip():
            return []
        body = _parsed(text)
        items: list[dict[str, Any]] = body.get("items", [body])
        return items

    def seen(self, kinds: str, *words: str) -> tuple[list[dict[str, Any]], str | None]:
        """Return the objects, or none and why they could not be looked at."""
        try:
            return self.objects(kinds, *words), None
        except CommandError as error:
            return [], str(error)

    def instance(self, name: str) -> dict[str, Any]:
        """Return an AppInstance; CommandError where there is none of the name."""
        if any(name_problems(name)):
            raise CommandError(
                f"{name!r} can't be the name of an AppInstance; name one, such as acme"
            )
        found = self.objects(APPINSTANCES, name)
        if not found:
            raise CommandError(
                f"there is no AppInstance {name} here; see `kubectl get appi --all-namespaces`, "
                "and say where it is by -n"
            )
        return found[0]

    def _told(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=_SECONDS,
                errors="replace", stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except FileNotFoundError:
            raise CommandError(
                f"{self._binary} is not on PATH, and this command asks the cluster through it; "
                "install kubectl"
            ) from None
        except subprocess.TimeoutExpired:
            raise CommandError(f"the cluster did not answer within {_SECONDS} s") from None
        except (OSError, ValueError) as error:  # an argument with a NUL byte is a ValueError
            raise CommandError(f"{self._binary} could not be run: {error}") from None


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        raise CommandError("kubectl answered something that is not JSON") from None
    if not isinstance(found, dict):
        raise CommandError("kubectl answered something that is not an object")
    return found


def _sentence(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line.strip() and "memcache.go" not in line]
    words = lines[-1].strip() if lines else "kubectl failed and did not say why"
    return words.removeprefix("error: ").removeprefix("Error from server ")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what says which cluster and namespace."""
    parser.add_argument("-n", "--namespace", help="default: that of kubectl's context")
    parser.add_argument("--context", help="of the kubeconfig")
    parser.add_argument("--kubeconfig", type=Path)
