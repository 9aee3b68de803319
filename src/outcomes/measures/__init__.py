"""How did it go? Totals, first and last scores, three-valued outcomes, waits, rates with England beside, sudden change.

Public names live in their modules: `scoring.totals`, `outcomes.outcomes`, `rates.rates`, `rates.published_rate`,
`service.service_table`, `waits.waits`, `change.sudden_gains`, `change.effect_sizes`, `targets.target`,
`thresholds_used.thresholds_used`, `sessions.session_means`.
"""
