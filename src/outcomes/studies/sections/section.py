"""What every section of an experiment file has in common: unknown keys are errors, nothing changes after reading."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A table of an experiment file."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
