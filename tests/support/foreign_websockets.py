# A client of the `websockets` package that knows nothing of us: prints each frame as a line, then how the connection ended.
# A line on standard input is sent as it is; the end of it closes the socket.
#
#     python3 foreign_websockets.py URL ORIGIN COOKIE [SUBPROTOCOL]
import asyncio
import json
import sys

import websockets


async def talk(socket):
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        await socket.send(line.decode().rstrip('\n'))
    await socket.close()


async def main(url, origin, cookie, *subprotocols):
    socket = await websockets.connect(url, origin=origin, extra_headers={'Cookie': cookie}, subprotocols=subprotocols or None,
                                      ping_interval=0.2, ping_timeout=5)
    print(json.dumps({'opened': socket.subprotocol, 'extensions': [str(each) for each in socket.extensions]}), flush=True)
    talking = asyncio.ensure_future(talk(socket))
    try:
        async for message in socket:
            print(json.dumps({'text': message} if isinstance(message, str) else {'bytes': len(message)}), flush=True)
    except websockets.ConnectionClosed:
        pass
    print(json.dumps({'closed': socket.close_code, 'reason': socket.close_reason}), flush=True)
    talking.cancel()


asyncio.run(main(*sys.argv[1:]))
