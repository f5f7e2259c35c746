"""OKX: its public and private streams, its REST doors, its orders, as events of the machine."""
