"""Debian root file systems made by mmdebstrap: the bases of the images that are built here.

Kept by content of what was asked for, not of what Debian answered: a security update of a package
comes in with a new key (`EPOCH`), on purpose and for everybody at once.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appinstance_local import debian
from appinstance_local.paths import cache
from appinstance_local.progress import step
from appinstance_local.shell import run

SUITE = "bookworm"
EPOCH = "2026-11"
_CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True)
class RootFs:
    """What a root file system holds. `variant` is mmdebstrap's: `extract` runs no scripts."""

    name: str
    packages: tuple[str, ...]
    variant: str = "minbase"
    commands: tuple[str, ...] = ()
    """Shell commands run at the end; `$1` is the root folder."""
    host_ca_bundle: bool = False
    """Carry the host's CA bundle, so that builds work behind a private CA."""


NODE = RootFs(
    "node",
    (
        "bash", "ca-certificates", "conntrack", "curl", "ethtool", "iproute2", "iptables", "jq",
        "kmod", "libseccomp2", "mount", "nftables", "pigz", "procps", "python3-minimal", "socat",
        "systemd", "util-linux",
    ),
)  # fmt: skip

NETFILTER = RootFs(
    "netfilter",
    ("dash", "coreutils", "nftables", "iptables", "ipset", "iproute2", "conntrack", "kmod"),
    variant="extract",
    commands=(
        "for t in iptables iptables-save iptables-restore ip6tables ip6tables-save "
        'ip6tables-restore; do ln -sf xtables-nft-multi "$1/usr/sbin/$t"; done',
        'test -e "$1/bin/sh" || ln -s dash "$1/bin/sh"',
        'rm -rf "$1/usr/share/doc" "$1/usr/share/man" "$1/usr/share/locale"',
    ),
)

PYTHON = RootFs(
    "python",
    ("ca-certificates", "python3", "python3-venv"),
    host_ca_bundle=True,
)

_TRIM = (
    'rm -rf "$1"/usr/share/doc/* "$1"/usr/share/man/* "$1"/usr/share/locale/* '
    '"$1"/var/cache/apt/* "$1"/var/log/*'
)


def key(spec: RootFs) -> str:
    """Return the content key of a root file system."""
    digest = hashlib.sha256(f"{SUITE} {EPOCH} {spec!r} {_TRIM}".encode())
    bundle = Path(_CA_BUNDLE)
    if spec.host_ca_bundle and bundle.exists():
        digest.update(bundle.read_bytes())
    return digest.hexdigest()[:16]


def _options(spec: RootFs) -> Sequence[str]:
    options = [
        f"--variant={spec.variant}",
        f"--include={','.join(spec.packages)}",
        '--aptopt=Apt::Install-Recommends "false"',
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        "--dpkgopt=path-exclude=/usr/share/man/*",
    ]
    hook = "extract" if spec.variant == "extract" else "customize"
    options += [f"--{hook}-hook={command}" for command in spec.commands]
    if spec.host_ca_bundle and Path(_CA_BUNDLE).exists():
        options.append(f"--customize-hook=copy-in {_CA_BUNDLE} /etc/ssl/certs")
    if spec.variant != "extract":
        options.append(f"--customize-hook={_TRIM}")
    return options


def tarball(spec: RootFs) -> Path:
    """Return the path of the root file system as a tar, made now if it is not kept."""
    out = cache() / "rootfs" / f"{spec.name}-{key(spec)}.tar"
    if out.exists():
        return out
    debian.ensure(["mmdebstrap"])
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = out.with_suffix(f".{os.getpid()}.tar")
    with step(f"make a Debian {SUITE} root file system for {spec.name} (about 1 min)"):
        try:
            run(
                ["mmdebstrap", "--mode=root", *_options(spec), SUITE, fresh],
                env={"SOURCE_DATE_EPOCH": "0", "TMPDIR": str(cache())},
                log=cache() / "logs" / f"rootfs-{spec.name}.log",
            )
            fresh.rename(out)
        finally:
            fresh.unlink(missing_ok=True)
    return out
