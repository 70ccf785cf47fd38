"""The API's routes: one table for API Gateway, the function, the OpenAPI document and the docs.

Pure data. A path's parameters are in braces, as API Gateway and OpenAPI write them.
"""

from __future__ import annotations

from typing import Literal

from vending.frozen import frozen

Method = Literal["GET", "POST", "PUT"]


@frozen
class Route:
    """One route.

    Attributes:
        operation: its name in the OpenAPI document, and of the function that answers it.
        method: of HTTP.
        path: with parameters in braces.
        summary: what it does, in a line.
        is_public: whether whoever IAM lets in may call it, though the request policy does not have
            its principal.
        is_idempotent_by_key: whether the header Idempotency-Key is taken.
    """

    operation: str
    method: Method
    path: str
    summary: str
    is_public: bool = False
    is_idempotent_by_key: bool = False

    @property
    def key(self) -> str:
        """API Gateway's route key."""
        return f"{self.method} {self.path}"


ROUTES = (
    Route(
        operation="createRequest",
        method="POST",
        path="/requests",
        summary="Request an account, or a change of one",
        is_idempotent_by_key=True,
    ),
    Route(
        operation="listRequests",
        method="GET",
        path="/requests",
        summary="List requests by state, newest change first in each",
    ),
    Route(
        operation="getRequest",
        method="GET",
        path="/requests/{requestId}",
        summary="Get a request's record and the steps of its execution",
    ),
    Route(
        operation="listRequestEvents",
        method="GET",
        path="/requests/{requestId}/events",
        summary="Follow a request: what happened in its execution, oldest first",
    ),
    Route(
        operation="resumeRequest",
        method="POST",
        path="/requests/{requestId}/resume",
        summary="Resume a request that failed, where it stopped",
        is_idempotent_by_key=True,
    ),
    Route(
        operation="cancelRequest",
        method="POST",
        path="/requests/{requestId}/cancel",
        summary="Cancel a request for which AWS was not asked for anything yet",
    ),
    Route(
        operation="approveRequest",
        method="POST",
        path="/requests/{requestId}/approve",
        summary="Approve a request that waits for approval",
    ),
    Route(
        operation="rejectRequest",
        method="POST",
        path="/requests/{requestId}/reject",
        summary="Reject a request that waits for approval",
    ),
    Route(
        operation="listAccounts",
        method="GET",
        path="/accounts",
        summary="List accounts, newest change first",
    ),
    Route(
        operation="getAccount",
        method="GET",
        path="/accounts/{accountId}",
        summary="Get an account with its retirement and its revisions, newest first",
    ),
    Route(
        operation="changeAccount",
        method="PUT",
        path="/accounts/{accountId}",
        summary="Change an account to what the document says",
        is_idempotent_by_key=True,
    ),
    Route(
        operation="retireAccount",
        method="POST",
        path="/accounts/{accountId}/retire",
        summary="Suspend an account, and close it after the grace period",
        is_idempotent_by_key=True,
    ),
    Route(
        operation="restoreAccount",
        method="POST",
        path="/accounts/{accountId}/restore",
        summary="Put back an account that is being retired, within the grace period",
        is_idempotent_by_key=True,
    ),
    Route(
        operation="approveRetirement",
        method="POST",
        path="/accounts/{accountId}/approve",
        summary="Approve the retirement of an account that waits for approval",
    ),
    Route(
        operation="rejectRetirement",
        method="POST",
        path="/accounts/{accountId}/reject",
        summary="Reject the retirement of an account that waits for approval",
    ),
    Route(
        operation="planRequest",
        method="POST",
        path="/plan",
        summary="Show what a request would change, and start nothing",
    ),
    Route(
        operation="getSchema",
        method="GET",
        path="/schema",
        summary="Get the JSON Schema of a request",
        is_public=True,
    ),
    Route(
        operation="listErrors",
        method="GET",
        path="/catalogue/errors",
        summary="List every error with its meaning, remedy and owner",
        is_public=True,
    ),
    Route(
        operation="getOpenApi",
        method="GET",
        path="/openapi.json",
        summary="Get this API's OpenAPI 3.1 document",
        is_public=True,
    ),
)
