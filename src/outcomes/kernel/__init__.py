"""What is arithmetic: arrays in, arrays and small frozen records out; no tables, no files, no published numbers.

`intervals` (how sure is a proportion or a gap), `resampling` (patients drawn again, rows permuted), `latent_markov`
(hidden states of ragged sequences). Import the module that you need.
"""
