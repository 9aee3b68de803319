"""What do the files of a feed say, as text? One module a format; nothing is typed, guessed or dropped here.

`raw` the record that every reader returns, `opening` bytes with their caps, `delimited` CSV, `columnar` Parquet, `tidy`
which of the two. Only `library.intake` opens feeds.
"""
