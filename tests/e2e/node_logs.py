"""What all pods of the cluster have written to their logs, also those that are gone.

A pod's log goes with the pod. So a second name is given to each log's file while it is there: the
file then stays, and goes on growing until its writer ends.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

NODE = "appinstance-control-plane"
_KEPT = "/var/log/kept"
_KEEP = f"""
rm -rf {_KEPT} && mkdir -p {_KEPT}
while [ -d {_KEPT} ]; do
  find /var/log/pods -type f -printf '%i %p\\n' 2>/dev/null | while read -r id file; do
    [ -e "{_KEPT}/$id${{file//\\//_}}" ] || ln "$file" "{_KEPT}/$id${{file//\\//_}}" 2>/dev/null
  done
  sleep 1
done
"""


@contextmanager
def kept() -> Iterator[None]:
    """Keep the logs of all pods from now on."""
    subprocess.run(["docker", "exec", "-d", NODE, "bash", "-c", _KEEP], check=True)
    try:
        yield
    finally:
        # Under another name first: whoever keeps them may be at it, and finds no folder any more.
        program = f"mv {_KEPT} {_KEPT}.gone && rm -rf {_KEPT}.gone"
        subprocess.run(["docker", "exec", NODE, "bash", "-c", program], check=True)


def files_with(patterns: str) -> list[str]:
    """Return the logs of the node that hold one of these texts, a line each.

    Of a file that is kept the name is its number and its path. The texts go by the standard input:
    a list of processes would show arguments.
    """
    return _on_node("grep -rslaF -f - /var/log", patterns).split()


def lines_of_the_journal(patterns: str) -> int:
    """Return how many lines of the node's own journal (kubelet, containerd) hold one of these."""
    program = "exec 3<&0; journalctl --no-pager -o cat | grep -caF -f /dev/fd/3"
    return int(_on_node(program, patterns))


def _on_node(program: str, told: str) -> str:
    words = ["docker", "exec", "-i", NODE, "bash", "-c", program]
    return subprocess.run(words, input=told, capture_output=True, text=True, check=False).stdout
