"""The number ground: exact rational linear algebra on python-flint, behind Fractions."""
