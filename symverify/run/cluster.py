"""A Dask cluster as a `concurrent.futures.Executor`: the `cluster` extra."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from symverify.errors import ClusterMissing
from symverify.text import plain


@contextmanager
def dask(address: str) -> Iterator[Executor]:
    """An executor on the Dask scheduler at `address`; work lost with a worker is done again by another.

    Raises ClusterMissing.
    """
    try:
        from distributed import Client
        from distributed.comm.addressing import get_address_host_port
    except ImportError:
        raise ClusterMissing("Dask is missing", "pip install distributed") from None
    try:
        get_address_host_port(address)  # an unfit address makes a client noisy
        client = Client(address, timeout="20s", set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise ClusterMissing(
            f"no Dask scheduler answers at {address!a}: {plain(error) or type(error).__name__}"
        ) from None
    with client:
        yield client.get_executor(pure=False, retries=3)  # type: ignore[no-untyped-call]
