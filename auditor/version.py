"""The version, where nothing else is: what reports and snapshots name, and what the build reads."""

__version__ = "0.1.0"
