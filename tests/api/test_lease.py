"""One driver: whatever clients do, never two, and never somebody who did not ask."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from cockpit.api.lease import TERM_S, Lease

clients = st.integers(1, 4)
seconds = st.floats(0.0, 7.0)


class Leases(RuleBasedStateMachine):
    """The lease beside a model that remembers only who asked and who was heard when."""

    def __init__(self) -> None:
        super().__init__()
        self.lease = Lease()
        self.now = 100.0
        self.driver: int | None = None
        self.heard = 0.0

    @rule(passed=seconds)
    def time_passes(self, passed: float) -> None:
        self.now += passed

    @rule(client=clients, force=st.booleans())
    def take(self, client: int, force: bool) -> None:
        living = self.driver is not None and self.now <= self.heard + TERM_S
        taken = self.lease.take(client, self.now, force=force)
        assert taken == (force or not living or self.driver == client)
        if taken:
            self.driver, self.heard = client, self.now

    @rule(client=clients)
    def speak(self, client: int) -> None:
        self.lease.renew(client, self.now)
        if client == self.driver:
            self.heard = self.now

    @rule(client=clients)
    def leave(self, client: int) -> None:
        assert self.lease.drop(client) == (client == self.driver)
        if client == self.driver:
            self.driver = None

    @rule()
    def sweep(self) -> None:
        late = self.driver is not None and self.now > self.heard + TERM_S
        assert self.lease.lapse(self.now) == (self.driver if late else None)
        if late:
            self.driver = None

    @rule(away=seconds)
    def the_server_stands_still(self, away: float) -> None:
        self.now += away
        self.lease.forgive(away)
        self.heard += away

    @invariant()
    def one_driver_at_most(self) -> None:
        assert self.lease.holder == self.driver


TestLease = Leases.TestCase
