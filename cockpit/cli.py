"""The command line."""

import argparse

import cockpit


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="cockpit", description=cockpit.__doc__)
    parser.add_argument("--version", action="version", version=f"cockpit {cockpit.__version__}")
    parser.parse_args(argv)
    return 0
