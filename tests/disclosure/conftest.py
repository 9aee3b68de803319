"""Random small services whose tables are released, attacked and released again."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # so that the cohorts are found in pytest's importlib mode
