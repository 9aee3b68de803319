"""The research library: feeds come in checked and under pseudonyms; identifiers stay in a vault apart.

`intake.ingest` brings a feed in, `view.research_view` is what analysts read (opt-outs honoured), `care.care_view` what
a caseload page reads, `optout.register_allowlist` brings the opt-out answer in, `relink` turns pseudonyms back inside
the vault.
"""
