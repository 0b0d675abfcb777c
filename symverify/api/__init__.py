"""What one does in Python: `check` and its kin take problems, paths and dicts; results tell, show and save themselves.

points.py    a point of parameter space: exact, as NumPy arrays, as a state_dict
results.py   what check, verify, snap, atlas and cells give
tasks.py     these functions
"""
