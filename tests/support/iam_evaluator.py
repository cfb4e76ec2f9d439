"""A small evaluator of IAM documents, for what the stand-in does not evaluate, as conditions are.

Follows the evaluation logic that AWS documents: an explicit deny wins, an allow must match action,
resource and every condition, and without one the answer is no. Within one account a permissions
boundary must allow as well. What it does not know in a document (an operator, an element) is an
error, so that nothing is passed over in silence.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Mapping
from typing import Any

Policy = Mapping[str, Any]
Context = Mapping[str, str]
_ELEMENTS = {
    "Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition",
}  # fmt: skip


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _like(pattern: str, value: str) -> bool:
    return re.match(fnmatch.translate(pattern.replace("[", "[[]")), value) is not None


def _equal(wanted: str, actual: str) -> bool:
    return wanted == actual


def _bool(wanted: str, actual: str) -> bool:
    return str(wanted).lower() == actual.lower()


_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": _equal,
    "StringLike": _like,
    "ArnEquals": _like,  # with wildcards, as ArnLike
    "ArnLike": _like,
    "Bool": _bool,
}


def _condition_holds(operator: str, wanted: Any, actual: str | None) -> bool:
    if operator == "Null":
        return (str(wanted).lower() == "true") == (actual is None)
    name = operator.removesuffix("IfExists")
    positive = re.sub(r"^(String|Arn)Not(Equals|Like)$", r"\1\2", name)
    if positive not in _OPERATORS:
        raise ValueError(f"the evaluator does not know the condition operator {operator}")
    negated = positive != name
    if actual is None:
        # AWS: a negated operator holds for an absent key, and IfExists lets one pass.
        return negated or operator.endswith("IfExists")
    matches = any(_OPERATORS[positive](str(item), actual) for item in _list(wanted))
    return matches != negated


def _applies(statement: Mapping[str, Any], context: Context) -> bool:
    return all(
        _condition_holds(operator, wanted, context.get(key))
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def _names(statement: Mapping[str, Any], element: str, value: str) -> bool:
    """Return whether a statement's Action or Resource (or its Not form) covers a value."""
    # Actions are not case-sensitive, resources are.
    fold = str.lower if element == "Action" else str
    if f"Not{element}" in statement:
        return not any(_like(fold(i), fold(value)) for i in _list(statement[f"Not{element}"]))
    return any(_like(fold(item), fold(value)) for item in _list(statement.get(element, "*")))


def _for_principal(statement: Mapping[str, Any], principal: str | None) -> bool:
    wanted = statement.get("Principal")
    if wanted is None or principal is None or wanted == "*":
        return True
    found = [item for kind in wanted.values() for item in _list(kind)]
    account = ":".join(principal.split(":")[:5]) + ":root"
    return any(item in {"*", principal, account} for item in found)


def verdict(
    policy: Policy,
    action: str,
    resource: str,
    context: Context | None = None,
    principal: str | None = None,
) -> str | None:
    """Return `Allow`, `Deny` (explicit) or None (nothing said) of one document."""
    answer = None
    for statement in policy["Statement"]:
        unknown = set(statement) - _ELEMENTS
        if unknown:
            raise ValueError(f"the evaluator does not know {', '.join(sorted(unknown))}")
        if (
            _names(statement, "Action", action)
            and _names(statement, "Resource", resource)
            and _for_principal(statement, principal)
            and _applies(statement, context or {})
        ):
            if statement["Effect"] == "Deny":
                return "Deny"
            answer = "Allow"
    return answer


def allowed(policy: Policy, action: str, resource: str, context: Context | None = None) -> bool:
    """Return whether an identity policy alone allows an action on a resource."""
    return verdict(policy, action, resource, context) == "Allow"


def permitted(
    identity: Policy,
    action: str,
    resource: str,
    *,
    boundary: Policy | None = None,
    resource_policy: Policy | None = None,
    principal: str | None = None,
    context: Context | None = None,
) -> bool:
    """Return whether a role may do something, all documents taken together (one account).

    The identity policy must allow; boundary, where there is one, too; and no document may deny.
    """
    told = [verdict(identity, action, resource, context)]
    if boundary is not None:
        told.append(verdict(boundary, action, resource, context))
    if resource_policy is not None:
        known = {**(context or {}), **({"aws:PrincipalArn": principal} if principal else {})}
        if verdict(resource_policy, action, resource, known, principal) == "Deny":
            return False
    return all(item == "Allow" for item in told)


def trusts(policy: Policy, issuer: str, subject: str, audience: str) -> bool:
    """Return whether a trust policy lets the bearer of such a token take the role."""
    context = {f"{issuer}:sub": subject, f"{issuer}:aud": audience}
    return any(
        statement["Effect"] == "Allow"
        and statement["Action"] == "sts:AssumeRoleWithWebIdentity"
        and statement["Principal"]["Federated"].endswith(f":oidc-provider/{issuer}")
        and _applies(statement, context)
        for statement in policy["Statement"]
    )
