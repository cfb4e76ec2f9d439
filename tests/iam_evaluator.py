"""A small evaluator of IAM documents, for what the stand-in does not evaluate: conditions.

Follows the evaluation logic that AWS documents: an explicit deny wins, an allow must match action,
resource and every condition, and without one the answer is no. Knows StringEquals and StringLike;
anything else in a document is an error, so that no condition is passed over in silence.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from typing import Any


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _like(pattern: str, value: str) -> bool:
    return re.match(fnmatch.translate(pattern.replace("[", "[[]")), value) is not None


def _condition_holds(operator: str, wanted: Any, actual: str | None) -> bool:
    if actual is None:
        return False
    if operator == "StringEquals":
        return actual in _list(wanted)
    if operator == "StringLike":
        return any(_like(pattern, actual) for pattern in _list(wanted))
    raise ValueError(f"the evaluator does not know the condition operator {operator}")


def _applies(statement: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    return all(
        _condition_holds(operator, wanted, context.get(key))
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def allowed(
    policy: Mapping[str, Any],
    action: str,
    resource: str,
    context: Mapping[str, str] | None = None,
) -> bool:
    """Return whether an identity policy allows an action on a resource."""
    answer = False
    for statement in policy["Statement"]:
        matches = (
            any(_like(item, action) for item in _list(statement["Action"]))
            and any(_like(item, resource) for item in _list(statement["Resource"]))
            and _applies(statement, context or {})
        )
        if matches and statement["Effect"] == "Deny":
            return False
        answer = answer or matches
    return answer


def trusts(policy: Mapping[str, Any], issuer: str, subject: str, audience: str) -> bool:
    """Return whether a trust policy lets the bearer of such a token take the role."""
    context = {f"{issuer}:sub": subject, f"{issuer}:aud": audience}
    return any(
        statement["Effect"] == "Allow"
        and statement["Action"] == "sts:AssumeRoleWithWebIdentity"
        and statement["Principal"]["Federated"].endswith(f":oidc-provider/{issuer}")
        and _applies(statement, context)
        for statement in policy["Statement"]
    )
