"""Outcomes of talking therapies: the version; every room is imported by its own name."""

__version__ = "0.1.0"
