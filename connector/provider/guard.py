"""Where an address from a document may lead: out into the internet, and nowhere near this machine.

The name is looked up once, every address behind it must be public, and the very address that was checked is the one
that is connected to: a name that answers differently the second time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable

Address = tuple[socket.AddressFamily, str]
Resolve = Callable[[str, int], list[str]]
# Addresses that carry another one inside, which would be reached by way of a gateway.
_CARRIERS = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")))


class PointsInward(Exception):
    """The address leads to this machine or into a network that is not public."""


def look_up(host: str, port: int) -> list[str]:
    """Every numeric address of a name, in the order in which to try them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def outward(text: str) -> bool:
    """Whether a numeric address is a public one."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return outward(str(address.ipv4_mapped))
        if any(address in network for network in _CARRIERS):
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def loopback(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def checked(host: str, port: int, *, local: bool, resolve: Resolve = look_up) -> list[str]:
    """The addresses of a host that may be connected to; PointsInward if any of them must not be, OSError if none is.

    ``local``: the operator lets this very machine be asked; other networks that are not public stay closed.
    """
    found = resolve(host, port)
    if not found:
        raise OSError("no address")
    for one in found:
        if not (outward(one) or (local and loopback(one))):
            raise PointsInward(host)
    return found
