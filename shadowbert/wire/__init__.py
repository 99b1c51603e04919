"""OpenAI's shapes as bytes and values: tolerant readers, renderers of local answers, error bodies."""
