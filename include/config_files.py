"""Reading the YAML files in include/config by typed models: an error names the file, the key and what was expected."""

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

Model = TypeVar("Model", bound=BaseModel)


class ConfigError(Exception):
    """A configuration file is not as it should be; the message says where, and what was expected."""


class StrictModel(BaseModel):
    """A part of a configuration file: unknown keys are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def read_config(path: Path, model: type[Model]) -> Model:
    """Read a YAML file as a model.

    :raises ConfigError: when the file is not YAML, or a key is missing, unknown or of the wrong type.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: is not YAML: {error}") from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, problem['loc'])) or 'the file'}: {problem['msg']}" for problem in error.errors()
        ]
        raise ConfigError(f"{path}: " + "; ".join(problems)) from error
