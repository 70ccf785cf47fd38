"""A directory of accounts: one document for each, all of them checked together.

A document is a request for an account, with two keys more: `lifecycle`, by which an account is
retired, and `reason`, why it is.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cli.input import documents, file_keys
from cli.input.documents import Document
from cli.input.organization import is_organization
from cli.input.positions import located
from cli.input.validation import checked, refused
from cli.output.failure import InputError
from cli.watch.submission import Submission

SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True, kw_only=True)
class AccountFile:
    """One account's document.

    Attributes:
        label: the file, and which of its documents where it has several.
        submission: the request for the account.
        is_retired: whether the account is to be retired.
        reason: why; None where the document does not say.
        document: as the file has it, for the lines of what is wrong with it.
    """

    label: str
    submission: Submission
    is_retired: bool
    reason: str | None
    document: Document

    @property
    def account(self) -> Mapping[str, Any]:
        """What the request says of its account."""
        found: Mapping[str, Any] = self.submission.content["account"]
        return found

    def located(self, problems: Sequence[str]) -> list[str]:
        """The problems, each with the line that it is about."""
        return list(located(problems, self.document.places()))


@dataclass(kw_only=True)
class Fleet:
    """The accounts that files are about, and what is wrong with the files, by their labels.

    `is_whole` says that the files are all of a directory: accounts of which it has none are gone.
    """

    files: list[AccountFile]
    problems: dict[str, list[str]] = field(default_factory=dict)
    is_whole: bool = False

    def add(self, file: AccountFile, *problems: str) -> None:
        """Note what is wrong with a file."""
        if problems:  # the text is looked at once more
            self.problems.setdefault(file.label, []).extend(file.located(problems))

    def refused(self) -> InputError:
        """What refuses the files, with all that is wrong with any of them."""
        return refused(self.problems, schema="vend schema --account-file")

    @property
    def is_usable(self) -> bool:
        """Whether nothing is wrong with any."""
        return not any(self.problems.values())


def is_fleet(paths: Sequence[str]) -> bool:
    """Whether these are files of accounts to be planned together, rather than one to be shown."""
    return len(paths) > 1 or Path(paths[0]).is_dir()


def is_of_fleet(found: Sequence[Document]) -> bool:
    """Whether documents say what only the file of an account does."""
    return any(
        key in document.value
        for document in found
        if isinstance(document.value, dict)
        for key in file_keys.KEYS
    )


def read(paths: Sequence[str], *, only: str | None = None) -> Fleet:
    """Every account's document in the files and directories, with all that is wrong with them.

    Args:
        paths: of files, and of directories with files in them, however deep.
        only: a pattern of a shell's, which the file's name or its path is to match.

    Raises:
        InputError: there is no file.
    """
    problems: dict[str, list[str]] = {}
    found: list[Document] = []
    chosen = [path for path in _files(paths) if only is None or _is_like(path, only)]
    if not chosen:
        kind = f"no file like {only}" if only else f"no file ({', '.join(SUFFIXES)})"
        raise InputError(f"{', '.join(paths)} has {kind}", remedy="`vend adopt` writes such files")
    for path in chosen:
        try:
            in_file = documents.read(path)
        except InputError as error:
            problems[path] = [error.what]
            continue
        if is_organization(in_file):
            problems[path] = ["is an organization's document, which `vend setup` is for"]
            continue
        found += in_file
    fleet = of_documents(found)
    fleet.problems |= problems
    fleet.is_whole = only is None and any(Path(path).is_dir() for path in paths)
    return fleet


def of_documents(found: Sequence[Document]) -> Fleet:
    """The accounts that documents are about."""
    kept = {document.label: document for document in found}
    problems = {
        document.label: list(file_keys.problems(document.value))
        for document in found
        if isinstance(document.value, dict)
    }
    submissions, of_requests = checked([_without_keys(document) for document in found])
    fleet = Fleet(files=[])
    for document in found:
        if wrong := problems.get(document.label, []):
            wrong = list(located(wrong, document.places()))
        fleet.problems[document.label] = [*wrong, *of_requests.get(document.label, ())]
    for submission in submissions:
        document = kept[submission.label]
        value = document.value
        fleet.files.append(
            AccountFile(
                label=submission.label,
                submission=submission,
                is_retired=value.get(file_keys.LIFECYCLE) == "retired",
                reason=value.get(file_keys.REASON),
                document=document,
            )
        )
    return fleet


def _files(paths: Sequence[str]) -> Iterator[str]:
    seen = set()
    for path in paths:
        folder = Path(path)
        listed = (
            sorted(
                str(each)
                for each in folder.rglob("*")
                if each.suffix in SUFFIXES and each.is_file() and not _is_hidden(each, folder)
            )
            if folder.is_dir()
            else [path]
        )
        for each in listed:
            if each not in seen:
                seen.add(each)
                yield each


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _is_like(path: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(Path(path).name, pattern) or fnmatch.fnmatchcase(path, pattern)


def _without_keys(document: Document) -> Document:
    """The document as the request that it is."""
    value = document.value
    if not isinstance(value, dict):
        return document
    return replace(document, value=file_keys.without(value))
