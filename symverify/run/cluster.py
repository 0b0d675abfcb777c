"""A Dask cluster as a `concurrent.futures.Executor`: the `cluster` extra."""

from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import contextmanager
from typing import Any

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
        yield Cluster(client.get_executor(pure=False, retries=3))  # type: ignore[no-untyped-call]


class Cluster(Executor):
    """An executor of Dask's, except that what it gives up for lost is broken, as with other executors."""

    def __init__(self, inner: Executor) -> None:
        self.inner = inner

    def submit(self, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        """Begin work elsewhere."""
        told: Future[Any] = Future()
        told.set_running_or_notify_cancel()

        def done(running: Future[Any]) -> None:
            error = CancelledError() if running.cancelled() else running.exception()
            if error is None:
                told.set_result(running.result())
            elif type(error).__module__.partition(".")[0] == "distributed" or isinstance(error, CancelledError):
                told.set_exception(BrokenExecutor(f"the cluster lost it: {type(error).__name__}"))
            else:
                told.set_exception(error)

        self.inner.submit(work, *args, **named).add_done_callback(done)
        return told
