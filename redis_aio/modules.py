"""What clients add to the commands of modules: files, documents, several commands in one batch, durations."""

import json as jsonlib
import os
import time
from collections.abc import Sequence
from json import JSONDecodeError, JSONDecoder, JSONEncoder
from pathlib import Path as FilePath

from anyio import to_thread

from redis_aio._command.batch import Batch
from redis_aio._command.command import Command
from redis_aio._command.table import SPECS
from redis_aio._execution.executor import Executor
from redis_aio._replies.common import mapping, text
from redis_aio.commands import Commands
from redis_aio.commands.json.commands import DEFAULT_DECODER, DEFAULT_ENCODER, FPHAType, JSONCommands, PathT
from redis_aio.commands.search.commands import SearchCommands
from redis_aio.commands.search.document import Document
from redis_aio.commands.search.result import EncodingsT, decoded
from redis_aio.typing import EncodableT, KeyT, S

# It may hold vectors: its fields are decoded one by one.
_RAW_HGETALL = SPECS["HGETALL"].with_(raw=True)


class JSON(JSONCommands[S]):
    """The commands of JSON values, and those that read files."""

    async def set_file(
        self,
        name: KeyT,
        path: PathT,
        file_name: str | os.PathLike[str],
        nx: bool | None = False,
        xx: bool | None = False,
        decode_keys: bool | None = False,
        fpha: FPHAType | str | None = None,
    ) -> bool | None:
        """Set the value that a file holds, which is read in a thread. The other arguments are those of :meth:`set`.

        Raises:
            JSONDecodeError: the file holds no JSON.
        """
        document = jsonlib.loads(await to_thread.run_sync(FilePath(file_name).read_text))
        return await self.set(name, path, document, nx=nx, xx=xx, decode_keys=decode_keys, fpha=fpha)

    async def set_path(
        self,
        json_path: PathT,
        root_folder: str | os.PathLike[str],
        nx: bool | None = False,
        xx: bool | None = False,
        decode_keys: bool | None = False,
        fpha: FPHAType | str | None = None,
    ) -> dict[str, bool]:
        """Set the values of all files below a folder; return for each path whether it held JSON.

        The key is the path of the file without what follows the last dot. The other arguments are those of :meth:`set`.
        """

        def files() -> list[FilePath]:
            return sorted(path for path in FilePath(root_folder).rglob("*") if path.is_file())

        done: dict[str, bool] = {}
        for file in await to_thread.run_sync(files):
            try:
                await self.set_file(
                    str(file.with_suffix("")), json_path, file, nx=nx, xx=xx, decode_keys=decode_keys, fpha=fpha
                )
            except JSONDecodeError:
                done[str(file)] = False
            else:
                done[str(file)] = True
        return done


class Search(SearchCommands[S]):
    """The commands of Search and Query, and those that need several commands.

    Args:
        client: the client.
        index_name: the index.
    """

    def __init__(self, client: "ModuleClients[S]", index_name: str = "idx") -> None:
        super().__init__(client, index_name, time.perf_counter)
        self.client = client

    async def load_document(self, id: KeyT, field_encodings: EncodingsT | None = None) -> Document:
        """Return a document by its key, a hash.

        Args:
            id: the key.
            field_encodings: encodings of fields, ``None`` to leave one as bytes; UTF-8 for the others.
        """
        fields = await self._run("HGETALL", id, reply=mapping, spec=_RAW_HGETALL)
        values = {text(name): decoded(value, text(name), field_encodings or {}) for name, value in fields.items()}
        values.pop("id", None)
        return Document(text(id), **values)

    async def _run_all(self, name: str, calls: Sequence[tuple[EncodableT, ...]]) -> int:
        values = await self.client._executor.execute_batch(Batch([Command[int](name, *args) for args in calls]))
        for value in values:
            if isinstance(value, Exception):
                raise value
        return int(values[-1])


class ModuleClients(Commands[S]):
    """The accessors of clients, whose groups can do more than those of pipelines."""

    _executor: Executor

    def json(self, encoder: JSONEncoder = DEFAULT_ENCODER, decoder: JSONDecoder = DEFAULT_DECODER) -> JSON[S]:
        """Return the commands of JSON values; ``encoder`` and ``decoder`` make text of values, and values of text."""
        return JSON(self, encoder, decoder)

    def ft(self, index_name: str = "idx") -> Search[S]:
        """Return the commands of Search and Query, for an index."""
        return Search(self, index_name)


__all__ = ["JSON", "ModuleClients", "Search"]
