"""SearchCommands: the commands of Search and Query."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn, TypeAlias

from redis_aio._command.table import SPECS
from redis_aio._replies.common import mapping, ok
from redis_aio.commands._arguments import some
from redis_aio.commands.base import CommandGroup, ModuleCommands
from redis_aio.commands.search import _parsing as parsing
from redis_aio.commands.search.aggregation import AggregateRequest, AggregateResult, Cursor
from redis_aio.commands.search.field import Field
from redis_aio.commands.search.hybrid_query import (
    CombineResultsMethod,
    HybridCursorQuery,
    HybridPostProcessingConfig,
    HybridQuery,
)
from redis_aio.commands.search.hybrid_result import HybridCursorResult, HybridResult
from redis_aio.commands.search.index_definition import IndexDefinition
from redis_aio.commands.search.profile_information import ProfileInformation
from redis_aio.commands.search.query import Query
from redis_aio.commands.search.result import Result
from redis_aio.commands.search.suggestion import Suggestion, SuggestionParser
from redis_aio.exceptions import DataError
from redis_aio.typing import EncodableT, KeyT, Reply, S

#: Parameters of a query: what ``$name`` stands for.
ParamsT: TypeAlias = Mapping[str, str | int | float | bytes]

# Their replies may hold vectors: they are decoded field by field.
_RAW_SEARCH = SPECS["FT.SEARCH"].with_(raw=True)
_RAW_HYBRID = SPECS["FT.HYBRID"].with_(raw=True)


class SearchCommands(ModuleCommands[S]):
    """The commands of Search and Query, most of them about one index.

    Args:
        owner: the client or pipeline.
        index_name: the index.
        clock: seconds, for ``Result.duration``; by default it is 0.
    """

    def __init__(
        self, owner: CommandGroup[S], index_name: str = "idx", clock: parsing.Clock = parsing.no_clock
    ) -> None:
        super().__init__(owner)
        self.index_name = index_name
        self._clock = clock

    # -- the index --------------------------------------------------------------------------------------------------

    def create_index(
        self,
        fields: Field | Iterable[Field],
        no_term_offsets: bool = False,
        no_field_flags: bool = False,
        stopwords: Sequence[str] | None = None,
        definition: IndexDefinition | None = None,
        max_text_fields: bool = False,
        temporary: int | None = None,
        no_highlight: bool = False,
        no_term_frequencies: bool = False,
        skip_initial_scan: bool = False,
    ) -> Reply[S]:
        """Make the index.

        Args:
            fields: what is indexed.
            no_term_offsets: save memory; phrases and highlighting do not work then.
            no_field_flags: save memory; searches in single fields do not work then.
            stopwords: words to ignore instead of the usual ones.
            definition: the keys it is made of.
            max_text_fields: there may be more than 32 text fields.
            temporary: drop the index when it was idle for so many seconds.
            no_highlight: save memory; highlighting does not work then.
            no_term_frequencies: save memory; how often a word occurs does not count then.
            skip_initial_scan: do not index the keys that are there.

        https://redis.io/commands/ft.create/
        """
        words: list[EncodableT] = [] if definition is None else [*definition.args]
        if max_text_fields:
            words.append("MAXTEXTFIELDS")
        if temporary is not None:
            words += ["TEMPORARY", temporary]
        flags = {
            "NOOFFSETS": no_term_offsets,
            "NOHL": no_highlight,
            "NOFIELDS": no_field_flags,
            "NOFREQS": no_term_frequencies,
            "SKIPINITIALSCAN": skip_initial_scan,
        }
        words += [word for word, flag in flags.items() if flag]
        if stopwords is not None:
            words += ["STOPWORDS", len(stopwords), *stopwords]
        return self._run("FT.CREATE", self.index_name, *words, "SCHEMA", *_schema(fields))

    def alter_schema_add(self, fields: Field | Iterable[Field]) -> Reply[S]:
        """Add fields to the index.

        https://redis.io/commands/ft.alter/
        """
        return self._run("FT.ALTER", self.index_name, "SCHEMA", "ADD", *_schema(fields))

    def dropindex(self, delete_documents: bool = False) -> Reply[S]:
        """Drop the index, and its documents too if asked to.

        https://redis.io/commands/ft.dropindex/
        """
        return self._run("FT.DROPINDEX", self.index_name, *(("DD",) if delete_documents else ()))

    def info(self) -> Reply[dict[str, Any]]:
        """Return what the server knows of the index.

        https://redis.io/commands/ft.info/
        """
        return self._run("FT.INFO", self.index_name, reply=parsing.info)

    def list_indexes(self) -> Reply[list[S]]:
        """Return the names of all indexes.

        https://redis.io/commands/ft._list/
        """
        return self._run("FT._LIST")

    def aliasadd(self, alias: KeyT) -> Reply[S]:
        """Give the index another name.

        https://redis.io/commands/ft.aliasadd/
        """
        return self._run("FT.ALIASADD", alias, self.index_name)

    def aliasupdate(self, alias: KeyT) -> Reply[S]:
        """Give the index another name, which is taken from another index.

        https://redis.io/commands/ft.aliasupdate/
        """
        return self._run("FT.ALIASUPDATE", alias, self.index_name)

    def aliasdel(self, alias: KeyT) -> Reply[S]:
        """Take a name away.

        https://redis.io/commands/ft.aliasdel/
        """
        return self._run("FT.ALIASDEL", alias)

    def aliaslist(self) -> Reply[set[S]]:
        """Return the other names of the index. Redis 8.10.

        https://redis.io/commands/ft.aliaslist/
        """
        return self._run("FT.ALIASLIST", self.index_name, reply=parsing.names)

    # -- searching --------------------------------------------------------------------------------------------------

    def search(self, query: str | Query, query_params: ParamsT | None = None) -> Reply[Result]:
        """Return the documents that match.

        Args:
            query: in the query language, with options as a ``Query``.
            query_params: what ``$name`` in it stands for; also the safe way for what users typed.

        Raises:
            ValueError: ``query`` is something else.

        https://redis.io/commands/ft.search/
        """
        asked = _query(query)
        words = [*asked.get_args(), *_params(query_params)]
        parse = parsing.found_by(asked, self._clock)
        return self._run("FT.SEARCH", self.index_name, *words, reply=parse, spec=_RAW_SEARCH)

    def aggregate(
        self, query: AggregateRequest | Cursor, query_params: ParamsT | None = None
    ) -> Reply[AggregateResult]:
        """Return what becomes of the documents that match, or go on with a cursor.

        Args:
            query: the request; or the cursor of a result, whose ``cid`` is 0 after the last rows.
            query_params: as for :meth:`search`.

        Raises:
            ValueError: ``query`` is something else.

        https://redis.io/commands/ft.aggregate/
        """
        if isinstance(query, AggregateRequest):
            words: list[EncodableT] = [self.index_name, *query.build_args()]
            name = "FT.AGGREGATE"
        elif isinstance(query, Cursor):
            words = ["READ", self.index_name, *query.build_args()]
            name = "FT.CURSOR"
        else:
            raise ValueError(f"query must be an AggregateRequest or a Cursor, not {type(query).__name__}")
        return self._run(name, *words, *_params(query_params), reply=parsing.aggregated_by(query))

    def cursor_del(self, cursor: Cursor) -> Reply[S]:
        """Drop a cursor whose rows are not wanted.

        https://redis.io/commands/ft.cursor-del/
        """
        return self._run("FT.CURSOR", "DEL", self.index_name, cursor.cid)

    def hybrid_search(
        self,
        query: HybridQuery,
        combine_method: CombineResultsMethod | None = None,
        post_processing: HybridPostProcessingConfig | None = None,
        params_substitution: ParamsT | None = None,
        timeout: int | None = None,
        cursor: HybridCursorQuery | None = None,
    ) -> Reply[HybridResult | HybridCursorResult]:
        """Search text and vectors together. Redis 8.4.

        Args:
            query: both halves.
            combine_method: how two scores become one.
            post_processing: what becomes of the documents.
            params_substitution: what ``$name`` stands for.
            timeout: milliseconds for the server.
            cursor: return cursors instead of documents.

        https://redis.io/commands/ft.hybrid/
        """
        words = query.get_args()
        if combine_method is not None:
            words += combine_method.get_args()
        if post_processing is not None:
            words += post_processing.build_args()
        words += _params(params_substitution)
        if timeout:
            words += ["TIMEOUT", timeout]
        if cursor is not None:
            words += cursor.build_args()
        parse = parsing.hybrid_by(post_processing, cursor is not None)
        return self._run("FT.HYBRID", self.index_name, *words, reply=parse, spec=_RAW_HYBRID)

    def explain(self, query: str | Query, query_params: ParamsT | None = None) -> Reply[S]:
        """Return how the server understands a query.

        https://redis.io/commands/ft.explain/
        """
        words = [*_query(query).get_args(), *_params(query_params)]
        return self._run("FT.EXPLAIN", self.index_name, *words)

    def explain_cli(self, query: str | Query) -> NoReturn:
        """Raise ``NotImplementedError``: :meth:`explain` says the same."""
        raise NotImplementedError("FT.EXPLAINCLI is FT.EXPLAIN for a terminal: use explain()")

    def profile(
        self, query: Query | AggregateRequest, limited: bool = False, query_params: ParamsT | None = None
    ) -> Reply[tuple[Any, ProfileInformation]]:
        """Return what a query finds, and what the server measured meanwhile.

        ``limited`` leaves out the details of branches. The first part is as of :meth:`search` or :meth:`aggregate`.

        Raises:
            ValueError: ``query`` is neither.

        https://redis.io/commands/ft.profile/
        """
        if isinstance(query, AggregateRequest):
            kind, words = "AGGREGATE", query.build_args()
        elif isinstance(query, Query):
            kind, words = "SEARCH", query.get_args()
        else:
            raise ValueError(f"query must be a Query or an AggregateRequest, not {type(query).__name__}")
        options = [kind, *(("LIMITED",) if limited else ()), "QUERY", *words, *_params(query_params)]
        parse = parsing.profiled_by(query, self._clock)
        return self._run("FT.PROFILE", self.index_name, *options, reply=parse)

    def spellcheck(
        self, query: str, distance: int | None = None, include: str | None = None, exclude: str | None = None
    ) -> Reply[dict[S, list[dict[str, Any]]]]:
        """Return words that may have been meant: word to ``[{"score": ..., "suggestion": ...}, ...]``.

        Args:
            query: the words.
            distance: how many letters may differ, 1 to 4.
            include: also the words of this dictionary.
            exclude: not the words of this dictionary.

        https://redis.io/commands/ft.spellcheck/
        """
        words: list[EncodableT] = [] if not distance else ["DISTANCE", distance]
        for word, dictionary in (("INCLUDE", include), ("EXCLUDE", exclude)):
            if dictionary:
                words += ["TERMS", word, dictionary]
        return self._run("FT.SPELLCHECK", self.index_name, query, *words, reply=parsing.corrections)

    def tagvals(self, tagfield: str) -> Reply[list[S]]:
        """Return the different values of a tag field.

        https://redis.io/commands/ft.tagvals/
        """
        return self._run("FT.TAGVALS", self.index_name, tagfield)

    # -- dictionaries, synonyms, suggestions ------------------------------------------------------------------------

    def dict_add(self, name: str, *terms: str) -> Reply[int]:
        """Add words to a dictionary; return how many are new.

        https://redis.io/commands/ft.dictadd/
        """
        return self._run("FT.DICTADD", name, *some("terms", terms))

    def dict_del(self, name: str, *terms: str) -> Reply[int]:
        """Delete words of a dictionary; return how many were there.

        https://redis.io/commands/ft.dictdel/
        """
        return self._run("FT.DICTDEL", name, *some("terms", terms))

    def dict_dump(self, name: str) -> Reply[list[S]]:
        """Return the words of a dictionary.

        https://redis.io/commands/ft.dictdump/
        """
        return self._run("FT.DICTDUMP", name)

    def synupdate(self, groupid: str, skipinitial: bool = False, *terms: str) -> Reply[S]:
        """Add words to a group of synonyms; ``skipinitial`` leaves documents that are there as they are.

        https://redis.io/commands/ft.synupdate/
        """
        words = [*(("SKIPINITIALSCAN",) if skipinitial else ()), *some("terms", terms)]
        return self._run("FT.SYNUPDATE", self.index_name, groupid, *words)

    def syndump(self) -> Reply[dict[S, list[S]]]:
        """Return the words that have synonyms, with their groups.

        https://redis.io/commands/ft.syndump/
        """
        return self._run("FT.SYNDUMP", self.index_name, reply=mapping)

    def sugadd(self, key: KeyT, *suggestions: Suggestion, increment: bool = False) -> Reply[int]:
        """Add completions to a dictionary; return how many it has.

        ``increment`` adds to the scores of those that are there.

        https://redis.io/commands/ft.sugadd/
        """
        return self._run_all(
            "FT.SUGADD", [(key, *_suggested(one, increment)) for one in some("suggestions", suggestions)]
        )

    def _run_all(self, name: str, calls: "Sequence[tuple[EncodableT, ...]]") -> Reply[int]:
        """Run a command with each of these arguments and return the last value; a pipeline queues them."""
        *most, last = calls
        for args in most:
            _ = self._run(name, *args)
        return self._run(name, *last)

    def suglen(self, key: KeyT) -> Reply[int]:
        """Return how many completions a dictionary has.

        https://redis.io/commands/ft.suglen/
        """
        return self._run("FT.SUGLEN", key)

    def sugdel(self, key: KeyT, string: str) -> Reply[int]:
        """Delete a completion; return 1, or 0 if it is not there.

        https://redis.io/commands/ft.sugdel/
        """
        return self._run("FT.SUGDEL", key, string)

    def sugget(
        self,
        key: KeyT,
        prefix: str,
        fuzzy: bool = False,
        num: int = 10,
        with_scores: bool = False,
        with_payloads: bool = False,
    ) -> Reply[list[Suggestion]]:
        """Return completions of what was typed.

        Args:
            key: the dictionary.
            prefix: what was typed.
            fuzzy: one letter may be wrong.
            num: how many.
            with_scores: tell their scores.
            with_payloads: tell what is kept with them.

        https://redis.io/commands/ft.sugget/
        """
        flags = {"FUZZY": fuzzy, "WITHSCORES": with_scores, "WITHPAYLOADS": with_payloads}
        words = ["MAX", num, *(word for word, flag in flags.items() if flag)]

        def parse(reply: Any) -> list[Suggestion]:
            return list(SuggestionParser(with_scores, with_payloads, reply or ()))

        return self._run("FT.SUGGET", key, prefix, *words, reply=parse)

    # -- what newer servers do otherwise ------------------------------------------------------------------------------

    def config_set(self, option: str, value: EncodableT) -> Reply[bool]:
        """Change an option of the module; since Redis 8.0 they are the server's own.

        https://redis.io/commands/ft.config-set/
        """
        return self._run("FT.CONFIG", "SET", option, value, reply=ok)

    def config_get(self, option: str) -> Reply[dict[S, Any]]:
        """Return options of the module; ``*`` for all.

        https://redis.io/commands/ft.config-get/
        """
        return self._run("FT.CONFIG", "GET", option, reply=mapping)

    def delete_document(self, doc_id: KeyT, conn: None = None, delete_actual_document: bool = False) -> Reply[int]:
        """Take a document out of the index; deprecated by the server: delete the key.

        ``conn`` is redis-py's, and must be ``None``: inside a pipeline use ``pipe.ft(index)``.

        https://redis.io/commands/ft.del/
        """
        if conn is not None:
            raise DataError("conn cannot be given: for a pipeline use pipe.ft(index_name).delete_document(...)")
        words = ("DD",) if delete_actual_document else ()
        return self._run("FT.DEL", self.index_name, doc_id, *words)

    def get(self, *ids: KeyT) -> Reply[list[Any]]:
        """Return documents as lists of names and values; deprecated by the server: use HGETALL.

        https://redis.io/commands/ft.mget/
        """
        return self._run("FT.MGET", self.index_name, *some("ids", ids))

    def get_params_args(self, query_params: ParamsT | None) -> list[EncodableT]:
        """Return the parameters of a query as the server takes them."""
        return _params(query_params)


def _schema(fields: Field | Iterable[Field]) -> list[EncodableT]:
    listed = [fields] if isinstance(fields, Field) else [*fields]
    return [word for field in some("fields", listed) for word in field.redis_args()]


def _query(query: str | Query) -> Query:
    if isinstance(query, str):
        return Query(query)
    if not isinstance(query, Query):
        raise ValueError(f"query must be a str or a Query, not {type(query).__name__}")
    return query


def _params(params: ParamsT | None) -> list[EncodableT]:
    return ["PARAMS", 2 * len(params), *(part for pair in params.items() for part in pair)] if params else []


def _suggested(suggestion: Suggestion, increment: bool) -> list[EncodableT]:
    words: list[EncodableT] = ["INCR"] if increment else []
    if suggestion.payload:
        words += ["PAYLOAD", suggestion.payload]
    return [suggestion.string, suggestion.score, *words]
