"""Commands of the cockpit that run by themselves: on a cron line, at an event, each in a process of its own.

DATA/jobs/edits.json                        what a person has changed since the settings were written
DATA/jobs/marks.json                        the last turn of each job: one that is missed is made up for
DATA/jobs/NAME/20261127-001000-000/job.json    one run: why, when, exit code
DATA/jobs/NAME/20261127-001000-000/out.txt err.txt
curves.bin beside a journal                 what each strategy version brought, day by day
"""
