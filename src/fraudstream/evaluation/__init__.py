"""What models are worth on worlds whose truth is known, by fixed protocols, beside published figures."""
