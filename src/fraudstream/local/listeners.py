"""Who has a port, for a sentence about one that is taken."""

import contextlib


def who_listens(port: int) -> str:
    """Name and id of the process that listens on a TCP port of this machine, empty where we may not see it."""
    with contextlib.suppress(Exception):  # an ornament of a sentence: it must never spoil it
        import psutil  # noqa: PLC0415 - not in every installation

        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
            if listens and connection.pid:
                return f"{psutil.Process(connection.pid).name()}, process {connection.pid}"
    return ""
