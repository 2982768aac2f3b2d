"""What the tests and the table generator use of mpmath; arithmetic on its numbers is not typed."""

from typing import Any

class mpf(Any):
    def __init__(self, value: Any = ...) -> None: ...

def __getattr__(name: str) -> Any: ...
