"""The extracted checker accepts the certificate of a folder, and refuses it with any one thing wrong."""

from pathlib import Path

import pytest

from tests.kernel.corruption import Json, edited
from tests.rocq.agreement import extracted
from tests.rocq.cases import hashed, of_folder

SWAPPED = {"data": lambda data: [data[1], data[0], *data[2:]]}  # the same problem; the vectors are not its own
LABEL = {"data[0].y": [7]}
CHANGES: dict[str, dict[str, dict[str, Json]]] = {  # by folder and name: places in one of the two files, what is there
    "boundary": {
        "a higher bound": {"steps[3].risk": "14000000001/1000000000"},
        "a vector dropped": {"steps[3].vectors": lambda v: v[1:]},
        "an entry of a vector": {"steps[3].vectors[0][0]": lambda x: x + 1},
        "a vector's sign": {"steps[3].vectors[0]": lambda g: [-x for x in g]},
        "a leaf dropped": {"steps[3].tree": lambda tree: tree[:-1]},
        "a leaf more": {"steps[3].tree": lambda tree: [*tree, 0]},
        "another vector at a leaf": {"steps[3].tree": lambda tree: [*tree[:-1], (tree[-1] + 1) % 3]},
        "another split": {"steps[3].tree[0]": lambda split: split - 1},
        "samples swapped": SWAPPED,
        "a label": LABEL,
        "a weight of the minimum": {"steps[4].parameters[0].weight[0][0]": "-5/2"},
        "the path": {"steps[6].path[1].bias[0]": ["-2", "1"]},
        "the claim's bound": {"claims[2].risk": "15"},
    },
    "logistic-line": {
        "a probability": {"steps[1].dual[0][0]": "1/6"},
        "an affine map nearby": {"steps[1].near[0][0]": "1/3"},
        "a better point": {"steps[2].parameters[0].bias[0]": "2"},
        "a vector": {"steps[4].vectors[1]": [-1, 1, 0, 0, 0, 0]},
        "a scale": {"steps[4].scales[1]": "1"},
        "a higher bound": {"steps[4].risk": "5/21"},
        "a leaf": {"steps[4].tree": lambda tree: [*tree[:-1], (tree[-1] + 1) % 5]},
        "samples swapped": SWAPPED,
        "a label": {"data[0].y": [1]},
        "the claimed risk": {"claims[2].risk.lower": "1/2"},
        "the claimed bound": {"claims[3].risk.upper": "1/4"},
    },
    "residual": {
        "a weight of the minimum": {"steps[0].parameters.skip.weight[0][0]": "-1"},
        "a breakpoint": {"steps[6].parameters": {
            "hidden": {"weight": [["1", "1"], ["0", "0"]], "bias": ["0", "1"]}, "skip": {"weight": [["0", "0"]]},
            "through": {"weight": [["0", "0"]], "bias": ["1/2"]},
        }},
        "a better point": {"steps[2].parameters.through.bias[0]": "3"},
        "the path": {"steps[4].path.hidden.bias[1]": ["1", "-2"]},
        "the claimed risk": {"claims[0].risk": "1/3"},
        "the claimed bound": {"claims[1].risk": "1"},
        "a label": LABEL,
        "samples swapped": SWAPPED | {"data[0].y": [1]},
        "an edge": {"program[3].from": "hidden"},
        "a frozen weight": {"program[3].weight": [[None, None]], "program[3].bias": 1},
    },
    "one-frozen": {
        "a vector": {"steps[1].vectors[0]": [0, -1]},
        "a vector dropped": {"steps[1].vectors": []},
        "a leaf dropped": {"steps[1].tree": []},
        "a leaf more": {"steps[1].tree": [0, 0]},
        "a higher bound": {"steps[1].risk": "4000000001/1000000000"},
        "the claimed risk": {"claims[0].risk": "5"},
        "a frozen weight is free": {"program[3].weight": True, "parameters.f": {"weight": [[1]]}},
        "the sign of a frozen weight": {"program[3].weight": -1},
        "another loss": {"loss": {"name": "absolute", "reduction": "sum"}},
        "the mean": {"loss": "squared"},
    },
}  # fmt: skip
RULES = {
    "boundary": {3: "global_lower_bound", 4: "point", 6: "valley"},
    "logistic-line": {1: "span_minimum", 2: "enclosed_point", 4: "real_lower_bound"},
    "residual": {0: "point", 2: "point", 4: "valley", 6: "point"},
    "one-frozen": {1: "restricted_lower_bound"},
}


@pytest.mark.parametrize("name", CHANGES)
def test_accepted(checker: Path, tmp_path: Path, name: str) -> None:
    """And the steps that are changed are those of these rules."""
    document, proof = of_folder(name)
    assert {k: proof["steps"][k]["rule"] for k in RULES[name]} == RULES[name]
    assert extracted(checker, tmp_path, document, proof).code == 0


@pytest.mark.parametrize(("name", "what"), [(name, what) for name, rows in CHANGES.items() for what in rows])
def test_refused(checker: Path, tmp_path: Path, name: str, what: str) -> None:
    document, proof = of_folder(name)
    for path, new in CHANGES[name][what].items():
        if path.startswith(("steps", "claims")):
            proof = edited(proof, path, new)
        else:
            document = edited(document, path, new)
    answer = extracted(checker, tmp_path, document, hashed(document, proof))
    assert answer.code == 11, answer
