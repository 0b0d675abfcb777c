"""From a network file to theorems, in Python: check, read the results, verify the certificate again."""

from pathlib import Path

import symverify
from symverify.kernel.check import check as kernel_check

HERE = Path(__file__).parent


def main() -> None:
    problem = symverify.load(HERE / "four-points.json")
    result = symverify.check(problem)
    for claim in result.claims:
        print(f"{claim.name}: {claim.verdict.value}, risk {claim.risk}, better {claim.better_risk}")
    checked = kernel_check(problem.network, result.certificate or b"", problem.open_data)
    print(f"the kernel sealed {len(checked.theorems)} theorems from {len(result.certificate or b'')} bytes")


if __name__ == "__main__":
    main()
