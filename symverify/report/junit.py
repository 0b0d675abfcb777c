"""Results as JUnit XML, which has a failure or an error wherever the exit code is not 0. Renders, decides nothing."""

from collections.abc import Sequence
from xml.etree import ElementTree

from symverify.report import claims
from symverify.run.check import CheckResult, ClaimResult
from symverify.run.verdict import Verdict

STOPPED = "interrupted before its end"


def as_junit(result: CheckResult, interrupted: bool = False) -> str:
    """JUnit XML of one run: its suite, as a document of its own."""
    return document(suite(result, interrupted))


def suite(result: CheckResult, interrupted: bool = False) -> ElementTree.Element:
    """A test case per claim: refuted is a failure, undecided an error.

    A claim that was left out is skipped, and an error if the verdict is about it. Each contradiction by a solver is an
    error of its own, and so is an interruption.
    """
    made = _suite(result.problem.problem.name or result.problem.problem.sha256[:12])
    for claim in result.claims:
        _case(made, claim.name, *_outcome(result, claim), seconds=claim.seconds)
    tried, reasons = {claim.name for claim in result.claims}, dict(result.skipped)
    for name in dict.fromkeys([*result.asked, *reasons]):
        if name not in tried:
            why = f"skipped: {reasons[name]}" if name in reasons else "not tried"
            wrong = name in result.asked
            _case(made, name, "error" if wrong else "skipped", f"undecided: {why}" if wrong else why)
    for alarm in result.alarms:
        _case(made, alarm, "error", f"{Verdict.CONTRADICTED.value}: {alarm}")
    if interrupted:
        _case(made, "run", "error", STOPPED)
    elif not (result.asked or result.alarms):
        _case(made, "run", "error", "undecided: there was nothing to ask")
    return _counted(made)


def failed_suite(network: str, message: str, lines: Sequence[str]) -> ElementTree.Element:
    """The suite of a network that has no result: one error, whose text is `lines`."""
    made = _suite(network)
    _case(made, "run", "error", message, lines)
    return _counted(made)


def together(suites: Sequence[ElementTree.Element]) -> ElementTree.Element:
    """The suites of several networks in one."""
    root = ElementTree.Element("testsuites")
    root.extend(suites)
    return root


def document(root: ElementTree.Element) -> str:
    """The XML, in ASCII: right in any encoding of the output."""
    text: bytes = ElementTree.tostring(root, encoding="us-ascii", xml_declaration=True)
    return text.decode("ascii")


def _outcome(result: CheckResult, claim: ClaimResult) -> tuple[str, str, list[str]]:
    """What a claim's case holds, "" for nothing; its message, and its text in lines."""
    if claim.verdict is Verdict.PROVED:
        return "", "", []
    said = claims.lines(result, claim)
    kind = "failure" if claim.verdict is Verdict.REFUTED else "error"
    return kind, ": ".join([claim.verdict.value, *said[:1]]), said


def _suite(name: str) -> ElementTree.Element:
    return ElementTree.Element("testsuite", name=_xml(f"symverify {name}"))


def _case(
    parent: ElementTree.Element, name: str, kind: str, message: str, lines: Sequence[str] = (), seconds: float = 0.0
) -> None:
    case = ElementTree.SubElement(parent, "testcase", classname="symverify", name=_xml(name), time=f"{seconds:.3f}")
    if kind:
        ElementTree.SubElement(case, kind, message=_xml(message)).text = _xml("\n".join(lines or [message]))


def _counted(made: ElementTree.Element) -> ElementTree.Element:
    """The suite with its counts."""
    made.set("tests", str(len(made)))
    for key, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        made.set(key, str(len(made.findall(f"testcase/{kind}"))))
    return made


def _xml(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return "".join(c if c in "\t\n" or 0x20 <= ord(c) < 0xD800 or ord(c) > 0xFFFD else "�" for c in text)
