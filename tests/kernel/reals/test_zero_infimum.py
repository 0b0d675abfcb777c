"""The rule `zero_infimum`: a point that predicts all labels with a margin."""

from tests.kernel.reals.made import Json, Malformed, Rejected, checked, control, corruption, document, layer, refused
from tests.kernel.rules import suite


def theta(bias: list[str], rows: list[list[str]]) -> Json:
    return [layer([["1"], ["1"]], ["0", "-1"]), layer(rows, bias)]


def steps(point: Json) -> list[Json]:
    return [{"rule": "enclosed_point", "parameters": point}, {"rule": "zero_infimum", "from": {"point": 0}}]


HAT = document([1, 2, 1], "relu", "logistic", [0, 1, 2], [[0], [1], [0]])
CLASSES = document([1, 2, 2], "relu", "cross_entropy", [0, 1, 2], [0, 1, 0])
NONE = document([1, 2, 1], "relu", "poisson", [0, 1, 2], [[0], [0], [0]])


def test_statements() -> None:
    for doc, point in (
        (HAT, theta(["-1"], [["2", "-4"]])),
        (CLASSES, theta(["1", "0"], [["-2", "4"], ["0", "0"]])),
        (NONE, theta(["-1"], [["0", "0"]])),
    ):
        (theorem,) = checked(doc, steps(point), {"infimum": 1}).theorems
        assert dict(theorem.statement) == {"risk": "0", "attained": False}


def test_refused() -> None:
    refused(HAT, steps(theta(["-2"], [["2", "-4"]])), "does not predict the label of sample 2 with a margin")
    refused(HAT, steps(theta(["0"], [["2", "-4"]])), "sample 1")
    refused(CLASSES, steps(theta(["0", "0"], [["-2", "4"], ["0", "0"]])), "sample 1")
    refused(CLASSES, steps(theta(["-1", "0"], [["-2", "4"], ["0", "0"]])), "sample 1")
    refused(NONE, steps(theta(["1"], [["0", "0"]])), "sample 1")
    soft = document([1, 2, 1], "relu", "logistic", [0, 1, 2], [["1/10"], [1], [0]])
    refused(soft, steps(theta(["-1"], [["2", "-4"]])), "sample 1")
    softer = document([1, 2, 2], "relu", {"name": "ce", "label_smoothing": "1/10"}, [0, 1, 2], [0, 1, 0])
    refused(softer, steps(theta(["1", "0"], [["-2", "4"], ["0", "0"]])), "sample 1")
    counts = document([1, 2, 1], "relu", "poisson", [0, 1, 2], [[0], [0], [1]])
    refused(counts, steps(theta(["-1"], [["0", "0"]])), "sample 3")


CONTROLS = {
    "hat": control(HAT, steps(theta(["-1"], [["2", "-4"]])), {"infimum": 1}),
    "classes": control(CLASSES, steps(theta(["1", "0"], [["-2", "4"], ["0", "0"]])), {"infimum": 1}),
    "no counts": control(NONE, steps(theta(["-1"], [["0", "0"]])), {"infimum": 1}),
}
CORRUPTIONS = [
    corruption("hat", 0, ["parameters", 1, "bias", 0], "0", Rejected, "does not predict the label of sample 1"),
    corruption("classes", 0, ["parameters", 1, "bias", 0], "0", Rejected, "does not predict the label of sample 1"),
    corruption("no counts", 0, ["parameters", 1, "bias", 0], "0", Rejected, "does not predict the label of sample 1"),
    corruption("hat", 1, ["from", "point"], 1, Rejected, "step 1 does not come before this one"),
    corruption("hat", 1, ["from"], ..., Malformed, "point: is missing"),
]
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)
