"""Looking for parameters: what may vary, how it is varied, what is kept, what is remembered of every try.

    space      axes and ranges, from a strategy's typed parameters
    measure    a run as rows of whole periods, and what it is worth
    method     what every search method is; ``methods`` holds them, one file each
    trial      one try, as it is kept
    store      studies on disk: SQLite here, any database that Optuna speaks elsewhere
    study      ask, run, keep, tell: the loop
    pools      threads, processes or a cluster behind ``concurrent.futures.Executor``

A study asks in batches of a fixed size and tells results in the order of asking, so the same seed gives the
same trials with any number of workers. A batch is on disk before its results count.
"""
