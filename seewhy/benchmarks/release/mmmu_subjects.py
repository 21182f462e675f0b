"""What MMMU and MMMU-Pro share: their subjects, and pictures in numbered fields."""

from seewhy.benchmarks.release.pictures import Picture
from seewhy.benchmarks.release.rows import Row

MOST_PICTURES = 7
DOMAINS = {
    "Art and Design": ("Art", "Art_Theory", "Design", "Music"),
    "Business": ("Accounting", "Economics", "Finance", "Manage", "Marketing"),
    "Science": ("Biology", "Chemistry", "Geography", "Math", "Physics"),
    "Health and Medicine": (
        "Basic_Medical_Science", "Clinical_Medicine", "Diagnostics_and_Laboratory_Medicine", "Pharmacy",
        "Public_Health",
    ),
    "Humanities and Social Science": ("History", "Literature", "Psychology", "Sociology"),
    "Tech and Engineering": (
        "Agriculture", "Architecture_and_Engineering", "Computer_Science", "Electronics", "Energy_and_Power",
        "Materials", "Mechanical_Engineering",
    ),
}  # fmt: skip
"""Yue et al. 2024, table 1."""
DOMAIN_OF = {subject: domain for domain, subjects in DOMAINS.items() for subject in subjects}


def numbered_pictures(row: Row) -> tuple[Picture, ...]:
    """The pictures of the field `image`, then of `image_1` to `image_7`, as far as they are there."""
    numbered = (row.pictures(f"image_{number}") for number in range(1, MOST_PICTURES + 1))
    return row.pictures("image") + tuple(one for found in numbered for one in found)
