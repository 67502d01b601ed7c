"""The small organization, audited once."""

from __future__ import annotations

from .small import ran, whole

__all__ = ["ran", "whole"]
