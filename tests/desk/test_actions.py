"""The actions that flows may ask for are the ones that can be done."""

from __future__ import annotations

from bot.core.actions import ACTIONS, ENGINES_OWN
from bot.desk import actions


def test_every_declared_action_can_be_carried_out_and_no_other() -> None:
    assert ACTIONS.keys() | ENGINES_OWN.keys() == actions.CARRIED_OUT
