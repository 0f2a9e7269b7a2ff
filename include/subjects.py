"""The three subjects that everything downstream of core is about."""

from typing import Literal

Subject = Literal["customers", "sales", "service"]
