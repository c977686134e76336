"""ScriptedTLSServer: a scripted server behind TLS, for tests that must run where no server program can do TLS."""

import contextlib
import ssl

from tests.support.scripted import Dialogue, ScriptedServer, _Conversation
from tests.support.server import Certificates


class ScriptedTLSServer(ScriptedServer):
    """As :class:`ScriptedServer`, with a certificate for localhost and 127.0.0.1.

    Args:
        certificates: what it shows.
        dialogues: what its connections hear.
    """

    def __init__(self, certificates: Certificates, *dialogues: Dialogue) -> None:
        super().__init__(*dialogues)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificates.server.cert, certificates.server.key)

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            plain.settimeout(5)
            with contextlib.suppress(OSError):  # of a client that does not want this certificate
                sock = self._context.wrap_socket(plain, server_side=True)
                sock.settimeout(None)
                number = len(self._conversations)
                dialogue = self._dialogues[min(number, len(self._dialogues) - 1)]
                conversation = _Conversation(self, number + 1, sock, dialogue)
                self._conversations.append(conversation)
                conversation.thread.start()
                self.news()
