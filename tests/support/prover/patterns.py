"""Python's regular expressions, those of our own rules, as the solver's."""

from __future__ import annotations

import re._constants as kinds  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Iterable
from functools import reduce
from typing import Any

import cvc5.pythonic as smt

Term = Any
"""A term of the solver: its package has no types."""


def text(value: str) -> Term:
    """Return a constant."""
    return smt.StringVal(value)


def joined(parts: Iterable[Term]) -> Term:
    """Return terms one behind the other, as one."""
    listed = list(parts)
    return reduce(smt.Concat, listed) if listed else text("")


def any_text() -> Term:
    """Return the expression of all texts."""
    return smt.Star(smt.AllChar())


def not_a(character: str) -> Term:
    """Return the expression of one character that is not this one."""
    one = smt.AllChar()
    return smt.Intersect(one, smt.Complement(smt.Re(character)))


def _sequence(expressions: list[Term]) -> Term:
    return reduce(smt.Concat, expressions) if expressions else smt.Re("")


def _choice(expressions: list[Term]) -> Term:
    return reduce(smt.Union, expressions)


def _one_of(members: Any) -> Term:
    found = []
    for kind, value in members:
        if kind is kinds.LITERAL:
            found.append(smt.Re(chr(value)))
        elif kind is kinds.RANGE:
            found.append(smt.Range(chr(value[0]), chr(value[1])))
        else:
            raise ValueError(f"the prover does not know {kind} in a class of characters")
    return _choice(found)


def _repeated(least: int, most: int, inner: Term) -> Term:
    if most == kinds.MAXREPEAT:
        return _sequence([*[inner] * least, smt.Star(inner)])
    return smt.Loop(inner, least, int(most))


def _expression(parsed: Any) -> Term:
    found = []
    for kind, value in parsed:
        if kind is kinds.LITERAL:
            found.append(smt.Re(chr(value)))
        elif kind is kinds.IN:
            found.append(_one_of(value))
        elif kind is kinds.MAX_REPEAT:
            found.append(_repeated(value[0], value[1], _expression(value[2])))
        elif kind is kinds.SUBPATTERN:
            found.append(_expression(value[3]))
        elif kind is kinds.AT:
            continue  # anchors: a value is always matched whole
        else:
            raise ValueError(f"the prover does not know {kind} in an expression")
    return _sequence(found)


def of(pattern: str) -> Term:
    """Return a regular expression as the solver's, to be matched with the whole value."""
    return _expression(parser.parse(pattern))


def like(pattern: str, inside: Term | None = None) -> Term:
    """Return the expression of a text with IAM's wildcards; `inside`: what one stands for."""
    one = inside if inside is not None else smt.AllChar()
    made = {"*": smt.Star(one), "?": one}
    return _sequence([made[char] if char in made else smt.Re(char) for char in pattern])
