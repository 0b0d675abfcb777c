"""The rule `valley`: infinitely many local minima, along a path."""

from .errors import Rejected
from .facts import LocalMinimum, Minimum, SpuriousMinimum, Valley
from .network import coordinates, jacobian_rank, run
from .poly import Poly, positive_on_unit_interval
from .proof import Reading, curve


def valley(step: Reading) -> Valley:
    """
    θ* a local minimum by interior_minimum in C    θ(t) polynomial, not constant, θ(0) = θ*
    θ(t) strictly inside C for all t in [0, 1]     f(x_i; θ(t)) does not depend on t
    ------------------------------------------------------------------------------------ [valley]
      every θ(t) is a local minimum of risk R(θ*); if θ* is spurious, so are all of them

    Sound: predictions and cell are those of θ*, and the premises of interior_minimum depend on nothing else.
    The set {θ in C: f = f*} near θ* is a manifold of dimension D − rank J where rank J is locally constant,
    as it is where it attains its bound, the dimension of the span of the coefficients of f.
    """
    problem, minimum = step.proof.problem, step.premise("minimum", Minimum)
    if not isinstance(minimum, LocalMinimum | SpuriousMinimum) or (pattern := minimum.pattern) is None:
        raise Rejected(step.roles.at("minimum"), "is not proved by interior_minimum")
    path, here = curve(problem, step, "path", minimum.at.point), step.at("path")
    if not any(isinstance(x, Poly) and not x.is_constant() for x in coordinates(path)):
        raise Rejected(here, "is constant")
    for i in range(len(problem.inputs)):
        values = run(problem, path, i, pattern)
        if not all((Poly(()) + x).is_constant() for x in values[-1][0]):
            raise Rejected(here, f"the prediction of sample {i + 1} changes along it")
        for m, (z, over, _) in enumerate(values[node.source] for node in problem.bents):
            # a constant one stays where it is at t = 0, strictly inside
            for j, x in ((j, x) for j, x in enumerate(z) if isinstance(x, Poly) and not x.is_constant()):
                cuts, p = problem.bents[m].h.breakpoints, pattern[m][j][i]
                margins = [*(x - t * over for t in cuts[p - 1 : p]), *((x - t * over) * -1 for t in cuts[p : p + 1])]
                if not all(map(positive_on_unit_interval, margins)):
                    raise Rejected(here, f"{problem.unit_name(m, j)} leaves its piece on sample {i + 1}")
    attained = jacobian_rank(problem, minimum.at.point, pattern, most := problem.reach(pattern))
    return Valley(minimum, problem.size() - attained, attained == most)
