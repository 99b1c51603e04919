"""The stations of a call's journey and the ports they need; no machines."""
