"""Exchanges behind ccxt: one feed and one venue for all of them, one ``Dialect`` for what differs.

dialect   what an exchange must say of itself (``binance``, ``bybit``)
door      REST: ccxt signs and carries, the dialect judges
wire      a WebSocket of ccxt.pro, heard message by message, opened anew when it is not well
market    public streams → facts; venue, reading → the account
"""
