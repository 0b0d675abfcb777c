"""All faults of a network file at once, each at its place."""

import json

import pytest

from symverify.problem.faults import network_faults
from tests.examples import Document
from tests.invalid import CONTROL, INVALID, Invalid, put

Files = dict[str, bytes]


def faults_of(document: object, files: Files | None = None) -> dict[str, str]:
    def open_data(name: str) -> bytes:
        if name not in (files or {}):
            raise FileNotFoundError(2, "No such file or directory")
        return (files or {})[name]

    found = network_faults(json.dumps(document).encode(), open_data)
    assert len(dict(found)) == len(found)
    return dict(found)


@pytest.mark.parametrize("case", INVALID.values(), ids=INVALID)
def test_every_fault_is_reported_at_its_place(case: Invalid) -> None:
    assert faults_of(CONTROL) == {}
    found = faults_of(case.document)
    assert found.keys() == case.faults.keys()
    for where, part in case.faults.items():
        assert part in found[where]


def table(csv: object = "a.csv", inputs: object = ("u",), targets: object = ("v",), **more: object) -> Document:
    data = {"csv": csv, "inputs": inputs, "targets": targets} | more
    return put(("data", {key: value for key, value in data.items() if value is not ...}), ("parameters", ...))


@pytest.mark.parametrize(
    ("document", "faults"),
    [
        (table(csv="b.csv"), {"data.csv": "cannot read 'b.csv': No such file or directory"}),
        (table(csv=3), {"data.csv": "expected text, got 3"}),
        (
            table(csv=..., inputs=..., targets="v", sep=";"),
            {
                "data.csv": "is missing",
                "data.inputs": "is missing",
                "data.targets": "expected a list, got 'v'",
                "data.sep": "unknown key; the keys here are csv, inputs, targets",
            },
        ),
        (table(inputs=["u", "v"]), {"data.inputs": "expected 1 columns, one per input, got 2"}),
        (table(targets=[]), {"data.targets": "expected 1 columns, one per output, got 0"}),
        (table(inputs=[0]), {"data.inputs[0]": "expected text, got 0"}),
        (
            table(inputs=["U"], targets=["w"]),
            {
                "data.inputs[0]": "'U' is not a column of 'a.csv', which has 'u', 'v'; did you mean \"u\"?",
                "data.targets[0]": "'w' is not a column of 'a.csv', which has 'u', 'v'",
            },
        ),
    ],
)
def test_wrong_descriptions_of_a_table(document: Document, faults: dict[str, str]) -> None:
    files = {"a.csv": b"u,v\n0,1\n"}
    assert faults_of(table(), files) == {}
    assert faults_of(document, files) == faults


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        (b"", {"data.inputs[0]": "has no columns", "data.targets[0]": "has no columns"}),
        (b"\n\n", {"data.inputs[0]": "has no columns", "data.targets[0]": "has no columns"}),
        (b"u,v\n", {"data": "expected at least one sample"}),
        (b"u,v,u\n0,1,0\n", {"data.inputs[0]": "'u' is the name of several columns of 'a.csv'"}),
        (b"u,v\n0,1\n2\n3,4,5\n", {"'a.csv', line 3": "2 cells, got 1", "'a.csv', line 4": "2 cells, got 3"}),
        (
            b"u,v\n\n0,one\n\n,1\nnan,inf\n",
            {
                "'a.csv', line 3, column 'v'": "expected a number (3, 0.25, \"3/10\"; 4000 digits at most), got 'one'",
                "'a.csv', line 5, column 'u'": "got ''",
                "'a.csv', line 6, column 'u'": "got 'nan'",
                "'a.csv', line 6, column 'v'": "got 'inf'",
            },
        ),
        (b"u,v\n1/0,0\n", {"'a.csv', line 2, column 'u'": "the denominator is zero: '1/0'"}),
        (b"u,v\n1e999999,0\n", {"'a.csv', line 2, column 'u'": "4000 digits at most"}),
        (b"u;v\n0;1\n", {"data.inputs[0]": "which has 'u;v'", "data.targets[0]": "which has 'u;v'"}),
        (b'u,v\n"0,1\n', {"data.csv": "'a.csv' is not a CSV file in UTF-8: unexpected end of data"}),
        (b'u,v\n"0"1,1\n', {"data.csv": "'a.csv' is not a CSV file in UTF-8"}),
        (b"u,v\n\xff,1\n", {"data.csv": "'a.csv' is not a CSV file in UTF-8"}),
        (b"u,v\n" + b"9" * 200_000 + b",1\n", {"data.csv": "field larger than field limit"}),
        (b"u,v\n\0,1\n", {"'a.csv', line 2, column 'u'": "got '\\x00'"}),
        (b"u,v\r0,x\r", {"'a.csv', line 2, column 'v'": "got 'x'"}),
        (b"PK\x03\x04\x14\0\0\0", {"data.inputs[0]": "is not a column", "data.targets[0]": "is not a column"}),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_wrong_tables(content: bytes, faults: dict[str, str]) -> None:
    found = faults_of(table(), {"a.csv": content})
    assert found.keys() == faults.keys()
    for where, part in faults.items():
        assert part in found[where]


def test_a_wrong_table_beside_other_faults() -> None:
    document = table(csv="b.csv") | {"activation": "elu", "extra": 1}
    assert faults_of(document).keys() == {"data.csv", "activation", "extra"}
