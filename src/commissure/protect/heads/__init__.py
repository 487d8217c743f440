"""Faces taken off heads, and the attacks that measure what is left of them."""
