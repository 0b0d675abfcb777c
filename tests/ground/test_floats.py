"""What LAPACK is given."""

import numpy as np
import pytest

from symverify.ground.floats import SAME, eigenvectors, finite, least_norm
from symverify.search.active_set import least


@pytest.mark.parametrize("wrong", [np.inf, -np.inf, np.nan])
def test_what_is_no_number_does_not_reach_lapack(wrong: float) -> None:
    """Which may never end with it."""
    size = SAME + 1
    large, target = np.ones((size, 1)), np.ones(size)
    assert least_norm(large, target, 1e-9) == pytest.approx([1])
    target[-1] = large[0, 0] = wrong
    for call in (
        lambda: finite(np.array([[1.0, wrong]])),
        lambda: least_norm(large, np.ones(size), 1e-9),
        lambda: least_norm(np.ones((size, 1)), target, 1e-9),
        lambda: eigenvectors(np.full((30, 30), wrong)),
        lambda: least(np.array([[wrong]]), np.ones(1)),
        lambda: least(np.ones((1, 1)), np.array([wrong])),
    ):
        with pytest.raises(np.linalg.LinAlgError):
            call()
