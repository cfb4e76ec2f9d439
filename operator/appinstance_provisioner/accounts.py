"""Schemas and users: what is on the server, and putting it right.

Only account statements (CREATE, ALTER, DROP USER, GRANT, REVOKE): RDS lets nobody write the tables
of `mysql`. Names come from names.py and have neither quotes nor wildcards; passwords are values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from appinstance_operator.api.request import Answer

from .failures import Failure
from .server import Administrator

RIGHTS: Final = (
    "ALTER",
    "CREATE",
    "DELETE",
    "DROP",
    "INDEX",
    "INSERT",
    "REFERENCES",
    "SELECT",
    "UPDATE",
)
"""What the app and its migrations need of their schema, and no more: no GRANT OPTION, no views,
routines, triggers or events, which could run with another's rights."""

_GRANT = re.compile(r"GRANT (?P<rights>.+?) ON (?P<where>\S+) TO ")
_ROLE = re.compile(r"GRANT (?P<role>[`'][^`']+[`'](@[`'][^`']*[`'])?) TO ")


def schema_exists(admin: Administrator, schema: str) -> bool:
    """Return whether the server has the schema."""
    return bool(
        admin.rows(
            "look for the schema",
            "SELECT 1 AS there FROM information_schema.schemata WHERE schema_name = %s",
            (schema,),
        )
    )


def make_schema(admin: Administrator, schema: str) -> None:
    """Make the schema if it is not there."""
    admin.run("make the schema", f"CREATE DATABASE IF NOT EXISTS `{schema}` CHARACTER SET utf8mb4")


def user_exists(admin: Administrator, user: str) -> bool:
    """Return whether the server has the user."""
    return bool(
        admin.rows(
            "look for the user",
            "SELECT 1 AS there FROM mysql.user WHERE user = %s AND host = '%%'",
            (user,),
        )
    )


def make_user(admin: Administrator, user: str, password: str, connections: int) -> None:
    """Make a user that may log in over TLS alone, and may do nothing yet."""
    admin.run(
        "make the user",
        f"CREATE USER IF NOT EXISTS '{user}'@'%%' IDENTIFIED BY %s REQUIRE SSL "
        f"WITH MAX_USER_CONNECTIONS {connections:d}",
        (password,),
    )


def set_password(admin: Administrator, user: str, password: str) -> None:
    """Give the user a password."""
    admin.run("set the password", f"ALTER USER '{user}'@'%%' IDENTIFIED BY %s", (password,))


def repaired(admin: Administrator, user: str, schema: str, connections: int) -> list[str]:
    """Put right what the user must have and may not have; return what was amiss.

    What is missing is granted before anything is taken away, so an app in use misses nothing.
    """
    found = []
    if _limits(admin, user) != ("ANY", connections):
        found.append(f"{user}: TLS and the limit of connections")
    admin.run(
        "limit the user",
        f"ALTER USER '{user}'@'%' REQUIRE SSL WITH MAX_USER_CONNECTIONS {connections:d} "
        "ACCOUNT UNLOCK",
    )
    if _limits(admin, user)[0] != "ANY":
        raise Failure(Answer.NO_TLS, f"the server does not keep REQUIRE SSL for {user}")
    missing, extra = _differences(admin, user, schema)
    if missing:
        found.append(f"{user}: {', '.join(sorted(missing))} was missing")
        admin.run(
            "grant rights", f"GRANT {', '.join(sorted(missing))} ON `{schema}`.* TO '{user}'@'%'"
        )
    for statement in extra:
        found.append(f"{user}: had more than its rights")
        admin.run("take rights away", f"{statement} FROM '{user}'@'%'")
    if extra and any(_differences(admin, user, schema)):
        raise Failure(Answer.WITHHELD, f"{user} has rights that cannot be taken away")
    return found


def _limits(admin: Administrator, user: str) -> tuple[str, int]:
    """Return what TLS a user needs, and how many connections it may have."""
    row = admin.rows(
        "look at the user",
        "SELECT ssl_type, max_user_connections FROM mysql.user WHERE user = %s AND host = '%%'",
        (user,),
    )[0]
    tls = row["ssl_type"]
    return tls.decode() if isinstance(tls, bytes) else str(tls), int(row["max_user_connections"])


def _differences(admin: Administrator, user: str, schema: str) -> tuple[set[str], list[str]]:
    """Return which rights are missing, and a statement (without FROM) for each that is too much."""
    missing, extra = set(RIGHTS), []
    for row in admin.rows("look at the grants", f"SHOW GRANTS FOR '{user}'@'%'"):
        line = str(next(iter(row.values())))
        grant = _GRANT.match(line)
        if grant is None:
            role = _ROLE.match(line)
            if role is None:
                raise Failure(Answer.WITHHELD, f"{user} has a grant of an unknown form")
            extra.append(f"REVOKE {role['role']}")
            continue
        rights, where = _rights(grant["rights"]), grant["where"]
        if where.replace("\\", "") == f"`{schema}`.*":
            missing -= rights
            spare = rights - set(RIGHTS)
        else:
            spare = rights - {"USAGE"}
        if "WITH GRANT OPTION" in line:
            extra.append(f"REVOKE GRANT OPTION ON {where}")
        if spare:
            extra.append(f"REVOKE {', '.join(sorted(spare))} ON {where}")
    return missing, extra


def _rights(words: str) -> set[str]:
    """Return the rights that a line grants; those on columns keep their parentheses."""
    return {word.strip() for word in re.split(r",(?![^(]*\))", words)}


def let_read(admin: Administrator, user: str, schema: str) -> None:
    """Let a user read a schema, and nothing else."""
    admin.run("grant rights", f"GRANT SELECT ON `{schema}`.* TO '{user}'@'%'")


def drop_users(admin: Administrator, users: Iterable[str]) -> None:
    """Remove users, those that are connected too."""
    for user in users:
        admin.run("remove the user", f"DROP USER IF EXISTS '{user}'@'%'")


def lock_users(admin: Administrator, users: Iterable[str]) -> None:
    """Let nobody log in any more, and end what is open, so that nothing changes from here on."""
    for user in users:
        if user_exists(admin, user):
            admin.run("lock the user", f"ALTER USER '{user}'@'%' ACCOUNT LOCK")
        for row in admin.rows(
            "look for connections",
            "SELECT id AS id FROM information_schema.processlist WHERE user = %s",
            (user,),
        ):
            _end(admin, int(row["id"]))


def _end(admin: Administrator, connection: int) -> None:
    """End a connection; one that ended by itself is fine. RDS has a procedure for it instead."""
    try:
        admin.run("end a connection", f"KILL {connection:d}")
    except Failure as failure:
        if failure.answer is not Answer.WITHHELD:
            return
        admin.run("end a connection", "CALL mysql.rds_kill(%s)", (connection,))


def drop_schema(admin: Administrator, schema: str) -> None:
    """Remove the schema with all that is in it."""
    admin.run("remove the schema", f"DROP DATABASE IF EXISTS `{schema}`")
