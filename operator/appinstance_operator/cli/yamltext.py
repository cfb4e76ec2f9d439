"""YAML as kubectl reads it, which is not as Python's library does.

kubectl takes `y`, `1e3` and `08` for no text and `12:30` for no number, and sends JSON: a key is
text, a whole number has no point, and what JSON cannot say is refused. A test compares the two over
a table of scalars. What kubectl refuses raises `TextError`; so does what would only be meant to do
harm (a document that grows without end when its aliases are followed, or is nested without end).
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import Any, cast

import yaml

_MAX_BYTES = 3 * 1024 * 1024
"""A larger request is refused by the API server."""
_MAX_NODES = 200_000
_MAX_DEPTH = 100
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(
        ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True
    ),
    **dict.fromkeys(
        ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False
    ),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WHOLE = re.compile(
    r"(?P<sign>[-+]?)(0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<bin>[01]+)|0[oO]?(?P<oct>[0-7]+)"
    r"|(?P<dec>0|[1-9][0-9]*))"
)
_BASES = {"hex": 16, "bin": 2, "oct": 8, "dec": 10}
_MAX_DIGITS = 400
_MAX_INT, _MIN_INT = 2**63 - 1, -(2**63)
_COLLECTIONS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("seq", "map"))
_STR, _MERGE = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"
_TYPED = {
    "tag:yaml.org,2002:int": (int,),
    "tag:yaml.org,2002:float": (int, float),
    "tag:yaml.org,2002:bool": (bool,),
    "tag:yaml.org,2002:null": (type(None),),
}


class TextError(Exception):
    """The text is not YAML that kubectl would send; the message says where and what to change."""


class _Loader(yaml.SafeLoader):
    """Composes nodes; of plain scalars only `<<` is told apart here."""

    yaml_implicit_resolvers = {"<": [(_MERGE, re.compile("^<<$"))]}  # noqa: RUF012


def json_number(value: float) -> int | float:
    """Return a number as it is once it has been through JSON and Go: whole ones without a point."""
    if isinstance(value, int):
        # Beyond floats it is an OverflowError.
        return value if _MIN_INT <= value <= _MAX_INT else json_number(float(value))
    return int(value) if value.is_integer() and _MIN_INT <= value <= _MAX_INT else value


def plain(text: str) -> Any:
    """Return what an unquoted scalar stands for."""
    if text in _WORDS:
        return _WORDS[text]
    if _NO_NUMBER.fullmatch(text):
        raise TextError(f"{text} is no number in JSON; put it in quotes")
    digits = text.replace("_", "")
    if text[0] not in "+-.0123456789" or len(digits) > _MAX_DIGITS:
        return text
    if match := _WHOLE.fullmatch(digits):
        base = next(name for name in _BASES if match[name])
        try:
            return json_number(int(match["sign"] + match[base], _BASES[base]))
        except OverflowError:
            return text
    if _FLOAT.fullmatch(digits):
        number = float(digits)
        return text if math.isinf(number) else json_number(number)
    return text


class _Reader:
    """Builds the value of one document from its nodes."""

    def __init__(self, loader: _Loader) -> None:
        self._loader = loader
        self._nodes = 0
        self._open: set[int] = set()
        self.notes: list[str] = []

    def value(self, node: yaml.Node, where: str) -> Any:
        """Return the value of a node, aliases followed."""
        self._nodes += 1
        if self._nodes > _MAX_NODES:
            raise TextError(f"the document has more than {_MAX_NODES} parts; make it smaller")
        if id(node) in self._open:
            raise TextError(f"{where or 'the document'} contains itself by an alias")
        if len(self._open) > _MAX_DEPTH:
            raise TextError(f"the document is nested more than {_MAX_DEPTH} levels deep")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, where)
        if node.tag not in _COLLECTIONS and isinstance(node, yaml.CollectionNode):
            raise TextError(f"{where or 'the document'} has the tag {node.tag}; write it without")
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return [
                    self.value(item, f"{where}[{index}]") for index, item in enumerate(node.value)
                ]
            return self._mapping(cast("yaml.MappingNode", node), where)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: yaml.MappingNode, where: str) -> dict[str, Any]:
        # Counted, as one with many keys that stand there twice would take the square of its size.
        own = Counter(self._key(key, where) for key, _ in node.value if key.tag != _MERGE)
        self.notes += [
            f"{_inside(where, key)} stands there twice; the last one counts"
            for key, times in own.items()
            if times > 1
        ]
        self._loader.flatten_mapping(node)
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, where)
            result[key] = self.value(value_node, _inside(where, key))
        return result

    def _key(self, node: yaml.Node, where: str) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise TextError(f"{where or 'the document'} has a key that is no text")
        raw = self._scalar(node, where)
        if raw is None:
            raise TextError(f"{where or 'the document'} has an empty key")
        return raw if isinstance(raw, str) else json.dumps(raw)

    def _scalar(self, node: yaml.ScalarNode, where: str) -> Any:
        text: str = node.value
        _whole(text)
        if node.tag == _MERGE:
            return text
        if node.tag == _STR:
            # An explicit !!str looks like a plain one by now, but for how it starts.
            return text if node.style is not None or _is_tagged(node) else plain(text)
        types = _TYPED.get(node.tag)
        if types is None:
            raise TextError(f"{where or 'the document'} has the tag {node.tag}; write it without")
        found = plain(text)
        if type(found) not in types:
            raise TextError(
                f"{where or 'the document'}: {text!r} is not of the type that its tag says"
            )
        return found


def _inside(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _is_tagged(node: yaml.ScalarNode) -> bool:
    mark = node.start_mark
    return mark.buffer is not None and bool(mark.buffer[mark.pointer : mark.pointer + 1] == "!")


def documents(text: str) -> tuple[list[Any], list[str]]:
    """Return the documents of a YAML or JSON text that are not empty, and what to say of them.

    Raises TextError.
    """
    if len(text.encode(errors="surrogatepass")) > _MAX_BYTES:
        raise TextError(f"more than {_MAX_BYTES // 1024 // 1024} MiB; an API server takes no more")
    try:
        found, notes = _json(text) or _yaml(text)
    except RecursionError:
        raise TextError(f"the document is nested more than {_MAX_DEPTH} levels deep") from None
    except yaml.YAMLError as error:
        raise TextError(_one_line(error)) from None
    return [item for item in found if item is not None], notes


def _yaml(text: str) -> tuple[list[Any], list[str]]:
    loader = _Loader(text)
    found, notes = [], []
    while loader.check_node():
        reader = _Reader(loader)
        node = cast("yaml.Node", loader.get_node())  # there is one, says check_node
        found.append(reader.value(node, ""))
        notes += reader.notes
    return found, notes


def _json(text: str) -> tuple[list[Any], list[str]] | None:
    """Return a text that is JSON as such: as for kubectl, what YAML makes of it does not count."""
    if not text.lstrip().startswith("{"):
        return None
    notes: list[str] = []

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        times = Counter(key for key, _ in pairs)
        notes.extend(
            f"{key} stands there twice; the last one counts" for key in times if times[key] > 1
        )
        return dict(pairs)

    try:
        found = json.loads(text, parse_constant=_no_constant, object_pairs_hook=mapping)
    except ValueError:
        return None
    return [_normal(found, 0)], notes


def _no_constant(text: str) -> Any:
    raise TextError(f"{text} is no number in JSON; put it in quotes")


def _normal(value: Any, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        raise RecursionError
    if isinstance(value, dict):
        return {_whole(key): _normal(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_normal(item, depth + 1) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = json_number(value)
        except OverflowError:
            number = math.inf
        if math.isinf(number):
            raise TextError("a number is larger than Kubernetes takes")
        return number
    return _whole(value) if isinstance(value, str) else value


def _whole(text: str) -> str:
    """Return a text; TextError where it has half of a character."""
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise TextError("a text has half of a character (a surrogate)")
    return text


def _one_line(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        mark = error.problem_mark
        return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}"
    return " ".join(str(error).split())
