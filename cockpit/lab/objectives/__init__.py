"""What a search makes as large as it can, one file each. All are net of fees, funding and impact.

    @objective("name", Params, goals=("name",))
    def score(measured: Measured, params: Params) -> tuple[float | None, ...]: ...

Several goals make a Pareto front (``--method nsga2``). None = undefined for this run: it can never be best.
"""
