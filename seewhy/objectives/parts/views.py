"""Views that several objectives need."""

from seewhy.objectives.api import Scorer, Side, View

CHOSEN_ONLY = (View(scorer=Scorer.POLICY, side=Side.CHOSEN),)
BOTH_SIDES = tuple(View(scorer=scorer, side=side) for scorer in Scorer for side in (Side.CHOSEN, Side.REJECTED))
"""Policy and reference of both responses of a pair."""
RESPONSE = (View(scorer=Scorer.POLICY, side=Side.RESPONSE),)
