"""Skyparley: a deconfliction line for parties that share an airspace but not a command."""

__version__ = "0.1.0"
