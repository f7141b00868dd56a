import COpenSSL

/// A secret in memory: not printed, compared in constant time, zeroed when its last holder lets go.
///
/// `@unchecked Sendable`: the memory is written by the initializer and the deinitializer alone; a C call
/// (`OPENSSL_cleanse`) has to be given its address, so it cannot be an array.
@safe
public final class SecretBytes: @unchecked Sendable {
    private let buffer: UnsafeMutableBufferPointer<UInt8>

    /// Copies `bytes`; the caller's own copy is the caller's to forget.
    public init(_ bytes: Span<UInt8>) {
        unsafe buffer = .allocate(capacity: bytes.count)
        for index in bytes.indices { unsafe buffer.initializeElement(at: index, to: bytes[index]) }
    }

    /// Copies `bytes`; the caller's own copy is the caller's to forget.
    public convenience init(_ bytes: [UInt8]) {
        self.init(bytes.span)
    }

    /// Copies the UTF-8 of `text`; the caller's own copy is the caller's to forget.
    public convenience init(utf8 text: String) {
        self.init(Array(text.utf8).span)
    }

    /// Copies `prefix` and what `secret` holds behind it.
    public init(prefix: [UInt8], _ secret: SecretBytes) {
        unsafe buffer = .allocate(capacity: prefix.count + secret.count)
        for index in prefix.indices { unsafe buffer.initializeElement(at: index, to: prefix[index]) }
        secret.withSpan { span in
            for index in span.indices {
                unsafe buffer.initializeElement(at: prefix.count + index, to: span[index])
            }
        }
    }

    /// Has `fill` write `count` bytes in place.
    init(
        count: Int,
        _ fill: (UnsafeMutableBufferPointer<UInt8>) throws(OpenSSLError) -> Void
    ) throws(OpenSSLError) {
        unsafe buffer = .allocate(capacity: count)
        unsafe buffer.initialize(repeating: 0)
        try unsafe fill(buffer)
    }

    deinit {
        unsafe OPENSSL_cleanse(buffer.baseAddress, buffer.count)
        unsafe buffer.deallocate()
    }

    /// Length in bytes.
    public var count: Int { unsafe buffer.count }

    /// Lends the bytes for one call.
    public func withSpan<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(self) {} }
        return try body(unsafe Span(_unsafeElements: buffer))
    }
}

extension SecretBytes: Equatable {
    /// Compares in constant time; only the lengths can be learned.
    public static func == (left: SecretBytes, right: SecretBytes) -> Bool {
        left.withSpan { left in right.withSpan { right in constantTimeEqual(left, right) } }
    }
}

extension SecretBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Says that there is a secret, not which.
    public var description: String { "<secret>" }
    /// Says that there is a secret, not which.
    public var debugDescription: String { "<secret>" }
    /// Shows nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Whether both are equal, in time that depends on the lengths alone.
public func constantTimeEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe withPointer(to: left) { left, count in
        unsafe withPointer(to: right) { right, _ in unsafe CRYPTO_memcmp(left, right, count) == 0 }
    }
}

/// Whether both are equal, in time that depends on the lengths alone.
public func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    constantTimeEqual(left.span, right.span)
}

/// Bytes from OpenSSL's seeded generator.
public enum RandomBytes {
    /// Makes `count` unpredictable bytes.
    public static func make(count: Int) throws(OpenSSLError) -> [UInt8] {
        guard count >= 0, count <= Int(Int32.max) else {
            throw .wrongLength(of: "random bytes", expected: Int(Int32.max), actual: count)
        }
        var done: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            unsafe buffer.initialize(repeating: 0)
            done = unsafe RAND_bytes(buffer.baseAddress, Int32(count))
            initialized = count
        }
        guard count == 0 || done == 1 else { throw .draining("RAND_bytes") }
        return bytes
    }
}
