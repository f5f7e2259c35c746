"""Looking for parameters: what may vary, how it is varied, what is kept, what is remembered of every try.

    space      axes and ranges; ``ranges``: from a strategy's typed parameters
    goal       an objective and constraints; ``measure``: a run in numbers, ``path``: a run as rows of periods
    method     what every search method is; ``methods`` holds them, one file each
    halving    giving up early
    trial      one try, as it is kept
    study      ask, run, keep, tell: the loop; ``keeper`` keeps a batch while the next one runs
    store      studies on disk; ``shared``: a database that several machines share one in
    pools      threads, processes or a cluster behind ``concurrent.futures.Executor``
    landscape  what a study says of its space

A study asks in batches of a fixed size and tells results in the order of asking, so the same seed gives the
same trials with any number of workers. A batch is on disk before its results count.
"""
