# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The row walk, compiled: the same bytes as rows_py gives, or the same WireError, from a loop without Python objects.

Kinds of masks are data, read once a buffer. A cell that is not plain for its kind, and every cell of CALL, goes to the
rule's own callable.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.ref cimport PyObject
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memchr, memcpy, memset

from backends.errors import WireError
from backends.postgres.rows_py import Walked

ctypedef unsigned char byte
ctypedef unsigned int number

cdef enum:
    ROW = 68
    CONSTANT = 1
    NOTHING = 2
    KEEP_FIRST = 3
    KEEP_LAST = 4
    CALL = 5
    DIGITS = 6
    ADDRESS = 7
    PLAIN = 4096  # bytes; a longer value is not plain
    SUFFIX = 18


cdef struct Hider:
    int kind
    const byte* data
    Py_ssize_t size
    Py_ssize_t count
    Py_ssize_t least
    Py_ssize_t most
    bint signed
    byte[256] skip
    PyObject* call


cdef class Output:
    """Bytes to come, and the rules of the columns while they are walked."""

    cdef byte* at
    cdef Py_ssize_t size, room, masked
    cdef Hider* hiders

    def __cinit__(self, Py_ssize_t room, Py_ssize_t columns):
        self.at, self.room = <byte*>malloc(room), room
        self.hiders = <Hider*>malloc(columns * sizeof(Hider) + 1)
        if self.at == NULL or self.hiders == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.at)
        free(self.hiders)

    cdef inline int need(self, Py_ssize_t more) except -1:
        if self.room - self.size < more:
            return self.grow(more)
        return 0

    cdef int grow(self, Py_ssize_t more) except -1:
        cdef Py_ssize_t room = 2 * self.room + more
        cdef byte* at = <byte*>realloc(self.at, room)
        if at == NULL:
            raise MemoryError
        self.at, self.room = at, room
        return 0

    cdef inline int put(self, const byte* data, Py_ssize_t size) except -1:
        self.need(size)
        memcpy(self.at + self.size, data, size)
        self.size += size
        return 0


cdef inline number _number(const byte* at) noexcept:
    return <number>at[0] << 24 | <number>at[1] << 16 | <number>at[2] << 8 | at[3]


cdef inline void _store(byte* at, Py_ssize_t value) noexcept:
    at[0], at[1], at[2], at[3] = <byte>(value >> 24), <byte>(value >> 16), <byte>(value >> 8), <byte>value


cdef int _read(Hider* hider, object rule) except -1:
    cdef bytes data
    cdef byte skipped
    hider.kind = 0
    if rule is None:
        return 0
    data = rule.data
    hider.data, hider.size = <const byte*>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data)
    hider.count = rule.count
    call = rule.call  # the rule holds it, and the caller holds the rule
    hider.call = <PyObject*>call
    hider.kind = rule.kind
    if hider.kind == CALL and call is None:
        hider.kind = NOTHING
    if hider.kind == DIGITS:
        hider.least, hider.most, hider.signed = rule.least, rule.most, rule.signed
        memset(hider.skip, 0, 256)
        for skipped in <bytes>rule.skip:
            hider.skip[skipped] = 1
    return 0


def walk(bytes data, Py_ssize_t start, rules, *, Py_ssize_t limit):
    """See rows_py.walk."""
    cdef const byte* at = <const byte*>PyBytes_AS_STRING(data) + start
    cdef const byte* first = at
    cdef const byte* stop = <const byte*>PyBytes_AS_STRING(data) + PyBytes_GET_SIZE(data)
    cdef Py_ssize_t length, rows = 0, cells = 0, columns, index
    cdef Output out
    if rules is None:
        while stop - at >= 5 and at[0] == ROW:
            length = _number(at + 1)
            if length < 6 or length > limit:
                raise WireError(f"a row of {length} bytes")
            if stop - at <= length:
                break
            rows, cells, at = rows + 1, cells + length, at + 1 + length
        whole = start == 0 and at == stop
        return Walked(start + (at - first), data if whole else data[start : start + (at - first)], rows, 0, cells)
    rules = tuple(rules)
    columns = len(rules)
    out = Output(stop - at + 64, columns)
    for index in range(columns):
        _read(&out.hiders[index], rules[index])
    while stop - at >= 5 and at[0] == ROW:
        length = _number(at + 1)
        if length < 6 or length > limit:
            raise WireError(f"a row of {length} bytes")
        if stop - at <= length:
            break
        _row(out, at, at + 1 + length, columns)
        rows, cells, at = rows + 1, cells + length - 6 - 4 * columns, at + 1 + length
    output = PyBytes_FromStringAndSize(<char*>out.at, out.size)
    return Walked(start + (at - first), output, rows, out.masked, cells)


cdef int _row(Output out, const byte* row, const byte* end, Py_ssize_t columns) except -1:
    cdef const byte* at = row + 7
    cdef const byte* kept = row  # what stands since here goes on as it is
    cdef Py_ssize_t head = out.size, index, length
    cdef number size
    if <Py_ssize_t>(row[5] << 8 | row[6]) != columns:
        raise WireError("a row with another number of cells than its description")
    for index in range(columns):
        if end - at < 4:
            raise WireError("a cell longer than its row")
        size = _number(at)
        if size == 0xFFFFFFFF:
            at += 4
            continue
        length = size
        if end - at - 4 < length:
            raise WireError("a cell longer than its row")
        if out.hiders[index].kind:
            out.put(kept, at - kept)
            _cell(out, &out.hiders[index], at + 4, length)
            kept = at + 4 + length
            out.masked += 1
        at += 4 + length
    if at != end:
        raise WireError("a row longer than its cells")
    out.put(kept, end - kept)
    _store(out.at + head + 1, out.size - head - 1)
    return 0


cdef int _cell(Output out, Hider* hider, const byte* value, Py_ssize_t size) except -1:
    """A cell with its length, hidden."""
    cdef Py_ssize_t shown = 0
    cdef Py_ssize_t head = out.size
    cdef int kind = hider.kind
    out.need(4 + hider.size)
    out.size += 4
    if kind == CONSTANT:
        out.put(hider.data, hider.size)
    elif kind == KEEP_FIRST or kind == KEEP_LAST:
        if size > hider.count:
            shown = hider.count
        if kind == KEEP_FIRST:
            out.put(value, shown)
        _repeat(out, hider, size - shown)
        if kind == KEEP_LAST:
            out.put(value + size - shown, shown)
    elif kind == DIGITS and _digits(out, hider, value, size) or kind == ADDRESS and _address(out, value, size):
        pass
    elif kind == CALL or kind == DIGITS or kind == ADDRESS:
        return _called(out, hider, value, size)
    else:
        return _null(out, head)
    _store(out.at + head, out.size - head - 4)
    return 0


cdef inline int _null(Output out, Py_ssize_t head) noexcept:
    memset(out.at + head, 255, 4)
    return 0


cdef int _repeat(Output out, Hider* hider, Py_ssize_t times) except -1:
    if hider.size == 1:
        out.need(times)
        memset(out.at + out.size, hider.data[0], times)
        out.size += times
    else:
        while times > 0:
            out.put(hider.data, hider.size)
            times -= 1
    return 0


cdef int _called(Output out, Hider* hider, const byte* value, Py_ssize_t size) except -1:
    cdef Py_ssize_t head = out.size - 4
    cdef object hidden = None
    if hider.call != <PyObject*>None:
        hidden = (<object>hider.call)(PyBytes_FromStringAndSize(<const char*>value, size))
    if hidden is None:
        return _null(out, head)
    out.put(<const byte*>PyBytes_AS_STRING(<bytes?>hidden), PyBytes_GET_SIZE(hidden))
    _store(out.at + head, out.size - head - 4)
    return 0


cdef bint _digits(Output out, Hider* hider, const byte* value, Py_ssize_t size) except -1:
    """False = not plain: something else than ASCII digits and what may stand between, or too few or many of them."""
    cdef Py_ssize_t index, found = 0, wanted = hider.count, place
    cdef byte char
    if size == 0 or size > PLAIN or wanted > 16 or (hider.signed and value[0] == 32):
        return False
    for index in range(size):
        char = value[index]
        if 48 <= char <= 57:
            found += 1
        elif not hider.skip[char]:
            return False
    if found < hider.least or found > hider.most or found < wanted:
        return False
    if hider.signed and value[0] == 43:
        out.put(value, 1)
    out.put(hider.data, hider.size)
    out.need(wanted)
    index, place = size, out.size + wanted
    while place > out.size:
        index -= 1
        if 48 <= value[index] <= 57:
            place -= 1
            out.at[place] = value[index]
    out.size += wanted
    return True


cdef bint _address(Output out, const byte* value, Py_ssize_t size) except -1:
    """False = not plain: anything but one mail address of printable ASCII."""
    cdef Py_ssize_t index, sign = -1, dot = -1, last = -1
    cdef byte char
    if size > PLAIN:
        return False
    for index in range(size):
        char = value[index]
        if char <= 32 or char >= 127 or char == 60 or char == 62 or char == 44 or char == 59:  # < > , ;
            return False
        if char == 64:
            if sign >= 0:
                return False
            sign = index
        elif char == 46 and sign >= 0:
            last = index
            if dot < 0:
                dot = index
    if sign < 1 or dot < 0 or size - last - 1 > SUFFIX or size - last < 2:
        return False
    for index in range(last + 1, size):
        if not 97 <= (value[index] | 32) <= 122:
            return False
    if sign > 1 and value[0] != 42:
        out.put(value, 1)
    out.put(<const byte*>b"***@", 4)
    if dot - sign > 2 and value[sign + 1] != 42:
        out.put(value + sign + 1, 1)
    out.put(<const byte*>b"***.", 4)
    out.put(value + last + 1, size - last - 1)
    return True
