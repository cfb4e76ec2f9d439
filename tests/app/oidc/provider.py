"""oidc-provider-mock as a server of this process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import oidc_provider_mock
from werkzeug.serving import make_server


@contextmanager
def running_provider(*users: oidc_provider_mock.User) -> Iterator[str]:
    """Run one that knows these users, and give its address.

    Its own way fails where its end takes more than a second, as on a busy machine.
    """
    app = oidc_provider_mock.app(require_nonce=True, user_claims=users)
    server = make_server("localhost", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.1,))
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
