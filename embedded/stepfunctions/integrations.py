"""Service integrations: called with the state machine's role, failing with the names AWS gives.

An error that a service's API models keeps its name (`Lambda.TooManyRequestsException`); any other,
access denied among them, has the name of the service's general exception
(`Lambda.AWSLambdaException`), because Step Functions calls services through the Java SDK.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    ReadTimeoutError,
)
from moto.stepfunctions.parser.api import (
    HistoryEventType,
    LambdaFunctionFailedEventDetails,
    TaskFailedEventDetails,
)
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import iteration_worker
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branches_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task import (
    lambda_eval_utils,
    state_task_lambda,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service,
    state_task_service_aws_sdk,
    state_task_service_dynamodb,
    state_task_service_events,
    state_task_service_factory,
    state_task_service_lambda,
    state_task_service_sfn,
    state_task_service_sns,
    state_task_service_sqs,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.component.state.fail import state_fail
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.utils import boto_client

from embedded.core import role_clients, strict_json
from embedded.policies.service_roles import may_assume

_moto_boto_client_for = boto_client.boto_client_for
_moto_credentials = StateTask._eval_state_credentials
_moto_lambda_error = state_task_service_lambda.StateTaskServiceLambda._from_error
_moto_direct_error = state_task_lambda.StateTaskLambda._from_error
_moto_service_error = {
    kind: kind._from_error
    for kind in (
        state_task_service_dynamodb.StateTaskServiceDynamoDB,
        state_task_service_events.StateTaskServiceEvents,
        state_task_service_sfn.StateTaskServiceSfn,
        state_task_service_sns.StateTaskServiceSns,
        state_task_service_sqs.StateTaskServiceSqs,
    )
}
_NAMES = {
    "lambda": ("Lambda", "AWSLambda", "AWSLambdaException"),
    "dynamodb": ("DynamoDB", "AmazonDynamoDBv2", "AmazonDynamoDBException"),
    "events": ("EventBridge", "AmazonEventBridge", "AmazonEventBridgeException"),
    "stepfunctions": ("StepFunctions", "AWSStepFunctions", "AWSStepFunctionsException"),
    "sns": ("SNS", "AmazonSNS", "AmazonSNSException"),
    "sqs": ("SQS", "AmazonSQS", "AmazonSQSException"),
}
"""By boto3's name: prefix of the error name, service in the cause, general exception."""

_GONE_QUEUE = "AWS.SimpleQueueService.NonExistentQueue"
_OWN_NAME = "States."


def boto_client_for(region: str, service: str, state_credentials: Any) -> Any:
    """The client of a task: the session is of the machine's role or of the task's own."""
    return role_clients.client(
        service,
        role_arn=state_credentials.role_arn,
        region=region,
        session_name="StepFunctions",
    )


def _credentials(self: Any, env: Any) -> Any:
    """As moto's: whose session a task uses.

    Raises:
        FailureEventException: States.Permissions, because the machine's role, though it did when
            the machine was made, does not let Step Functions assume it any more.
    """
    machine_arn = env.states.context_object.context_object_data["StateMachine"]["Id"]
    region = machine_arn.split(":")[3]
    role_arn = env.aws_execution_details.role_arn
    if may_assume(role_arn, "states", region=region, source_arn=machine_arn):
        return _moto_credentials(self, env)
    error = "States.Permissions"
    cause = "The principal states.amazonaws.com is not authorized to assume the provided role."
    direct = isinstance(self, state_task_lambda.StateTaskLambda)
    failed = _direct_failed(env, error, cause) if direct else _failed(self, env, error, cause)
    raise FailureEventException(failure_event=failed)


def _invoke(env: Any, parameters: Any, region: str, state_credentials: Any) -> None:
    response = boto_client_for(region, "lambda", state_credentials).invoke(**parameters)
    body = response["Payload"].read().decode()
    if response.get("FunctionError"):
        raise lambda_eval_utils.LambdaFunctionErrorException(response["FunctionError"], body)
    metadata = response["ResponseMetadata"]
    env.stack.append(
        {
            "ExecutedVersion": response.get("ExecutedVersion", "$LATEST"),
            "Payload": strict_json.loads(body) if body else None,
            "SdkHttpMetadata": {
                "HttpHeaders": metadata["HTTPHeaders"],
                "HttpStatusCode": metadata["HTTPStatusCode"],
            },
            "SdkResponseMetadata": {"RequestId": metadata.get("RequestId", "")},
            "StatusCode": response["StatusCode"],
        }
    )


def function_failure(payload: str) -> tuple[str, str]:
    """Error and cause of a function that failed: the name is its `errorType`."""
    try:
        kind = json.loads(payload)["errorType"]
    except (ValueError, KeyError, TypeError):
        kind = None
    if isinstance(kind, str) and kind:
        return kind, payload
    return "Lambda.Unknown", (
        "The cause could not be determined because Lambda did not return an error type. "
        f"Returned payload: {payload}"
    )


def service_failure(service: str, error: ClientError | BotoCoreError) -> tuple[str, str]:
    """Error and cause of a call that `service` refused, or that got no answer."""
    prefix, spoken, general = _NAMES[service]
    if isinstance(error, ReadTimeoutError | ConnectTimeoutError):
        return f"{prefix}.ClientExecutionTimeoutException", str(error)
    if isinstance(error, BotoCoreError):
        return f"{prefix}.SdkClientException", str(error)
    code = str(error.response["Error"].get("Code", ""))
    metadata = error.response.get("ResponseMetadata", {})
    details = (
        f"Service: {spoken}",
        f"Status Code: {metadata.get('HTTPStatusCode')}",
        f"Error Code: {code}",
        f"Request ID: {metadata.get('RequestId', '')}",
        "Proxy: null",
    )
    cause = f"{error.response['Error'].get('Message', '')} ({'; '.join(details)})"
    if code == _GONE_QUEUE:
        return f"{prefix}.SdkClientException", cause  # so recorded on AWS
    modelled = type(error) is not ClientError
    if not modelled:
        return f"{prefix}.{general}", cause
    return f"{prefix}.{code if code.endswith('Exception') else code + 'Exception'}", cause


def _lambda_failure(error: Exception) -> tuple[str, str] | None:
    if isinstance(error, lambda_eval_utils.LambdaFunctionErrorException):
        return function_failure(error.payload)
    if isinstance(error, ClientError | BotoCoreError):
        return service_failure("lambda", error)
    return None


def _lambda_error(self: Any, env: Any, ex: Exception) -> Any:
    failure = _lambda_failure(ex)
    return _moto_lambda_error(self, env, ex) if failure is None else _failed(self, env, *failure)


def _direct_error(self: Any, env: Any, ex: Exception) -> Any:
    failure = _lambda_failure(ex)
    if failure is None:
        return _moto_direct_error(self, env, ex)
    return _direct_failed(env, *failure)


def _direct_failed(env: Any, error: str, cause: str) -> Any:
    details = LambdaFunctionFailedEventDetails(error=error, cause=cause)
    return FailureEvent(
        env=env,
        error_name=error_name(error),
        event_type=HistoryEventType.LambdaFunctionFailed,
        event_details=EventDetails(lambdaFunctionFailedEventDetails=details),
    )


def _service_error(self: Any, env: Any, ex: Exception) -> Any:
    service = self._get_boto_service_name()
    if isinstance(ex, ClientError | BotoCoreError) and service in _NAMES:
        return _failed(self, env, *service_failure(service, ex))
    if isinstance(ex, state_task_service_events.SfnFailedEntryCountException):
        return _failed(self, env, "EventBridge.FailedEntry", str(ex))
    if isinstance(self, state_task_service_dynamodb.StateTaskServiceDynamoDB):
        # moto's takes anything else, a time-out or a failing expression too, for DynamoDB's error.
        return super(type(self), self)._from_error(env=env, ex=ex)
    return _moto_service_error[type(self)](self, env, ex)


def _failed(self: Any, env: Any, error: str, cause: str) -> Any:
    details = TaskFailedEventDetails(
        error=error,
        cause=cause,
        resource=self._get_sfn_resource(),
        resourceType=self._get_sfn_resource_type(),
    )
    return FailureEvent(
        env=env,
        error_name=error_name(error),
        event_type=HistoryEventType.TaskFailed,
        event_details=EventDetails(taskFailedEventDetails=details),
    )


def error_name(error_name: str | None) -> Any:
    """An error's name; one of the States Language's own stays one when it leaves a branch."""
    if error_name is not None and error_name.startswith(_OWN_NAME):
        try:
            return StatesErrorName.from_name(error_name)
        except ValueError:
            return StatesErrorName.from_name("States.Runtime")
    return CustomErrorName(error_name)


def _service_model(self: Any, service: str | None, action: str | None) -> Any:
    name = self._get_boto_service_name(service)
    operation = action or self.resource.api_action
    # The member names of camel-case APIs, Step Functions' own among them, are Pascal case in
    # definitions; the service's model knows which they are.
    model = role_clients.service_model(name)
    by_name = {each.lower(): each for each in model.operation_names}
    return model.operation_model(by_name[operation.replace("_", "").lower()])


def _normalise_parameters(
    self: Any,
    parameters: Any,
    boto_service_name: str | None = None,
    service_action_name: str | None = None,
) -> None:
    shape = _service_model(self, boto_service_name, service_action_name).input_shape
    if shape is not None:
        self._to_boto_request(parameters, shape)


def _normalise_response(
    self: Any,
    response: Any,
    boto_service_name: str | None = None,
    service_action_name: str | None = None,
) -> None:
    shape = _service_model(self, boto_service_name, service_action_name).output_shape
    if shape is not None:
        self._from_boto_response(response, shape)


def _sdk_service_name(service_name: str) -> str:
    known = {"dynamodb": "DynamoDb", "sfn": "Sfn"}
    return known.get(service_name.lower(), service_name[:1].upper() + service_name[1:])


def install() -> None:
    """Put these in the place of moto's."""
    assert state_task_service_factory  # imported for the task modules that it pulls in
    for name, module in list(sys.modules.items()):
        if name.startswith("moto.stepfunctions.parser") and (
            getattr(module, "boto_client_for", None) is _moto_boto_client_for
        ):
            module.boto_client_for = boto_client_for  # type: ignore[attr-defined]
    StateTask._eval_state_credentials = _credentials
    lambda_eval_utils.execute_lambda_function_integration = _invoke
    state_task_service_lambda.StateTaskServiceLambda._from_error = _lambda_error
    state_task_lambda.StateTaskLambda._from_error = _direct_error
    for kind in _moto_service_error:
        kind._from_error = _service_error
    service = state_task_service.StateTaskService
    service._normalise_parameters = _normalise_parameters
    service._normalise_response = _normalise_response
    sdk = state_task_service_aws_sdk.StateTaskServiceAwsSdk
    sdk._normalise_service_error_name = staticmethod(_sdk_service_name)
    for module in (branches_decl, iteration_worker, state_fail):
        module.CustomErrorName = error_name
