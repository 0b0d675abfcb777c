"""The global minimum of one hidden layer and scalar output under losses other than the squared one."""

from symverify.search.loss_tree.relaxation import Unfinished
from symverify.search.loss_tree.search import Outcome, Search

__all__ = ["Outcome", "Search", "Unfinished"]
