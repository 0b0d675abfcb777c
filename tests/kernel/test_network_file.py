"""Network files: the first fault at its place, hostile data files, exact numbers, the activations' shapes."""

import copy
import hashlib
import json
import random
from collections.abc import Callable
from contextlib import nullcontext, suppress
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from symverify.kernel.core.errors import Malformed
from symverify.kernel.core.loss import Loss
from symverify.kernel.core.network import Problem
from symverify.kernel.losses import huber, squared
from symverify.kernel.network_file import read_problem
from symverify.kernel.programs.chain import read_widths
from tests.examples import EXAMPLES, Document, Example, changed, text
from tests.invalid import CONTROL, INVALID, Invalid, put

F = Fraction
Files = dict[str, bytes]

FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def opener(files: Files) -> Callable[[str], bytes]:
    def open_data(name: str) -> bytes:
        try:
            return files[name]
        except KeyError:
            raise FileNotFoundError(2, "No such file or directory") from None

    return open_data


def problem_of(document: object, files: Files | None = None) -> Problem:
    return read_problem(json.dumps(document).encode(), opener(files or {}))


def fault_of(document: object, files: Files | None = None) -> tuple[str, str]:
    """Where the first fault is, and what."""
    with pytest.raises(Malformed) as error:
        problem_of(document, files)
    (fault,) = error.value.faults
    return fault


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_every_example_is_read(example: Example) -> None:
    problem = read_problem(text(example), opener({}))
    assert problem.sha256 == hashlib.sha256(text(example)).hexdigest()
    assert list(problem.widths) == example.document["layers"]
    assert len(problem.inputs) == len(problem.targets) == len(example.document["data"])


@pytest.mark.parametrize("case", INVALID.values(), ids=INVALID)
def test_a_fault_is_reported_at_its_place(case: Invalid) -> None:
    """One of the faults that a report of all of them has: of several the kernel names the first that it meets."""
    problem_of(CONTROL)
    where, what = fault_of(case.document)
    place = next(each for each in (where, where.rpartition(".")[0]) if each in case.faults)
    assert case.faults[place] in what or (where.startswith("parameters") and "unknown key; the keys here are" in what)


def test_numbers_are_read_exactly() -> None:
    data = b'[{"x": [0.1], "y": [1e-3]}, {"x": ["0.1"], "y": ["-2/6"]}, {"x": [3], "y": [-0.0]}]'
    document = json.dumps(changed(EXAMPLES["four-points"], data="HERE")).encode().replace(b'"HERE"', data)
    problem = read_problem(document, opener({}))
    assert problem.inputs == ((F(1, 10),), (F(1, 10),), (F(3),))
    assert problem.targets == ((F(1, 1000),), (F(-1, 3),), (F(0),))
    assert problem.sha256 == hashlib.sha256(document).hexdigest()


@pytest.mark.parametrize(
    ("activation", "values"),
    [
        ("relu", {-2: 0, 0: 0, 3: 3}),
        ("abs", {-2: 2, 0: 0, 3: 3}),
        ("hardtanh", {-2: -1, "1/2": "1/2", 3: 1}),
        ("relu6", {-1: 0, 5: 5, 7: 6}),
        ("hardsigmoid", {-4: 0, 0: "1/2", 1: "2/3", 4: 1}),
        ("identity", {-2: -2, 3: 3}),
        ("leaky_relu", {-2: "-1/50", 3: 3}),
        ({"name": "leaky_relu", "negative_slope": 0.1}, {-2: "-1/5", 3: 3}),
        ({"name": "two_piece", "negative_slope": "1/3", "positive_slope": 2}, {-3: -1, 3: 6}),
        ({"breakpoints": ["-2", "0", "1"], "slopes": ["0", "-1", "2", "1/2"], "anchor": ["0", "0"]},
         {-5: 2, -2: 2, -1: 1, 0: 0, 1: 2, 3: 3}),
        ({"breakpoints": [], "slopes": [2], "anchor": [1, 5]}, {0: 3, 1: 5}),
        ({"breakpoints": [0, 1, 2], "slopes": [1, 1, 3, 3], "anchor": [5, 0]}, {1: -12, 0: -13, 2: -9}),
        ({"breakpoints": [1], "slopes": [0, 1], "anchor": [1, 4]}, {0: 4, 1: 4, 2: 5}),
    ],
)  # fmt: skip
def test_activations(activation: object, values: dict[Any, Any]) -> None:
    (h,) = problem_of(put(("activation", activation))).activations
    for z, expected in values.items():
        for piece in h.pieces(F(z)):
            assert h.slopes[piece] * F(z) + h.offsets[piece] == F(expected)
    assert all(a != b for a, b in zip(h.slopes, h.slopes[1:], strict=False))


def test_one_activation_or_one_per_layer() -> None:
    deep = changed(EXAMPLES["four-points"], layers=[1, 2, 2, 1])
    same = problem_of(deep).activations
    assert len(same) == 2
    assert same[0] == same[1]
    mixed = problem_of(deep | {"activation": ["relu", "abs"]}).activations
    assert [h.slopes for h in mixed] == [(0, 1), (-1, 1)]


@pytest.mark.parametrize(
    ("bias", "expected"),
    [(True, (True, True)), (False, (False, False)), ({}, (True, True)), ({"hidden": False}, (False, True)),
     ({"output": False}, (True, False)), ({"hidden": False, "output": False}, (False, False))],
)  # fmt: skip
def test_biases(bias: object, expected: tuple[bool, bool]) -> None:
    problem = problem_of(put(("bias", bias), ("parameters", ...)))
    assert (problem.hidden_bias, problem.output_bias) == expected


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("squared", squared(F(1, 4))),
        ("huber", huber(F(1, 4), F(1))),
        ({"name": "squared", "reduction": "sum"}, squared(F(1))),
        ({"name": "squared", "reduction": "sum", "factor": "1/2"}, squared(F(1, 2))),
        ({"name": "huber", "reduction": "mean", "factor": 0.5, "delta": "3/2"}, huber(F(1, 8), F(3, 2))),
        ({"name": "huber", "reduction": "sum", "delta": "1/3"}, huber(F(1), F(1, 3))),
    ],
)
def test_losses(loss: object, expected: Loss) -> None:
    assert problem_of(put(("loss", loss))).loss == expected


@pytest.mark.parametrize("name", ["", "Ünïcode ‮ \x1b[31m", "<script>", "x" * 10_000, "a\nb\0"])
def test_any_name_is_kept(name: str) -> None:
    assert problem_of(put(("name", name))).name == name


# Data files. -----------------------------------------------------------------------------------------------


def table(csv: object = "a.csv", inputs: object = ("u",), targets: object = ("v",), **more: object) -> Document:
    data = {"csv": csv, "inputs": inputs, "targets": targets} | more
    return put(("data", {key: value for key, value in data.items() if value is not ...}), ("parameters", ...))


def test_columns_by_name_in_any_order() -> None:
    content = '\ufeffid, v ,"u, u",u\r\n\r\n1,0.10,x,-3\n2, 1/3 ,,"1e-2"\n'.encode()
    document = json.dumps(table()).encode()
    problem = read_problem(document, opener({"a.csv": content}))
    assert problem.inputs == ((F(-3),), (F(1, 100),))
    assert problem.targets == ((F(1, 10),), (F(1, 3),))
    assert problem.sha256 == hashlib.sha256(document + b"\0" + content).hexdigest()


def test_a_column_used_twice_and_long_names() -> None:
    long = ["c" * 70 + "1", "c" * 70 + "2"]
    wide = table(inputs=[*long, "u", "u"]) | {"layers": [4, 2, 1]}
    problem = problem_of(wide, {"a.csv": f"{long[0]},{long[1]},u,v\n1,2,3,4\n".encode()})
    assert problem.inputs == ((F(1), F(2), F(3), F(3)),)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../a.csv", "/etc/passwd", "b/a.csv", "..\\a.csv", "C:a.csv", "a.csv\0", "a/", "\\\\host\\x"],
)
def test_names_that_lead_elsewhere_are_never_opened(name: str) -> None:
    def open_data(_: str) -> bytes:
        raise AssertionError("opened")

    with pytest.raises(Malformed) as error:
        read_problem(json.dumps(table(csv=name)).encode(), open_data)
    ((where, what),) = error.value.faults
    assert where == "data.csv"
    assert what.startswith("expected the name of a file beside this one, got ")


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (table(csv="b.csv"), ("data.csv", "cannot read 'b.csv': No such file or directory")),
        (table(csv=3), ("data.csv", "expected text, got 3")),
        (table(csv=...), ("data.csv", "is missing")),
        (table(inputs=...), ("data.inputs", "is missing")),
        (table(targets="v"), ("data.targets", "expected a list, got 'v'")),
        (table(sep=";"), ("data.sep", "unknown key; the keys here are csv, inputs, targets")),
        (table(inputs=["u", "v"]), ("data.inputs", "expected 1 columns, one per input, got 2")),
        (table(targets=[]), ("data.targets", "expected 1 columns, one per output, got 0")),
        (table(inputs=[0]), ("data.inputs[0]", "expected text, got 0")),
        (table(inputs=["U"]), ("data.inputs[0]", "'U' is not the name of one column of 'a.csv'")),
        (table(targets=["w"]), ("data.targets[0]", "'w' is not the name of one column of 'a.csv'")),
        (table(csv="b.csv") | {"activation": "elu"}, ("activation", "unknown activation 'elu'")),
        (table(csv="b.csv") | {"extra": 1}, ("data.csv", "cannot read 'b.csv'")),
    ],
)
def test_wrong_descriptions_of_a_table(document: Document, fault: tuple[str, str]) -> None:
    files = {"a.csv": b"u,v\n0,1\n"}
    problem_of(table(), files)
    where, what = fault_of(document, files)
    assert (where, what[: len(fault[1])]) == fault


@pytest.mark.parametrize(
    ("content", "where", "part"),
    [
        (b"", "data.inputs[0]", "'u' is not the name of one column of 'a.csv'"),
        (b"\n\n", "data.inputs[0]", "'u' is not the name of one column"),
        (b"u,v\n", "data", "expected at least one sample"),
        (b"u,v,u\n0,1,0\n", "data.inputs[0]", "'u' is not the name of one column of 'a.csv'"),
        (b"u,v\n0,1\n2\n3,4,5\n", "'a.csv', line 3", "expected 2 cells, got 1"),
        (b"u,v\n0,1\n3,4,5\n", "'a.csv', line 3", "expected 2 cells, got 3"),
        (b"u,v\n\n0,one\n", "'a.csv', line 3, column 'v'",
         "expected a number (3, 0.25, \"3/10\"; 4000 digits at most), got 'one'"),
        (b"u,v\n\n0,1\n\n,1\n", "'a.csv', line 5, column 'u'", "got ''"),
        (b"u,v\nnan,0\n", "'a.csv', line 2, column 'u'", "got 'nan'"),
        (b"u,v\n0,inf\n", "'a.csv', line 2, column 'v'", "got 'inf'"),
        (b"u,v\n1/0,0\n", "'a.csv', line 2, column 'u'", "the denominator is zero: '1/0'"),
        (b"u,v\n1e999999,0\n", "'a.csv', line 2, column 'u'", "4000 digits at most"),
        (b"u;v\n0;1\n", "data.inputs[0]", "'u' is not the name of one column"),
        (b'u,v\n"0,1\n', "data.csv", "cannot read 'a.csv': not a CSV file in UTF-8: unexpected end of data"),
        (b'u,v\n"0"1,1\n', "data.csv", "cannot read 'a.csv': not a CSV file in UTF-8"),
        (b"u,v\n\xff,1\n", "data.csv", "cannot read 'a.csv': not a CSV file in UTF-8"),
        (b"u,v\n" + b"9" * 200_000 + b",1\n", "data.csv", "field larger than field limit"),
        (b"u,v\n\0,1\n", "'a.csv', line 2, column 'u'", "got '\\x00'"),
        (b"u,v\r0,x\r", "'a.csv', line 2, column 'v'", "got 'x'"),
        (b"PK\x03\x04\x14\0\0\0", "data.inputs[0]", "'u' is not the name of one column"),
    ],
    ids=lambda value: repr(value)[:30],
)  # fmt: skip
def test_wrong_tables(content: bytes, where: str, part: str) -> None:
    found, what = fault_of(table(), {"a.csv": content})
    assert found == where
    assert part in what


# Anything at all. ------------------------------------------------------------------------------------------

SCALARS: list[object] = [
    None, True, False, 0, -1, 1, 2**31, 10**5000, "", "0", "1/0", "9" * 5000, "relu", "huber", "a.csv", "../x", [], {},
    [[]], [[1]], {"name": "relu"}, {"csv": "a.csv", "inputs": ["u"], "targets": ["v"]}, "\ud800",
]  # fmt: skip


def mutated(rng: random.Random) -> object:
    """A valid document with a few nodes replaced, removed, repeated or moved."""
    document = json.loads(text(rng.choice(list(EXAMPLES.values()))))
    for _ in range(rng.randint(1, 4)):
        node: Any = document
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not keys:
                break
            key = rng.choice(keys)
            if isinstance(node[key], dict | list) and rng.random() < 0.7:
                node = node[key]
                continue
            change = rng.randrange(5)
            if change == 0:
                del node[key]
            elif change == 1 and isinstance(node, list):
                node.append(copy.deepcopy(node[key]))
            else:
                moved = [document.get(name) for name in ("layers", "data", "activation")]
                node[key] = copy.deepcopy(rng.choice(SCALARS + moved))
            break
    return document


@pytest.mark.parametrize("seed", range(30))
def test_mutated_files_are_problems_or_malformed(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(40):
        try:
            data = json.dumps(mutated(rng)).encode()
        except ValueError:  # more digits than Python prints
            continue
        if rng.random() < 0.3:
            cut = rng.randrange(len(data))
            data = data[:cut] + bytes([rng.randrange(256)]) * rng.randint(0, 2) + data[cut + rng.randint(0, 3) :]
        with suppress(Malformed):
            assert isinstance(read_problem(data, opener({"a.csv": b"u,v\n0,1\n"})), Problem)


KEYS = ["format", "name", "layers", "bias", "activation", "loss", "data", "parameters", "x", "y", "csv", "inputs",
        "targets", "breakpoints", "slopes", "anchor", "weight", "factor", "reduction", "delta"]  # fmt: skip
LEAVES = st.sampled_from([x for x in SCALARS if not isinstance(x, int) or x < 10**9]) | st.integers(-3, 9) | st.text()
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner))


@given(st.dictionaries(st.sampled_from(KEYS), TREES), st.binary(max_size=200))
@FUZZ
def test_any_document_is_a_problem_or_malformed(part: Document, content: bytes) -> None:
    for document in (part, CONTROL | part):
        with suppress(Malformed):
            assert isinstance(problem_of(document, {"a.csv": content}), Problem)


@given(
    st.binary(max_size=300)
    | st.text(max_size=300).map(str.encode)
    | st.text("uv,\n\r\"0123./e-'", max_size=60).map(str.encode)
)
@FUZZ
def test_any_data_file_is_read_or_malformed(content: bytes) -> None:
    for data in (content, b"u,v\n" + content):
        with suppress(Malformed):
            assert isinstance(problem_of(table(), {"a.csv": data}), Problem)


def test_classes_are_read_from_the_column_of_labels() -> None:
    loss = {"name": "cross_entropy", "classes": ["no", "yes"]}
    document = table(inputs=["u"], targets=["v"]) | {"activation": "relu", "loss": loss, "layers": [1, 2, 2]}
    problem = read_problem(json.dumps(document).encode(), opener({"a.csv": b"u,v\n1,yes\n2,no\n"}))
    assert problem.targets == ((0, 1), (1, 0))
    assert problem.inputs == ((1,), (2,))


def test_labels_of_several_columns() -> None:
    """One for each output, for a loss with classes, too; a single one only where it may name a class."""
    files = {"a.csv": b"u,p,q\n1,1/4,3/4\n2,1,0\n"}
    more: Document = {"activation": "relu", "layers": [1, 2, 2]}
    for loss in ("cross_entropy", "squared"):
        problem = problem_of(table(inputs=["u"], targets=["p", "q"]) | more | {"loss": loss}, files)
        assert problem.targets == ((F(1, 4), F(3, 4)), (1, 0))
    single = table(inputs=["u"], targets=["p"]) | more
    assert fault_of(single | {"loss": "squared"}, files) == (
        "data.targets",
        "expected 2 columns, one per output, got 1",
    )
    assert problem_of(single | {"loss": "cross_entropy"}, {"a.csv": b"u,p\n1,1\n"}).targets == ((0, 1),)
    three = table(inputs=["u"], targets=["p", "q", "u"]) | more | {"loss": "cross_entropy"}
    assert fault_of(three, files) == ("data.targets", "expected 2 columns, one per output, got 3")


CROSS: Any = {"layers": [1, 2, 3], "activation": "relu", "loss": "cross_entropy"}
NAMES = {"name": "cross_entropy", "classes": ["2", "no", "yes"]}


def labelled(label: object, **change: object) -> Document:
    return CONTROL | {"parameters": None} | CROSS | {"data": [{"x": [1], "y": label}]} | change


@pytest.mark.parametrize(
    ("label", "change", "expected"),
    [
        (0, {}, (1, 0, 0)), (2, {}, (0, 0, 1)), ("1", {}, (0, 1, 0)), ([1], {}, (0, 1, 0)), (1.0, {}, (0, 1, 0)),
        (["1/2", 0, "1/2"], {}, (F(1, 2), 0, F(1, 2))),
        ("yes", {"loss": NAMES}, (0, 0, 1)), (["no"], {"loss": NAMES}, (0, 1, 0)), ("2", {"loss": NAMES}, (1, 0, 0)),
        (1, {"loss": NAMES}, (0, 1, 0)), (2, {"loss": NAMES}, (0, 0, 1)),
        ("b", {"layers": [1, 2, 1], "loss": {"name": "logistic", "classes": ["a", "b"]}}, (1,)),
        (0, {"layers": [1, 2, 1], "loss": {"name": "logistic", "classes": ["a", "b"]}}, (0,)),
        ("a", {"layers": [1, 2, 1], "loss": {"name": "hinge", "classes": ["a", "b"]}}, (-1,)),
        ("b", {"layers": [1, 2, 1], "loss": {"name": "hinge", "classes": ["a", "b"]}}, (1,)),
        (["1/2"], {"layers": [1, 2, 1], "loss": "logistic"}, (F(1, 2),)),
    ],
)  # fmt: skip
def test_classes(label: object, change: Any, expected: tuple[Fraction, ...]) -> None:
    document = labelled(label, **change)
    del document["parameters"]
    assert problem_of(document).targets == (expected,)


@pytest.mark.parametrize(
    ("label", "change", "where", "what"),
    [
        (3, {}, "data[0].y", "expected a class from 0 to 2, got 3"),
        (-1, {}, "data[0].y", "expected a class from 0 to 2, got -1"),
        ("1/2", {}, "data[0].y", "expected a class from 0 to 2, got '1/2'"),
        ("yes", {}, "data[0].y", "expected a number"),
        ([1, 0], {}, "data[0].y", "expected 3 numbers, one per output, got 2"),
        ([[1]], {}, "data[0].y", "expected 3 numbers, one per output, got 1"),
        (["1/2", 0, 0], {}, "data[0].y", "numbers >= 0 that sum to 1"),
        ("maybe", {"loss": NAMES}, "data[0].y", "expected one of the classes '2', 'no', 'yes', got 'maybe'"),
        (3, {"loss": NAMES}, "data[0].y", "expected a class from 0 to 2, got 3"),
        (1, {"loss": NAMES | {"classes": ["no", "yes", "no"]}}, "loss.classes", "expected distinct names, one for"),
        (1, {"loss": NAMES | {"classes": ["no", "yes"]}}, "loss.classes", "got 2 for the cross_entropy loss and 3"),
        (1, {"loss": NAMES | {"classes": list("abcd")}}, "loss.classes", "got 4 for the cross_entropy loss and 3"),
        (1, {"loss": NAMES | {"name": "squared"}}, "loss.classes", "got 3 for the squared loss and 3 outputs"),
        (0, {"layers": [1, 2, 1], "loss": {"name": "hinge", "classes": ["a", "b", "c"]}}, "loss.classes", "got 3 for"),
        (2, {"layers": [1, 2, 1], "loss": {"name": "hinge", "classes": ["a", "b"]}}, "data[0].y",
         "expected a class from 0 to 1, got 2"),
        (0, {"layers": [1, 2, 1]}, "loss", "needs an output per class, at least two"),
        (1, {"layers": [1, 2, 1], "loss": "squared"}, "data[0].y", "expected a list, got 1"),
    ],
)  # fmt: skip
def test_wrong_classes(label: object, change: Any, where: str, what: str) -> None:
    document = labelled(label, **change)
    del document["parameters"]
    found, said = fault_of(document)
    assert (found, what if what in said else said) == (where, what)


@pytest.mark.parametrize(("width", "fits"), [(349_525, True), (349_526, False)])
def test_how_many_parameters_there_may_be(width: int, fits: bool) -> None:
    """[1, w, 1] has 3 w + 1, biases counted; 2^20 are allowed."""
    with nullcontext() if fits else pytest.raises(Malformed, match="more than 1048576 parameters"):
        assert read_widths([1, width, 1], "layers") == [1, width, 1]
