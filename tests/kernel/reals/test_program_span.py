"""What programs predict where kinks are held: random degenerate programs, moved along their faces."""

from fractions import Fraction
from random import Random

from symverify.kernel.core.algebra import rank
from symverify.kernel.core.network import predictions
from symverify.kernel.programs.values import evaluate
from symverify.kernel.reals.face_span import span_of_face
from symverify.kernel.reals.kinks import Kinks, homogeneous
from symverify.kernel.reals.program_span import columns_of, solutions
from tests.as_program import program_of
from tests.kernel.reals.made import document, problem_of
from tests.kernel.reals.random_programs import located, random_case


def test_predictions_on_the_face_are_in_the_span() -> None:
    """Parameters solved for from affine kinks, the others moved a little: f − f(θ°) is a sum of the columns."""
    seen = kinked = 0
    for seed in range(400):
        made = random_case(seed)
        if made is None or not homogeneous(made[0]):
            continue
        problem, numbers = made
        pieces, kinks = located(problem, problem.expand(list(numbers)))
        given = Kinks(problem, pieces, kinks, [], "here")
        rows = [[x for column in columns for x in column] for columns in columns_of(given, problem)]
        start = predictions(problem, problem.expand(list(numbers)))
        rng, solved = Random(seed), solutions(given, problem)
        for _ in range(3):
            moved = [x + Fraction(rng.randint(-3, 3), 10**6) for x in numbers]
            for slot, each in solved.items():
                moved[slot] = sum((q * (1 if s is None else moved[s]) for s, q in each.items()), Fraction(0))
            point = problem.expand(list(moved))
            if located(problem, point) != (pieces, kinks):
                continue
            there = predictions(problem, point)
            outputs = range(len(start[0]))
            change = [b[k] - a[k] for k in outputs for a, b in zip(start, there, strict=True)]
            assert rank([*rows, change]) == rank(rows), seed
            seen += any(change)
            kinked += any(change) and bool(solved)
    assert (seen > 90, kinked > 7) == (True, True), (seen, kinked)


def test_solved_parameters_hold_the_affine_kinks() -> None:
    """Wherever the others are: each pre-activation at C that is affine in the parameters is 0."""
    held = several = 0
    for seed in range(400):
        made = random_case(seed)
        if made is None or not homogeneous(made[0]):
            continue
        problem, numbers = made
        pieces, kinks = located(problem, problem.expand(list(numbers)))
        solved = solutions(Kinks(problem, pieces, kinks, [], "here"), problem)
        rng = Random(seed)
        moved = [Fraction(rng.randint(-9, 9), rng.randint(1, 4)) for _ in numbers]
        for slot, each in solved.items():
            assert not solved.keys() & each.keys()
            moved[slot] = sum((q * (1 if s is None else moved[s]) for s, q in each.items()), Fraction(0))
        point = problem.expand(list(moved))
        for m, j, i in kinks:
            if problem.linear(m, j, i):
                assert evaluate(problem, point, i)[problem.bents[m].source][j] == 0, seed
                held += 1
        several += len(solved) > 1
    assert (held > 100, several > 20) == (True, True), (held, several)


def test_a_chain_written_as_a_program_has_the_same_span() -> None:
    """Of one output, of two, and of three classes, of which one is not counted; a kink of the first unit."""
    for widths, loss, ys in (
        ([1, 2, 1], "squared", [[1], [2], [3], [4]]),
        ([1, 2, 2], "squared", [[1, 0], [2, 0], [3, 1], [4, 1]]),
        ([1, 2, 3], "cross_entropy", [0, 1, 2, 1]),
    ):
        network = document(widths, "relu", loss, [-1, 0, 1, 2], ys)
        spans = []
        for problem in (problem_of(network), problem_of(program_of(network))):
            kinks = Kinks(problem, (((0, 0, 1, 1), (1, 1, 1, 0)),), [(0, 0, 1)], [], "here")
            counted, zero = range(widths[-1] - (loss != "squared")), (Fraction(0),) * 4
            spans.append([[x for k in counted for x in each.get(k, zero)] for each in span_of_face(kinks)])
        chain, program = spans
        assert rank(chain) == len(chain) == len(program) == rank([*chain, *program])
