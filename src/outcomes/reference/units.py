"""Which whole numbers stand behind a unit? Named here, so that formulas elsewhere hold none."""

from typing import Final

PERCENT: Final = 100
"""Parts of a whole in a percentage."""

DECIMAL_BASE: Final = 10
"""Steps of one decimal place."""
