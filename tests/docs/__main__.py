"""Renews what is quoted: ``make docs``."""

import json

from generator.config.schema import config_schema
from tests.docs.kinds import ROOT, with_table
from tests.docs.presets import PAGE, with_presets

readme = ROOT / "README.md"
readme.write_text(with_table(readme.read_text()))
PAGE.write_text(with_presets(PAGE.read_text()))
schema = ROOT / "generator" / "config" / "schema.json"
schema.write_text(json.dumps(config_schema(), indent=2, ensure_ascii=False) + "\n")
