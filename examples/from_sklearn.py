"""From scikit-learn and pandas to a page: what is proved about a trained MLPRegressor, and about an MLPClassifier."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.neural_network import MLPClassifier, MLPRegressor

import symverify

ROWS = np.random.default_rng(0).normal(size=(12, 2)).round(2)
FRAME = pd.DataFrame(ROWS, columns=["age", "size"])
PRICE = (FRAME["age"] - FRAME["size"]).abs()
KIND = np.where(FRAME["age"] * FRAME["size"] > 0, "even", "odd")


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    settings = {"hidden_layer_sizes": (2,), "solver": "lbfgs", "max_iter": 30, "random_state": 0}

    regressor = MLPRegressor(**settings).fit(FRAME.to_numpy(), PRICE)
    problem = symverify.from_sklearn(regressor, FRAME, PRICE, alpha=0)
    result = symverify.check(problem, "spurious_minimum, global_minimum")
    result.html(folder / "regressor.html")
    print(result)

    classifier = MLPClassifier(**settings).fit(FRAME.to_numpy(), KIND)
    problem = symverify.from_sklearn(classifier, FRAME, KIND, alpha=0)
    result = symverify.check(problem, "spurious_minimum")
    result.html(folder / "classifier.html")
    print(result)
    print(result.words)


if __name__ == "__main__":
    main()
