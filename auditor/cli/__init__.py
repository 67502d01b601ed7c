"""The command line: thin commands that parse, call the library, print and return an exit code."""
