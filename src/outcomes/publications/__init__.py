"""The public door: tables, figures, the report page and the methods text, from `Released` aggregates only.

`wording` (a printed cell in words), `grids` (which cells stand where), `tables` (CSV, Markdown), `latex`, `word` and
`fitting` (what a journal typesets, on the page that bears it), `drawing` and `figures` (how figures look; the
figures), `page` (one HTML file), `methods` and `references` (the methods text, its sources),
`writer` (the files).
"""
