"""Whether a sampler drops a span whatever it is called: then it need not be started.

Starting a span that is dropped costs more than a command does. The samplers of the SDK are known, as far as they
always say the same; any other is asked about each span.
"""

import re
from typing import Any

from opentelemetry.trace import NoOpTracer, SpanContext, TraceFlags

_CASES = ("root", "remoteParentSampled", "remoteParentNotSampled", "localParentSampled", "localParentNotSampled")
_OFF = "AlwaysOffSampler"
_BUILTIN = "opentelemetry.sdk.trace.sampling"


class Sampling:
    """What a tracer's sampler is known to drop.

    Args:
        tracer: the tracer; of those that are not the SDK's nothing is known.
    """

    __slots__ = ("_off", "always", "never", "unsampled")

    def __init__(self, tracer: Any) -> None:
        sampler = getattr(tracer, "sampler", None)
        known = type(sampler).__module__ == _BUILTIN
        description = sampler.get_description() if known and sampler is not None else ""
        #: Whether every span is dropped.
        self.always: bool = description == _OFF or isinstance(tracer, NoOpTracer)
        cases: dict[str, bool] = dict.fromkeys(_CASES, False)
        if description.startswith("ParentBased{"):
            for case in _CASES:
                found = re.findall(rf"[{{,]{case}:(\w+)", description)
                cases[case] = found == [_OFF]
        self._off = cases
        #: Whether every span is dropped whose parent is not sampled, or that has none.
        self.unsampled: bool = cases["root"] and cases["remoteParentNotSampled"] and cases["localParentNotSampled"]
        #: Whether nothing is known to be dropped.
        self.never: bool = not self.always and not any(cases.values())

    def drops(self, parent: SpanContext) -> bool:
        """Return whether a span with this parent is dropped for sure."""
        sampled = parent.trace_flags & TraceFlags.SAMPLED
        if self.always or (self.unsampled and not sampled):
            return True
        if not parent.is_valid:
            return self._off["root"]
        where = "remote" if parent.is_remote else "local"
        return self._off[f"{where}ParentSampled" if sampled else f"{where}ParentNotSampled"]
