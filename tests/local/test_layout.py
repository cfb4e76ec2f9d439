"""Rules about the tree itself."""

import re
import subprocess
import sys

from appinstance_local.paths import REPO


def _committed() -> list[str]:
    told = subprocess.run(["git", "ls-files"], cwd=REPO, capture_output=True, check=True, text=True)
    return told.stdout.splitlines()


def test_the_operator_folder_does_not_shadow_the_standard_library() -> None:
    assert not (REPO / "operator" / "__init__.py").exists()
    told = subprocess.run(
        [sys.executable, "-c", "import operator; print(operator.itemgetter)"],
        cwd=REPO, capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert "itemgetter" in told.stdout


def test_nothing_committed_names_a_path_of_a_machine() -> None:
    path = re.compile(r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+)/[\w.]+")
    found = []
    for name in _committed():
        file = REPO / name
        if file.suffix in {".py", ".yaml", ".yml", ".md", ".toml", ".json", ".sh", ".cfg", ".conf"}:
            found += [f"{name}: {match}" for match in path.findall(file.read_text())]
    assert found == []


def test_no_env_file_is_committed() -> None:
    assert [name for name in _committed() if re.search(r"(^|/)\.env(\.|$)", name)] == []


def test_no_module_of_the_operator_has_more_than_300_lines() -> None:
    package = REPO / "operator" / "appinstance_operator"
    lines = {file: len(file.read_text().splitlines()) for file in package.rglob("*.py")}
    assert len(lines) > 50
    assert {file.name: count for file, count in lines.items() if count > 300} == {}


def test_no_module_of_the_app_has_either() -> None:
    package = REPO / "app" / "appinstance_app"
    lines = {file: len(file.read_text().splitlines()) for file in package.rglob("*.py")}
    assert len(lines) > 50
    assert {file.name: count for file, count in lines.items() if count > 300} == {}


def test_the_operator_has_at_most_nine_rooms_and_nothing_beside_them() -> None:
    package = REPO / "operator" / "appinstance_operator"
    inside = [item.name for item in package.iterdir() if item.name != "__pycache__"]
    rooms = [name for name in inside if (package / name).is_dir()]
    assert 0 < len(rooms) <= 9
    assert set(inside) - set(rooms) == {"__init__.py", "py.typed"}
