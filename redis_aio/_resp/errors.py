"""Error replies: from the text the server sent to the exception the caller gets.

The classes, and the texts ``str()`` gives, are redis-py's: a code that redis-py knows is cut off the text, and the code
is in ``status_code``. Classes that only we have keep the whole text.
"""

import re

from redis_aio import exceptions as e

#: A code is the first word, if it looks like one; "Error ..." and other prose has none.
_CODE = re.compile(r"[A-Z][A-Z0-9_]*(?= |$)")

#: Codes that are cut off the text.
_BY_CODE: dict[str, type[e.RedisError]] = {
    "ASK": e.AskError,
    "CLUSTERDOWN": e.ClusterDownError,
    "CROSSSLOT": e.ClusterCrossSlotError,
    "EXECABORT": e.ExecAbortError,
    "LOADING": e.BusyLoadingError,
    "MASTERDOWN": e.MasterDownError,
    "MOVED": e.MovedError,
    "NOAUTH": e.AuthenticationError,
    "NOPERM": e.NoPermissionError,
    "NOSCRIPT": e.NoScriptError,
    "OOM": e.OutOfMemoryError,
    "READONLY": e.ReadOnlyError,
    "TRYAGAIN": e.TryAgainError,
    "WRONGPASS": e.AuthenticationError,
}

#: Codes that stay in the text, because redis-py, which has no class for them, leaves them there.
_BY_KEPT_CODE: dict[str, type[e.ResponseError]] = {
    "BUSY": e.BusyScriptError,
    "BUSYGROUP": e.BusyGroupError,
    "NOREPLICAS": e.NoReplicasError,
    "WRONGTYPE": e.WrongTypeError,
}

#: What follows "ERR ", where that says more than that something is wrong.
_BY_TEXT: dict[str, type[e.RedisError]] = {
    "max number of clients reached": e.MaxClientsError,
    "max number of clients + cluster connections reached": e.MaxClientsError,
    "invalid password": e.AuthenticationError,
    "AUTH <password> called without any password configured for the default user. "
    "Are you sure your configuration is correct?": e.AuthenticationError,
    "Client sent AUTH, but no password is set": e.AuthenticationError,
    "wrong number of arguments for 'auth' command": e.AuthenticationWrongNumberOfArgsError,
    "wrong number of arguments for 'AUTH' command": e.AuthenticationWrongNumberOfArgsError,
    "problem with LDAP service": e.ExternalAuthProviderError,
    "no such fieldset": e.NoSuchFieldsetError,
    "Error loading the extension. Please check the server logs.": e.ModuleError,
    "Error unloading module: no such module with that name": e.ModuleError,
    "Error unloading module: operation not possible.": e.ModuleError,
    "Error unloading module: the module exports one or more module-side data types, can't unload": e.ModuleError,
}

#: The error of a command that a script called, wrapped by a server before 7.0, or raised again by the script.
_READONLY_IN_SCRIPT = re.compile(r"(?:Error running (?:script|function) .*: -|@?user_script: ?\d+: -?)READONLY ")

#: What ACL SETUSER did not understand, where it is a password or a hash of one: no error may show it.
_PASSWORD_RULE = re.compile(r"(?<=Error in ACL SETUSER modifier '[<>#!]).*(?=': )", re.DOTALL)

#: Where servers repeat what a caller said: arguments, keys, the name of the user.
_REPEATED = (
    (re.compile(r"(?<=, with args beginning with: ).*", re.DOTALL), ""),
    (re.compile(r"^NOPERM User .* has no permissions", re.DOTALL), "NOPERM this user has no permissions"),
    (re.compile(r"(?<=No such key) '.*' or consumer group '.*'(?= in )", re.DOTALL), " or consumer group"),
)


def reply_error(text: str) -> e.RedisError:
    """Make the exception for the text of an error reply (without its leading ``-``).

    Never raises: a redirection that names no slot and address becomes a plain ``ResponseError``.
    """
    if "ACL SETUSER" in text:
        text = _PASSWORD_RULE.sub("...", text)
    if "'" in text:
        for repeated, instead in _REPEATED:
            text = repeated.sub(instead, text)
    match = _CODE.match(text)
    if match is None:
        return e.ResponseError(text)
    code = match.group()
    if code == "ERR":
        return _coded(_class_of_err(text[4:]), text[4:], code)
    if code in _BY_CODE:
        return _coded(_BY_CODE[code], text[len(code) + 1 :], code)
    return _BY_KEPT_CODE.get(code, e.ResponseError)(text, status_code=code)


def _class_of_err(text: str) -> type[e.RedisError]:
    if text in _BY_TEXT:
        return _BY_TEXT[text]
    return e.ReadOnlyError if _READONLY_IN_SCRIPT.match(text) else e.ResponseError


def _coded(kind: type[e.RedisError], text: str, code: str) -> e.RedisError:
    try:
        error = kind(text)
    except e.InvalidResponse:
        return e.ResponseError(f"{code} {text}", status_code=code)
    error.status_code = code
    return error
