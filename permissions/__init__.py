"""What permissions are made from: the calls that functions declare, and AWS's facts about actions.

Whoever needs a permission derives it from these two: the grants and the bundle in `infra`, the
checks in `embedded`. Nothing here knows either of them.
"""
