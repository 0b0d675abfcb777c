"""The rule `function_minimum`: no function of the inputs has lower risk."""

from .algebra import total
from .errors import Rejected
from .facts import Evaluated, GlobalMinimum
from .minorant import minorant
from .proof import Reading
from .spurious_minimum import affine_optimum


def function_minimum(step: Reading) -> GlobalMinimum:
    """
    Σ_{i in G} r_ik = 0 for every output k and every group G of samples with equal inputs
    ------------------------------------------------------------------------------------- [function_minimum]
      no function of the inputs, so no network, has risk below R(θ*)

    Sound: a function g is constant on each group, as f is, so R(g) − R(θ*) ≥ Σ_ik r_ik (g_k(x_i) − f_ik) = 0.
    """
    problem, at = step.proof.problem, step.premise("point", Evaluated)
    pull = minorant(step, at)
    for r in pull:
        for group in problem.groups:
            if total(r[i] for i in group):
                raise Rejected(step.where, f"the residuals of the samples equal to sample {group[0] + 1} do not cancel")
    return GlobalMinimum(at, affine_optimum(problem, at, pull))
