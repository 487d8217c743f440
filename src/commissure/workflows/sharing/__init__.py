"""The stages of ``share``: each a small module; the recipe is :mod:`commissure.workflows.share`."""
