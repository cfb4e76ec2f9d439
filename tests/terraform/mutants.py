"""Rules that are loosened, each in a copy of its module, and the tests that must notice.

All copies of a module are judged by one `terraform test`: to start it, and to let it read what the
providers know, costs more than a run. Each copy has a test file of its own, with one run of the
module's tests and no other. The module as it stands is asked the same, where the run must pass.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from terraform import tf

# Terraform's formatter, which a test holds, puts the end of a block at the beginning of its line.
_RUN = re.compile(r'^run "(?P<name>[^"]+)" {\n(?P<body>.*?^}\n)', re.MULTILINE | re.DOTALL)
_WITHOUT = shutil.ignore_patterns(".terraform", "tests")


@dataclass(frozen=True)
class Mutation:
    """A rule loosened in a module's text; a run of the module's own tests must notice."""

    module: str
    name: str
    file: str
    find: str
    replace: str
    why: str
    run: str
    """Which run must notice."""
    test: str = "security"
    """In which of the module's test files that run is."""

    @property
    def judgement(self) -> str:
        """Return the run on the copy, as a verdict names it."""
        return f"tests/{self.name}.tftest.hcl: {self.run}"

    @property
    def before(self) -> str:
        """Return the run on the module as it stands."""
        return f"tests/{self._as_it_stands}.tftest.hcl: {self.run}"

    @property
    def _as_it_stands(self) -> str:
        return f"as-it-stands-{self.test}-{self.run}"

    def apply(self, folder: Path) -> None:
        """Loosen the rule in a copy of the module."""
        path = folder / self.file
        text = path.read_text()
        assert text.count(self.find) == 1, (
            f"{self.name}: {self.file} holds the text {text.count(self.find)} times"
        )
        path.write_text(text.replace(self.find, self.replace))

    def write_tests(self, module: Path, texts: Mapping[str, str]) -> None:
        """Copy the module beside itself, loosen the copy, and write the tests of both."""
        copy = module.with_name(f"{module.name}--{self.name}")
        shutil.copytree(module, copy, ignore=_WITHOUT)
        self.apply(copy)
        for name, judged in ((self.name, copy), (self._as_it_stands, module)):
            text = _alone(texts[self.test], self.run, judged.name)
            (module / "tests" / f"{name}.tftest.hcl").write_text(text)


def _alone(text: str, run: str, folder: str) -> str:
    """Return a test file with one of its runs alone, on the module in a folder beside."""

    def asked(match: re.Match[str]) -> str:
        if match["name"] != run:
            return ""
        return f'run "{run}" {{\n  module {{\n    source = "../{folder}"\n  }}\n{match["body"]}'

    found = [match["name"] for match in _RUN.finditer(text)]
    assert run in found, f"no run {run} among {found}"
    return _RUN.sub(asked, text)


def mutations() -> tuple[Mutation, ...]:
    """Return all mutations, from mutations/<module>.yaml."""
    found = []
    for path in sorted((Path(__file__).parent / "mutations").glob("*.yaml")):
        folder = path.stem if path.stem in tf.ROOTS else f"modules/{path.stem}"
        found += [Mutation(folder, **item) for item in yaml.safe_load(path.read_text())]
    return tuple(found)


def judged(module: Path, loosened: tuple[Mutation, ...], env: Mapping[str, str]) -> tf.Verdict:
    """Let a module's tests judge it and its loosened copies; the folder is changed by it."""
    files = list((module / "tests").glob("*.tftest.hcl"))
    texts = {path.name.removesuffix(".tftest.hcl"): path.read_text() for path in files}
    for path in files:
        path.unlink()
    for mutation in loosened:
        mutation.write_tests(module, texts)
    tf.init(module, env=env)
    return tf.test(module, env=env)
