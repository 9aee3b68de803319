"""Who counts, and in what shape models meet them.

`episodes.episodes` one row a referral, `trajectories.trajectories` answers as ragged arrays, `splits` folds that never
part a patient, `flow.flow` how many remain at each step and why the others do not, `survey.survey_design` how people
were drawn where they are a survey's.
"""
