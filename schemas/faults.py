"""What is wrong with a YAML file of ours, in one sentence that names the file, the place and the way out."""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

MOST_BYTES = 1 << 20  # the longest of ours has a hundredth of it
Model = TypeVar("Model", bound=BaseModel)


class ContractFault(ValueError):
    """A contract or rule that cannot be read."""

    def __init__(self, path: Path, where: str, what: str) -> None:
        super().__init__(f"{path.name}: {where}: {what}")
        self.path, self.where, self.what = path, where, what


def read_strictly(path: Path, model: type[Model]) -> Model:
    """A YAML file of ours as its model; an empty one has no key. Raises ContractFault with one sentence: the file, the place, the way out."""
    try:
        if (size := path.stat().st_size) > MOST_BYTES:
            raise ContractFault(path, "the whole file", f"is {size:,} bytes long; {MOST_BYTES:,} must do")
        return _read(path.read_text(encoding="utf-8"), model)
    except RecursionError:
        raise ContractFault(path, "somewhere", "has too many brackets within brackets") from None
    except OSError as fault:
        raise ContractFault(path, "the whole file", f"cannot be read: {fault.strerror}") from None
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "somewhere"
        raise ContractFault(path, where, f"is not YAML: {getattr(fault, 'problem', fault)}") from None
    except UnicodeDecodeError as fault:
        raise ContractFault(path, f"byte {fault.start}", "is not UTF-8; save the file as UTF-8") from None
    except ValidationError as fault:
        raise ContractFault(path, *explain(fault, model)) from None
    except ContractFault:
        raise
    except (
        Exception
    ) as fault:  # a list where words belong, say: whatever stands in a file, it is the fault of that file alone
        raise ContractFault(path, "somewhere", f"has another shape than its kind of file ({fault})") from None


@lru_cache(maxsize=1024)
def _read(text: str, model: type[Model]) -> Model:
    """The same text is the same frozen model: a process asks for every contract again and again."""
    given = parse_yaml(text)
    return model.model_validate({} if given is None else given)


def parse_yaml(text: str) -> Any:
    """By libyaml, eight times as fast, since every process reads every contract; what it refuses goes to Python's own, which says more of the fault."""
    try:
        return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        return yaml.safe_load(text)


def explain(fault: ValidationError, model: type[BaseModel]) -> tuple[str, str]:
    """(place, sentence) for the error of a validation that tells most."""
    first = min(
        fault.errors(), key=lambda error: error["type"] != "extra_forbidden"
    )  # a misspelt key also shows as a missing one
    place = [str(part) for part in first["loc"] if not str(part).startswith("function-")]
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        near = get_close_matches(place[-1], _keys_at(model, place[:-1]), n=1)
        message = f"unknown key {place[-1]!r}" + (f"; did you mean {near[0]!r}?" if near else "")
    elif first["type"] == "missing":
        message = "this key is missing; add it"
    more = len(fault.errors()) - 1
    return ".".join(place) or "the whole file", message + (f" (and {more} more)" if more else "")


def _keys_at(model: type[BaseModel], place: list[str]) -> list[str]:
    """The keys that a model knows at a place, by their spelling in YAML."""
    here: Any = model
    for part in place:
        fields = getattr(here, "model_fields", {})
        here = _model_in(fields[part].annotation) if part in fields else here
    return [field.alias or name for name, field in getattr(here, "model_fields", {}).items()]


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _model_in(arg))), None)
