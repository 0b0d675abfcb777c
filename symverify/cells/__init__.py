"""The cells of a hidden unit: chambers of central hyperplane arrangements over the integers."""
