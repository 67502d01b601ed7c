"""The HTML report: its data, its pages and the index of a store."""
