"""Grants on disk: one flat folder on a host volume, shared by the jobs of one trust zone.

::

    freshness.py   may a stored grant still be used; plain numbers
    names.py       what a grant is called: a keyed digest of what decides whose token it is
    layout.py      what the files in the folder are called
    opening.py     the cache of a run, or what stands in for it
    folder.py      opening the folder, and whether it can be trusted
    volume.py      the folder, opened once; every file by its descriptor
    files.py       reading and writing one file without trusting what lies there
    signed.py      content with a MAC: a whole file is told from any other
    codec.py       a grant as the content of a file
    failures.py    the note that a failed fetch leaves for those who wait
    sealing.py     encryption, if a key is set
    store.py       load and store grants; never an error, at worst a miss with a warning
    prune.py       removing what nobody will load again, and what is too much
    mounts.py      whether the file system's locks reach other machines
    locks.py       one lock for each grant, released when its holder dies

Correctness never depends on a lock: files are replaced whole, so a lock only saves a second fetch
of the same grant. Whoever can read the folder can use the tokens in it.
"""
