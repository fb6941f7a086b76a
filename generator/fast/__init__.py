"""The fast way: the last run of exactly these inputs left its finished document; check and write.

It is what a host does a hundred times a day, so nothing here imports more than it must: no
``re``, ``json``, ``typing`` or ``pathlib`` (a test has the whole list), plain classes with slots,
and text by bytes. ::

    run.py        the story: find, check, write, or wait for a neighbour who is about to leave one
    request.py    what is asked for: only the plain form, one path and the environment, is fast
    cache_dir.py  the cache folder, where it stands in the config only
    digest.py     keyed digests over framed values
    inputs.py     what variables and files hold now
    index.py      the file that lists the inputs of a run
    document.py   the file that holds what a run wrote, with holes for static secrets
    lookup.py     from a request to its document: two names, and no comparison
    lock.py       the run lock: of those who start together one does the work

Two names: the *index* is found by a digest of tool version, config and settings, and lists the
inputs; the *document* by a digest of the index and of every input's presence and content. Digests
and MACs are BLAKE2b (RFC 7693) keyed by the volume's key, those of the document by all inputs as
well: who does not hold the secrets can neither find nor forge it. Whatever is not plain, or not
certain, raises `generator.fast.request.NotFast`, and the run goes the ordinary way.

What `generator.finished` leaves here is what a warm run would write.
"""
