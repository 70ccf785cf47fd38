"""What moto works out anew on every call and is the same each time, worked out once.

A call of the embedded AWS took a third of its processor time in here: which names an attribute of
an answer may have in moto's objects, which methods a service's class has, what an update expression
says.

Upstream: moto/core/errors.py, moto/core/loaders.py, moto/core/parse.py, moto/core/responses.py,
moto/core/serialize.py, moto/core/utils.py, moto/dynamodb/parsing/ast_nodes.py.
"""

from __future__ import annotations

import copy
import functools
import inspect
import secrets
from typing import Any

from moto.core import errors, loaders, parse, responses, serialize, utils
from moto.core.constants import MISSING
from moto.dynamodb.parsing import ast_nodes
from moto.dynamodb.parsing.expressions import UpdateExpressionParser

from embedded.core.models_on_disk import ModelLoader
from embedded.core.service_models import services

_REQUEST_ID_BYTES = 26
_TEXTS = ("S", "N")
"""Types of DynamoDB's whose values are texts."""

_known: dict[tuple[type, Any, str, bool], tuple[str, ...]] = {}
"""Names by the class of the object, the member's shape, its name, and whether it has a parent."""

_get_value = serialize.ResponseSerializer.get_value
_parse_structure = parse.BaseJSONParser._parse_structure
_serialize_structure = serialize.ResponseSerializer._serialize_type_structure


def _value(self: serialize.ResponseSerializer, value: Any, key: str, shape: Any) -> Any:
    """As moto's `get_value`, which goes through all aliases of every member that is not there."""
    picker = self._value_picker
    if (
        type(picker) is not serialize.XFormedAttributePicker
        or picker.response_transformers
        or picker.alias_providers is not serialize.DEFAULT_ALIAS_PROVIDERS
        or hasattr(value, "Meta")  # names of its own
    ):
        return _get_value(self, value, key, shape)
    known = type(value), shape, key, hasattr(shape, "parent")
    names = _known.get(known)
    if names is None:
        context = serialize.AttributePickerContext(obj=value, key=key, shape=shape)
        names = _known[known] = tuple(dict.fromkeys(picker.get_possible_keys(context)))
    if type(value) is dict:
        for name in names:
            if name in value:
                return value[name]
        names = tuple(name for name in names if "." in name)
    for name in names:
        found = utils.get_value(value, name, MISSING)
        if found is not MISSING:
            return found
    return None


def _parsed_structure(self: Any, shape: Any, value: Any) -> Any:
    """As moto's, which looks in each value of DynamoDB's for each of the ten types."""
    if shape.name != "AttributeValue" or type(value) is not dict:
        return _parse_structure(self, shape, value)
    made = self.MAP_TYPE()
    for name, member in value.items():
        if name in _TEXTS and type(member) is str:
            made[name] = member
        elif member is not None and name in shape.members:
            made[name] = self._parse_shape(shape.members[name], member)
    return made


def _structure(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """As moto's, which looks in each value of DynamoDB's for each of the ten types."""
    if shape.name != "AttributeValue" or type(value) is not dict or not key:
        _serialize_structure(self, serialized, value, shape, key)
        return
    made = self.MAP_TYPE()
    for name, member in value.items():
        if name in _TEXTS and type(member) is str:
            made[name] = member
        elif member is not None and name in shape.members:
            self._serialize(made, member, shape.members[name], name)
    self._default_serialize(serialized, made, shape, key)


def _request_id(headers: dict[str, Any] | None = None) -> str:
    """As moto's `gen_amzn_requestid_long`, which chooses 52 letters one by one."""
    chosen = secrets.token_hex(_REQUEST_ID_BYTES).upper()
    if isinstance(headers, dict):
        headers["x-amzn-requestid"] = chosen
    return chosen


class _Methods:
    """What moto's `method_names_from_class` lists: moto asks only whether a name is in it.

    Kept nowhere: services are extended after others have been called.
    """

    def __init__(self, clazz: type) -> None:
        self._class = clazz

    def __contains__(self, name: str) -> bool:
        return inspect.isfunction(getattr(self._class, name, None))


class _Loader(ModelLoader, loaders.Loader):
    """moto's, which knows botocore's models and more."""


@functools.cache
def _loader() -> _Loader:
    return _Loader(extra_search_paths=[loaders.moto_root])


def _service_of_package(package: str) -> str:
    """As moto's `service_name_from_moto_package_name`, which sets a session up for it."""
    if package in _loader().list_available_services("service-2"):
        return package
    names = {name.replace("-", ""): name for name in services()}
    return names.get(package, package)


def _copied(self: ast_nodes.Node, memo: dict[int, Any]) -> ast_nodes.Node:
    """A copy of a parsed expression, without a parent. moto's goes by pickle, node by node."""
    made = memo[id(self)] = self.__class__.__new__(self.__class__)
    made.__dict__.update(self.__dict__)
    made.parent = None
    if self.children is not None:
        made.children = [copy.deepcopy(child, memo) for child in self.children]
        for child in made.children:
            if isinstance(child, ast_nodes.Node):
                child.parent = made
    return made


def _processors(self: ast_nodes.DepthFirstTraverser) -> Any:
    """The traverser's functions by class of node: moto's are made anew for every node."""
    known = self.__dict__.get("_known")
    if known is None:
        functions = self._processing_map()
        known = self.__dict__["_known"] = functions, tuple(functions)
    return known


def _process(self: ast_nodes.DepthFirstTraverser, node: ast_nodes.Node) -> Any:
    for class_, process in _processors(self)[0].items():
        if isinstance(node, class_):
            return process(node)
    return None


def install() -> None:
    """Let moto remember. Safe to repeat."""
    if serialize.ResponseSerializer.get_value is _value:
        return
    serialize.ResponseSerializer.get_value = _value
    serialize.ResponseSerializer._serialize_type_structure = _structure
    parse.BaseJSONParser._parse_structure = _parsed_structure
    responses.gen_amzn_requestid_long = _request_id
    responses.method_names_from_class = _Methods
    utils.create_loader = _loader
    utils.service_name_from_moto_package_name = _service_of_package
    # Each makes tables of all errors of a service, for itself.
    errors.ErrorLookupFactory = functools.cache(errors.ErrorLookupFactory)
    ast_nodes.Node.__deepcopy__ = _copied
    ast_nodes.DepthFirstTraverser.process = _process
    ast_nodes.DepthFirstTraverser.nodes_to_be_processed = lambda self: _processors(self)[1]
    # What it makes is copied before anything is changed in it.
    UpdateExpressionParser.make = functools.lru_cache(maxsize=1024)(UpdateExpressionParser.make)
