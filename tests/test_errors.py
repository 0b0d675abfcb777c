"""The exception tree: drawn as it is, nothing outside it, and everything in it survives a process boundary."""

import importlib
import inspect
import pickle
import pkgutil
import re

import pytest

import symverify
import symverify.errors as errors
from symverify.errors import (
    BadCheckpoint,
    Declined,
    Malformed,
    NoCell,
    NoProblem,
    NotShallow,
    Rejected,
    SymverifyError,
    UnknownClaim,
    Unreadable,
    Usage,
    remedy,
)


def exceptions() -> dict[str, type[Exception]]:
    """All public exception classes of the package."""
    found: dict[str, type[Exception]] = {}
    for module in pkgutil.walk_packages(symverify.__path__, "symverify."):
        if module.name.endswith(("__main__", "worker")):
            continue
        for name, each in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(each, Exception) and each.__module__.startswith("symverify") and not name.startswith("_"):
                found[each.__name__] = each
    return found


def test_nothing_is_outside_the_tree() -> None:
    outside = {name for name, each in exceptions().items() if not issubclass(each, SymverifyError)}
    assert not outside


def test_the_drawing_is_the_tree() -> None:
    drawn: dict[str, str] = {}
    above: list[str] = []
    for line in inspect.getdoc(errors).splitlines():
        match = re.match(r"^([ │├└─]*)([A-Z][A-Za-z]+)  ", line)
        if match:
            depth = len(match[1]) // 4 - 1
            above[depth:] = [match[2]]
            drawn[match[2]] = above[depth - 1] if depth else ""
    assert drawn.pop("SymverifyError") == ""
    real = {
        name: "SymverifyError" if each.__bases__[0] is SymverifyError else each.__bases__[0].__name__
        for name, each in exceptions().items()
        if each is not SymverifyError
    }
    assert drawn == real


@pytest.mark.parametrize(
    "error",
    [
        Malformed(("a", "b")),
        Rejected("a", "b"),
        Declined("a"),
        Unreadable("'a'", "b", "c"),
        NoProblem("a"),
        Usage("a", "b"),
        UnknownClaim("a"),
        NoCell("a", "b"),
        NotShallow("a"),
        BadCheckpoint("a", "b"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_they_pickle_and_have_remedies(error: SymverifyError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (type(error), str(error))
    assert remedy(error)


def test_what_is_wrong_with_a_value_is_a_value_error_too() -> None:
    for kind in (UnknownClaim, NoCell, NotShallow):
        assert issubclass(kind, ValueError)
