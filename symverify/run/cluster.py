"""A Dask cluster as a `concurrent.futures.Executor`: the `cluster` extra."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager


class ClusterMissing(Exception):
    """Dask is not installed."""


@contextmanager
def dask(address: str) -> Iterator[Executor]:
    """An executor on the Dask scheduler at `address`; work lost with a worker is done again by another.

    Raises ClusterMissing, and OSError where no scheduler answers.
    """
    try:
        from distributed import Client
    except ImportError:
        raise ClusterMissing('Dask is missing: pip install "symverify[cluster]"') from None
    with Client(address, timeout="20s", set_as_default=False) as client:  # type: ignore[no-untyped-call]
        yield client.get_executor(pure=False, retries=3)
