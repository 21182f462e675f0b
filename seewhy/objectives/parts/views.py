"""Views that several objectives need."""

from seewhy.objectives.api import PictureVariant, Scorer, Side, View

CHOSEN_ONLY = (View(scorer=Scorer.POLICY, side=Side.CHOSEN),)
BOTH_SIDES = tuple(View(scorer=scorer, side=side) for scorer in Scorer for side in (Side.CHOSEN, Side.REJECTED))
"""Policy and reference of both responses of a pair."""
VARIED_PICTURES = tuple(View(scorer=scorer, side=Side.CHOSEN, pictures=PictureVariant.VARIED) for scorer in Scorer)
"""Policy and reference of the chosen response, with the question's varied pictures in the place of its own."""
RESPONSE = (View(scorer=Scorer.POLICY, side=Side.RESPONSE),)
ROLLOUT_AND_REFERENCE = tuple(View(scorer=scorer, side=Side.RESPONSE) for scorer in Scorer)
"""Policy and reference of a response of a group."""
