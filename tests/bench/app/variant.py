"""The app with another loop or parser: `python -m bench.app.variant LOOP PARSER`.

`LOOP` is what uvicorn calls one; `limited` is our parser, httptools' with limits, and `h11` is
uvicorn's on that library, with the limits that it has by itself.
"""

from __future__ import annotations

import sys
from typing import Any

import uvicorn

from appinstance_app import cli


def main() -> None:
    """Serves as `appinstance-app serve` does, but for these two."""
    loop, parser = sys.argv[1:]
    made = uvicorn.Config

    def config(*given: Any, **named: Any) -> uvicorn.Config:
        http = named["http"] if parser == "limited" else parser
        return made(*given, **{**named, "loop": loop, "http": http})

    # The server's module reads it from there.
    vars(uvicorn)["Config"] = config
    sys.argv[1:] = ["serve"]
    sys.exit(cli.main())


if __name__ == "__main__":
    main()
