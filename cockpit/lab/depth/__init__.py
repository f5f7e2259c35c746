"""The compiled executor on order books: the kernel sleeps through everything that cannot concern it.

    columns   a recorded market as arrays               stretch   what happens until the kernel must look
    books     order books in arrays, two of them        world     the kernel's World around it
    queue     our orders' places in their queues        run       one backtest

Where an order of ours could trade, a message of ours arrives, a report comes back, a timer is due or the
strategy writes a wish, the machine stops and the kernel itself does that step: engine, gate, ledger and
simulated venue are the real ones, and so are the digest, the orders and the fills.
"""
