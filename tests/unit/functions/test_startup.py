"""What a function replaces while it imports pydantic, and that nothing else differs by it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FUNCTIONS = Path(__file__).resolve().parents[3] / "functions"

CLASSES = """
import dataclasses, json, sys, typing
import pydantic.dataclasses, pydantic.json_schema, pydantic.networks, pydantic.types
import pydantic_core.core_schema as core

found = {}
for name, module in sorted(sys.modules.items()):
    if name.startswith(("pydantic", "annotated_types")):
        for one in vars(module).values():
            if isinstance(one, type) and "__dataclass_fields__" in vars(one):
                found[f"{one.__module__}.{one.__qualname__}"] = {
                    "fields": [each.name for each in dataclasses.fields(one)],
                    "slots": list(vars(one).get("__slots__", ["none"])),
                    "match": one.__match_args__,
                    "methods": sorted(
                        each
                        for each in (
                            "__init__ __repr__ __eq__ __hash__ __setattr__ __delattr__ "
                            "__getstate__ __setstate__"
                        ).split()
                        if each in vars(one)
                    ),
                    "hash": one.__hash__ is None,
                    "generated": one.__init__.__code__.co_filename == "<string>",
                }
described = {
    name: sorted(one.__annotations__)
    for name, one in vars(core).items()
    if isinstance(one, type) and issubclass(one, dict) and name != "TypedDict"
}
print(json.dumps({
    "dataclasses": found,
    "described": described,
    "restored": [dataclasses.dataclass.__module__, typing.TypedDict.__module__],
    "config": type(core.CoreConfig(strict=True)).__name__,
}))
"""

MODEL = """
import json
from typing import Annotated, Literal, Union
from typing_extensions import TypedDict
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

class Described(TypedDict, total=False):
    one: int

class Cat(BaseModel):
    kind: Literal["cat"]
    lives: Annotated[int, Field(ge=1, le=9)] = 9

class Dog(BaseModel):
    kind: Literal["dog"]
    name: Annotated[str, StringConstraints(min_length=2, pattern="^[a-z]+$", to_lower=True)]

class Keeper(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    pets: list[Annotated[Union[Cat, Dog], Field(discriminator="kind")]] = Field(min_length=1)
    described: Described = {}

said = [Keeper.model_json_schema()]
for value in (
    {"pets": [{"kind": "cat"}, {"kind": "dog", "name": "REX"}], "described": {"one": 1}},
    {"pets": []},
    {"pets": [{"kind": "cat", "lives": 10}, {"kind": "dog", "name": "x"}, {"kind": "cow"}]},
    {"pets": [{"kind": "cat"}], "described": {"one": "x"}, "more": 1},
):
    try:
        said.append(Keeper.model_validate(value).model_dump())
    except ValidationError as error:
        said.append(error.errors(include_url=False))
print(json.dumps(said, default=str))
"""


def said(program: str, *, first: str) -> Any:
    """What a process of its own prints that imports this first."""
    done = subprocess.run(
        [sys.executable, "-c", f"{first}\n{program}"],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(FUNCTIONS)},
    )
    return json.loads(done.stdout)


def test_classes_of_pydantic_are_as_without() -> None:
    ours = said(CLASSES, first="import vending.startup")
    theirs = said(CLASSES, first="")
    generated = [name for name, one in ours["dataclasses"].items() if one.pop("generated")]
    for one in theirs["dataclasses"].values():
        one.pop("generated")
    assert ours == theirs
    assert ours["restored"] == ["dataclasses", "typing"]
    assert len(ours["described"]) > 50
    # What every function imports is made without code generation.
    imported = [name for name in ours["dataclasses"] if name.startswith("annotated_types.")]
    assert imported
    assert not set(imported) & set(generated)


def test_models_say_the_same() -> None:
    assert said(MODEL, first="import vending.startup") == said(MODEL, first="")


@pytest.mark.parametrize("package", ["operations", "events", "api"])
def test_nothing_is_imported_before(package: str) -> None:
    loaded = said(
        "import json, sys, gc\n"
        "print(json.dumps([sorted({name.partition('.')[0] for name in sys.modules}), "
        "gc.get_threshold()[0]]))",
        first=f"import {package}",
    )
    assert "pydantic" in loaded[0]
    assert not {"boto3", "aws_lambda_powertools"} & set(loaded[0])
    assert loaded[1] == 150_000
