"""The upstreams of the settings: the rules that choose among them and the relays that reach them."""

from collections.abc import Mapping

from shadowbert.routing.upstreams import DEFAULT, UpstreamRule, UpstreamRules
from shadowbert.sections import Settings, UpstreamSettings
from shadowbert.upstream.relay import Relay, Timeouts
from shadowbert.upstream.switch import Switch


def upstream_rules(settings: Settings) -> UpstreamRules:
    named = settings.upstreams.items()
    return UpstreamRules(tuple(UpstreamRule(name, given.path_prefix, given.models) for name, given in named))


def open_upstreams(settings: Settings) -> Switch:
    return Switch({name: _relay(given) for name, given in every_upstream(settings).items()})


def keyless(settings: Settings) -> frozenset[str]:
    """The upstreams that check no keys."""
    upstreams = every_upstream(settings).items()
    return frozenset(name for name, upstream_settings in upstreams if upstream_settings.auth == "none")


def every_upstream(settings: Settings) -> Mapping[str, UpstreamSettings]:
    return {DEFAULT: settings.upstream, **settings.upstreams}


def _relay(settings: UpstreamSettings) -> Relay:
    timeouts = Timeouts(connect=settings.connect_s, read=settings.read_s, total=settings.total_limit_s)
    return Relay(settings.base_url, timeouts=timeouts)
