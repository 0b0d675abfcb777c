"""What is said about minima that are enclosed: whose size it is, and on which side numbers are rounded."""

import json
from fractions import Fraction

import symverify
from symverify.report import claims
from symverify.report.formula import text
from symverify.report.render import as_json
from symverify.report.tell_boxes import _radius
from tests.examples import network, samples

LOGISTIC = network([1, 2, 1], "relu", samples([0, 1, 2], [0, 1, 0])) | {"loss": "logistic"}


def test_the_size_is_that_of_the_minimum_and_not_of_the_better_point() -> None:
    result = symverify.check(symverify.loads(json.dumps(LOGISTIC)), ["infimum", "spurious_minimum"], smt=False)
    said = claims.lines(result, result["spurious_minimum"])[0]
    assert said == (
        "some point, not written down, that predicts a best affine fit, of risk 0.6365141682.., is a spurious local "
        "minimum; the points of its cell of that risk are local minima, too, and form, near it, a set of dimension 5; "
        "another point has risk in [0, 2.939e-39]; the risk, 0.6365141682.., is above the infimum of the risk over all "
        "parameters by exactly that much"
    )


def test_the_height_of_an_enclosed_risk_above_0_is_the_risk() -> None:
    """The plateau at log 2 of two classes that a network separates; above a bracket nothing is said."""
    stuck = {"parameters": [{"weight": [[1], [1]], "bias": [1, 1]}, {"weight": [[0, 0]], "bias": [0]}]}
    for inputs, above in (([0, 1, 2, 3], True), ([0, 0, 1, 1], False)):
        given = LOGISTIC | stuck | {"data": samples(inputs, [0, 1, 1, 0])}
        result = symverify.check(symverify.loads(json.dumps(given)), ["infimum", "point"], smt=False)
        fields = json.loads(as_json(result))["claims"][-1]
        words = "the risk, 0.6931471805.., is above the infimum of the risk over all parameters by exactly that much"
        assert fields["words"].endswith(words) == above
        assert (fields.get("gap"), fields.get("gap_above")) == ((fields["risk"], "infimum") if above else (None, None))


def test_a_radius_is_an_upper_bound() -> None:
    """Rounded to the nearest number the box would be too small; a power of 2 is shown as such."""
    radius = Fraction(1234561, 10**25 + 7)
    assert text(_radius(radius)) == "≈ 1.23457e−19"
    assert text(_radius(Fraction(1, 2**60))) == "2⁻⁶⁰"
