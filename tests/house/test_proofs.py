"""What ``make prove`` runs is there: a proof is long, and nobody should learn at its end that one never began."""

import importlib
import importlib.util

import pytest

from tests.prove import MEANWHILE, PROOFS


@pytest.mark.parametrize("module", sorted({arguments[0] for _, arguments in (*PROOFS, MEANWHILE)}))
def test_every_proof_can_begin(module: str) -> None:
    found = importlib.util.find_spec(module)
    assert found is not None
    importlib.import_module(f"{module}.__main__" if found.submodule_search_locations else module)
