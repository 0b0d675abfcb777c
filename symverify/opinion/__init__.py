"""SMT-LIB 2 text (`text`) and the solver processes that answer it (`solve`). Nothing here is trusted."""
