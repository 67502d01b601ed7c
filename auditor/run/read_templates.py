"""Templates as a snapshot, read as the options of a run say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from auditor.budget import DEFAULT, parse_limits
from auditor.model.snapshot import Snapshot
from auditor.run.run_options import TemplateOptions
from auditor.store.snapshot_file import masked


def read_templates(
    paths: Sequence[Path], options: TemplateOptions, pseudo: Mapping[str, str] = MappingProxyType({})
) -> Snapshot:
    """The snapshot of everything below the paths, masked. ``pseudo``: as for ``ScanOptions``. Raises ConfigError where
    a path or an option is wrong, CollectError where nothing could be assessed."""
    from auditor.collect.iac.scan import ScanOptions, scan

    limits = parse_limits(options.budget) if options.budget else DEFAULT
    read = ScanOptions(
        options.parameters, options.parameter_files, options.variables, options.variable_files, limits, pseudo
    )  # fmt: skip
    return masked(scan(paths, read))
