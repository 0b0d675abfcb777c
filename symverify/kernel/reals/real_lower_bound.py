"""The rule `real_lower_bound`: `global_lower_bound` for losses over the reals."""

from fractions import Fraction

from ..core.errors import Rejected
from ..core.facts import LowerBound
from ..core.global_lower_bound import arranged, failing, sides_of, walk
from ..core.proof import Reading
from ..core.text import canonical, integer, listed
from ..core.units import Units
from .enclosure import plus, scaled
from .facts import real_loss


def real_lower_bound(step: Reading) -> LowerBound:
    """
    one hidden layer, scalar output
    a tree of splits of min(width, n) units; at each leaf a vector g: σ ⟨g, H(ray)⟩ ≤ 0 on the rays of all its units
    Σ g = 0 with an output bias;  "scales" q > 0, p_i = y_i − g_i/q in the domain,  factor · Σ −ℓ*(p_i − y_i) ≥ risk
    ------------------------------------------------------------------------------------- [real_lower_bound]
      R ≥ risk

    Sound as global_lower_bound: ⟨g, f⟩ ≤ 0 at some leaf, so Σ ℓ(f, y) ≥ Σ ⟨p − y, f⟩ − ℓ*(p − y) ≥ Σ −ℓ*(p − y).
    """
    problem, loss, least = step.proof.problem, real_loss(step.proof.problem), step.need("risk", canonical)
    vectors, scales = step.need("vectors", listed(listed(integer))), step.need("scales", listed(canonical))
    tree, n = step.need("tree", listed(integer)), len(problem.inputs)
    if not problem.shallow:
        raise Rejected(step.where, "needs one hidden layer and scalar output")
    if len(scales) != len(vectors):
        raise Rejected(step.at("scales"), f"expected {len(vectors)} numbers, one for each vector")
    for k, (g, q) in enumerate(zip(vectors, scales, strict=True)):
        where = f"{step.at('vectors')}[{k}]"
        if len(g) != n or sum(g) * problem.output_bias:
            raise Rejected(where, f"needs {n} integers, with an output bias of sum 0")
        if q <= 0:
            raise Rejected(f"{step.at('scales')}[{k}]", "must be positive")
        dual = [[y - Fraction(x) / q] for x, (y,) in zip(g, problem.targets, strict=True)]
        if not all(loss.inside(p, False) for p in dual):
            raise Rejected(where, "does not leave the dual point in the domain")
        if scaled(loss.factor, plus(map(loss.entropy, dual))).lower < least:
            raise Rejected(where, "proves less than the claimed bound")
    units = Units.of(problem)
    placed = arranged(units)
    root = [(1 << 2 * len(placed)) - 1] * min(problem.widths[1], n)
    walk(tree, root, sides_of(len(units.planes), placed), failing(units, placed, vectors) if vectors else [], step)
    return LowerBound(least, ())
