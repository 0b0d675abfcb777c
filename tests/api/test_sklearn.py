"""scikit-learn's networks: the same predictions, the risk that the estimator descends, its own classes."""

import pickle
from fractions import Fraction

import numpy as np
import pytest

import symverify
from symverify.kernel.core.network import predictions, risk
from symverify.kernel.reals.losses import RealLoss
from symverify.problem.imports import NotImportable

pytest.importorskip("sklearn", reason="scikit-learn is not installed")
pandas = pytest.importorskip("pandas", reason="pandas is not installed")
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(3)
ROWS = RNG.normal(size=(14, 2))
FRAME = pandas.DataFrame(ROWS, columns=["a", "b"])
NUMBER = np.abs(ROWS[:, 0])


def regressor(y=NUMBER, **options):
    from sklearn.neural_network import MLPRegressor

    settings = {"hidden_layer_sizes": (3,), "solver": "lbfgs", "max_iter": 300, "random_state": 0} | options
    return MLPRegressor(**settings).fit(ROWS, y)


def classifier(y, **options):
    from sklearn.neural_network import MLPClassifier

    settings = {"hidden_layer_sizes": (3,), "solver": "lbfgs", "max_iter": 20, "random_state": 0} | options
    return MLPClassifier(**settings).fit(ROWS, y)


def total_risk(loaded, estimator):
    """The problem's risk with its penalty, in floats."""
    problem = loaded.problem
    f = predictions(problem, problem.parameters)
    if isinstance(problem.loss, RealLoss):
        pairs = zip(f, problem.targets, strict=True)
        value = sum(float(problem.loss.factor) * middle(problem.loss, u, y) for u, y in pairs)
    else:
        value = float(risk(problem, f))
    return value + float(problem.decay[0]) / 2 * sum((w**2).sum() for w in estimator.coefs_)


def middle(loss, f, y):
    """ℓ(f, y) in floats, from its definition."""
    u, t = np.array(f, dtype=float), np.array(y, dtype=float)
    match loss.name:
        case "logistic":
            return float((np.logaddexp(0, u) - t * u).sum())
        case "cross_entropy":
            return float(np.logaddexp.reduce(u) - t @ u)
        case _:
            return float((np.exp(u) - t * u).sum())


@pytest.mark.parametrize("options", [{}, {"hidden_layer_sizes": (3, 2)}, {"activation": "identity"}, {"alpha": 0.5}])
def test_a_regressor_has_its_predictions_and_its_risk(options):
    estimator = regressor(**options)
    loaded = symverify.from_sklearn(estimator, FRAME, NUMBER)
    ours = [float(f) for (f,) in predictions(loaded.problem, loaded.problem.parameters)]
    assert ours == pytest.approx(estimator.predict(ROWS), abs=1e-12)
    assert total_risk(loaded, estimator) == pytest.approx(estimator.loss_, rel=1e-9)
    assert loaded.problem.decay == (Fraction(estimator.alpha) / 14, 0)
    assert loaded.name == "MLPRegressor"


@pytest.mark.parametrize("kind", ["two", "names", "three", "several"])
def test_a_classifier_has_its_risk_and_its_classes(kind):
    labels = {
        "two": (ROWS[:, 0] > 0).astype(int),
        "names": np.where(ROWS[:, 0] > 0, "yes", "no"),
        "three": np.array([5, 7, 9])[np.arange(14) % 3],
        "several": (ROWS > 0).astype(int),
    }[kind]
    estimator = classifier(labels)
    loaded = symverify.from_sklearn(estimator, FRAME, labels)
    assert total_risk(loaded, estimator) == pytest.approx(estimator.loss_, rel=1e-6)
    assert loaded.problem.loss.name == ("cross_entropy" if kind == "three" else "logistic")
    if kind == "names":
        assert b'"classes": ["no", "yes"]' in loaded.network
        assert loaded.problem.targets[0] == (int(labels[0] == "yes"),)


def test_a_poisson_regressor_has_its_risk_but_for_a_constant():
    counts = np.arange(14) % 4
    try:
        estimators = [regressor(counts, loss="poisson", alpha=alpha) for alpha in (0.0, 0.1)]
    except TypeError:
        pytest.skip("this scikit-learn has no Poisson loss")
    constant = [
        estimator.loss_ - total_risk(symverify.from_sklearn(estimator, ROWS, counts), estimator)
        for estimator in estimators
    ]
    assert constant[0] == pytest.approx(constant[1], abs=1e-6)


def test_the_penalty_is_that_of_a_batch():
    estimator = regressor(solver="adam", batch_size=5, max_iter=5, alpha=0.25)
    loaded = symverify.from_sklearn(estimator, ROWS, NUMBER)
    assert loaded.problem.decay == (Fraction(1, 20), 0)
    assert loaded.notes == (
        "the solver adam sees 5 of 14 samples at a time: the risk is that of all",
        "alpha = 0.25 is kept, as the weight decay alpha / 5 of all weights but biases: "
        "with it a minimum near the point and a bracket of the least risk are claims; alpha=0 leaves it out",
    )
    assert symverify.from_sklearn(estimator, ROWS, NUMBER, alpha=0.5).problem.decay == (Fraction(1, 10), 0)
    assert symverify.from_sklearn(estimator, ROWS, NUMBER, alpha="1/3").problem.decay == (Fraction(1, 15), 0)
    with pytest.raises(symverify.Malformed, match=r"alpha: expected a number of at least 0, got -1"):
        symverify.from_sklearn(estimator, ROWS, NUMBER, alpha=-1)
    assert not symverify.from_sklearn(estimator, ROWS, NUMBER, alpha=0).problem.decays
    assert not symverify.from_sklearn(estimator, ROWS, NUMBER, loss="mse").problem.decays


def test_five_lines_to_a_page(tmp_path):
    estimator = regressor(alpha=0)
    problem = symverify.from_sklearn(estimator, FRAME, pandas.Series(NUMBER, name="y"))
    result = symverify.check(problem, "spurious_minimum", smt=False)
    assert result.proved
    result.html(tmp_path / "page.html")
    assert "MLPRegressor" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_five_lines_of_a_classifier_to_a_page(tmp_path):
    labels = np.where(ROWS[:, 0] * ROWS[:, 1] > 0, "even", "odd")
    problem = symverify.from_sklearn(classifier(labels), FRAME, labels, alpha=0)
    result = symverify.check(problem, "spurious_minimum", smt=False)
    assert result.proved
    assert result.risk is None
    assert 0 < result.bounds[0] <= result.bounds[1]
    assert repr(result).startswith("<CheckResult MLPClassifier 2-3-1: PROVED (spurious_minimum risk 0.")
    assert "MLPClassifier" in result.html(tmp_path / "page.html")


def test_a_trained_minimum_with_its_penalty_is_enclosed():
    estimator = regressor(hidden_layer_sizes=(2,), alpha=0.1, max_iter=20000, tol=1e-14)
    result = symverify.check(symverify.from_sklearn(estimator, ROWS, NUMBER), smt=False)
    assert result.asked == ("minimum_in_box",)
    low, high = map(float, result.bounds)
    assert estimator.loss_ == pytest.approx((low + high) / 2, abs=1e-6)
    assert result.point().radius > 0
    assert result.words.startswith("note: alpha = 0.1 is kept")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: regressor(activation="tanh"),
            r"the activation 'tanh' is not piecewise linear: .*train with",
        ),
        (lambda: type(regressor())(), r"the MLPRegressor is not fitted; call \.fit\(X, y\) first"),
        (lambda: pickle, r"expected an MLPRegressor or MLPClassifier, got module; give one of them"),
        (lambda: regressor(hidden_layer_sizes=()), r"the model has 1 fully connected layer; a network needs two"),
    ],
)
def test_what_is_refused_is_named(make, message):
    with pytest.raises(NotImportable, match=message):
        symverify.from_sklearn(make(), ROWS, NUMBER)


def test_a_pipeline_is_refused_with_its_remedy():
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    pipe = make_pipeline(StandardScaler(), regressor()).fit(ROWS, NUMBER)
    with pytest.raises(NotImportable, match=r"a Pipeline is no network; give its last step, and X as .*pipe\[:-1\]"):
        symverify.from_sklearn(pipe, ROWS, NUMBER)
    assert symverify.from_sklearn(pipe[-1], pipe[:-1].transform(ROWS), NUMBER).problem.widths == (2, 3, 1)


def test_labels_are_the_estimators_classes():
    estimator = classifier(np.where(ROWS[:, 0] > 0, "yes", "no"))
    with pytest.raises(symverify.Malformed, match=r"y\[1\]: expected one of the estimator's classes no, yes, got"):
        symverify.from_sklearn(estimator, ROWS[:2], ["no", "maybe"])
    with pytest.raises(NotImportable, match=r"the model ends in a sigmoid, and the loss is 'squared'; name the loss"):
        symverify.from_sklearn(estimator, ROWS[:2], ["no", "yes"], loss="squared")


def test_the_default_says_what_the_penalty_leaves_and_how_to_go_without():
    """MLPRegressor's own alpha, 0.0001."""
    result = symverify.check(symverify.from_sklearn(regressor(), ROWS, NUMBER), smt=False, timeout=5)
    assert "alpha = 0.0001 is kept" in result.words
    assert "spurious_minimum: skipped: this claim is not known under weight decay" in result.words
    assert {claim.name for claim in result.claims} <= {"minimum_in_box", "global_bounds"}
