"""`appinstance validate` judges as the API server does: it accepts nothing that one refuses.

Specs by the hundred, good and bad, are put before both. The same for YAML: what kubectl reads of a
text is what the command line reads.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest
from support.apiserver import ApiServer
from support.spec_generator import NAMESPACES, Specs
from support.waiting import WAIT_SECONDS

from appinstance_operator.api.spec import GROUP, PLURAL, VERSION
from appinstance_operator.cli import judge, yamltext

from . import test_invalid

pytestmark = pytest.mark.integration

COUNT = 600
SEEDS = (1, 2)
SCALARS = (
    "y", "Y", "yes", "no", "N", "on", "OFF", "true", "tRUE", "~", "null", "nULL", "''", "1", "+1",
    "01",
    "08", "0o17", "0x1F", "0b101", "0b2", "1_000", "1__0", "_1", "1_", "1e3", "1E+3", "1.", ".5",
    "-.5", "1_0.5",
    ".inf", ".nan", "NaN", "12:30:45", "1:30", "2026-01-01", "2026-01-01T00:00:00Z", "=", "<<",
    "!!str 5",
    "!!int '5'", "!!bool yes", "!!float 5", "9223372036854775807", "9223372036854775808", "-0",
    "-0.0", "5.0",
    "0777", "1e400", "190:20:30", "!!null ''", "[a, , b]", "{a: 1, a: 2}", "{1: a}", "{true: a}",
    "{1.5: a}",
    "{null: a}", "{[a]: b}", '"\\0"', '"\\ud83d"', "'a: b'", "|\n    text", ">-\n    a\n    b",
    "&x [1, *x]",
    "*nope", "&x {a: 1}", "{<<: {a: 1}, a: 2}", "{<<: 1}", "1 # x", "'#'", "@a", "`a`",
    "%a", "- a",
)  # fmt: skip


@pytest.fixture(scope="module")
def client(apiserver: ApiServer) -> Iterator[httpx.Client]:
    """The API server, with the namespaces that the specs are in."""
    headers = {"Authorization": f"Bearer {apiserver.token}", "Content-Type": "application/json"}
    # Its certificate is one that it made itself a moment ago.
    with httpx.Client(
        base_url=apiserver.url,
        headers=headers,
        verify=False,  # noqa: S501
        timeout=WAIT_SECONDS,
    ) as made:
        for name in NAMESPACES:
            made.post("/api/v1/namespaces", json={"metadata": {"name": name}})
        yield made


def _as_kubectl_sends_it(text: str) -> float:
    """Return a number as kubectl writes it, which reads JSON as YAML: 5.0 becomes 5."""
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _asked(client: httpx.Client, body: dict[str, object]) -> tuple[bool, str]:
    """Return whether the API server would create it as kubectl asks, and what it says."""
    meta = body["metadata"]
    named = meta.get("namespace") if isinstance(meta, dict) else None
    where = named if named in NAMESPACES else "default"
    url = f"/apis/{GROUP}/{VERSION}/namespaces/{where}/{PLURAL}"
    answer = client.post(
        url, params={"dryRun": "All", "fieldValidation": "Strict"}, content=json.dumps(body)
    )
    assert answer.status_code in (201, 400, 422), answer.text
    return answer.status_code == 201, answer.json().get("message", "")


@pytest.mark.parametrize("seed", SEEDS)
def test_specs_are_judged_as_the_api_server_judges_them(client: httpx.Client, seed: int) -> None:
    specs, seen = Specs(dict(judge.crd_schema()), seed), Counter[bool]()
    for _ in range(COUNT):
        text = json.dumps(specs.body())
        ((body,), _) = yamltext.documents(text)
        accepted, said = _asked(client, json.loads(text, parse_float=_as_kubectl_sends_it))
        ours = judge.refusals(body)
        assert accepted == (not ours), f"API server: {said or 'ok'}; ours: {ours}; {text}"
        seen[accepted] += 1
    assert min(seen.values()) > COUNT / 4, f"one-sided: {seen}"


@pytest.mark.parametrize(
    "start", ["shop-", "s", "1shop-", "Shop-", "shop.", "s" * 36, "s" * 34, "s" * 80]
)
def test_a_name_that_the_api_server_makes_is_judged_as_it_makes_it(
    client: httpx.Client, start: str
) -> None:
    body = {**test_invalid.VALID, "metadata": {"generateName": start, "namespace": "default"}}
    accepted, said = _asked(client, body)
    assert accepted == (not judge.refusals(body)), (said, judge.refusals(body))
    assert accepted == (not judge.verdict(body, None).refused)


@pytest.mark.parametrize("case", test_invalid.CASES, ids=str)
def test_what_the_invalid_ones_are_refused_for_is_refused_offline(case: str) -> None:
    changes, _ = test_invalid.CASES[case]
    ((body,), _) = yamltext.documents(json.dumps(test_invalid._changed(changes)))
    assert judge.refusals(body)


def test_each_refusal_names_a_field_that_the_api_server_names(client: httpx.Client) -> None:
    for changes, _ in test_invalid.CASES.values():
        body = test_invalid._changed(changes)
        _, said = _asked(client, body)
        said = re.sub(r"\[([a-z]+)\]", r".\1", said)  # of maps: as rules say it, or as schemas do
        ours = judge.refusals(body)
        assert any((item.field or "<nil>") in said for item in ours), (said, ours)


def test_yaml_is_read_as_kubectl_reads_it(apiserver: ApiServer) -> None:
    """All scalars in one call; those that kubectl refuses one by one."""
    head = f"apiVersion: {GROUP}/{VERSION}\nkind: AppInstance\n"
    frame = head + "metadata: {name: a%d}\nspec:\n  v: %s\n"
    ours: dict[int, object] = {}
    refused: list[str] = []
    for number, scalar in enumerate(SCALARS):
        text = frame % (number, scalar)
        try:
            ((body,), _) = yamltext.documents(text)
            ours[number] = body["spec"].get("v")
        except yamltext.TextError:
            refused.append(text)
    words = ("create", "--dry-run=client", "--validate=false", "-o", "json", "-f", "-")
    told = apiserver.kubectl(
        *words, stdin="---\n".join(frame % (number, SCALARS[number]) for number in ours)
    )
    decoder, text, theirs = json.JSONDecoder(), told.stdout.strip(), {}
    while text:
        item, end = decoder.raw_decode(text)
        text = text[end:].strip()
        for body in item["items"] if item["kind"] == "List" else [item]:
            theirs[int(body["metadata"]["name"][1:])] = body["spec"].get("v")
    for number, value in ours.items():
        read = float(theirs[number]) if isinstance(value, float) else theirs[number]
        assert (type(read), read) == (type(value), value), SCALARS[number]
    assert 5 < len(refused) < 20
    for text in refused:
        assert apiserver.kubectl(*words, stdin=text, check=False).returncode, text
