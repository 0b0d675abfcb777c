"""The parameters of chains and of general programs: how many units there are, and what no parameter moves."""

from fractions import Fraction

from symverify.kernel.network_file import read_problem
from symverify.kernel.programs.parameters import fixed, hidden, linear, numbered, sizes
from tests.as_program import program_of
from tests.examples import network, samples
from tests.kernel.corruption import no_data, text


def test_units_of_chains_and_programs() -> None:
    document = network([2, 3, 1, 4], "relu", samples([[0, 0]], [[0] * 4]), bias=False)
    for each in (document, program_of(document)):
        problem = read_problem(text(each), no_data)
        assert (sizes(problem), hidden(problem)) == ([2, 3, 3, 1, 1, 4], [3, 1])
        assert [number for _, number in numbered(problem)] == list(range(2 * 3 + 3 + 4))


def test_what_no_parameter_moves() -> None:
    """Without biases an input 0 is 0 in the first layer; of a program it is known in later layers, too."""
    document = network([1, 2, 1, 1], "relu", samples([0, 1], [0, 0]), bias=False)
    chain, program = (read_problem(text(each), no_data) for each in (document, program_of(document)))
    for problem in (chain, program):
        assert [fixed(problem, (0, 1, i)) for i in (0, 1)] == [0, None]
        assert [linear(problem, (m, 0, 1)) for m in (0, 1)] == [True, False]
    assert (fixed(chain, (1, 0, 0)), fixed(program, (1, 0, 0))) == (None, 0)
    shifted = program_of(document)
    shifted["program"][1] |= {"weight": [[2], [None]], "bias": ["1/2", None]}
    problem = read_problem(text(shifted), no_data)
    assert [fixed(problem, (0, j, i)) for j in (0, 1) for i in (0, 1)] == [Fraction(1, 2), Fraction(5, 2), None, None]
