"""What is a table? Columns with type, unit, meaning and rule, declared once.

`column` the records, `cells` text to typed values by named rules, `feed` what a provider may send, `canonical` what the
library holds, `check` every fault of a frame at once, `dictionary` the data dictionary.
"""
