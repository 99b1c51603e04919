"""The aiohttp relay to the API behind us; the only room that opens outgoing connections."""
