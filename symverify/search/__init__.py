"""The loss surface: expansion on a cell, minima, descent, valleys, global minimum. Nothing here is trusted."""
