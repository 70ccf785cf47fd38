"""What the README claims about speed, measured: `python -m bench`.

Every part measures ratios and counts in one run, so that no result depends on how fast the machine
is. Time is the embedded AWS's: its quotas, waits and creations run a known number of times as fast
as on AWS, and what the machine itself takes is reported beside every result.
"""
