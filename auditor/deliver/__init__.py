"""Bringing a report to where others work with it. Never part of a plain audit, which only reads."""
