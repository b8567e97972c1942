"""What a registered version consists of: its files and the tags that prove them."""

from fraudstream.ports.registry import DIGEST_TAG, MODEL_FILE

__all__ = ["CARD_FILE", "DIGEST_TAG", "METADATA_FILE", "MODEL_FILE", "STATE_DIGEST_TAG", "STATE_FILE"]

STATE_FILE = "initial_state.npz"
CARD_FILE = "model_card.md"
METADATA_FILE = "metadata.json"
STATE_DIGEST_TAG = "initial_state_sha256"
