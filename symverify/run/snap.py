"""Snapping as a job: what was found near a trained point, in words, and the network file of the exact point."""

import json
from collections.abc import Sequence
from pathlib import Path

from symverify.certify.certificate import parameters
from symverify.certify.snap import Snapped
from symverify.kernel import Malformed
from symverify.kernel.core.network import Point
from symverify.kernel.core.text import strict_json
from symverify.problem.load import LoadedProblem
from symverify.run.verify import SUFFIX


def snapped_path(network: Path, certificate: Path | None) -> Path:
    """Where the network file of the exact point goes: beside its certificate, else beside the network file."""
    if certificate is None:
        return network.with_name(f"{network.stem}.snapped.json")
    return certificate.with_name(f"{certificate.name.removesuffix(SUFFIX).removesuffix('.json')}.snapped.json")


def snapped_network(problem: LoadedProblem, point: Point, path: Path) -> bytes:
    """The network file with its parameters replaced by an exact point, to be written to `path`.

    A data file that it names stays named where `path` is in the same folder; elsewhere its numbers are copied. The
    result is a problem of its own, with its own SHA-256, for `check` to prove things about. Raises Malformed.
    """
    document = strict_json(problem.network)
    if not isinstance(document, dict):
        raise Malformed(("", "expected an object"))
    values = document | {"parameters": parameters(point)}
    here = problem.path is not None and problem.path.absolute().parent == path.absolute().parent
    if isinstance(document.get("data"), dict) and not here:
        pairs = zip(problem.problem.inputs, problem.problem.targets, strict=True)
        values["data"] = [{"x": list(map(str, x)), "y": list(map(str, y))} for x, y in pairs]
    return ("{\n " + ",\n ".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in values.items()) + "\n}\n").encode()


def told(results: Sequence[Snapped]) -> list[str]:
    """One line per region looked at: the minimum with its distance and both risks, or why there is none."""
    lines = []
    for found in results:
        if found.point is None or found.risk is None or found.distance is None:
            lines.append(f"{found.where}: {found.reason}")
            continue
        lines.append(
            f"{found.where}: an exact local minimum ({found.rule}) at distance {found.distance:.6g} "
            f"(squared {found.squared_distance}); its risk is {found.risk}, that of the given point {found.given_risk}"
        )
    return lines
