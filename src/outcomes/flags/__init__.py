"""Who on the caseload may need something different, why, and whom can nobody judge: the clinical door.

Public names, each in its own module so that importing the room stays cheap:

- `settings.FlagSettings`, `settings.ModelPermission`: what a service declares before anything is flagged
- `roster.roster`: who is on the caseload on a day
- `standing.standing`: where each open referral stands on each measure
- `rules.judge`: flag, no flag or cannot score for every open referral, with reasons
- `safety.safety_answers`, `safety.duty_list`: safety questions, apart from everything else
- `report.caseload_report`: the three together; safety survives whatever else fails
- `page.caseload_page`: the page a supervisor opens
- `changes.changes_since`: what is new since the last report
- `hazards.hazards`: what could go wrong, and which tests hold it back
- `writer.write_page`, `writer.write_report`: the only code here that touches a disk
"""
