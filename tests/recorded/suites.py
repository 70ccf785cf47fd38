"""Which files of the recorded suites run, and why the others do not: the one place that says so."""

_EVENTS = "tests/aws/services/events"
_WORKFLOWS = "tests/aws/services/stepfunctions/v2"

SUITES = (_EVENTS, _WORKFLOWS)

NOT_RUN = {
    f"{_EVENTS}/test_api_destinations_and_connection.py": "API destinations are not compared",
    f"{_EVENTS}/test_archive_and_replay.py": "archives and replays are not compared",
    f"{_EVENTS}/test_events_cross_account_region.py": "needs a second account of the suite's own",
    f"{_EVENTS}/test_events_targets.py": "targets of services that this project does not use",
    f"{_EVENTS}/test_x_ray_trace_propagation.py": "X-Ray traces through Lambda and API Gateway",
    f"{_WORKFLOWS}/activities": "activities are not compared",
    f"{_WORKFLOWS}/express": "express workflows are not compared",
    f"{_WORKFLOWS}/local_mocking": "a feature of LocalStack, not of AWS",
    f"{_WORKFLOWS}/logs": "log delivery is not compared; its fixtures need LocalStack's server",
    f"{_WORKFLOWS}/test_state": "TestState is not compared",
    f"{_WORKFLOWS}/test_sfn_api_activities.py": "activities are not compared",
    f"{_WORKFLOWS}/test_sfn_api_express.py": "express workflows are not compared",
    f"{_WORKFLOWS}/test_sfn_api_logs.py": "log delivery is not compared",
    f"{_WORKFLOWS}/test_sfn_api_map_run.py": "Map runs of distributed Maps are not compared",
    f"{_WORKFLOWS}/services/test_apigetway_task_service.py": "needs API Gateway and Lambda",
    f"{_WORKFLOWS}/services/test_ecs_task_service.py": "needs ECS",
}
"""Path and reason of what is left out of SUITES."""
