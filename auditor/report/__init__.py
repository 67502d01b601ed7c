"""Reports: pure functions of one frozen Report, one module for each format. No clock, no network."""

from auditor.report.render import Format, render, write

__all__ = ["Format", "render", "write"]
