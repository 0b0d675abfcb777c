"""Searches in general programs: minima at which the network is linear on the data, better points, decisions, bounds."""
