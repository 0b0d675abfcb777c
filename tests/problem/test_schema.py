"""The published JSON Schema: a valid schema, no narrower than the reader, and as strict as a schema can be."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from symverify.problem import loads, network_schema
from tests.examples import EXAMPLES, Example
from tests.invalid import CONTROL, INVALID, Invalid, put

ROOT = Path(__file__).parents[2]
SCHEMA: dict[str, Any] = network_schema()  # type: ignore[assignment]
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
FILES = sorted([*ROOT.glob("examples/*.json"), *ROOT.glob("proofs/*/network.json")])


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_every_example_is_valid(example: Example) -> None:
    VALIDATOR.validate(example.document)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_published_file_is_valid(path: Path) -> None:
    document = json.loads(path.read_bytes())
    if document.get("format") == "symverify-network/1":
        VALIDATOR.validate(document)


@pytest.mark.parametrize(
    "document",
    [
        put(("bias", False), ("parameters", [{"weight": [[1], [2]]}, {"weight": [["1e-3", "+.5"]]}])),
        put(("bias", {"hidden": True})),
        put(("loss", "huber")),
        put(("loss", {"name": "huber", "delta": "+3/2", "factor": "0.10", "reduction": "sum"})),
        put(("loss", {"name": "squared", "factor": "1e-3"})),
        put(("activation", ["leaky_relu"])),
        put(("activation", {"name": "leaky_relu"})),
        put(("activation", {"name": "two_piece", "negative_slope": -1, "positive_slope": "0"})),
        put(("activation", {"breakpoints": [], "slopes": ["1/2"], "anchor": [0, 1]})),
        put(("data/0/x/0", "-10/020"), ("data/1/x/0", "1E+2"), ("data/2/x/0", 0.25), ("data/3/x/0", "5.")),
    ],
)
def test_schema_and_reader_accept(document: dict[str, Any]) -> None:
    VALIDATOR.validate(document)
    loads(json.dumps(document))


def test_schema_accepts_tables() -> None:
    document = put(("data", {"csv": "..train-1.csv", "inputs": ["u"], "targets": ["v"]}))
    VALIDATOR.validate(document)
    loads(document, open_data=lambda name: b"u,v\n1,2\n")


@pytest.mark.parametrize("case", INVALID.values(), ids=INVALID)
def test_schema_rejects_what_the_reader_rejects(case: Invalid) -> None:
    VALIDATOR.validate(CONTROL)
    assert VALIDATOR.is_valid(case.document) != case.schema


@pytest.mark.parametrize("name", ["", ".", "..", "../a.csv", "/a", "a\\b", "c:a", "a\0"])
def test_schema_rejects_paths(name: str) -> None:
    good = {"csv": "a.csv", "inputs": ["u"], "targets": ["v"]}
    assert VALIDATOR.is_valid(put(("data", good)))
    assert not VALIDATOR.is_valid(put(("data", good | {"csv": name})))


def test_everything_is_described() -> None:
    """An editor shows a description on every key."""

    def undescribed(schema: Any, where: str) -> list[str]:
        missing = []
        for key, value in schema.get("properties", {}).items():
            target = value
            while "$ref" in target and "description" not in target:
                target = SCHEMA["$defs"][target["$ref"].rsplit("/", 1)[1]]
            missing += [] if "description" in target else [f"{where}.{key}"]
            missing += undescribed(value, f"{where}.{key}")
        for part in [*schema.get("oneOf", []), *([schema["items"]] if "items" in schema else [])]:
            missing += undescribed(part, where)
        return missing

    places = [SCHEMA, *SCHEMA["$defs"].values()]
    assert [name for place in places for name in undescribed(place, "")] == []


def test_no_object_is_open() -> None:
    def objects(schema: Any) -> list[Any]:
        if isinstance(schema, list):
            return [found for item in schema for found in objects(item)]
        if not isinstance(schema, dict):
            return []
        return ([schema] if schema.get("type") == "object" else []) + objects(list(schema.values()))

    assert len(objects(SCHEMA)) == 36
    assert all(found["additionalProperties"] is False for found in objects(SCHEMA))


def test_the_schema_accepts_symbols() -> None:
    document = {
        "format": "symverify-network/1", "layers": [1, 2, 1], "activation": "relu", "loss": "squared",
        "symbols": {"a": ["0", 1]}, "where": ["1 - a"],
        "data": [{"x": [0], "y": ["1/2 + a"]}, {"x": [1], "y": [{"a": 2}]}],
    }  # fmt: skip
    VALIDATOR.validate(document)
    assert loads(json.dumps(document)).problem.widths == (1, 2, 1)
    for wrong in ({"symbols": {"1": [0, 1]}}, {"symbols": {"a": [0]}}, {"symbols": {}}, {"where": [["a"]]}):
        assert not VALIDATOR.is_valid(document | wrong)
