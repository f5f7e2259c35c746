"""The compiled executor: a bar strategy and everything around it as machine code, with the kernel's fills.

    records    what the machine remembers, as flat rows
    exact      sums of money in pairs of floats, and when they are surely what Decimal says
    flight     requests, reports, settlements in the one time order of ``matching.World``
    trader     the sleeve's side: engine, reconcile, lifecycle        gate, books, grid
    venue      the venue's side: matching on bars                     margin
    drive      the loop over the bars

These files are plain Python: they run as they stand (slowly, any debugger works), and ``build`` has
``lab.native`` make machine code of them and of the translated strategy, which is kept on disk. Where they do
not know exactly what the kernel would do, they refuse (``reasons``), and the kernel runs instead.
"""
