"""LLVM's text → an object for this processor → functions at addresses.

An object is kept with the digest of its bytes before it: what a full disk or a torn copy left is made again,
never run.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from cockpit.lab.native.codes import CODES, FAILED, Cannot

RAISED = {1: ZeroDivisionError, 2: OverflowError, 3: ValueError, 4: IndexError}
NUMBERS: dict[str, Any] = {"int": ctypes.c_int64, "float": ctypes.c_double, "bool": ctypes.c_bool}
SIZE = hashlib.sha256().digest_size
LOCK = threading.RLock()


@lru_cache(maxsize=1)
def processor() -> tuple[str, str]:
    """Name and features of the processor that code is made for."""
    import llvmlite.binding as llvm

    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def _target(llvm: Any) -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    name, features = processor()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=name, features=features, opt=3, reloc="default", codemodel="jitdefault", jit=True
    )


def assemble(text: str) -> bytes:
    """Machine code of a module of LLVM, optimised as a whole. Raises Cannot where LLVM finds it wrong."""
    import llvmlite.binding as llvm

    machine = _target(llvm)
    try:
        module = llvm.parse_assembly(text)
        module.verify()
    except RuntimeError as error:
        raise Cannot(f"LLVM refuses it: {error}") from error
    module.triple, module.data_layout = machine.triple, str(machine.target_data)
    options = llvm.create_pipeline_tuning_options(3)
    options.loop_vectorization, options.slp_vectorization = True, False
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    made: bytes = machine.emit_object(module)
    return made


class Linked:
    """An object in memory, as long as this exists."""

    def __init__(self, code: bytes) -> None:
        import llvmlite.binding as llvm

        with LOCK:
            self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target(llvm))
            self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
            self._engine.finalize_object()

    def address(self, symbol: str) -> int:
        """Where a function begins."""
        found: int = self._engine.get_function_address(symbol)
        return found

    def door(self, symbol: str, takes: tuple[str, ...], stop: type[Exception]) -> Callable[..., int]:
        """A function to call from Python, without the interpreter's lock. A code becomes an error."""
        form = ctypes.CFUNCTYPE(ctypes.c_int64, *(NUMBERS[kind] for kind in takes))
        call = form(self.address(symbol))
        raised: Mapping[int, type[Exception]] = {**RAISED, CODES["Stop"]: stop}

        def checked(*values: Any) -> int:
            answer: int = call(*values)
            if answer < FAILED:
                raise raised[FAILED - answer]
            return answer

        checked.__dict__["linked"] = self
        return checked


def publish(symbol: str, address: int) -> None:
    """Make a name known to what is linked later."""
    import llvmlite.binding as llvm

    llvm.add_symbol(symbol, address)


def read(path: Path) -> bytes | None:
    """A kept object; None where there is none that is whole."""
    try:
        found = path.read_bytes()
    except OSError:
        return None
    code = found[SIZE:]
    return code if hashlib.sha256(code).digest() == found[:SIZE] else None


def keep(path: Path, code: bytes) -> None:
    """Write an object for the next time. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
    half.write_bytes(hashlib.sha256(code).digest() + code)
    half.replace(path)
