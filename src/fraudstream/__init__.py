"""Local-first, real-time fraud detection whose every score can be proved."""

__version__ = "0.1.0"
