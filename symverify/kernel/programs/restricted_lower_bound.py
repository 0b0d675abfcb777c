"""The rule `restricted_lower_bound`: `global_lower_bound` where output weights are frozen, so that signs are known."""

from fractions import Fraction

from ..core.algebra import dot, sign
from ..core.errors import Rejected
from ..core.facts import LowerBound
from ..core.global_lower_bound import arranged, failing, sides_of, walk
from ..core.network import Problem, Vector
from ..core.proof import Reading
from ..core.text import canonical, integer, listed
from ..core.units import Units
from .network import Programmed
from .places import Wired
from .terms import terms_of


def restricted_lower_bound(step: Reading) -> LowerBound:
    """
    f = Σ θ_t column_t (inputs, 1) + Σ_u v_u h(z_u), z_u affine in the inputs; σ_u = sign v_u where v_u is frozen
    a tree of splits of these units, at most n of each sign; at each leaf a vector g: σ ⟨g, H(ray)⟩ ≤ 0 on the rays of
    all its units    ⟨g, column_t⟩ = 0,  ⟨g, y⟩ > 0,  factor · max_{t ≥ 0} (t ⟨g, y⟩ − Σ ℓ*(−t g)) ≥ risk
    -------------------------------------------------------------------------------------- [restricted_lower_bound]
      R ≥ risk

    Sound as global_lower_bound, for the larger set of networks whose units have these signs and are else free: what is
    frozen or tied before the bent units is a restriction. Units of one sign span a convex cone: n of them suffice.
    """
    problem, least = step.proof.problem, step.need("risk", canonical)
    vectors, tree = step.need("vectors", listed(listed(integer))), step.need("tree", listed(integer))
    if not isinstance(problem, Programmed):
        raise Rejected(step.where, "needs a general program")
    view, signs, columns = relaxed(problem, step.where)
    if least <= 0:
        raise Rejected(step.at("risk"), "a bound that is not positive needs no proof")
    labels, n = [y for (y,) in problem.targets], len(problem.targets)
    loss = problem.loss
    ends = [] if loss.quadratic else [loss.at(y).ends() for y in labels]
    for k, g in enumerate(vectors):
        where = f"{step.at('vectors')}[{k}]"
        if len(g) != n:
            raise Rejected(where, f"needs {n} integers")
        row = [Fraction(x) for x in g]
        if any(dot(row, column) for column in columns):
            raise Rejected(where, "is not orthogonal to what enters the prediction linearly")
        product = dot(row, labels)
        if product <= 0 or loss.gain(g, product, sum(x * x for x in g), ends) < least / loss.factor:
            raise Rejected(where, "proves less than the claimed bound")
    units = Units.of(view)
    placed = arranged(units)
    positive = (1 << len(placed)) - 1
    regions = {1: positive, -1: positive << len(placed), 0: positive | positive << len(placed)}
    root = [regions[s] for s in (1, -1, 0) for _ in range(min(signs.count(s), n))]
    walk(tree, root, sides_of(len(units.planes), placed), failing(units, placed, vectors) if vectors else [], step)
    return LowerBound(least, ())


def relaxed(problem: Programmed, where: str) -> tuple[Problem, list[int], list[Vector]]:
    """The chain with one hidden layer that has the same bent units with free rows; their signs, 0 where free; columns.

    Rejected where the program has another form.
    """
    terms, n = terms_of(problem, where), len(problem.inputs)
    if problem.outputs != 1:
        raise Rejected(where, "needs scalar output")
    columns, weights = dict[Vector, None](), dict[tuple[int, int], list[tuple[Fraction, int | None]]]()
    for t in terms:
        if isinstance(t.column, tuple):
            weights.setdefault(t.column, []).append((t.factor, t.slot))
        elif t.slot is None and t.factor:
            raise Rejected(where, "a number that is not free is added to the prediction")
        else:
            columns[(Fraction(1),) * n if t.column is None else tuple(x[t.column] for x in problem.inputs)] = None
    shapes = {problem.bents[m].h for m, _ in weights}
    if len(shapes) > 1:
        raise Rejected(where, "needs one activation")
    biased, signs = False, list[int]()
    for (m, _), given in sorted(weights.items()):
        before = problem.before(m)
        if not isinstance(before, Wired) or before.sources != (0,):
            raise Rejected(where, "needs pre-activations that are affine in the inputs")
        biased |= before.biased
        frozen = all(slot is None for _, slot in given)
        value = sign(sum((factor for factor, _ in given), Fraction(0)))
        if not frozen or value:
            signs.append(value if frozen else 0)
    if not signs:
        raise Rejected(where, "needs a bent unit whose output weight is not 0")
    chain = (problem.name, (len(problem.inputs[0]), len(signs), 1), biased, False, tuple(shapes))
    return Problem(*chain, problem.loss, problem.inputs, problem.targets, None, problem.sha256), signs, list(columns)
