"""The scripts that complete a command line, one module for each shell.

::

    offers.py      what can be offered where, for all of them
    bash.py        zsh.py        fish.py
"""
