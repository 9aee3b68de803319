"""The sections of an experiment file, one module each: what may be asked for, with units and limits."""
