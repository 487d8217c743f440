"""Synthetic subjects, what they are worth, and what they give away."""
