"""auditor.yaml: an organisation's own settings of the audit, read strictly."""

from auditor.config.load_config import Config, find_config, find_config_above, load_config

__all__ = ["Config", "find_config", "find_config_above", "load_config"]
