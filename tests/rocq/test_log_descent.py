"""`real_descent`: the extracted checker's verdicts are the kernel's, and Coq's."""

from pathlib import Path
from random import Random

import pytest

from tests.examples import layer, network
from tests.kernel.accepted import Case
from tests.kernel.corruption import Json, edited
from tests.kernel.reals import test_real_descent
from tests.kernel.reals.made import control
from tests.kernel.reals.test_real_face_minimum import small
from tests.rocq.agreement import accepted, agree, refused
from tests.rocq.cases import from_seeds
from tests.rocq.test_cell_span import settled
from tests.rocq.test_export import as_one, exports, failing_at, proved

COUNTS = small([0, 1], [[0], [3]], 0, 1, 1, 0, "poisson")
AHEAD = small([0, 1], [[0], [1]], 0, 1, 1, -3)
TILTED = {
    "rule": "real_descent",
    "from": {"point": 0},
    "curve": [layer([[["0", "1"]]], ["1"]), layer([["1"]], [["0", "0", "1"]])],
}
STRAIGHT = TILTED | {"curve": [layer([[["0", "1"]]], ["1"]), layer([["1"]], ["-3"])]}
CONTROLS: dict[str, Case] = dict(test_real_descent.CONTROLS) | {
    "poisson": control(COUNTS, [test_real_descent.STEPS[0], TILTED], {"point": 1}),
    "below 0": control(AHEAD, [test_real_descent.STEPS[0], STRAIGHT], {"point": 1}),
}
CHANGED = {f"{each[0]}: {each[1]}": (each[0], *each[2:4]) for each in test_real_descent.CORRUPTIONS} | {
    "poisson: label": ("poisson", "steps[1].curve[0].weight[0][0]", ["0", "-1"])
}


@pytest.mark.parametrize("name", CONTROLS)
def test_accepted(checker: Path, tmp_path: Path, name: str) -> None:
    accepted(checker, tmp_path, CONTROLS[name], 10)


@pytest.mark.parametrize("name", CHANGED)
def test_corrupted(checker: Path, tmp_path: Path, name: str) -> None:
    of, path, new = CHANGED[name]
    refused(checker, tmp_path, CONTROLS[of].network, edited(CONTROLS[of].proof, path, new))


def random_case(rng: Random) -> tuple[Json, Json]:
    """A point, often at a breakpoint or with predictions 0, and a curve from it."""
    loss, inputs, outputs = rng.choice(["logistic", "poisson"]), rng.choice([1, 1, 2]), rng.choice([1, 1, 2])
    hidden = [rng.choice([1, 2]) for _ in range(rng.choice([1, 1, 2]))]
    labels = ["0", "1", "1/2"] if loss == "logistic" else ["0", "1", "2"]
    data = [
        {"x": [rng.randint(-1, 1) for _ in range(inputs)], "y": [rng.choice(labels) for _ in range(outputs)]}
        for _ in range(rng.randint(1, 4))
    ]
    document = network([inputs, *hidden, outputs], rng.choice(["relu", "abs", "hardtanh"]), data)
    document["loss"] = {"name": loss, "reduction": rng.choice(["mean", "sum"])}
    sizes = list(zip([inputs, *hidden], [*hidden, outputs], strict=True))

    def entry() -> str:
        return rng.choice(["0", "0", "1", "-1", "1/2"])

    def moved(x: str) -> Json:
        if rng.random() < 0.5:
            return x
        return rng.choice([[x, rng.choice(["1", "-1"])], [x, "0", rng.choice(["1", "-1"])], [x, "1", "-1"]])

    weights = [([[entry() for _ in range(a)] for _ in range(b)], [entry() for _ in range(b)]) for a, b in sizes]
    document["parameters"] = [layer(w, b) for w, b in weights]
    curve = [layer([[moved(x) for x in row] for row in w], [moved(x) for x in b]) for w, b in weights]
    step = {"rule": "real_descent", "from": {"point": 0}, "curve": curve}
    return document, settled(document, [test_real_descent.STEPS[0], step], "point")


def test_agreement(checker: Path, tmp_path: Path) -> None:
    agree(checker, tmp_path, from_seeds(range(80), 1, random_case), {10: 15, 11: 15})


@pytest.mark.long
def test_agreement_at_length(checker: Path, tmp_path: Path) -> None:
    agree(checker, tmp_path, from_seeds(range(1000, 3000), 3, random_case), {10: 300})


REFUSED = {  # a control, a text of the theorem of step 1, another
    "another order of the predictions": ("two steps", "path1 1 ", "path1 3 "),
    "another order of the change": ("two steps", "path1 1 2 ", "path1 1 1 "),
    "no number": ("below 0", "0 0 [(2, ", "0 0 [(3, "),
    "another curve": ("straight", "[0; 1]", "[0; (-1)]"),
    "too large an exponential": ("poisson", "(1, (", "(1, (2 * "),
}


def test_coq(built: Path, tmp_path: Path) -> None:
    """All controls are proved; with any one thing wrong in the theorem `Qed` fails."""
    written = exports(CONTROLS, tmp_path, built)
    parts = [failing_at(written[name], "Definition path1 ", old, new) for name, old, new in REFUSED.values()]
    proved(tmp_path, built, as_one([*written.values(), *parts]))
