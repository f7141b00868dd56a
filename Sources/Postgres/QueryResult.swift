import CLibpq

/// The rows of one statement, in text form.
///
/// Owns a libpq `PGresult` and clears it exactly once.
@safe
public struct QueryResult: ~Copyable {
    private let handle: OpaquePointer
    /// Number of rows.
    public let rowCount: Int
    /// Number of columns.
    public let columnCount: Int

    /// Takes ownership of `handle`; clears it before throwing.
    init(owning handle: OpaquePointer?) throws(PostgresError) {
        guard let handle = unsafe handle else { throw .outOfMemory }
        let status = unsafe PQresultStatus(handle)
        switch status {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_COPY_OUT, PGRES_EMPTY_QUERY:
            unsafe self.handle = handle
            rowCount = unsafe Int(PQntuples(handle))
            columnCount = unsafe Int(PQnfields(handle))
        case PGRES_PIPELINE_ABORTED:
            unsafe PQclear(handle)
            throw .pipelineAborted
        case PGRES_FATAL_ERROR, PGRES_NONFATAL_ERROR:
            let error = unsafe Self.failure(of: handle)
            unsafe PQclear(handle)
            throw error
        default:
            unsafe PQclear(handle)
            throw .unexpectedResult("status \(status.rawValue)")
        }
    }

    deinit { unsafe PQclear(handle) }

    /// Number of rows that the statement inserted, changed or deleted.
    public var affectedRows: Int {
        unsafe Int(String(cString: PQcmdTuples(handle))) ?? 0
    }

    /// The position of a column.
    public func column(_ name: String) throws(PostgresError) -> Int {
        let index = unsafe PQfnumber(handle, name)
        guard index >= 0 else { throw .unexpectedResult("no column \(name)") }
        return Int(index)
    }

    /// The value as text; nil is NULL.
    public func text(_ row: Int, _ column: Int) throws(PostgresError) -> String? {
        guard row >= 0, row < rowCount, column >= 0, column < columnCount else {
            throw .unexpectedResult("no row \(row), column \(column)")
        }
        let (row, column) = (Int32(truncatingIfNeeded: row), Int32(truncatingIfNeeded: column))
        guard unsafe PQgetisnull(handle, row, column) == 0 else { return nil }
        guard let start = unsafe PQgetvalue(handle, row, column) else { return nil }
        return unsafe String(cString: start)
    }

    /// The value as a whole number; nil is NULL.
    public func integer(_ row: Int, _ column: Int) throws(PostgresError) -> Int64? {
        guard let text = try text(row, column) else { return nil }
        guard let value = Int64(text) else { throw .unexpectedResult("column \(column) is not an integer") }
        return value
    }

    /// The value as a truth value; nil is NULL.
    public func bool(_ row: Int, _ column: Int) throws(PostgresError) -> Bool? {
        switch try text(row, column) {
        case nil: return nil
        case "t": return true
        case "f": return false
        default: throw .unexpectedResult("column \(column) is not a boolean")
        }
    }

    /// The value of a `bytea`; nil is NULL.
    public func bytes(_ row: Int, _ column: Int) throws(PostgresError) -> [UInt8]? {
        guard let text = try text(row, column) else { return nil }
        guard text.hasPrefix("\\x"), let bytes = [UInt8](hexadecimal: text.utf8.dropFirst(2)) else {
            throw .unexpectedResult("column \(column) is not a bytea in hex format")
        }
        return bytes
    }

    /// The elements of a `text[]`; nil is NULL.
    public func texts(_ row: Int, _ column: Int) throws(PostgresError) -> [String]? {
        guard let text = try text(row, column) else { return nil }
        guard let elements = ArrayText.elements(of: text) else {
            throw .unexpectedResult("column \(column) is not a text array")
        }
        return elements
    }

    private static func failure(of handle: OpaquePointer) -> PostgresError {
        func field(_ code: Character) -> String? {
            guard let value = code.asciiValue, let text = unsafe PQresultErrorField(handle, Int32(value)) else {
                return nil
            }
            return unsafe String(cString: text)
        }
        // A result without SQLSTATE was made by libpq itself: the connection broke.
        guard let code = field("C") else { return .connectionLost }
        return .statementFailed(
            ServerMessage(sqlState: SQLState(code), message: field("M") ?? "", constraint: field("n"))
        )
    }
}

extension [UInt8] {
    /// Decodes pairs of hexadecimal digits; nil for anything else.
    init?(hexadecimal digits: some Collection<UInt8>) {
        guard digits.count.isMultiple(of: 2) else { return nil }
        self.init()
        reserveCapacity(digits.count / 2)
        var high: UInt8?
        for digit in digits {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit &- UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit &- UInt8(ascii: "a") &+ 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = digit &- UInt8(ascii: "A") &+ 10
            default: return nil
            }
            if let first = high {
                append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
    }
}

/// PostgreSQL's text form of one-dimensional arrays (documentation, section 8.15.6).
enum ArrayText {
    /// The elements, or nil where the text is not such an array or has a NULL element.
    static func elements(of text: String) -> [String]? {
        guard text.utf8.first == UInt8(ascii: "{"), text.utf8.last == UInt8(ascii: "}"), text.utf8.count >= 2 else {
            return nil
        }
        let inner = text.dropFirst().dropLast()
        if inner.isEmpty { return [] }
        var elements: [String] = []
        var current = String.UnicodeScalarView()
        var isQuoted = false
        var isEscaped = false
        for scalar in inner.unicodeScalars {
            if isEscaped {
                current.append(scalar)
                isEscaped = false
            } else if scalar == "\\" {
                isEscaped = true
            } else if scalar == "\"" {
                isQuoted.toggle()
            } else if scalar == ",", !isQuoted {
                elements.append(String(current))
                current = .init()
            } else if scalar == "{" || scalar == "}", !isQuoted {
                return nil
            } else {
                current.append(scalar)
            }
        }
        guard !isQuoted, !isEscaped else { return nil }
        elements.append(String(current))
        return elements
    }
}
