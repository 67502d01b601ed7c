"""Waivers: files, tags, and which findings they cover."""
