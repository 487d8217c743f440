"""Identifiers taken out of files, a format each, with the science left as it is."""
