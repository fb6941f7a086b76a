"""From grants to bytes in a file: server addresses, merge, formats, safe writing."""
