"""Differences between Sidelight and the Collector that are meant, each with its reason. Anything else fails."""

from differences import Expected

EXPECTED = [
    Expected(
        r"(family|series) (desk_)?(same[._]name|different(_total)?)(_created)?\b",
        "the Collector lets chance decide which of two meanings of one name is shown; Sidelight always shows the same one",
        collector_varies=True,
    ),
]
