"""What is published: instruments, rules, groups, code lists, policies and figures, each with its source.

Public names live in their modules: `instruments.instrument`, `rules.rule_edition`, `groups.grouping`,
`codelists.code_list`, `policies.disclosure_policy`, `figures.england`, `sudden_change.sudden_change_criteria`,
`bibliography.source`.
"""
