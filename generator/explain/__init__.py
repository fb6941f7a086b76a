"""What a run would do, told without asking anybody, locking or writing anything.

::

    settings.py    where each setting comes from: option, variable, file and line, default
    sources.py     what an entry depends on, by name: references, backends, variables, files
    grant.py       whether its token is stored, still fresh, and else why not
    entries.py     all of that for each entry of a config
    text.py        the same for people

Names only: no value of a variable, file or secret is ever part of it. What stands in a config file
is literal, and is shown; what an environment variable gave is not, for it may be anything.
"""
