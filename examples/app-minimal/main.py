"""A web app, its worker and its nightly job: the least that runs as an AppInstance."""

import os
import signal
import sys
import time

from fastapi import FastAPI

app = FastAPI()


@app.get("/healthz")
@app.get("/readyz")
def healthy() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/api/hello")
def hello() -> dict[str, str]:
    return {"hello": os.environ.get("APP_PUBLIC_URL", "nobody")}


def work() -> None:
    while True:
        print("worked")
        time.sleep(5)


if __name__ == "__main__":
    # The first process of a container gets no signal that it does not ask for.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    {"worker": work, "nightly": lambda: print("tidied up")}[sys.argv[1]]()
