"""How hard the fault tests try: every number in one place.

CI runs the first number of each pair; ``REDIS_AIO_FAULTS=long`` (``make faults``) the second.
"""

import os
from typing import Final, TypeVar

N = TypeVar("N", int, float)

#: The long run was asked for.
LONG: Final = os.environ.get("REDIS_AIO_FAULTS") == "long"


def _scaled(short: N, long: N) -> N:
    return long if LONG else short


#: Seconds that something immediate may take before a test calls it late. The machine is shared and may be slow.
PROMPT: Final = 1.0

# 1: cross-delivery
STORM_TASKS: Final = 40
STORM_OPERATIONS: Final = _scaled(1_200, 100_000)
STORM_SETTLE: Final = _scaled(200, 1_000)
SWEEP_TICKS: Final = _scaled(24, 120)

# 2: half-initialised connections
HANDSHAKE_TICKS: Final = _scaled(6, 60)
HANDSHAKE_CUT_STEP: Final = _scaled(9, 1)

# 3: errors between replies
FOLLOWING_NONCES: Final = _scaled(20, 100)
TRANSACTION_TICKS: Final = _scaled(30, 200)

# 4: executed twice
CUT_STEP: Final = _scaled(5, 1)
CUT_ROUNDS: Final = _scaled(1, 20)

# 5: pool leaks
LEAK_FACTOR: Final = _scaled(5, 20)

# 6: lost wake-ups
WAKE_UPS: Final = _scaled(40, 1_000)
WAITERS: Final = 200

# 7: late replies
STALL_SECONDS: Final = _scaled(0.6, 1.5)

# 9: stop, kill, restart
OUTAGE_SECONDS: Final = _scaled(1.0, 10.0)
OUTAGE_WORKERS: Final = _scaled(10, 50)

# 11: blocking commands
BLOCK_DEFAULT_SECONDS: Final = _scaled(4.0, 8.0)
BLOCK_SECONDS: Final = _scaled(1.0, 8.0)
BLOCK_READ_TIMEOUT: Final = _scaled(0.3, 3.0)
BLOCK_CANCELS: Final = _scaled(60, 1_000)

# Section 11, T3: deadlines that pass when the result comes
DEADLINE_RACES: Final = _scaled(60, 1_000)

# 14: big pipelines
PIPELINE_COMMANDS: Final = _scaled(60_000, 1_000_000)
PIPELINE_VALUES: Final = _scaled(6, 100)
PIPELINE_VALUE_BYTES: Final = _scaled(2_000_000, 10_000_000)
PIPELINE_BANDWIDTH: Final = _scaled(20_000_000, 10_000_000)

# 15 and 16: hostile and odd frames
FUZZ_ROUNDS: Final = _scaled(3_000, 1_000_000)
HOSTILE_TOTAL: Final = _scaled(1, 20)

# 17: injected replies
INJECTIONS: Final = _scaled(20, 500)

# 21: locks
LOCK_TICKS: Final = _scaled(14, 120)
LOCK_CONTENDERS: Final = _scaled(20, 50)
LOCK_SECTIONS: Final = _scaled(200, 10_000)

# 25: lifecycle
LOOPS: Final = _scaled(5, 100)
FAILED_CONNECTS: Final = _scaled(50, 1_000)

# 12 and 13: pub/sub
PUBSUB_KILLS: Final = _scaled(5, 50)
PUBSUB_NAMES: Final = 5_000
PUBSUB_CUTS: Final = _scaled(4, 100)
PUBSUB_LARGE: Final = _scaled(300, 3_000)
PUBSUB_RECEIVES: Final = _scaled(5_000, 100_000)
