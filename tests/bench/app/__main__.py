"""`make bench-app`: the app beside others, on this machine. With `--write`, keeps the page."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from app.processes import KEY

from . import memory, outage, report, signing_in, template
from .load import request
from .reading import Side, take_turns
from .report import Figures
from .stage import Person, Server, Stage, staged

VARIANTS = (("asyncio", "limited"), ("uvloop", "h11"), ("asyncio", "h11"))
SIGNERS = 8


def _said(begun: float) -> Callable[[str], None]:
    def say(what: str) -> None:
        sys.stderr.write(f"{time.monotonic() - begun:5.0f} s  {what} …\n")

    return say


def _sides(stage: Stage, variables: dict[str, str], ours: Server, person: Person) -> list[Side]:
    picture = person.upload(memory.photo())
    theirs, user_id = stage.template(KEY)
    bare = stage.bare(variables)
    anybody = {"X-Forwarded-For": "10.9.9.9"}
    token = {"Authorization": f"Bearer {template.token(user_id, KEY)}"}
    me = request("GET", "/api/v1/users/me", person.headers)
    return [
        Side(report.OURS, ours, me),
        Side(report.BARE, bare, request("GET", "/me", person.headers)),
        Side(report.TEMPLATE, theirs, request("GET", "/api/v1/users/me", token)),
        Side(report.OUR_PICTURE, ours, request("GET", picture, anybody)),
        Side(report.BARE_PICTURE, bare, request("GET", picture.removeprefix("/api/v1"), anybody)),
    ]


def _variants(stage: Stage, ours: Server, person: Person) -> list[Side]:
    me = request("GET", "/api/v1/users/me", person.headers)
    sides = [Side("uvloop, limited", ours, me)]
    for words in VARIANTS:
        command = (sys.executable, "-m", "bench.app.variant", *words)
        sides.append(Side(", ".join(words), stage.ours(stage.variables("bench"), *command), me))
    return sides


def main() -> None:
    """Measure, print the page, and write it where asked to."""
    parser = argparse.ArgumentParser(prog="bench.app", description=__doc__)
    parser.add_argument("--blocks", type=int, default=7, help="turns that each side takes")
    parser.add_argument("--seconds", type=float, default=4.0, help="of one block")
    parser.add_argument("--write", type=Path, metavar="FILE")
    options = parser.parse_args()
    say, blocks, seconds = _said(time.monotonic()), options.blocks, options.seconds
    with staged() as stage, report.others_counted(stage) as others:
        say("databases, S3, servers")
        variables = stage.variables("bench")
        ours = stage.ours(variables)
        people = [Person(ours, number) for number in range(SIGNERS)]
        sides = _sides(stage, variables, ours, people[0])
        take_turns(sides, blocks=blocks, seconds=seconds, say=say)
        variants = _variants(stage, ours, people[0])
        take_turns(variants, blocks=max(3, blocks // 2), seconds=seconds / 2, say=say)
        signed = signing_in.measure(stage, ours, people, blocks=blocks, seconds=seconds, say=say)
        picture = people[1].upload(memory.photo())
        hanging = outage.measure(stage, ours, people[1], picture, seconds=seconds, say=say)
        say(f"{memory.UPLOADS} accounts, for their uploads")
        fresh = stage.ours(stage.variables("uploads"))
        rest = memory.at_rest(fresh)
        crowd = [Person(fresh, number) for number in range(memory.UPLOADS)]
        say(f"{memory.UPLOADS} uploads at once")
        used = memory.measure(fresh, crowd, rest=rest)
        figures = Figures(sides, variants, signed, hanging, used, others)
    page = report.page(figures)
    sys.stdout.write(page)
    if options.write:
        options.write.write_text(page)


if __name__ == "__main__":
    main()
