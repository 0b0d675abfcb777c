"""The cells of a hidden unit: chambers of central hyperplane arrangements over the integers.

Called, it is the function `cells`: `symverify.cells(problem)` counts and lists the cells of one hidden unit.
"""

from symverify.called import call

call(__name__, "symverify.api.tasks")
