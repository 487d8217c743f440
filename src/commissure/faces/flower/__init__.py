"""Flower as the engine: its SuperLink and SuperNodes carry the letters of a study, which stay what they are elsewhere."""
