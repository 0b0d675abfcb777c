"""The tables of claims name functions that there are."""

from typing import get_type_hints

import pytest

from symverify.certify import emitters
from symverify.certify.session import Outcome, Session

TABLES = ("CLAIMS", "FOR_ALL_SLOPES", "OF_REAL_LOSSES", "OF_DECAY", "OF_PROGRAMS", "OF_REAL_PROGRAMS")
NAMES = sorted({entry.__name__ for table in TABLES for entry in getattr(emitters, table).values()})


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_is_an_emitter_of_the_package(name: str) -> None:
    hints = get_type_hints(emitters.emitter(name))
    assert hints.pop("return") == Outcome
    assert next(iter(hints.values())) is Session


def test_what_is_not_in_a_file_is_an_error_of_the_table() -> None:
    with pytest.raises(AttributeError):
        emitters.emitter("chains.no_such_claim")


@pytest.mark.parametrize("table", TABLES[1:])
def test_every_table_has_claims_of_the_whole(table: str) -> None:
    assert getattr(emitters, table).keys() <= emitters.CLAIMS.keys()
