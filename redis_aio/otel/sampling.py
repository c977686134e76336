"""What a sampler decides whatever a span is called: one that it drops need not be started.

Starting a span that is dropped costs more than a command does. The samplers of the SDK are known, as far as they
always say the same; any other is asked about each span.
"""

import re
from typing import Any

from opentelemetry.trace import NoOpTracer, SpanContext, TraceFlags

_CASES = ("root", "remoteParentSampled", "remoteParentNotSampled", "localParentSampled", "localParentNotSampled")
_VERDICTS = {"AlwaysOffSampler": False, "AlwaysOnSampler": True}
_BUILTIN = "opentelemetry.sdk.trace.sampling"


class Sampling:
    """What a tracer's sampler is known to decide.

    Args:
        tracer: the tracer; of those that are not the SDK's nothing is known.
    """

    __slots__ = ("_local", "_remote", "always", "root", "sampler")

    def __init__(self, tracer: Any) -> None:
        #: Who decides.
        sampler: Any = getattr(tracer, "sampler", None)
        self.sampler: object = sampler
        description = sampler.get_description() if _known(sampler) else ""
        said = False if isinstance(tracer, NoOpTracer) else _VERDICTS.get(description)
        verdicts: dict[str, bool | None] = dict.fromkeys(_CASES, said)
        if description.startswith("ParentBased{"):
            for case in _CASES:
                found = re.findall(rf"[{{,]{case}:(\w+)", description)
                verdicts[case] = _VERDICTS.get(found[0]) if len(found) == 1 else None
        #: Whether every span is dropped.
        self.always: bool = set(verdicts.values()) == {False}
        #: What becomes of a span that has no parent; as of :meth:`verdict`.
        self.root: bool | None = verdicts["root"]
        # Of those whose parent is not sampled, and is.
        self._local = (verdicts["localParentNotSampled"], verdicts["localParentSampled"])
        self._remote = (verdicts["remoteParentNotSampled"], verdicts["remoteParentSampled"])

    def verdict(self, parent: SpanContext) -> bool | None:
        """Return whether a span with this parent is recorded; ``None`` if the sampler has to be asked."""
        if not parent.is_valid:
            return self.root
        return (self._remote if parent.is_remote else self._local)[parent.trace_flags & TraceFlags.SAMPLED]

    def drops(self, parent: SpanContext) -> bool:
        """Return whether a span with this parent is dropped for sure."""
        return self.verdict(parent) is False


def _known(sampler: Any) -> bool:
    """Return whether a sampler is the SDK's, and whom it asks as well."""
    if type(sampler).__module__ != _BUILTIN:
        return False
    return all(_known(asked) for asked in vars(sampler).values() if hasattr(asked, "should_sample"))


#: That of a tracer that makes nothing.
NOTHING: Sampling = Sampling(NoOpTracer())
