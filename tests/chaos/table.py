"""What a world does to a process, row by row, and the test that does it here; or why none does.

The rows are those that a real trading process meets on a real machine: table 5.6 of the reliability report.
"""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One kind of disaster."""

    what: str
    tests: tuple[str, ...]
    """``file::test`` each."""
    not_done: str = ""
    """What of the row nobody does, and why."""


CHAOS, WORLD, MACHINE = (f"tests/chaos/test_{name}.py" for name in ("chaos", "world", "machine"))
OLDER = "test_todays_cockpit_goes_on_from_an_older_ones_journal_and_that_one_refuses_it_then"
UNREADABLE = "test_no_readable_answer_to_an_order_is_ambiguous_and_to_a_question_transient"
TABLE = (
    Row("kill -9 at any instant, 2,000 times", (f"{CHAOS}::test_thousands_of_kills",)),
    Row("SIGSTOP for 1 to 120 s", (f"{CHAOS}::test_a_process_without_time",)),
    Row(
        "the network is cut: refused, reset, a hole each way, a trickle, a stall",
        (f"{CHAOS}::test_every_way_to_cut_a_line",),
        "a cut within TLS: the local exchange speaks plainly; resets during the handshake are WebSocket's",
    ),
    Row(
        "the disk is full",
        (f"{CHAOS}::test_a_disk_that_is_really_full",),
        "a disk of the log alone: cockpit.log lies beside the journal",
    ),
    Row(
        "a clock is set, or drifts: the exchange's, and our own",
        (
            f"{CHAOS}::test_the_exchanges_clock_jumps",
            f"{WORLD}::test_the_clock_of_our_machine_is_set",
            f"{WORLD}::test_the_clock_of_our_machine_drifts",
        ),
    ),
    Row(
        "the loop is held up, a thread never rests",
        (f"{MACHINE}::test_a_loop_that_is_held_up", f"{MACHINE}::test_a_thread_that_never_rests"),
    ),
    Row(
        "no descriptors, no memory",
        (f"{CHAOS}::test_no_more_files_may_be_opened", f"{MACHINE}::test_no_more_memory_may_be_had"),
        "no threads: RLIMIT_NPROC counts a user's, and does not hold for root, as whom the long runs go",
    ),
    Row(
        "the terminal is gone or frozen",
        (
            "tests/daemon/test_viewers.py::test_a_hundred_lost_screens_change_no_order",
            "tests/daemon/test_viewers.py::test_a_screen_that_is_told_to_end_gives_the_terminal_back",
            "tests/daemon/test_doors.py::test_viewers_that_die_or_freeze_do_not_touch_trading",
        ),
    ),
    Row(
        "no name, an expired certificate, a proxy that wants a password, HTML instead of JSON",
        (
            f"{WORLD}::test_an_address_that_is_not_okx_is_told_in_words",
            f"tests/okx/test_rest.py::{UNREADABLE}",
        ),
    ),
    Row(
        "two instances; a copied journal",
        (
            "tests/daemon/test_doors.py::test_second_cockpit_on_one_folder_is_refused",
            f"{WORLD}::test_a_copied_journal_does_not_trade",
        ),
    ),
    Row(
        "an older cockpit's journal under today's, and back",
        (f"tests/chaos/test_restarts.py::{OLDER}",),
    ),
    Row(
        "days on end",
        ("tests/soak/test_weeks.py::test_weeks_of_busy_trading_cost_no_memory",),
        "72 hours of the clock on the wall through the proxy: twelve weeks are simulated instead",
    ),
)
