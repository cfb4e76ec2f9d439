"""`platform-local`: the commands behind the Makefile's targets for the local platform."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from . import engine, testing
from .errors import LocalError
from .offline import builds
from .paths import REPO, binaries
from .platform import app_images, cluster, demo, facts, install, push
from .progress import say
from .release import publish


def _build(options: argparse.Namespace) -> None:
    builds.ensure(options.parts or None)
    say(f"binaries are in {binaries()}")


def _up(_options: argparse.Namespace) -> None:
    docker = engine.ensure()
    mode = cluster.create(docker)
    install.bring_up(mode)


def _down(_options: argparse.Namespace) -> None:
    cluster.down()


def _env(_options: argparse.Namespace) -> None:
    print(cluster.shell_variables())


def _images(_options: argparse.Namespace) -> None:
    docker = engine.ensure()
    names = app_images.build(docker, cluster.choose_mode(docker))
    if cluster.is_up():
        cluster.load_images(docker, names)


def _demo(_options: argparse.Namespace) -> None:
    demo.demo()


def _test(options: argparse.Namespace) -> None:
    testing.SUITES[options.suite]()


def _facts(_options: argparse.Namespace) -> None:
    facts.check()


def _push(options: argparse.Namespace) -> None:
    push.command(options.prefix, dry_run=options.dry_run)


def _version(options: argparse.Namespace) -> None:
    publish.prepare(REPO, options.version)


def _release(options: argparse.Namespace) -> None:
    publish.command(options.version, options.to, options.key, options.platforms, options.images)


def _relock(options: argparse.Namespace) -> None:
    for part in options.parts:
        builds.relock(part)


def main() -> None:
    """Run one command; exit 1 with a sentence when something has to be done first."""
    parser = argparse.ArgumentParser(prog="platform-local", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], None], text: str
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    command("build", _build, "build the cluster's parts (all, or the named ones)").add_argument(
        "parts", nargs="*", metavar="PART"
    )
    command("up", _up, "bring the cluster up with everything the platform needs")
    command("down", _down, "take the cluster away: no process, bridge or nft table stays")
    command("env", _env, "print the variables with which a shell reaches the local cluster")
    command("images", _images, "build the platform's images, and load them into the cluster")
    pushing = command("push", _push, "build the images and push what is not in ECR yet")
    pushing.add_argument("prefix", help="what the repositories begin with")
    pushing.add_argument("--dry-run", action="store_true", help="say it and call nothing")
    command("version", _version, "write a version everywhere, and cut its changelog").add_argument(
        "version"
    )
    releasing = command("release", _release, "build, push, describe and sign a version")
    releasing.add_argument("version")
    releasing.add_argument("--to", required=True, help="what the addresses begin with")
    releasing.add_argument("--key", default="", help="cosign's key; without one, the workflow's")
    releasing.add_argument("--platforms", default="", help="for which buildx builds, with commas")
    releasing.add_argument("--images", default="", help="a folder with images that are built")
    command("demo", _demo, "from nothing to a running AppInstance")
    command("test", _test, "prepare and run a suite of tests").add_argument(
        "suite", nargs="?", choices=sorted(testing.SUITES), default="all"
    )
    command("facts", _facts, "say which pinned facts end within 60 days")
    command("relock", _relock, "resolve a part's Go requirements anew").add_argument(
        "parts", nargs="+", metavar="PART"
    )
    options = parser.parse_args()
    try:
        options.run(options)
    except LocalError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
