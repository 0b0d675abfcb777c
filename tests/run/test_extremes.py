"""Numbers beyond floats, or of very many digits: what is too much for a search or a picture is said."""

import json
import subprocess
import sys
from fractions import Fraction

import pytest

from symverify import check
from symverify.certify import emitters
from symverify.cli import run as command
from symverify.kernel.core.errors import Declined
from symverify.problem import loads
from symverify.report.net import NoView, in_floats
from symverify.search.expand import expand

FLOATS = "its numbers are beyond the range of floats"
DIGITS = "no certificate can state a number of so many digits as this takes"


def network(activation, loss, data, first=None, last=None):
    samples = [{"x": list(x), "y": [y]} for *x, y in data]
    document = {
        "format": "symverify-network/1", "layers": [len(samples[0]["x"]), len(first[1]) if first else 2, 1],
        "activation": activation, "loss": loss, "data": samples,
    }  # fmt: skip
    if first is not None:
        document["parameters"] = [{"weight": w, "bias": b} for w, b in (first, last)]
    return document


CASES = {
    "minimum_in_box": (
        network("relu", "poisson", [("1e400", "1"), ("1", "2")], ([["1"]], ["0"]), ([["-1"]], ["1"])),
        FLOATS,
    ),
    "minimum_in_box, not a number": (
        network("hardtanh", "logistic", [("-1e160", "1"), ("1e20", "0"), ("1e160", "1")],
                ([["1e300"]], ["123456789/1000"]), ([["123456789/1000"]], ["0"])),
        FLOATS,
    ),
    "global_bounds": (
        network("abs", "squared", [("1", "0", "1"), ("0", "1e160", "1e160")],
                ([["0", "1"]], ["1e160"]), ([["1e160"]], ["1"])) | {"weight_decay": "1/10"},
        FLOATS,
    ),
    "point": (
        network("abs", "absolute", [("1", "0", "1e400"), ("1", "0", "0")],
                ([["1", "1"], ["1", "1"]], ["0", "1"]), ([["1e400", "1e400"]], ["1e400"])),
        FLOATS,
    ),
    "cell_traps": (
        network("relu", "squared", [("1", "0"), ("1e-300", "1"), ("1e-3000", "123456789/1000"), ("-1e3000", "1e400")]),
        DIGITS,
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", CASES)
def test_a_claim_is_undecided(name, tmp_path, monkeypatch, capsys):
    (document, reason), claim = CASES[name], name.partition(",")[0]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.json").write_text(json.dumps(document))
    code = command(["check", "a.json", "--claims", claim, "--no-smt", "--format", "json", "--timeout", "20"])
    (told,) = json.loads(capsys.readouterr().out)["claims"]
    assert (code, told["verdict"], told["reason"]) == (3, "undecided", reason)


APART = [("0", "1e155"), ("1e100", "13/10"), ("1e308", "17/10"), ("3", "31/10")]


def test_numbers_that_a_search_in_floats_cannot_compare():
    found = check(network("relu", "squared", APART) | {"layers": [1, 1, 1]}, ["global_minimum"], smt=False)
    assert found["global_minimum"].verdict.value == "undecided"
    assert "the numbers of the search are too far apart for floats" in found["global_minimum"].reason


def test_no_call_warns(recwarn):
    """Of floats that overflow, on which nothing rests."""
    data = [(0, 1), (1, 3), (2, 0), ("1e200", 5), ("1e-200", 4)]
    assert check(network("relu", "poisson", data), ["global_bounds"], smt=False).claims
    assert not recwarn.list


@pytest.mark.parametrize(("options", "told"), [([], False), (["-W", "default"], True)])
def test_a_process_tells_warnings_where_it_is_asked_to(options, told):
    warn = "process(lambda: warnings.warn('w', RuntimeWarning) or 0)"
    code = f"import warnings; from symverify.cli.process import process; {warn}"
    done = subprocess.run([sys.executable, *options, "-c", code], capture_output=True, text=True, check=True)
    assert ("RuntimeWarning" in done.stderr) is told


def test_labels_with_too_many_digits_are_not_found(capsys):
    inputs = "1e200,1e3000,-1e-3000,-1e3000"
    assert command(["find", "--claim", "two_valleys", "--inputs", inputs, "--timeout", "1e-3"]) == 3
    assert "none found: out of time" in capsys.readouterr().out


def test_another_error_is_none_of_these(monkeypatch):
    """A mistake of the search stays an internal error."""
    assert emitters._beyond(ValueError("not enough values to unpack")) is None


def test_a_page_says_what_is_not_drawn(tmp_path, monkeypatch, capsys, recwarn):
    data = [("1e300", "1e-300"), ("-1e300", "1e300"), ("1e-300", "0")]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.json").write_text(json.dumps(network("relu", "squared", data)))
    assert command(["check", "a.json", "--claims", "valley", "--no-smt"]) == 0
    capsys.readouterr()
    assert command(["explain", "a.symcert.json", "a.json", "--html", "-o", "a.html"]) == 0
    assert not recwarn.list
    page = (tmp_path / "a.html").read_text()
    assert "There is no picture of the risk on a plane: its numbers are too large or too small for a picture." in page
    pytest.importorskip("matplotlib")
    assert command(["plot", "a.symcert.json", "a.json", "-o", "a.pdf", "--what", "slice"]) == 2
    assert "there is no slice of this problem: its numbers are too large" in capsys.readouterr().err


def test_a_picture_that_floats_cannot_make_is_none():
    with pytest.raises(NoView):
        in_floats(lambda: float(Fraction(10) ** 400))()
    with pytest.raises(NoView):
        in_floats(lambda: 1 / 0)()


def test_polynomials_with_too_many_digits_are_left_out():
    problem = loads(network("abs", "squared", [("1e-300", "-1e3000")], ([["1"]], ["1"]), ([["1"]], ["0"]))).problem
    with pytest.raises(Declined, match="bits to be stated"):
        expand(problem, (((1,),),)).text()
