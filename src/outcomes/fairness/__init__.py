"""For whom does it work less well? Outcomes and models by group, always with n, interval and gap; never a bare verdict.

`breakdown` (outcomes by group), `gaps` (against a reference and everyone else), `largest` (the widest gap beside what
chance gives), `funnel` (referred to recovered, by group), `models` (a model's metrics by group), `model_gaps`
(its verdicts), `abstention` (who gets no probability), `mitigation` (remedies and who gains by them), `adjusted` (what
remains), `services`, `survey` (weighted), `published` (England), `characteristics` (Table 1). All return internal
aggregates; nothing leaves without `disclosure`.
"""
