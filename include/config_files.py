"""Reading the YAML files in include/config by typed models: an error names the file, the key and what was expected."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

# libyaml's parser is ten times as fast, and every DAG file that is parsed reads the sources' files
try:
    from yaml import CSafeLoader as _Loader
except ImportError:
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

Model = TypeVar("Model", bound=BaseModel)


class ConfigError(ValueError):
    """A configuration file that cannot be used: names the file, the key and what was expected."""


class StrictModel(BaseModel):
    """A part of a configuration file: unknown keys are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def read_config(path: Path, model: type[Model]) -> Model:
    """Read a YAML file as a model.

    :raises ConfigError: when the file cannot be read, is not YAML, or a key is missing, unknown or of the wrong type.
    """
    try:
        values = yaml.load(path.read_text("utf-8"), Loader=_StrictLoader)  # a SafeLoader
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}") from None
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigError(f"{path}{line}: {error.problem}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {error}") from None
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ConfigError("\n".join(f"{path}: {_sentence(dict(problem))}" for problem in error.errors())) from None


def _sentence(problem: dict[str, Any]) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    message = str(problem["msg"]).removeprefix("Value error, ")
    found = (
        "" if problem["type"] in ("missing", "value_error", "extra_forbidden") else f", found {problem['input']!r:.80}"
    )
    return f"{key}: {message}{found}" if key else f"{message}{found}"


class _StrictLoader(_Loader):
    """YAML that refuses a key given twice: of two entities of one name, the first would vanish."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        for key, (key_node, _) in zip(keys, node.value, strict=True):
            if keys.count(key) > 1:
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} is there twice", problem_mark=key_node.start_mark)
        return super().construct_mapping(node, deep)
