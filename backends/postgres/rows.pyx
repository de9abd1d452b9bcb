# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The row walk, compiled: the same bytes as rows_py gives, or the same WireError, from a loop without Python objects.

Kinds of masks are data, read once a buffer. A cell that is not plain for its kind, and every cell of CALL, goes to the
rule's own callable.
"""

from cpython.ref cimport PyObject
from libc.stdlib cimport free, malloc
from libc.string cimport memchr, memcpy, memset

from backends.errors import WireError
from backends.postgres.rows_py import Walked

cdef extern from "Python.h":
    PyObject* PyBytes_FromStringAndSize(const char*, Py_ssize_t) except NULL
    int _PyBytes_Resize(PyObject**, Py_ssize_t) except -1
    char* PyBytes_AS_STRING(PyObject*)
    Py_ssize_t PyBytes_GET_SIZE(PyObject*)
    void Py_XDECREF(PyObject*)
    void Py_CLEAR(PyObject*)

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
    DIGIT = 1
    SKIPPED = 2
    OTHER = 4


cdef struct Hider:
    int kind
    const byte* data
    Py_ssize_t size
    Py_ssize_t count
    Py_ssize_t least
    Py_ssize_t most
    bint signed
    byte[256] kinds  # of bytes, for DIGITS
    PyObject* call


cdef class Output:
    """Bytes to come, written right into their bytes object, and the rules of the columns while they are walked."""

    cdef PyObject* whole
    cdef byte* at
    cdef Py_ssize_t size, room, masked
    cdef Hider* hiders
    cdef byte* hidden  # whether, by column

    def __cinit__(self, Py_ssize_t room, Py_ssize_t columns):
        self.whole, self.room = PyBytes_FromStringAndSize(NULL, room), room
        self.at = <byte*>PyBytes_AS_STRING(self.whole)
        self.hiders = <Hider*>malloc(columns * sizeof(Hider) + 1)
        self.hidden = <byte*>malloc(columns + 1)
        if self.hiders == NULL or self.hidden == NULL:
            raise MemoryError

    def __dealloc__(self):
        Py_XDECREF(self.whole)
        free(self.hiders)
        free(self.hidden)

    cdef object taken(self):
        """What was written; nothing can be written any more."""
        cdef object found
        _PyBytes_Resize(&self.whole, self.size)
        found = <object>self.whole
        Py_CLEAR(self.whole)
        return found

    cdef inline int need(self, Py_ssize_t more) except -1:
        if self.room - self.size < more:
            return self.grow(more)
        return 0

    cdef int grow(self, Py_ssize_t more) except -1:
        self.room = 2 * self.room + more
        _PyBytes_Resize(&self.whole, self.room)  # on failure it is NULL, and MemoryError is raised
        self.at = <byte*>PyBytes_AS_STRING(self.whole)
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
    hider.data, hider.size = <const byte*>PyBytes_AS_STRING(<PyObject*>data), PyBytes_GET_SIZE(<PyObject*>data)
    hider.count = rule.count
    call = rule.call  # the rule holds it, and the caller holds the rule
    hider.call = <PyObject*>call
    hider.kind = rule.kind
    if hider.kind == CALL and call is None:
        hider.kind = NOTHING
    if hider.kind == DIGITS:
        hider.least, hider.most, hider.signed = rule.least, rule.most, rule.signed
        memset(hider.kinds, OTHER, 256)
        for skipped in <bytes>rule.skip:
            hider.kinds[skipped] = SKIPPED
        memset(hider.kinds + 48, DIGIT, 10)
    return 0


def walk(bytes data, Py_ssize_t start, rules, *, Py_ssize_t limit):
    """See rows_py.walk."""
    cdef const byte* at = <const byte*>PyBytes_AS_STRING(<PyObject*>data) + start
    cdef const byte* first = at
    cdef const byte* stop = <const byte*>PyBytes_AS_STRING(<PyObject*>data) + PyBytes_GET_SIZE(<PyObject*>data)
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
        out.hidden[index] = out.hiders[index].kind != 0
    while stop - at >= 5 and at[0] == ROW:
        length = _number(at + 1)
        if length < 6 or length > limit:
            raise WireError(f"a row of {length} bytes")
        if stop - at <= length:
            break
        _row(out, at, at + 1 + length, columns)
        rows, cells, at = rows + 1, cells + length - 6 - 4 * columns, at + 1 + length
    return Walked(start + (at - first), out.taken(), rows, out.masked, cells)


cdef inline int _row(Output out, const byte* row, const byte* end, Py_ssize_t columns) except -1:
    cdef const byte* at = row + 7
    cdef const byte* kept = row  # what stands since here goes on as it is
    cdef Py_ssize_t head = out.size, index, length
    cdef number size
    cdef const byte* hidden = out.hidden
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
        if hidden[index]:
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


cdef inline int _cell(Output out, Hider* hider, const byte* value, Py_ssize_t size) except -1:
    """A cell with its length, hidden."""
    cdef Py_ssize_t shown = 0
    cdef Py_ssize_t head = out.size
    cdef int kind = hider.kind
    out.need(4 + hider.size)
    out.size += 4
    if kind == CONSTANT:
        memcpy(out.at + out.size, hider.data, hider.size)
        out.size += hider.size
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
    cdef bytes hidden = None
    if hider.call != <PyObject*>None:
        hidden = (<object>hider.call)((<const char*>value)[:size])
    if hidden is None:
        return _null(out, head)
    out.put(<const byte*>PyBytes_AS_STRING(<PyObject*>hidden), len(hidden))
    _store(out.at + head, out.size - head - 4)
    return 0


cdef bint _digits(Output out, Hider* hider, const byte* value, Py_ssize_t size) except -1:
    """False = not plain: something else than ASCII digits and what may stand between, or too few or many of them."""
    cdef Py_ssize_t index, found = 0, wanted = hider.count, place
    cdef byte seen = 0, kind
    if size == 0 or size > PLAIN or wanted > 16 or (hider.signed and value[0] == 32):
        return False
    for index in range(size):
        kind = hider.kinds[value[index]]
        seen |= kind
        found += kind & DIGIT
    if seen & OTHER or found < hider.least or found > hider.most or found < wanted:
        return False
    out.need(1 + hider.size + wanted)
    if hider.signed and value[0] == 43:
        out.at[out.size] = 43
        out.size += 1
    memcpy(out.at + out.size, hider.data, hider.size)
    out.size += hider.size
    index, place = size, out.size + wanted
    while place > out.size:
        index -= 1
        if hider.kinds[value[index]] == DIGIT:
            place -= 1
            out.at[place] = value[index]
    out.size += wanted
    return True


cdef bint _address(Output out, const byte* value, Py_ssize_t size) except -1:
    """False = not plain: anything but one mail address of printable ASCII."""
    cdef const byte* sign = <const byte*>memchr(value, 64, size)
    cdef const byte* end = value + size
    cdef const byte* dot
    cdef const byte* last = end
    cdef Py_ssize_t index
    cdef byte seen = 0, char
    if size > PLAIN or sign == NULL or sign == value:
        return False
    dot = <const byte*>memchr(sign, 46, end - sign)
    if dot == NULL:
        return False
    while (last - 1)[0] != 46:
        last -= 1
        if not 97 <= (last[0] | 32) <= 122:
            return False
    if not 1 <= end - last <= SUFFIX:
        return False
    for index in range(size):
        char = value[index]
        seen |= (char <= 32) | (char >= 127) | (char == 60) | (char == 62) | (char == 44) | (char == 59)  # < > , ;
    if seen or memchr(sign + 1, 64, end - sign - 1) != NULL:
        return False
    out.need(10 + (end - last))
    if sign - value > 1 and value[0] != 42:
        out.at[out.size] = value[0]
        out.size += 1
    memcpy(out.at + out.size, <const byte*>b"***@", 4)
    out.size += 4
    if dot - sign > 2 and sign[1] != 42:
        out.at[out.size] = sign[1]
        out.size += 1
    memcpy(out.at + out.size, <const byte*>b"***.", 4)
    out.size += 4
    memcpy(out.at + out.size, last, end - last)
    out.size += end - last
    return True
