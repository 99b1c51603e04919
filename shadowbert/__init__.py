"""Drop-in OpenAI proxy that trains a BERT on your classification calls and takes them over."""

__version__ = "0.1.0"
