"""The rules as checks of checkov. ``auditor checkov-checks`` prints the folder that checkov loads.

checkov parses, builds its graph, applies skips, baselines and output formats. The verdicts are the engine's: the first
check that is asked about a graph has the same files read and evaluated as ``auditor scan`` would, once; every other
check looks its verdict up.
"""
