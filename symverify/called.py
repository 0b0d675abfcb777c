"""A subpackage that is a function as well: `symverify.problem(X, y)` and `symverify.cells(problem)`.

Python binds a subpackage to its name in the package, whatever else the package means by it; so the module itself is
called, and hands on to the function.
"""

import sys
from importlib import import_module
from inspect import Signature, signature
from types import ModuleType
from typing import Any


class _Called(ModuleType):
    """A module that hands calls on to the function of its own name in the module `_function_home`."""

    def __call__(self, *arguments: Any, **options: Any) -> object:
        return self._function()(*arguments, **options)

    def _function(self) -> Any:
        return getattr(import_module(self.__dict__["_function_home"]), self.__name__.rpartition(".")[2])

    @property
    def __signature__(self) -> Signature:
        return signature(self._function())


def call(module: str, home: str) -> None:
    """Let a module be called, as the function of its own name in the module `home`, which is imported then."""
    made = sys.modules[module]
    made.__dict__["_function_home"] = home
    made.__class__ = _Called
