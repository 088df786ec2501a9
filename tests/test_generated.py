"""What is made from the code is what lies in the tree."""

from __future__ import annotations

import pytest

from tests.generated import GENERATED, ROOT


@pytest.mark.parametrize("path", GENERATED)
def test_a_generated_file_is_the_one_the_code_makes(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == GENERATED[path](), "stale: run `make docs`"
