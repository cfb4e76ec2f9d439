"""What can be set at the root: everything that matters, typed, with the modules' own defaults."""

from __future__ import annotations

import re

import pytest

from terraform import tf

_ROOT = tf.SOURCE / "platform"
_CALL = re.compile(
    r'^module "(?P<name>\w+)" \{\n  source\s+= "\.\./modules/(?P<folder>[\w-]+)"', re.M
)
# Decided by the root for all of its modules, or by the code that they are written for.
_DECIDED = {
    "tags": "the provider's default tags",
    "name": "the platform's", "account_id": "the caller's", "partition": "the caller's",
    "operator_namespace": "the chart's", "external_secrets_namespace": "the chart's",
    "namespace": "the chart's",
    "operator_service_account": "the chart's", "platform_secrets_prefix": "the platform's",
    "iam_path": "the contract's", "role_name_prefix": "the contract's",
    "backend_port": "the contract's", "frontend_port": "the contract's",
    "health_port": "the contract's", "database_port": "RDS's",
    "sign_in_paths": "the app's", "upload_path": "the app's",
    "ssl_policy": "TLS 1.2 and later", "kms_deletion_window_days": "AWS's longest",
    "notify_findings": "always", "helm_timeout_seconds": "ten minutes",
    "final_snapshot_suffix": "one", "master_username": "can't be changed later",
    "access_log_retention_days": "the bucket's", "untagged_days": "two weeks",
    "instance_type": "the smallest", "longest_minutes": "eight hours",
}  # fmt: skip


def _calls() -> dict[str, tuple[str, str]]:
    """Return for each module that the root calls its folder and the call's text."""
    text = (_ROOT / "main.tf").read_text()
    return {
        match["name"]: (match["folder"], text[match.start() : text.index("\n}\n", match.start())])
        for match in _CALL.finditer(text)
    }


def _variables(folder: str) -> dict[str, str]:
    """Return the text of each variable of a folder."""
    text = (tf.SOURCE / folder / "variables.tf").read_text()
    blocks = re.split(r"^variable ", text, flags=re.M)[1:]
    return {block.split('"')[1]: block for block in blocks}


def _default(block: str) -> str | None:
    match = re.search(r"^  default\s+= (\S.*?)(?=\n  \w|\n\n|\n\})", block, re.M | re.S)
    return re.sub(r"\s+|,(?=\s*\])", "", match[1]) if match else None


def _root_default(path: str) -> str | None:
    """Return the root's default of `var.<path>`, of an attribute too."""
    name, _, attribute = path.partition(".")
    block = _variables("platform")[name]
    if not attribute:
        return _default(block)
    match = re.search(rf"^\s+{attribute}\s+= optional\(\w+(?:\(\w+\))?(?:, (.*))?\)$", block, re.M)
    assert match, path
    return match[1] or "null"


def test_every_module_is_called() -> None:
    assert {folder for folder, _ in _calls().values()} == set(tf.MODULES)


@pytest.mark.parametrize("name", sorted(_calls()))
def test_what_matters_can_be_set(name: str) -> None:
    folder, call = _calls()[name]
    given = set(re.findall(r"^  (\w+)\s+= ", call, re.M))
    assert sorted(set(_variables(f"modules/{folder}")) - given - set(_DECIDED)) == []


@pytest.mark.parametrize("name", sorted(_calls()))
def test_a_default_of_the_root_is_the_modules(name: str) -> None:
    folder, call = _calls()[name]
    inner = _variables(f"modules/{folder}")
    for variable, path in re.findall(r"^  (\w+)\s+= var\.([\w.]+)$", call, re.M):
        theirs = _default(inner[variable])
        mine = None if theirs is None else _root_default(path)
        # An object without defaults, or one of names alone, leaves them to the module.
        if mine not in (None, "{}", "{default={}}"):
            assert mine == theirs, f"{name}: {path}"


def test_every_variable_has_its_type() -> None:
    untyped = [
        name
        for name, block in _variables("platform").items()
        if "type = any" in re.sub(r" +", " ", block)
    ]
    assert untyped == []
