"""Exact global minimum of one hidden layer with scalar output and squared loss."""

from symverify.landscape.global_minimum.instance import Instance, Network, instance

__all__ = ["Instance", "Network", "instance"]
