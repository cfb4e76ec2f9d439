"""Build the binaries of a Kubernetes node and its add-ons from pinned Go modules.

Each part is built in a copy of its own module, because only there do its `replace` lines and its
go.sum hold. The result is kept by content: the key covers the pinned module hash, everything
under `local/tools/<part>/`, the recipe and the Go version, so a change of any of them builds
anew and nothing else does.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from appinstance_local import debian
from appinstance_local.errors import LocalError
from appinstance_local.paths import TOOLS, binaries, cache
from appinstance_local.progress import say, step
from appinstance_local.shell import run

from . import provider_trim, versions
from .recipes import BY_NAME, RECIPES, Recipe


@functools.cache
def go_version() -> str:
    """Return the installed Go's version; LocalError when it is missing or too old."""
    need = versions.go_minimum()
    wanted = ".".join(map(str, need))
    if not shutil.which("go"):
        raise LocalError(f"install Go {wanted} or newer: the cluster's parts are built with it")
    text = run(["go", "env", "GOVERSION"]).strip()
    match = re.match(r"go(\d+(?:\.\d+)*)", text)
    if not match or tuple(map(int, match[1].split("."))) < need:
        raise LocalError(f"install Go {wanted} or newer: this machine has {text}")
    return text


def _override_files(recipe: Recipe) -> list[Path]:
    folder = TOOLS / recipe.name
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []


def _module_sum(recipe: Recipe) -> str:
    wanted = f"{recipe.module} {versions.version(recipe.module)} "
    for line in (TOOLS / "go.sum").read_text().splitlines():
        if line.startswith(wanted):
            return line
    raise LocalError(f"local/tools/go.sum does not list {wanted.strip()}; run `make lock-tools`")


def key(recipe: Recipe) -> str:
    """Return the content key of a part's build."""
    digest = hashlib.sha256()
    facts = [
        go_version(),
        _module_sum(recipe),
        json.dumps(dict(recipe.packages), sort_keys=True),
        json.dumps(recipe.tags),
        json.dumps(dict(recipe.stamps(versions.version(recipe.module))), sort_keys=True),
        str(recipe.cgo),
    ]
    if recipe.services:
        facts += [json.dumps(recipe.services), Path(provider_trim.__file__).read_text()]
    for fact in facts:
        digest.update(fact.encode() + b"\0")
    for path in _override_files(recipe):
        digest.update(str(path.relative_to(TOOLS)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def build_folder(recipe: Recipe) -> Path:
    """Return where a part's binaries are kept once built."""
    return cache() / "builds" / f"{recipe.name}-{key(recipe)}"


def is_built(recipe: Recipe) -> bool:
    """Return whether a part's binaries are there and whole (the folder appears by a rename)."""
    return build_folder(recipe).is_dir()


def module_folder(name: str) -> Path:
    """Return the (read-only) folder of a part's module, downloaded and checked by go.sum."""
    recipe = BY_NAME[name]
    wanted = f"{recipe.module}@{versions.version(recipe.module)}"
    told = json.loads(run(["go", "mod", "download", "-json", wanted], cwd=TOOLS))
    if told.get("Error"):
        raise LocalError(f"cannot download {wanted}: {told['Error']}")
    if f" {told['Sum']}" not in _module_sum(recipe):
        raise LocalError(
            f"{wanted} is not the module that local/tools/go.sum pins; run `make lock-tools`"
        )
    return Path(told["Dir"])


def _working_copy(recipe: Recipe) -> Path:
    copy = cache() / "work" / recipe.name
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(module_folder(recipe.name), copy, copy_function=shutil.copyfile)
    for workspace in ("go.work", "go.work.sum"):
        (copy / workspace).unlink(missing_ok=True)
    folder = TOOLS / recipe.name
    for path in _override_files(recipe):
        inside = path.relative_to(folder)
        target = copy / (inside.relative_to("overlay") if inside.parts[0] == "overlay" else inside)
        target.chmod(0o644) if target.exists() else target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    recipe.prepare(copy)
    return copy


def _compile(recipe: Recipe, copy: Path, out: Path, module_mode: str) -> None:
    stamps = recipe.stamps(versions.version(recipe.module))
    flags = " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in stamps.items())])
    env = {
        "CGO_ENABLED": "1" if recipe.cgo else "0",
        "GOFLAGS": f"-mod={module_mode}",
        "GOWORK": "off",
    }
    common = ["go", "build", "-trimpath", "-ldflags", flags, "-tags", ",".join(recipe.tags)]
    log = cache() / "logs" / f"build-{recipe.name}.log"
    log.unlink(missing_ok=True)
    # One go command for all commands of a module shares the work; binaries named otherwise than
    # their package folder need one each.
    same = {b: p for b, p in recipe.packages.items() if p.rsplit("/", 1)[-1] == b}
    if same:
        run([*common, "-o", f"{out}/", *same.values()], cwd=copy, env=env, log=log)
    for binary, package in recipe.packages.items():
        if binary not in same:
            run([*common, "-o", out / binary, package], cwd=copy, env=env, log=log)


@contextmanager
def _only_one_builder() -> Iterator[None]:
    with (cache() / "builds.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another build is running; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _link(recipe: Recipe) -> None:
    for binary in recipe.packages:
        link = binaries() / binary
        target = build_folder(recipe) / binary
        if link.is_symlink() and link.readlink() == target:
            continue
        fresh = link.with_name(f".{binary}.{os.getpid()}")
        fresh.symlink_to(target)
        fresh.replace(link)


def build(recipe: Recipe) -> None:
    """Build one part if its build is not kept yet, and point the `bin` links at it."""
    if not is_built(recipe):
        debian.ensure(recipe.debian)
        about = (
            f"build {recipe.name} {versions.version(recipe.module)} (about {recipe.minutes:g} min)"
        )
        with step(about):
            copy = _working_copy(recipe)
            fresh = build_folder(recipe).with_suffix(f".{os.getpid()}")
            fresh.mkdir(parents=True)
            try:
                _compile(recipe, copy, fresh, "readonly")
                fresh.rename(build_folder(recipe))
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
                shutil.rmtree(copy, ignore_errors=True)
    _link(recipe)


def ensure(names: Iterable[str] | None = None) -> None:
    """Build the named parts (all of them when None), one after another: each uses every core."""
    wanted = RECIPES if names is None else tuple(BY_NAME[name] for name in names)
    missing = [recipe for recipe in wanted if not is_built(recipe)]
    if not missing:
        for recipe in wanted:
            _link(recipe)
        return
    minutes = sum(recipe.minutes for recipe in missing)
    say(
        f"{len(missing)} of {len(wanted)} parts are to be built, about {minutes:.0f} min on 2 cores"
    )
    with _only_one_builder():
        for recipe in wanted:
            build(recipe)


def relock(name: str) -> None:
    """Resolve a part's requirements anew and write `local/tools/<name>/{go.mod,go.sum}`.

    Only for a part that has such a folder, after its version in go.mod changed: the module's own
    go.mod is taken, our replacements are put in, and Go adds what the build needs.
    """
    recipe = BY_NAME[name]
    folder = TOOLS / name
    folder.mkdir(exist_ok=True)
    for lock in ("go.mod", "go.sum"):
        (folder / lock).unlink(missing_ok=True)
    copy = _working_copy(recipe)
    for edit in _edits(name, copy):
        run(["go", "mod", "edit", edit], cwd=copy)
    out = cache() / "work" / f"{name}-lock"
    _compile(recipe, copy, out, "mod")
    for lock in ("go.mod", "go.sum"):
        shutil.copyfile(copy / lock, folder / lock)
    shutil.rmtree(out, ignore_errors=True)


def _edits(name: str, copy: Path) -> list[str]:
    """Return the `go mod edit` flags that a part cannot be built without."""
    if name in {"kubernetes", "etcd"}:
        # Replaced by neighbouring folders in the repository, which a module's zip leaves out; the
        # same release publishes each as a module of its own. etcd requires those versions itself.
        told = json.loads(run(["go", "mod", "edit", "-json"], cwd=copy))
        folders = sorted(
            item["Old"]["Path"] for item in told["Replace"] if item["New"]["Path"].startswith(".")
        )
        if name == "etcd":
            return [f"-dropreplace={module}" for module in folders]
        published = versions.kubernetes().replace("v1.", "v0.", 1)
        return [f"-replace={module}={module}@{published}" for module in folders]
    if name == "calico":
        api = "github.com/projectcalico/api"
        return [f"-replace={api}={api}@v0.0.0-20240708202104-e3f70b269c2c"]
    if name == "external-secrets":
        fork = "github.com/external-secrets/sprig/v3@v3.3.0"
        return [f"-replace=github.com/Masterminds/sprig/v3={fork}"]
    return []
