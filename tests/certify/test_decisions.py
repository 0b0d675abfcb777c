"""What the network without restrictions decides about a point of a general program."""

import json
import time

from symverify.certify.decisions import by_full_network
from symverify.certify.session import Session
from symverify.kernel import check
from symverify.kernel.programs.network import Programmed
from symverify.problem.load import loads
from tests.kernel.corruption import no_data
from tests.kernel.curvature.test_substitution import eliminated


def test_a_curve_of_the_full_network_is_spelled_map_by_map() -> None:
    """The point of `eliminated`: the search finds its cell's entry, and the kernel reads the certificate."""
    document = eliminated().network
    problem = loads(json.dumps(document)).problem
    assert isinstance(problem, Programmed)
    assert problem.parameters is not None
    session = Session(problem, time.monotonic() + 20)
    at = session.certificate.point(problem.parameters)
    found = by_full_network(session, problem, at, problem.parameters)
    assert found is not None
    assert (found.refuted, found.why) == (False, "substitution")
    session.certificate.claim("point", found.step)
    (theorem,) = check(json.dumps(document).encode(), session.certificate.text(), no_data).theorems
    assert theorem.verdict == "proved"
