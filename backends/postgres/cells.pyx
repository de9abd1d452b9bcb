# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""Cells of some columns taken out of a buffer of rows, compiled: as cells_py, or the same WireError."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from backends.errors import WireError

ctypedef unsigned char byte
ctypedef unsigned int number

cdef enum:
    ROW = 68


cdef inline number _number(const byte* at) noexcept:
    return <number>at[0] << 24 | <number>at[1] << 16 | <number>at[2] << 8 | at[3]


def gather(bytes data, wanted, *, Py_ssize_t columns):
    """See cells_py.gather. A cell takes less room than in its row, where four bytes of length stand before it."""
    cdef Py_ssize_t room = PyBytes_GET_SIZE(data)
    cdef const byte* at = <const byte*>PyBytes_AS_STRING(data)
    cdef const byte* stop = at + room
    cdef bytes chosen = bytes([index in wanted for index in range(columns)])
    cdef const byte* take = <const byte*>PyBytes_AS_STRING(chosen)
    cdef byte* out = <byte*>malloc(room + 1)
    cdef int* ends = <int*>malloc(room + sizeof(int))
    cdef Py_ssize_t size = 0, count = 0
    try:
        if out == NULL or ends == NULL:
            raise MemoryError
        while at < stop:
            at = _row(at, stop, take, columns, out, &size, ends, &count)
        places = PyBytes_FromStringAndSize(<char*>ends, count * sizeof(int))
        return PyBytes_FromStringAndSize(<char*>out, size), memoryview(places).cast("i")
    finally:
        free(out)
        free(ends)


cdef const byte* _row(
    const byte* row, const byte* stop, const byte* take, Py_ssize_t columns,
    byte* out, Py_ssize_t* size, int* ends, Py_ssize_t* count,
) except NULL:
    """One row; where the next begins."""
    cdef const byte* at = row + 7
    cdef const byte* end
    cdef Py_ssize_t index, length
    if stop - row < 7 or row[0] != ROW or stop - row <= <Py_ssize_t>_number(row + 1):
        raise WireError("a row with another number of cells than its description")
    end = row + 1 + _number(row + 1)
    if <Py_ssize_t>(row[5] << 8 | row[6]) != columns:
        raise WireError("a row with another number of cells than its description")
    for index in range(columns):
        if end - at < 4:
            raise WireError("a cell longer than its row")
        length = _number(at)
        at += 4
        if length == 0xFFFFFFFF:
            length = 0
        if end - at < length:
            raise WireError("a cell longer than its row")
        if take[index]:
            out[size[0]] = 0
            memcpy(out + size[0] + 1, at, length)
            size[0] += 1 + length
            ends[count[0]] = <int>size[0]
            count[0] += 1
        at += length
    if at != end:
        raise WireError("a row longer than its cells")
    return at
