"""``python -m auditor``."""

from auditor.program import main

main()
