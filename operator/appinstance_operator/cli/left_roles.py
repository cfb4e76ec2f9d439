"""`appinstance left-roles`: IAM roles of AppInstances that are not there any more.

The operator removes an instance's roles before it lets it go. Two ways remain in which roles stay:
`deletionPolicy: Retain` says so, and somebody patched the finalizer away while no operator ran.
Nothing in the cluster tells of the latter, and to look for them takes `iam:ListRoles`, which IAM
grants for a whole account or not at all. So it is not the operator that looks: a person does, with
rights of their own, and says which roles are to go.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appinstance_operator.api.errors import OperatorError
from appinstance_operator.api.settings import Settings
from appinstance_operator.desired import iam

from .fleet import CommandError, Key, exit_code
from .given import told_settings

Alive = Callable[[], Collection[Key]]


@dataclass(frozen=True)
class LeftRole:
    """A role whose tags name an instance of this cluster that is not there."""

    name: str
    key: Key

    def __str__(self) -> str:
        return f"{self.name} (of {self.key})"


def left(client: Any, settings: Settings, alive: Alive) -> list[LeftRole]:
    """Return the roles that are left, by name.

    The instances are asked for after the roles: what is made meanwhile is not taken for left.
    """
    found = sorted(_roles(client, settings), key=lambda role: role.name)
    there = set(alive())
    return [role for role in found if role.key not in there]


def _roles(client: Any, settings: Settings) -> Iterator[LeftRole]:
    """Return all roles of instances of this cluster that this operator has to do with."""
    for page in client.get_paginator("list_roles").paginate(PathPrefix=settings.iam.path):
        for role in page["Roles"]:
            name = role["RoleName"]
            ours = role["Path"] == settings.iam.path and name.startswith(
                settings.iam.role_name_prefix
            )
            tags = _tags(client, name) if ours else {}
            key = Key(tags.get(iam.TAG_NAMESPACE, ""), tags.get(iam.TAG_NAME, ""))
            # Those of another cluster of the account carry its issuer.
            of_this_cluster = tags.get(iam.TAG_ISSUER) == settings.oidc.issuer and all(key)
            followed = not settings.namespaces or key.namespace in settings.namespaces
            if of_this_cluster and followed:
                yield LeftRole(name, key)


def _tags(client: Any, role: str) -> dict[str, str]:
    pages = client.get_paginator("list_role_tags").paginate(RoleName=role)
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}


def remove(client: Any, settings: Settings, alive: Alive, names: Sequence[str]) -> str:
    """Remove roles that are left, by name; CommandError, and none is removed, for any other."""
    # Late: it loads botocore.
    from appinstance_operator.aws.roles import RoleManager

    known = {role.name: role for role in left(client, settings, alive)}
    others = [name for name in names if name not in known]
    if others:
        raise CommandError(
            f"nothing was removed: {', '.join(others)} is no role of an AppInstance of this "
            "cluster that is gone; name only what `appinstance left-roles` lists"
        )
    manager = RoleManager(client)
    for name in names:
        owner = iam.owner_tags_of(*known[name].key, settings)
        try:
            manager.delete(name, (owner,))
        except OperatorError as error:
            raise CommandError(error.message) from None
    return "removed: " + ", ".join(str(known[name]) for name in names)


def listed(roles: Sequence[LeftRole]) -> str:
    """Return a line for each role, and what to do about them."""
    if not roles:
        return "no role is left of an AppInstance that is gone"
    lines = [*map(str, roles), "Retained on purpose (deletionPolicy: Retain), or left behind."]
    return "\n".join([*lines, "To remove some: appinstance left-roles --remove NAME …"])


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `left-roles` to the parser of `main.py`."""
    text = "list the IAM roles of AppInstances that are gone, with your own AWS rights"
    parser = commands.add_parser("left-roles", help=text, description=text)
    parser.add_argument("--settings", type=Path, required=True)
    parser.add_argument(
        "--remove", nargs="+", metavar="NAME", default=(), help="remove these, which are left"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command, say how it went, and return the exit code."""
    from botocore.exceptions import BotoCoreError, ClientError

    from appinstance_operator.aws.sdk import iam_client_of_a_person

    from .fleet_client import KubernetesFleet

    settings = told_settings(options.settings)

    def work() -> str:
        fleet = KubernetesFleet.from_environment(settings.namespaces)

        def alive() -> Collection[Key]:
            return [seen.key for seen in fleet.snapshot().instances]

        try:
            client = iam_client_of_a_person(settings)
            if options.remove:
                return remove(client, settings, alive, options.remove)
            return listed(left(client, settings, alive))
        except (BotoCoreError, ClientError) as error:
            raise CommandError(
                f"IAM did not say which roles there are: {error}; it takes iam:ListRoles and "
                "iam:ListRoleTags"
            ) from None

    return exit_code(work)
