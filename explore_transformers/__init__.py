"""What the notebooks of Explore Transformers import."""

from explore_transformers.claims import claim, claims_so_far, compare_prediction
from explore_transformers.language import text, use_language

__all__ = ["claim", "claims_so_far", "compare_prediction", "text", "use_language"]
