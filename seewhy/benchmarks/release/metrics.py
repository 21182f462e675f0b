"""What a data set's paper reports of replies."""

from enum import StrEnum


class Metric(StrEnum):
    """What the data set's paper reports of its verdicts."""

    ACCURACY = "accuracy"
    MEAN_SCORE = "mean_score"
    """The mean of scores from 0 to 1: ANLS, VQA accuracy, direct answers."""
    F1 = "f1"
    """Of the answer "yes", in addition to accuracy: precision, recall and the share of "yes"."""
    JUDGE_RATING = "judge_rating"
    """A judge model's rating; without one every answer is UNJUDGED."""
    RELATIVE_RATING = "relative_rating"
    """A judge model's rating of the replies over its rating of the reference answers."""
    CHAIR = "chair"
    """The share of objects named, and of replies, that the picture does not show; needs a judge model."""
