"""The IAM client, in as little memory as it works in: botocore's, as boto3 adds nothing to it.

botocore keeps the description of a service and of all endpoints that AWS has for as long as there
is a client: 8 MiB, most of it documentation and other services' endpoints (docs/adr/0020).
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.loaders import JSONFileLoader, Loader

from appinstance_operator.api.settings import Settings
from appinstance_operator.desired.names import MANAGER

_SERVICES = frozenset({"iam", "sts"})
"""What is called: the roles, and a session of the operator's own role by its web identity."""
_PATIENCE = Config(
    connect_timeout=5, read_timeout=20, retries={"mode": "standard", "max_attempts": 3}
)
# By this CloudTrail tells of the operator; what botocore would say is put together anew, twice, for
# each request.
_CONFIG = _PATIENCE.merge(Config(user_agent=MANAGER))


class LeanLoader(JSONFileLoader):
    """Reads botocore's descriptions without what only people, or other services, need.

    It is left out while a file is read: what is taken out afterwards leaves its room behind.
    """

    def load_file(self, file_path: str) -> Any:
        """Return what a file (named without its suffix) says, None when there is none."""
        for suffix, opened in ((".json", open), (".json.gz", gzip.open)):
            path = Path(file_path + suffix)
            if path.is_file():
                with opened(path, "rb") as file:
                    return json.load(file, object_pairs_hook=_needed)
        return None


def _needed(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of a description; a shape's member may be called documentation, too."""
    found = {
        key: value for key, value in pairs if key != "documentation" or not isinstance(value, str)
    }
    services = found.get("services")
    if "partition" in found and isinstance(services, dict):
        found["services"] = {key: services[key] for key in services.keys() & _SERVICES}
    return found


def lean_session() -> botocore.session.Session:
    """Return a session of the SDK that reads what it needs to know with the loader above."""
    session = botocore.session.get_session()
    session.register_component("data_loader", Loader(file_loader=LeanLoader()))
    return session


def iam_client(settings: Settings) -> Any:
    """Return the IAM client; its credentials come from the environment (a web identity)."""
    return _iam_client(lean_session(), settings, _CONFIG)


def iam_client_of_a_person(settings: Settings) -> Any:
    """Return an IAM client as patient as the operator's, and not under its name.

    A person may sign in in any way that the SDK has (a profile, SSO), so it leaves nothing out.
    """
    return _iam_client(botocore.session.get_session(), settings, _PATIENCE)


def _iam_client(session: botocore.session.Session, settings: Settings, config: Config) -> Any:
    return session.create_client(
        "iam", region_name=settings.region, endpoint_url=settings.aws_endpoint_url, config=config
    )
