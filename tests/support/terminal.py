# A program on a terminal of its own: what it writes there comes out as bytes, what comes in is typed. Leaves with its code.
#
#     python3 terminal.py COLUMNS PROGRAM [ARGUMENT...]
import fcntl
import os
import pty
import select
import struct
import sys
import termios

columns, command = int(sys.argv[1]), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 40, columns, 0, 0))
    os.execvp(command[0], command)

typed = [0]
while True:
    readable, _, _ = select.select([terminal, *typed], [], [])
    if 0 in readable:
        keys = os.read(0, 4096)
        if keys:
            os.write(terminal, keys)
        else:
            typed = []
    if terminal in readable:
        try:
            written = os.read(terminal, 65536)
        except OSError:  # Linux: nobody holds the terminal any more
            break
        if not written:
            break
        os.write(1, written)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
