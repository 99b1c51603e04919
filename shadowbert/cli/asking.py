"""What commands share that ask the LLM with the operator's own key: the price is told before anything is sent."""

from shadowbert.bootstrap.replaying import key_of
from shadowbert.cli.output import ask, complain
from shadowbert.flow.carryover import Questions
from shadowbert.prices import cost
from shadowbert.sections import Settings


def price(asked: Questions) -> str:
    calls = f"{len(asked.every)} old inputs would be asked of {asked.model} again"
    if asked.tokens is None:
        return f"{calls}; what that costs is not known: no reply has said how many tokens it took"
    prompt, completion = asked.tokens.prompt * len(asked.every), asked.tokens.completion * len(asked.every)
    dollars = cost(asked.model, round(prompt), round(completion))
    told = f"about ${dollars:.4f}" if dollars is not None else "a price that is not in configs/prices.toml"
    return f"{calls}: about {prompt:,.0f} tokens in and {completion:,.0f} out, {told}"


def cost_data(asked: Questions) -> dict[str, object]:
    tokens, count = asked.tokens, len(asked.every)
    prompt, completion = (round(tokens.prompt * count), round(tokens.completion * count)) if tokens else (None, None)
    dollars = None if prompt is None or completion is None else cost(asked.model, prompt, completion)
    return {
        "calls": count,
        "model": asked.model,
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "dollars": dollars,
    }


def agreed(settings: Settings, asked: Questions, *, yes: bool, as_json: bool, command: str) -> bool:
    """Whether money may be spent. Where nobody can be asked, it says how to go on. Raises ConfigError without a key."""
    if yes:
        key_of(settings, asked.upstream)
        return True
    answer = None if as_json else ask("Ask them?")
    if answer is None:
        complain(f"nothing was asked; to do it: {command} --yes")
    return bool(answer)
