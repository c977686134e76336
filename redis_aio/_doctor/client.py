"""Checks of the way to the server: is it reached, how safely and how fast, and does the client suit it?"""

import ssl
from collections.abc import Iterator

from redis_aio import exceptions
from redis_aio._doctor.facts import Facts, quantile, said
from redis_aio._doctor.finding import Finding, Severity

INFO, WARNING, ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR

#: Seconds: half of all PINGs below the first, 99 % below the second.
TYPICAL, SLOWEST = 0.005, 0.05


def reachable(facts: Facts) -> Iterator[Finding]:
    """Look whether the server could be asked."""
    error = facts.error
    if error is None:
        return
    what = f"the server could not be asked: {said(error)}"
    if isinstance(error, exceptions.AuthenticationError):
        why = "The server refuses the credentials, or wants some."
        todo = "Check user name and password, and that the user is on: ACL LIST."
    elif isinstance(error, exceptions.MaxClientsError):
        why = "The server has as many clients as it takes."
        todo = "Raise maxclients, lower pool_size, or find who holds the connections: CLIENT LIST."
    elif isinstance(error, exceptions.BusyLoadingError):
        why = "The server loads its data and answers nothing until that is done."
        todo = "Wait. If this takes too long for a restart, have a replica take over."
    elif isinstance(error.__cause__, ssl.SSLError):
        why = "TLS could not be agreed on: nothing else can work."
        todo = "Check that the port speaks TLS, the authority (ssl_ca_certs), and the name in the certificate."
    elif isinstance(error.__cause__, exceptions.ResponseError):
        why = "The server refuses what each connection begins with."
        todo = "Check the number of the database in the URL (CONFIG GET databases), and that the user may SELECT it."
    elif isinstance(error, TimeoutError) and facts.options.ssl_context is not None and not facts.pings:
        why = "Either the server does not answer anybody, or the port does not speak TLS, and waits for a command."
        todo = "Check that it is the server's tls-port, then the network and firewalls."
    elif isinstance(error, TimeoutError):
        why = "Commands of the application would wait like this one."
        todo = "Check the network and firewalls, and whether the server is busy with one long command: SLOWLOG GET."
    else:
        why = "No command of the application can succeed."
        todo = "Check address, port and firewalls, and that the server runs and listens there (bind)."
    yield Finding(ERROR, "reachable", what, why, todo)


def unreadable(facts: Facts) -> Iterator[Finding]:
    """Say which checks could not be made."""
    if facts.unreadable:
        names = ", ".join(facts.unreadable)
        yield Finding(
            INFO,
            "unreadable",
            f"this user may not read, or the server does not know: {names}",
            "The checks that need it were left out.",
            "For a full check use a user with +info +config|get +acl|whoami +acl|getuser +slowlog|get +latency|latest.",
        )


def tls(facts: Facts) -> Iterator[Finding]:
    """Look whether what goes over a network is encrypted, and the server's certificate verified."""
    context = facts.options.ssl_context
    if context is None:
        if not facts.local:
            yield Finding(
                WARNING,
                "tls",
                "the connection is not encrypted",
                "Passwords and data can be read and changed by whoever is on the way.",
                "Use rediss:// with a server that has a tls-port; or be sure that the network is yours alone.",
            )
    elif context.verify_mode is ssl.CERT_NONE:
        yield Finding(
            ERROR,
            "tls",
            "the server's certificate is not verified",
            "Whoever is on the way can pose as the server, and gets the password.",
            "Leave ssl_cert_reqs out and give the authority that signed the certificate: ssl_ca_certs.",
        )


def access(facts: Facts) -> Iterator[Finding]:
    """Look who can log in without a password, and whether the application has a user of its own."""
    if facts.default_open:
        bound = facts.config.get("bind")
        only_here = bound is not None and all(name.strip("-") in ("127.0.0.1", "::1") for name in bound.split())
        protected = facts.config.get("protected-mode") == "yes"
        severity = INFO if only_here or (facts.local and protected) else ERROR
        guard = " (from this machine only)" if severity is INFO else ""
        yield Finding(
            severity,
            "access",
            f"the user 'default' needs no password{guard}",
            "Whoever reaches the port can read and delete everything, and may get to run programs on the machine.",
            "Set requirepass, or switch the user off: ACL SETUSER default off. Bind to private addresses only.",
        )
    elif facts.user == "default":
        yield Finding(
            INFO,
            "access",
            "the application logs in as 'default', which may do everything",
            "A mistake or a stolen password reaches CONFIG, FLUSHALL and the keys of other applications.",
            "Make a user for each application with ACL SETUSER, and give it its commands and key patterns.",
        )


def latency(facts: Facts) -> Iterator[Finding]:
    """Look how long PING takes."""
    if not facts.pings:
        return
    half, most = quantile(facts.pings, 0.5), quantile(facts.pings, 0.99)
    told = f"PING takes {half * 1e3:.2f} ms at the median, {most * 1e3:.2f} ms at the 99th percentile"
    if half > TYPICAL or most > SLOWEST:
        yield Finding(
            WARNING,
            "latency",
            told,
            "Each await of a command takes at least that long.",
            "Put the application near the server, send commands that belong together in one pipeline, and look at "
            "SLOWLOG GET, LATENCY LATEST and the load of both machines.",
        )


def timeouts(facts: Facts) -> Iterator[Finding]:
    """Look whether each wait of the client has a bound."""
    options = facts.options
    bounds = ("dial_timeout", "read_timeout", "write_timeout", "pool_timeout")
    missing = [name for name in bounds if getattr(options, name) is None]
    if missing:
        yield Finding(
            WARNING,
            "timeouts",
            f"the client waits without a bound: {', '.join(missing)}",
            "When the server hangs, so do requests, until there are none left to serve others.",
            "Give each a value; commands that wait in the server (BLPOP) get their own time on top.",
        )
    if options.read_timeout is not None and facts.pings and max(facts.pings) > options.read_timeout / 2:
        yield Finding(
            WARNING,
            "timeouts",
            f"a PING took {max(facts.pings) * 1e3:.0f} ms, read_timeout is {options.read_timeout * 1e3:.0f} ms",
            "Ordinary commands will run into the timeout, and writes will fail with an unknown outcome.",
            "Raise read_timeout, or find out what makes the server or the network slow.",
        )


def pool(facts: Facts) -> Iterator[Finding]:
    """Look whether the pool can do its work."""
    options = facts.options
    if options.pool_size == 1:
        yield Finding(
            WARNING,
            "pool",
            "the client has one connection",
            "A command that blocks, a WATCH or a large pipeline holds up everything else.",
            "Leave pool_size at its default, or set it to the number of such calls at a time, and two more.",
        )
    if not options.auto_pipeline:
        yield Finding(
            INFO,
            "pool",
            "auto_pipeline is off",
            "Each command takes a connection of its own: concurrent commands need as many connections, and wait.",
            "Leave it on, unless commands must not share a connection.",
        )


def retries(facts: Facts) -> Iterator[Finding]:
    """Look whether the client tries again what it may, and only that."""
    options = facts.options
    attempts = options.max_retries if options.retry is None else options.retry.get_retries()
    if attempts == 0:
        yield Finding(
            WARNING,
            "retries",
            "the client never tries again",
            "Each restart or failover of the server, and each connection that a proxy closes, becomes an error.",
            "Leave max_retries at its default of 3: only what does no harm is sent again.",
        )
    if options.retry_unsafe:
        yield Finding(
            WARNING,
            "retries",
            "retry_unsafe is on",
            "An INCR or LPUSH whose reply was lost is executed twice.",
            "Switch it off, and use it for single calls where twice does no harm.",
        )


def dead_peers(facts: Facts) -> Iterator[Finding]:
    """Look whether a peer that vanished without a word is noticed."""
    options = facts.options
    if facts.local:
        return
    if not options.keepalive and not options.health_check_interval:
        yield Finding(
            WARNING,
            "dead-peers",
            "neither keepalive nor health_check_interval is on",
            "A connection whose peer vanished is noticed only by the command that fails on it.",
            "Leave keepalive on, or set health_check_interval=30.",
        )


def maxclients(facts: Facts) -> Iterator[Finding]:
    """Compare the connections that all processes may make with those that the server takes."""
    limit = facts.setting("maxclients")
    limit = limit if limit is not None else facts.info.get("maxclients")
    if not limit:
        return
    wanted = facts.options.pool_size * facts.processes
    connected = facts.number("connected_clients") or 0
    if wanted > 0.8 * limit:
        processes = f"{facts.processes} process{'es' * (facts.processes > 1)}"
        size = facts.options.pool_size
        yield Finding(
            ERROR if wanted > limit else WARNING,
            "maxclients",
            f"{processes} with pool_size {size} may make {wanted} connections, maxclients is {limit}",
            "The server refuses those above its limit, also the one of somebody who wants to repair it.",
            "Lower pool_size (concurrent commands share connections) or raise maxclients and the limit on open files.",
        )
    if connected > 0.8 * limit:
        yield Finding(
            WARNING,
            "maxclients",
            f"{connected:.0f} of {limit} clients are connected",
            "The next ones will be refused.",
            "Find out who they are with CLIENT LIST, lower pool sizes, or raise maxclients.",
        )


def idle_timeout(facts: Facts) -> Iterator[Finding]:
    """Compare the time after which the server closes idle connections with the client's."""
    limit = facts.setting("timeout")
    if not limit:
        return
    mine = facts.options.conn_max_idle_time
    if mine is None or mine >= limit:
        yield Finding(
            WARNING,
            "idle-timeout",
            f"the server closes connections that are idle for {limit} s; the client keeps them longer",
            "Now and then a command meets a connection that is being closed: the outcome of a write is then unknown.",
            f"Set conn_max_idle_time={max(1, limit // 2)}, or the server's timeout to 0.",
        )


CHECKS = (
    *(reachable, unreadable, tls, access, latency, timeouts, pool, retries, dead_peers, maxclients, idle_timeout),
)
