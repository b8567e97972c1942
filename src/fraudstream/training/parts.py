"""What a registered version consists of: its files and the tags that prove them."""

MODEL_FILE = "model.npz"
STATE_FILE = "initial_state.npz"
CARD_FILE = "model_card.md"
METADATA_FILE = "metadata.json"
DIGEST_TAG = "sha256"
"""Tag of a model version: SHA-256 of its scoring artefact."""
STATE_DIGEST_TAG = "initial_state_sha256"
