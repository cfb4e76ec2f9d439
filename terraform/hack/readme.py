"""Write the tables of inputs and outputs into each README of `terraform/`: `make terraform-docs`.

The tables stand between the marks `BEGIN_TF_DOCS` and `END_TF_DOCS`; a test compares, so that no
README is behind its variables.
"""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from typing import Any

import hcl2

TERRAFORM = Path(__file__).resolve().parents[1]
_BEGIN, _END = "<!-- BEGIN_TF_DOCS -->", "<!-- END_TF_DOCS -->"
_HEREDOC = re.compile(r"^<<-?(\w+)\n(.*?)\n?\s*\1$", re.DOTALL)


def folders() -> tuple[Path, ...]:
    """Return all folders whose README has tables: modules and roots."""
    modules = sorted(path for path in (TERRAFORM / "modules").iterdir() if path.is_dir())
    return (*modules, TERRAFORM / "bootstrap", TERRAFORM / "platform")


def _plain(text: Any) -> str:
    """Return a description as one line of Markdown."""
    inner = str(text).removeprefix('"').removesuffix('"')
    heredoc = _HEREDOC.match(inner)
    if heredoc:
        inner = textwrap.dedent(heredoc[2])
    inner = inner.replace('\\"', '"').replace("|", "\\|")
    return re.sub(r"\s*\n\s*(- )?", lambda match: "<br>" if match[1] else " ", inner.strip())


def _type(text: Any) -> str:
    inner = str(text).removeprefix("${").removesuffix("}")
    name = inner.split("(", 1)[0]
    return inner if len(inner) < 30 else f"{name}(…)"


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key.strip('"'): _cleaned(item) for key, item in value.items() if key != "__is_block__"
        }
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    return value.strip('"') if isinstance(value, str) else value


def _default(body: dict[str, Any]) -> str:
    if "default" not in body:
        return "**required**"
    text = json.dumps(_cleaned(body["default"]), ensure_ascii=False)
    return f"`{text}`" if len(text) < 60 else "see variables.tf"


def _blocks(folder: Path, kind: str) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for path in sorted(folder.glob("*.tf")):
        for block in hcl2.loads(path.read_text()).get(kind, ()):
            found += [(name.strip('"'), body) for name, body in block.items()]
    return found


def tables(folder: Path) -> str:
    """Return the tables of a folder's variables and outputs."""
    lines = ["## Inputs", "", "| name | what | type | default |", "|---|---|---|---|"]
    variables = _blocks(folder, "variable")
    for name, body in sorted(variables, key=lambda item: ("default" in item[1], item[0])):
        what, kind = _plain(body["description"]), _type(body.get("type", "any"))
        lines.append(f"| `{name}` | {what} | `{kind}` | {_default(body)} |")
    lines += ["", "## Outputs", "", "| name | what |", "|---|---|"]
    for name, body in sorted(_blocks(folder, "output")):
        lines.append(f"| `{name}` | {_plain(body['description'])} |")
    return "\n".join(lines)


def with_tables(folder: Path) -> str:
    """Return a folder's README with its tables made anew."""
    text = (folder / "README.md").read_text()
    head, _, rest = text.partition(_BEGIN)
    tail = rest.partition(_END)[2]
    return f"{head}{_BEGIN}\n{tables(folder)}\n{_END}{tail}"


if __name__ == "__main__":
    for each in folders():
        (each / "README.md").write_text(with_tables(each))
