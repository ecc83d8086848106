"""``submission_metadata.yml`` of a Gradescope export: who submitted, and when.

The file is YAML written by Ruby: keys are symbols (``:submitters:``), times are tagged objects. It is read with
PyYAML's safe loader, every unknown tag as the plain value below it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from grader.batch.naming import Identity
from grader.errors import SubmissionError

METADATA = "submission_metadata.yml"


def read_metadata(data: bytes) -> dict[str, Identity]:
    """Identities by folder name (``submission_12345678``).

    Raises:
        SubmissionError: the file is not YAML, or PyYAML is not installed.
    """
    table = _load(data)
    if not isinstance(table, Mapping):
        raise SubmissionError(f"{METADATA}: a table of submissions is needed, not {type(table).__name__}")
    return {
        str(key): _identity(str(key), value) for key, value in table.items() if isinstance(value, Mapping)
    }


def _load(data: bytes) -> Any:
    try:
        import yaml  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        raise SubmissionError(f"{METADATA}: PyYAML is needed to read it: pip install pyyaml") from None

    class Loader(yaml.SafeLoader):  # type: ignore[misc, unused-ignore]
        """Safe, and not stopped by Ruby's tags."""

    def plain(loader: Any, suffix: str, node: Any) -> Any:
        if isinstance(node, yaml.MappingNode):
            return loader.construct_mapping(node, deep=True)
        if isinstance(node, yaml.SequenceNode):
            return loader.construct_sequence(node, deep=True)
        return loader.construct_scalar(node)

    Loader.add_multi_constructor("!", plain)
    try:
        return yaml.load(data, Loader=Loader)  # a SafeLoader: no tag makes an object
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SubmissionError(f"{METADATA}: cannot be read as YAML: {error}") from None


def _identity(key: str, table: Mapping[Any, Any]) -> Identity:
    people = tuple(
        (_text(person, "name"), _text(person, "email"), _text(person, "sid"))
        for person in _get(table, "submitters") or ()
        if isinstance(person, Mapping)
    )
    name, email, sid = people[0] if people else (key, "", "")
    if len(people) > 1:
        name = ", ".join(person[0] for person in people)
    return Identity(
        name or key,
        gradescope_id=key.rpartition("_")[2],
        email=email,
        student_id=sid,
        submitted=_time(_get(table, "created_at")),
        members=people if len(people) > 1 else (),
    )


def _get(table: Mapping[Any, Any], name: str) -> Any:
    return table.get(f":{name}", table.get(name))


def _text(table: Mapping[Any, Any], name: str) -> str:
    value = _get(table, name)
    return "" if value is None else str(value)


def _time(value: Any) -> str:
    if isinstance(value, Mapping):
        value = value.get("utc", value.get("time"))
    if isinstance(value, datetime):
        value = value if value.tzinfo else value.replace(tzinfo=UTC)
        try:
            return str(value.astimezone(UTC).isoformat(timespec="seconds"))
        except OverflowError:  # 0001-01-01 with an offset: no time was known
            return ""
    if isinstance(value, date) or value is None:
        return ""
    return str(value)
