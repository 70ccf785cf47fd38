"""How what AWS publishes of its services is read from botocore's folders, and moto's."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from functools import cache
from typing import Any, overload

from botocore.exceptions import DataNotFoundError
from botocore.loaders import JSONFileLoader, Loader


class _Files(JSONFileLoader):
    def _load_file(self, full_path: str, open_method: Any) -> Any:
        """As botocore's, which makes each object an OrderedDict and takes twice as long for it."""
        if not os.path.isfile(full_path):  # noqa: PTH113 - the loader's paths are texts
            return None
        with open_method(full_path, "rb") as file:
            return json.loads(file.read())


class ModelLoader(Loader):
    """botocore's, which goes through the folders of all services to see that one is there."""

    FILE_LOADER_CLASS = _Files

    def list_available_services(self, type_name: str) -> Services:  # type: ignore[override]
        """The services that have a model of this type."""
        return Services(self, type_name)

    def all_services(self, type_name: str) -> list[str]:
        """Their names, sorted, from all folders."""
        return super().list_available_services(type_name)


class Services(Sequence[str]):
    """The names of the services that have a model of one type: looked for one by one, or listed."""

    def __init__(self, loader: ModelLoader, type_name: str) -> None:
        self._loader = loader
        self._type_name = type_name

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str) or os.sep in name:
            return False
        try:
            return bool(self._loader.list_api_versions(name, self._type_name))
        except DataNotFoundError:
            return False

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        return self._loader.all_services(self._type_name)[index]

    def __len__(self) -> int:
        return len(self._loader.all_services(self._type_name))


@cache
def model_loader() -> ModelLoader:
    """One for all sessions: each would read AWS's endpoints and its services' models anew."""
    return ModelLoader()
