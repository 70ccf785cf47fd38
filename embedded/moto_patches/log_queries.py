"""Saved queries of CloudWatch Logs Insights, which moto does not have.

They are kept and shown; StartQuery runs a query's text whether it was saved or not. CloudWatch Logs
API reference, PutQueryDefinition, DescribeQueryDefinitions, DeleteQueryDefinition.

Upstream: moto/logs/models.py.
"""

from __future__ import annotations

import json
import time
from typing import Any

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.responses import LogsResponse
from moto.moto_api._internal import mock_random


def definitions(backend: Any) -> dict[str, dict[str, Any]]:
    """A backend's saved queries, by id."""
    found: dict[str, dict[str, Any]] = backend.__dict__.setdefault("query_definitions", {})
    return found


def put(backend: Any, given: dict[str, Any]) -> str:
    """Save a query, or change the one whose id is given; its id."""
    query_id = given.get("queryDefinitionId") or str(mock_random.uuid4())
    if "queryDefinitionId" in given and query_id not in definitions(backend):
        raise ResourceNotFoundException(msg="The specified query definition does not exist.")
    kept = ("name", "queryString", "logGroupNames", "queryLanguage")
    definitions(backend)[query_id] = {
        **{name: given[name] for name in kept if name in given},
        "queryDefinitionId": query_id,
        "lastModified": int(time.time() * 1000),
    }
    return query_id


def delete(backend: Any, query_id: str) -> None:
    """Forget a saved query."""
    if definitions(backend).pop(query_id, None) is None:
        raise ResourceNotFoundException(msg="The specified query definition does not exist.")


def _put(self: Any) -> str:
    return json.dumps({"queryDefinitionId": put(self.logs_backend, json.loads(self.body))})


def _describe(self: Any) -> str:
    prefix = self._get_param("queryDefinitionNamePrefix") or ""
    found = definitions(self.logs_backend).values()
    shown = [one for one in found if one["name"].startswith(prefix)]
    return json.dumps({"queryDefinitions": sorted(shown, key=lambda one: one["name"])})


def _delete(self: Any) -> str:
    delete(self.logs_backend, self._get_param("queryDefinitionId"))
    return json.dumps({"success": True})


def install() -> None:
    """Put this beside moto's operations of CloudWatch Logs."""
    LogsResponse.put_query_definition = _put
    LogsResponse.describe_query_definitions = _describe
    LogsResponse.delete_query_definition = _delete
