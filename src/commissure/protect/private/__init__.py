"""Differentially private releases, the budget that they spend, and the attacks on them."""
