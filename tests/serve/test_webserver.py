"""The address of the pages, shared by several processes."""

import asyncio
import socket

from lotone.serve.webserver import listening


def test_two_sockets_share_an_address_and_answers_are_sent_at_once() -> None:
    with listening("127.0.0.1", 0) as first, listening("127.0.0.1", first.getsockname()[1]) as second:
        assert first.getsockname() == second.getsockname()
    assert asyncio.run(sends_at_once())


async def sends_at_once() -> bool:
    """Whether the server's side of a connection does not wait for acknowledgements (TCP_NODELAY)."""
    seen: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def connected(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    own = listening("127.0.0.1", 0)
    async with await asyncio.start_server(connected, sock=own):
        _, writer = await asyncio.open_connection(*own.getsockname())
        result = await seen
        writer.close()
        await writer.wait_closed()
    return bool(result)
