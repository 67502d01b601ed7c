"""auditor.yaml: an organisation's own settings of the audit, read strictly."""

from auditor.config.find_config import ConfigChoice, find_config
from auditor.config.load_config import Config, load_config

__all__ = ["Config", "ConfigChoice", "find_config", "load_config"]
