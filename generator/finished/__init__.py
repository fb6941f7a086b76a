"""What a run leaves for the fast run after it: its finished document.

::

    inputs.py     the inputs of a run, each as it was when it was looked at
    holes.py      static secrets, taken out of the bytes of a dockercfg
    making.py     from what a run wrote to a document, or to why there is none
    leaving.py    writing it, and the lock that others wait at meanwhile
    why.py        would the next run be fast, and if not, why

`generator.fast` reads what this writes.
"""
