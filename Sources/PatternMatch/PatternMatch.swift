internal import CHyperscan
internal import Glibc

/// Why a set of patterns could not be used.
public enum PatternMatchError: Error, Equatable, Sendable {
    /// The library says that a pattern cannot be compiled.
    case invalidPattern(index: Int, message: String)
    /// No memory for a database or a scratch.
    case outOfMemory
    /// This machine lacks an instruction set that the library needs.
    case unsupportedMachine
    /// A match of the pattern could be longer than `RegularPattern.maximumLength`, or empty.
    case unboundedPattern(index: Int)
    /// The library answered with an `hs_error_t` that its manual does not give for this call.
    case failed(code: Int32)
}

/// Literal bytes to look for.
public struct LiteralPattern: Sendable {
    /// What a match is reported as.
    public let identifier: UInt32
    /// The bytes, at least one.
    public let bytes: [UInt8]
    /// Whether ASCII letters match in either case.
    public let ignoresCase: Bool

    /// A literal to look for.
    public init(identifier: UInt32, bytes: [UInt8], ignoresCase: Bool) {
        self.identifier = identifier
        self.bytes = bytes
        self.ignoresCase = ignoresCase
    }
}

/// A regular expression in Hyperscan's syntax (a part of PCRE's, without anything that takes more than linear time).
public struct RegularPattern: Sendable {
    /// Bytes that a match may have at most.
    public static let maximumLength = 512

    /// What a match is reported as.
    public let identifier: UInt32
    /// The expression, over bytes.
    public let expression: String

    /// An expression to look for.
    public init(identifier: UInt32, expression: String) {
        self.identifier = identifier
        self.expression = expression
    }
}

/// Where a pattern was found.
public struct PatternHit: Equatable, Sendable {
    /// The pattern's identifier.
    public let identifier: UInt32
    /// How many bytes match, for regular expressions; 0 for literals, whose length their owner knows.
    public let length: UInt32
    /// The offset just past the last byte.
    public let end: Int
}

/// Many patterns, compiled for one pass over the bytes.
///
/// Owns a Hyperscan database in block mode.
@safe
public final class PatternDatabase: Sendable {
    // A compiled database is read-only and may be shared by threads, each with its own scratch (Hyperscan Developer
    // Reference, "Runtime": scratch space).
    fileprivate nonisolated(unsafe) let handle: OpaquePointer
    /// Whether the library says where a match begins.
    fileprivate let tellsStart: Bool

    /// Compiles `literals`; a few milliseconds for some hundred.
    public init(_ literals: [LiteralPattern]) throws(PatternMatchError) {
        // The library reads before the beginning of an empty literal.
        if let index = literals.firstIndex(where: \.bytes.isEmpty) {
            throw .invalidPattern(index: index, message: "empty literal")
        }
        var copies: [UnsafeMutablePointer<CChar>] = unsafe []
        defer { unsafe copies.forEach { unsafe $0.deallocate() } }
        var expressions: [UnsafePointer<CChar>?] = unsafe []
        for literal in literals {
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: literal.bytes.count + 1)
            for (index, byte) in literal.bytes.enumerated() { unsafe copy[index] = CChar(bitPattern: byte) }
            unsafe copy[literal.bytes.count] = 0
            unsafe copies.append(copy)
            unsafe expressions.append(UnsafePointer(copy))
        }
        let flags = literals.map { $0.ignoresCase ? UInt32(HS_FLAG_CASELESS) : 0 }
        let identifiers = literals.map(\.identifier)
        let lengths = literals.map(\.bytes.count)
        var database: OpaquePointer?
        var problem: UnsafeMutablePointer<hs_compile_error_t>?
        let code = unsafe hs_compile_lit_multi(
            expressions,
            flags,
            identifiers,
            lengths,
            UInt32(literals.count),
            UInt32(HS_MODE_BLOCK),
            nil,
            &database,
            &problem
        )
        unsafe handle = try Self.compiled(code, database, problem)
        tellsStart = false
    }

    /// Compiles regular expressions, whose matches tell where they begin; slower than literals, so for few.
    ///
    /// - Throws: `invalidPattern` with the library's words; `unboundedPattern`, for streams need to know how much to hold.
    public init(regular patterns: [RegularPattern]) throws(PatternMatchError) {
        for (index, pattern) in patterns.enumerated() {
            let width = try Self.width(of: pattern, index: index)
            guard width.lowerBound > 0, width.upperBound <= RegularPattern.maximumLength else {
                throw .unboundedPattern(index: index)
            }
        }
        let copies = unsafe patterns.map { unsafe strdup($0.expression) }
        defer { unsafe copies.forEach { unsafe free($0) } }
        let expressions = unsafe copies.map { unsafe UnsafePointer($0) }
        var database: OpaquePointer?
        var problem: UnsafeMutablePointer<hs_compile_error_t>?
        let code = unsafe hs_compile_multi(
            expressions,
            patterns.map { _ in UInt32(HS_FLAG_SOM_LEFTMOST) },
            patterns.map(\.identifier),
            UInt32(patterns.count),
            UInt32(HS_MODE_BLOCK),
            nil,
            &database,
            &problem
        )
        unsafe handle = try Self.compiled(code, database, problem)
        tellsStart = true
    }

    /// The fewest and the most bytes of a match.
    private static func width(of pattern: RegularPattern, index: Int) throws(PatternMatchError) -> ClosedRange<UInt32> {
        var info: UnsafeMutablePointer<hs_expr_info_t>?
        var problem: UnsafeMutablePointer<hs_compile_error_t>?
        let code = unsafe hs_expression_info(pattern.expression, UInt32(HS_FLAG_SOM_LEFTMOST), &info, &problem)
        if let problem = unsafe problem { throw unsafe Self.error(problem, index: index) }
        guard code == HS_SUCCESS, let info = unsafe info else { throw .init(code: code) }
        defer { unsafe free(info) }
        let (least, most) = unsafe (info.pointee.min_width, info.pointee.max_width)
        return least...max(least, most)
    }

    private static func compiled(
        _ code: Int32,
        _ database: OpaquePointer?,
        _ problem: UnsafeMutablePointer<hs_compile_error_t>?
    ) throws(PatternMatchError) -> OpaquePointer {
        if let problem = unsafe problem { throw unsafe Self.error(problem, index: nil) }
        guard code == HS_SUCCESS, let database = unsafe database else { throw .init(code: code) }
        return unsafe database
    }

    /// What the library says is wrong; frees it.
    private static func error(
        _ problem: UnsafeMutablePointer<hs_compile_error_t>,
        index: Int?
    ) -> PatternMatchError {
        defer { unsafe hs_free_compile_error(problem) }
        let message = unsafe problem.pointee.message.map { unsafe String(cString: $0) } ?? ""
        let place = unsafe Int(problem.pointee.expression)
        return .invalidPattern(index: index ?? place, message: message)
    }

    deinit { unsafe hs_free_database(handle) }
}

/// Working memory for scans, for one thread at a time.
///
/// Unchecked, because Hyperscan asks only that no two scans use a scratch at once (Developer Reference, "Scratch
/// space"), not that a scratch stays with its thread; owners hand it over whole.
@safe
public final class PatternScratch: @unchecked Sendable {
    private let database: PatternDatabase
    private let handle: OpaquePointer
    /// The hits of the last scan, by increasing end.
    public private(set) var hits: [PatternHit] = []
    fileprivate var isSorted = true

    /// Allocates working memory for scans of `database`.
    public init(for database: PatternDatabase) throws(PatternMatchError) {
        var scratch: OpaquePointer?
        let code = unsafe hs_alloc_scratch(database.handle, &scratch)
        guard code == HS_SUCCESS, let scratch = unsafe scratch else { throw .init(code: code) }
        unsafe handle = unsafe scratch
        self.database = database
        hits.reserveCapacity(64)
    }

    deinit { unsafe hs_free_scratch(handle) }

    /// Finds every literal in `text`; replaces `hits`.
    public func scan(_ text: Span<UInt8>) throws(PatternMatchError) {
        hits.removeAll(keepingCapacity: true)
        isSorted = true
        // Lengths are 32 bits in C; a text beyond 1 GiB never gets here, but must not be cut silently.
        guard text.count <= Int(Int32.max) else { throw .failed(code: HS_INVALID) }
        guard !text.isEmpty else { return }
        let code = unsafe text.withUnsafeBytes { bytes in
            unsafe hs_scan(
                database.handle,
                bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                UInt32(bytes.count),
                0,
                handle,
                hitFound,
                Unmanaged.passUnretained(self).toOpaque()
            )
        }
        guard code == HS_SUCCESS else { throw .init(code: code) }
        if !isSorted { hits.sort { $0.end < $1.end } }
    }

    fileprivate func append(_ identifier: UInt32, from: UInt64, to: UInt64) {
        let length = database.tellsStart ? UInt32(truncatingIfNeeded: to &- from) : 0
        let hit = PatternHit(identifier: identifier, length: length, end: Int(truncatingIfNeeded: to))
        if let last = hits.last, last.end > hit.end { isSorted = false }
        hits.append(hit)
    }
}

/// Hyperscan's `match_event_handler`; `context` is the scratch that scans.
private func hitFound(
    _ identifier: UInt32,
    _ from: UInt64,
    _ to: UInt64,
    _ flags: UInt32,
    _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let context = unsafe context else { return 1 }
    let scratch = unsafe Unmanaged<PatternScratch>.fromOpaque(context).takeUnretainedValue()
    scratch.append(identifier, from: from, to: to)
    return 0
}

extension PatternMatchError {
    init(code: Int32) {
        self =
            switch code {
            case HS_NOMEM: .outOfMemory
            case HS_ARCH_ERROR: .unsupportedMachine
            default: .failed(code: code)
            }
    }
}
