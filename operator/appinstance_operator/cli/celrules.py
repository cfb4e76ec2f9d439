"""The CRD's CEL rules, evaluated by Google's own CEL with what Kubernetes adds to it.

Of Kubernetes' functions those stand here that the CRD uses. A rule that uses another one does not
compile, and a test compiles all of them. Patterns go through CEL, too: it has the RE2 of the API
server, where `$` is the end of the text and not, as in Python, a line break before it as well.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cel_expr_python import cel

_PREFIX = re.compile(r"(?P<address>[0-9a-fA-F:.]+)/(?P<bits>0|[1-9][0-9]{0,2})", re.ASCII)
_Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface


def _interface(text: str) -> _Interface | None:
    """Return what Go's `netip.ParsePrefix`, as Kubernetes calls it, takes for a network."""
    if not _PREFIX.fullmatch(text):
        return None
    try:
        found = ipaddress.ip_interface(text)
    except ValueError:
        return None
    mapped = isinstance(found, ipaddress.IPv6Interface) and found.ipv4_mapped is not None
    return None if mapped else found


def _is_cidr(text: str) -> bool:
    return _interface(text) is not None


def _cidr(text: str) -> str:
    found = _interface(text)
    if found is None:
        raise ValueError(f"{text} is not a network")
    return str(found)


def _masked(text: str) -> str:
    return str(ipaddress.ip_interface(text).network)


def _prefix_length(text: str) -> int:
    return int(ipaddress.ip_interface(text).network.prefixlen)


@cache
def _environment() -> cel.Env:
    # Late: it takes 6 MiB, and the operator, which is started by the same program, judges nothing.
    from cel_expr_python import cel

    text, number = cel.Type.STRING, cel.Type.INT

    def function(name: str, impl: Any, returns: Any, *, member: bool = False) -> Any:
        overload = cel.Overload(
            f"{name}_string", return_type=returns, parameters=[text], is_member=member, impl=impl
        )
        return cel.FunctionDecl(name, [overload])

    return cel.NewEnv(
        variables={"self": cel.Type.DYN, "pattern": text},
        functions=[
            function("isCIDR", _is_cidr, cel.Type.BOOL),
            # A network is its own text, with the address written out.
            function("cidr", _cidr, text),
            function("masked", _masked, text, member=True),
            function("prefixLength", _prefix_length, number, member=True),
        ],
    )


@cache
def compiled(expression: str) -> cel.Expression:
    """Return a rule, ready to be evaluated; raises where it uses what is not known here."""
    return _environment().compile(expression)


def refusal(rule: Mapping[str, str], value: Any) -> str | None:
    """Return the sentence of a rule that a value breaks, None where it keeps it."""
    result = compiled(rule["rule"]).eval(data={"self": value}).value()
    if result is True:
        return None
    return rule.get("message") or f"breaks the rule {rule['rule']}"


def matches(text: str, pattern: str) -> bool:
    """Return whether a pattern of the API server's is in a text."""
    found = compiled("self.matches(pattern)").eval(data={"self": text, "pattern": pattern})
    return found.value() is True
