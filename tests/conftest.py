import pytest

# The contracts are no test modules by name; their assertions shall explain themselves all the same.
pytest.register_assert_rewrite(
    "tests.bridge.contract_queue", "tests.bridge.contract_records", "tests.bridge.contract_frames"
)
